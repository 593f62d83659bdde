"""What carries our HTTP requests, as httpx wants it (`httpx.AsyncBaseTransport`): a pool of
connections, at a third of what httpx's own costs.

What its errors mean is what a second charge hangs on. ConnectError, ConnectTimeout, PoolTimeout:
not a byte of the request has left. All others: nobody knows. Nothing is ever sent again.

Of a request's extensions it takes `timeout` and `sni_hostname` as httpx's does, and `addresses`,
those of the host: then it looks up no name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import httpx
from aiohappyeyeballs import AddrInfoType, start_connection

from checkout.payments.http_connection import HttpConnection

# Seconds after which a kept connection is not used again. Many servers close after 5: a charge that
# meets that is unknown.
REST: Final = 4.0
NEXT_ADDRESS: Final = 0.25  # seconds until the next address of the host is tried as well
PORTS: Final = {"http": 80, "https": 443}


class _Done(Protocol):
    def __call__(self, connection: HttpConnection, *, again: bool) -> None: ...


class HttpTransport(httpx.AsyncBaseTransport):
    """`most` connections at once, of which `kept` may wait for another request, for `rest` seconds;
    https by `trusted`. Of a request's timeouts `connect` is spent twice at most, for TCP and TLS;
    `read` is for each piece of the answer, the first with the sending."""

    def __init__(
        self,
        trusted: ssl.SSLContext,
        *,
        most: int = sys.maxsize,
        kept: int = 0,
        rest: float = REST,
    ) -> None:
        trusted.set_alpn_protocols(["http/1.1"])
        self._trusted = trusted
        self._most, self._kept, self._rest = most, kept, rest
        self._free = asyncio.Semaphore(most)
        self._calls = 0
        self._open: set[HttpConnection] = set()
        self._resting: list[HttpConnection] = []  # of these the longest resting first

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, timeouts = request.url, request.extensions.get("timeout", {})
        seconds = timeouts.get("read")
        body = await request.aread()
        await self._slot(timeouts.get("pool"))
        connection: HttpConnection | None = None
        try:
            connection = await self._connection(request, timeouts.get("connect"))
            head = await connection.send(
                request.method.encode(), url.raw_path, request.headers.raw, body, seconds
            )
        except BaseException:
            self._done(connection, again=False)
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=Body(connection, seconds, self._done),
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        for each in list(self._open):
            self._drop(each)
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn

    async def _slot(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds if self._free.locked() else None):
                await self._free.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no free connection") from None
        self._calls += 1

    async def _connection(self, request: httpx.Request, seconds: float | None) -> HttpConnection:
        """One that is open at this moment: until `send` waits nothing can change that."""
        url = request.url
        if url.scheme not in PORTS:
            raise httpx.UnsupportedProtocol("neither http nor https")
        host = url.raw_host.decode()
        server = request.extensions.get("sni_hostname", host) if url.scheme == "https" else None
        addresses = tuple(request.extensions.get("addresses", (host,)))
        port = url.port or PORTS[url.scheme]
        origin = (host, port, server)
        found = self._rested(origin)
        if found is None:
            if self._calls + len(self._resting) > self._most:
                self._drop(self._resting[0])
            found = HttpConnection(origin)
            await self._connect(found, addresses, port, server, seconds)
            self._open.add(found)
            if found.closed:
                self._drop(found)
                raise httpx.ConnectError("closed before anything was sent")
        return found

    async def _connect(
        self,
        connection: HttpConnection,
        addresses: Sequence[str],
        port: int,
        server: str | None,
        seconds: float | None,
    ) -> None:
        """`server`: whose certificate it must be; None: no TLS."""
        try:
            async with asyncio.timeout(seconds):
                infos = [info for each in addresses for info in await _infos(each, port)]
                tcp = await start_connection(infos, happy_eyeballs_delay=NEXT_ADDRESS)
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection,
                    sock=tcp,
                    ssl=self._trusted if server else None,
                    server_hostname=server,
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise httpx.ConnectError("no connection") from error

    def _rested(self, origin: object) -> HttpConnection | None:
        """One that can be used again, the last that was."""
        expired = time.monotonic() - self._rest
        while self._resting and self._resting[0].rests_since <= expired:
            self._drop(self._resting[0])
        for each in self._resting[::-1]:
            if each.origin == origin:
                if not each.closed and not each.has_come():
                    self._resting.remove(each)
                    return each
                self._drop(each)
        return None

    def _done(self, connection: HttpConnection | None, *, again: bool) -> None:
        """A call has ended; `again`: its answer was read to the end."""
        self._calls -= 1
        self._free.release()
        if connection is None:
            return
        if again and len(self._resting) < self._kept and connection.rest(time.monotonic()):
            self._resting.append(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: HttpConnection) -> None:
        self._open.discard(connection)
        if connection in self._resting:
            self._resting.remove(connection)
        connection.abort()


class Body(httpx.AsyncByteStream):
    """An answer's body as it comes. `done`: tells, once, that the connection is not needed."""

    def __init__(self, connection: HttpConnection, seconds: float | None, done: _Done) -> None:
        self._connection = connection
        self._seconds = seconds
        self._done: _Done | None = done

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while (piece := await self._connection.read(self._seconds)) is not None:
                yield piece
        except BaseException:
            self._end(again=False)
            raise
        self._end(again=True)

    async def aclose(self) -> None:
        self._end(again=False)

    def _end(self, *, again: bool) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(self._connection, again=again)


async def _infos(host: str, port: int) -> Sequence[AddrInfoType]:
    """Where a host is, for a socket. Raises OSError."""
    literal = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=literal)
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
