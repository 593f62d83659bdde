"""A relay in front of PostgreSQL that counts how often somebody waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import make_url

# Of the messages to the server, those after which it is waited for.
WAITED_FOR: Final = frozenset({b"S", b"Q"})  # Sync, Query
STARTUP: Final = 3 << 16  # the version of the protocol; other numbers ask whether TLS is spoken


class Relay:
    """`url`: of the database behind it; `trips`: so many round trips there were."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._tasks = set[asyncio.Task[None]]()
        self._writers: list[asyncio.StreamWriter] = []
        self.url = ""
        self.trips = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, behind = await asyncio.open_connection(*self._behind)
        self._writers += (writer, behind)
        for work in (self._to_server(reader, behind), self._to_client(answers, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            started = False
            while True:
                kind = await reader.readexactly(1) if started else b""
                length = await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(length) - 4)
                writer.write(kind + length + body)
                self.trips += kind in WAITED_FOR
                started = started or int.from_bytes(body[:4]) == STARTUP
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def _to_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while answer := await reader.read(65536):
                writer.write(answer)
        except ConnectionError:
            pass
        writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        waiting = (writer.wait_closed() for writer in self._writers)
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def relay_to(url: str) -> AsyncIterator[Relay]:
    address = make_url(url)
    relay = Relay(address.host or "127.0.0.1", address.port or 5432)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    relay.url = address.set(host=host, port=port).render_as_string(hide_password=False)
    async with server:
        yield relay
        await relay.close()
