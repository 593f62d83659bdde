"""The ledger on PostgreSQL, for several machines.

A read's statements each see what was committed when they began, as on SQLite: what must not change
meanwhile is read in a write, which is one transaction. Neither waits for ever, whatever holds the
database up, and the server is told the same: no lock outlives whoever has died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from checkout.ledger.base import P, T, Verb, unavailable
from checkout.ledger.statements import ALONE
from checkout.ledger.wire import NAME, Command, Lost
from checkout.ledger.wire_pool import PooledWire, WirePool
from checkout.settings.values import PostgresLimits

DEFAULTS: Final = PostgresLimits()
FAULTS: Final = (DBAPIError, psycopg.Error, OSError, TimeoutError)
GRACE: Final = 1.0  # seconds in which the server's own timeout is heard of
SHORT: Final = 0.5  # seconds of a verb that has time enough
IDLE: Final = 15  # seconds in which a worker that still lives goes on with its transaction


class PostgresLedger:
    def __init__(self, url: str, limits: PostgresLimits = DEFAULTS) -> None:
        self._seconds = limits.statement_seconds + GRACE
        self._connect_seconds = limits.connect_seconds
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # `write` begins itself
            use_native_hstore=False,
            connect_args={
                "prepare_threshold": None,
                "client_encoding": "UTF8",
                "fallback_application_name": "checkout",
            },
        )
        event.listen(self._engine.sync_engine, "before_cursor_execute", _send_queued)
        self._pool = WirePool(self._connected, most=limits.connections, seconds=limits.wait_seconds)
        self._synced, self._unsynced = (_settings(limits, synced=each) for each in (True, False))
        self._writing = set[asyncio.Task[Any]]()

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(lambda wire: verb(wire.conn, *args, **kwargs), reads=True)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        alone = verb in ALONE
        return await self._write(self._synced, alone, lambda conn: verb(conn, *args, **kwargs))

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        alone = verb in ALONE
        return await self._write(self._unsynced, alone, lambda conn: verb(conn, *args, **kwargs))

    async def _write(self, settings: Command, alone: bool, verb: Callable[[Connection], T]) -> T:
        def transaction(wire: PooledWire) -> T:
            wire.begin(settings, alone=alone)
            try:
                done = verb(wire.conn)
                wire.commit()
            except Exception:
                with suppress(psycopg.Error):
                    wire.rollback()
                raise
            return done

        # Shielded: a cancelled request must not stop waiting for its transaction.
        writing = asyncio.create_task(self._run(transaction, reads=False))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return await asyncio.shield(writing)

    async def _run(self, work: Callable[[PooledWire], T], *, reads: bool) -> T:
        """Repeated once where the connection was lost and nothing can have been done."""
        try:
            try:
                return await self._once(work)
            except Lost as error:
                if not (reads or error.harmless):
                    raise
                return await self._once(work)
        except IntegrityError:
            raise
        except ReadOnlySqlTransaction as error:  # another server has become the one that writes
            self._pool.renew()
            raise unavailable(error) from error
        except FAULTS as error:
            raise unavailable(error) from error

    async def _once(self, work: Callable[[PooledWire], T]) -> T:
        loop = asyncio.get_running_loop()
        began = loop.time()

        def answered() -> None:
            nonlocal began
            now = loop.time()
            if now > began + SHORT:
                began = now
                limit.reschedule(now + self._seconds)

        async with asyncio.timeout(self._seconds) as limit:
            wire = await self._pool.take()
            wire.answered = answered
            try:
                return await greenlet_spawn(work, wire)
            finally:
                self._pool.give(wire)

    async def _connected(self) -> AsyncConnection:
        async with asyncio.timeout(self._connect_seconds):
            return await self._engine.connect()

    async def tidy(self, *, whole: bool = False) -> None:
        if not whole:
            return  # autovacuum does that
        try:
            async with self._engine.connect() as conn:
                await conn.exec_driver_sql("VACUUM FULL")
        except FAULTS as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        if self._writing:
            await asyncio.wait(self._writing)
        await self._pool.close()
        await self._engine.dispose()


def _settings(limits: PostgresLimits, *, synced: bool) -> Command:
    """What holds for one transaction: a pooler may give the connection to others after it."""
    milliseconds = {
        "statement_timeout": limits.statement_seconds * 1000,
        "lock_timeout": limits.lock_seconds * 1000,
        "idle_in_transaction_session_timeout": IDLE * 1000,
    }
    values = {name: str(value) for name, value in milliseconds.items()}
    if not synced:
        values["synchronous_commit"] = "off"
    calls = (f"set_config('{name}', '{value}', true)" for name, value in values.items())
    return Command(f"SELECT {', '.join(calls)}".encode())


def _send_queued(conn: Connection, *_: Any) -> None:
    """Before SQLAlchemy executes a statement itself, and waits for it in its own way."""
    wire = conn.info.get(NAME)
    if wire is not None:
        wire.flush()
        wire.watch.stop()
