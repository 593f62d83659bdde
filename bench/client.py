"""A small HTTP/1.1 load generator: a few kept connections, one request each at a time."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

from msgspec import Struct, field

from bench.servers import Server

CONNECTIONS = 16
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float) -> None:
        self._request = request
        self._until = until
        self._buffer = b""
        self.answered = 0
        self.failed = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head)
        if length is None or len(self._buffer) < head + 4 + int(length[1]):
            return
        self.answered += 1
        self.failed += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        if time.monotonic() < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def answered(url: str, seconds: float, accept: str = "text/html") -> tuple[int, float]:
    """How often `url` answered, and in how many seconds. Raises RuntimeError when one answer is no
    200."""
    parts = urlsplit(url)
    request = (
        f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: {accept}\r\n\r\n"
    ).encode()
    host, port = parts.hostname or "", parts.port or 80
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    opened = [
        await loop.create_connection(lambda: _Connection(request, began + seconds), host, port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(connection.done for _, connection in opened))
    if any(connection.failed for _, connection in opened):
        raise RuntimeError(f"{url} did not always answer 200")
    took = time.monotonic() - began
    return sum(connection.answered for _, connection in opened), took


class Requests(Struct):
    """What turns of one address find; `url` is the server's."""

    server: Server
    url: str
    accept: str = "text/html"
    rates: list[float] = field(default_factory=list)  # a second
    cpu: list[float] = field(default_factory=list)  # seconds of the workers for each

    def turn(self, seconds: float) -> None:
        before = self.server.cpu()
        answers, took = asyncio.run(answered(self.url, seconds, self.accept))
        self.rates.append(answers / took)
        self.cpu.append((self.server.cpu() - before) / answers)
