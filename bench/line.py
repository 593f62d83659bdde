"""The barest client of HTTP/1.1: one kept connection, one request at a time."""

from __future__ import annotations

import asyncio
import re
from typing import Final, NamedTuple

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Its value, the first one; empty where there is none."""
        found = re.search(rb"\r\n" + name + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found[1] if found else b""

    def expecting(self, *statuses: int) -> Answer:
        """Itself. Raises RuntimeError where it has another status."""
        if self.status not in statuses:
            raise RuntimeError(f"{self.status} instead of {statuses}: {self.body[:200]!r}")
        return self


class Line(asyncio.Protocol):
    def __init__(self, host: bytes) -> None:
        self._host = host
        self._came = b""
        self._wanted: asyncio.Future[Answer] | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> Line:
        name = f"{host}:{port}".encode()
        _, line = await asyncio.get_running_loop().create_connection(lambda: cls(name), host, port)
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(b"\r\n\r\n") + 4
        if end < 4 or self._wanted is None:
            return
        length = _LENGTH.search(self._came, 0, end)
        if len(self._came) < end + (int(length[1]) if length else 0):
            return
        came, self._came = self._came, b""
        self._wanted.set_result(Answer(int(came[9:12]), came[:end], came[end:]))
        self._wanted = None

    def connection_lost(self, _error: Exception | None) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_exception(ConnectionError("closed before it answered"))

    async def get(self, path: bytes, headers: bytes = b"") -> Answer:
        return await self._ask(b"GET", path, headers, b"")

    async def post(self, path: bytes, body: bytes, headers: bytes = b"") -> Answer:
        return await self._ask(b"POST", path, headers + b"Content-Length: %d\r\n" % len(body), body)

    async def _ask(self, method: bytes, path: bytes, headers: bytes, body: bytes) -> Answer:
        self._wanted = asyncio.get_running_loop().create_future()
        head = b"%s %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n" % (method, path, self._host)
        self._transport.write(head + headers + b"\r\n" + body)
        return await self._wanted

    def close(self) -> None:
        self._transport.close()
