"""The connections of one worker to PostgreSQL: kept open, given to one verb at a time, replaced
where they are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from checkout.ledger.wire import NAME, Wire

LAST_WORDS: Final = 1.0  # seconds for telling the server to stop what is under way


class PooledWire(Wire):
    """With SQLAlchemy's connection on it, `conn`."""

    def __init__(
        self,
        connection: AsyncConnection,
        conn: Connection,
        driver: psycopg.AsyncConnection[Any],
        *,
        age: int,
        prepares: bool,
    ) -> None:
        super().__init__(driver, prepares=prepares)
        self.conn = conn
        self.age = age
        self._alchemy = connection
        self._driver = driver
        conn.info[NAME] = self

    async def close(self) -> None:
        """The server may not answer any more."""
        self.watch.stop()
        if self.busy:
            with suppress(psycopg.Error):
                await self._driver.cancel_safe(timeout=LAST_WORDS)
        await self._alchemy.invalidate()  # closes it, and asks the server for nothing
        await self._alchemy.close()


class WirePool:
    """At most `most` connections; whoever finds none waits in line, at most `seconds`."""

    def __init__(
        self, connect: Callable[[], Awaitable[AsyncConnection]], *, most: int, seconds: float
    ) -> None:
        self._connect = connect
        self._seconds = seconds
        self._slots = asyncio.Semaphore(most)
        self._idle: list[PooledWire] = []
        self._age = 0
        self._closing = set[asyncio.Task[None]]()

    async def take(self) -> PooledWire:
        """Raises TimeoutError, OSError, psycopg.Error, SQLAlchemy's DBAPIError."""
        if self._slots.locked():
            async with asyncio.timeout(self._seconds):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            while self._idle:
                found = self._idle.pop()
                if found.alive:
                    return found
                self._close(found)
            return await self._new()
        except BaseException:
            self._slots.release()
            raise

    async def _new(self) -> PooledWire:
        connection = await self._connect()
        conn = connection.sync_connection
        assert conn is not None  # noqa: S101 - it is open
        driver: Any = conn.connection.driver_connection
        # A pooler gives its clients numbers of its own.
        session = (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar()
        direct = session == driver.pgconn.backend_pid
        return PooledWire(connection, conn, driver, age=self._age, prepares=direct)

    def give(self, wire: PooledWire) -> None:
        """Back into the pool, unless it is lost or in the middle of something."""
        if wire.age == self._age and wire.rests:
            self._idle.append(wire)
        else:
            self._close(wire)
        self._slots.release()

    def renew(self) -> None:
        """None of the present connections is used again."""
        self._age += 1
        while self._idle:
            self._close(self._idle.pop())

    def _close(self, wire: PooledWire) -> None:
        closing = asyncio.create_task(wire.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        self.renew()
        if self._closing:
            await asyncio.wait(self._closing)
