"""One HTTP/1.1 connection: h11 over an asyncio protocol. One request at a time, each sent once.

It serves again only after an answer that was read to its end with not a byte behind it, and while
nothing has come since: no answer is taken for that to another request.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Sequence
from typing import Final

import h11
import httpx

LARGEST_HEAD: Final = 100 * 1024  # bytes of an answer's status and headers
READ_AHEAD: Final = 64 * 1024  # bytes of an answer that come before anybody wants them
# Bytes of a request after which its connection is kept. Of a larger one a part may still be under
# way when its answer comes.
LARGEST_KEPT: Final = 64 * 1024

Headers = Sequence[tuple[bytes, bytes]]


class HttpConnection(asyncio.Protocol):
    """`origin`: what it was opened for. Whoever gets an exception from `send` or `read`, a
    cancellation too, has to `abort` it."""

    def __init__(self, origin: object) -> None:
        self.origin = origin
        self.rests_since = 0.0  # monotonic seconds
        self._resting = False
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._transport: asyncio.Transport | None = None  # None: closed
        self._is_large = False  # the request
        self._unread = 0
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    @property
    def closed(self) -> bool:
        return self._ended or self._transport is None or self._transport.is_closing()

    def has_come(self) -> bool:
        """Whether anything has, if only the end, of which the loop has not told yet."""
        if self._transport is None:
            return True
        socket = select.poll()
        socket.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return bool(socket.poll(0))

    async def send(
        self, method: bytes, target: bytes, headers: Headers, body: bytes, seconds: float | None
    ) -> h11.Response:
        """Send a request; the head of its answer. `seconds`: the wait for each piece. Raises
        httpx.LocalProtocolError, ReadTimeout, ReadError, RemoteProtocolError. Before it waits all
        of the request has been handed to the system, or nothing where it is closed."""
        self._resting = False
        try:
            request = h11.Request(method=method, target=target, headers=list(headers))
            events = (request, h11.Data(body), h11.EndOfMessage())
            out = b"".join(self._http.send(event) or b"" for event in events)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError("no HTTP request") from error
        self._is_large = len(out) > LARGEST_KEPT
        if self._transport is not None:
            self._transport.write(out)
        while True:
            event = await self._event(seconds)
            if isinstance(event, h11.Response):
                return event

    async def read(self, seconds: float | None) -> bytes | None:
        """The next piece of the answer's body; None: that was the last. Raises as `send`."""
        event = await self._event(seconds)
        return bytes(event.data) if isinstance(event, h11.Data) else None

    def rest(self, now: float) -> bool:
        """Get ready for another request; False where there can't be one."""
        http = self._http
        if not (http.our_state is http.their_state is h11.DONE) or http.trailing_data[0]:
            return False
        if self.closed or self._is_large:
            return False
        http.start_next_cycle()
        self.rests_since, self._resting = now, True
        self._go_on()
        return True

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _event(self, seconds: float | None) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                if self._ended:
                    self._at_the_end()
                    continue
                self._go_on()
                self._waiting = asyncio.get_running_loop().create_future()
                async with asyncio.timeout(seconds):
                    await self._waiting
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time") from None
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError("no HTTP answer") from error
        return event

    def _at_the_end(self) -> None:
        """Some answers end where their connection does: h11 knows which."""
        if self._error is not None:
            raise httpx.ReadError("the connection broke") from self._error
        if self._http.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("closed without an answer")
        self._http.receive_data(b"")

    def _go_on(self) -> None:
        if self._unread > READ_AHEAD and self._transport is not None:
            self._transport.resume_reading()
        self._unread = 0

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream

    def data_received(self, data: bytes) -> None:
        if self._resting:
            self.abort()  # nobody has asked
            return
        self._http.receive_data(data)
        self._unread += len(data)
        if self._unread > READ_AHEAD and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error, self._transport = True, error, None
        self._wake()
