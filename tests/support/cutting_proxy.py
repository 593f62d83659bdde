"""A relay in front of PostgreSQL that loses a connection in the middle of what a test wants.

It counts requests: the messages of a client up to the one that asks for an answer, which is one
round trip. It runs in the test's own loop.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import make_url

SOCKET: Final = ".s.PGSQL.5432"
ANSWERED: Final = b"Z\0\0\0\5"  # the end of an answer; one letter follows
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ASKS: Final = (b"Q", b"S")  # a simple query; the end of an extended one

# The server hears nothing of it, hears half of it, or does it and the answer gets lost.
FAULTS: Final = ("unsent", "half", "unheard")


class CuttingProxy:
    """`plan` spoils the n-th request from then on; `requests` says how many there were. `away`: new
    connections end at once. `silent`: requests arrive, answers don't. `delay`: seconds before each
    request."""

    def __init__(self, upstream: str, folder: Path) -> None:
        self._upstream = make_url(upstream)
        here = self._upstream.set(host="", port=None, query={"host": str(folder)})
        self.url = here.render_as_string(hide_password=False)
        self.requests = 0
        self.away = False
        self.silent = False
        self.delay = 0.0
        self._fault = ""
        self._at = 0
        self._open: dict[asyncio.Task[None], Relayed] = {}

    def plan(self, fault: str = "", at: int = 0) -> None:
        """Without a fault: only count."""
        self.requests, self._fault, self._at = 0, fault, at

    def cut(self) -> None:
        """All connections that are open."""
        for each in self._open.values():
            each.cut()

    async def end(self) -> None:
        self.cut()
        await asyncio.gather(*self._open)

    def fault(self) -> str:
        """Of the request that comes now."""
        self.requests += 1
        return self._fault if self.requests == self._at else ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        relayed = Relayed(self, (reader, writer), await self._connect())
        served = asyncio.current_task()
        assert served
        self._open[served] = relayed
        try:
            await relayed.run()
        finally:
            relayed.cut()
            del self._open[served]

    async def _connect(self) -> Streams:
        folder = self._upstream.query.get("host")
        if isinstance(folder, str):
            return await asyncio.open_unix_connection(Path(folder) / SOCKET)
        return await asyncio.open_connection(self._upstream.host, self._upstream.port or 5432)


class Relayed:
    """One connection."""

    def __init__(self, proxy: CuttingProxy, client: Streams, server: Streams) -> None:
        self._proxy = proxy
        self._client, self._to_client = client
        self._server, self._to_server = server
        self._unheard = False

    def cut(self) -> None:
        self._to_client.transport.abort()
        self._to_server.transport.abort()

    async def run(self) -> None:
        """Until one side is gone."""
        ways = [asyncio.create_task(way) for way in (self._requests(), self._answers())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _requests(self) -> None:
        self._to_server.write(await self._body(b""))  # who it is and what it wants
        request = b""
        while True:
            kind = await self._client.readexactly(1)
            request += await self._body(kind)
            if kind in ASKS and not await self._pass_on(request):
                return
            if kind not in ASKS and kind not in (b"X", b"H", b"p"):
                continue
            if kind not in ASKS:  # a farewell, a wish for what is there, a password
                self._to_server.write(request)
            request = b""

    async def _body(self, kind: bytes) -> bytes:
        size = await self._client.readexactly(4)
        (length,) = struct.unpack("!I", size)
        return kind + size + await self._client.readexactly(length - 4)

    async def _pass_on(self, request: bytes) -> bool:
        """Does the connection go on?"""
        fault = self._proxy.fault()
        await asyncio.sleep(self._proxy.delay)
        if fault == "unsent":
            return False
        if fault == "half":
            self._to_server.write(request[: len(request) // 2])
            await self._to_server.drain()
            return False
        self._unheard = fault == "unheard"
        self._to_server.write(request)
        return True

    async def _answers(self) -> None:
        while said := await self._server.read(1 << 16):
            if self._unheard:
                if said[-6:-1] == ANSWERED:
                    return
            elif not self._proxy.silent:
                self._to_client.write(said)


@asynccontextmanager
async def cutting_proxy(upstream: str) -> AsyncIterator[CuttingProxy]:
    """In front of the database of that URL until the block ends."""
    with TemporaryDirectory(prefix="checkout-proxy-") as folder:
        proxy = CuttingProxy(upstream, Path(folder))
        listening = await asyncio.start_unix_server(proxy.serve, Path(folder) / SOCKET)
        try:
            yield proxy
        finally:
            listening.close()
            await proxy.end()
            await listening.wait_closed()
