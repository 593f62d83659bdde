"""The ledger on SQLite, for one machine.

Reads run in the event loop on an open connection (tens of microseconds; the only blocking call
allowed there), writes on one thread, a `BEGIN IMMEDIATE` transaction each, durable at commit (WAL,
synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from checkout.errors import Unavailable
from checkout.ledger.base import P, T, Verb, unavailable
from checkout.ledger.statements import driver
from checkout.ledger.thread import WorkThread

# SQLAlchemy's, and the driver's own, as `ledger.statements` uses it directly.
FAULTS = (DBAPIError, sqlite3.Error)


class SqliteLedger:
    def __init__(self, url: str) -> None:
        self._engines = [_sqlite(url), _sqlite(url)]
        self._reader = self._engines[0].connect()
        self._writer: Connection | None = None
        self._thread = WorkThread("ledger")
        self._path = os.path.abspath(make_url(url).database or "")
        self._file = _identity(self._path)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return verb(self._reader, *args, **kwargs)
        except FAULTS as error:
            raise unavailable(error) from error

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            # SQLite would go on writing to a file that was removed.
            if _identity(self._path) != self._file:
                raise Unavailable(message="The ledger's file was removed or replaced")
            if self._writer is None:
                self._writer = self._engines[1].connect()
            # On the driver: SQLAlchemy's begin and commit take longer than most verbs.
            transaction = driver(self._writer)
            transaction.execute("BEGIN IMMEDIATE")
            try:
                done = verb(self._writer, *args, **kwargs)
                transaction.execute("COMMIT")
            except BaseException:
                if transaction.in_transaction:  # some faults have ended it themselves
                    transaction.execute("ROLLBACK")
                raise
            return done

        # Shielded: a cancelled request must not stop waiting for its transaction.
        try:
            return await asyncio.shield(self._thread.run(run))
        except IntegrityError:
            raise
        except FAULTS as error:
            raise unavailable(error) from error

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(verb, *args, **kwargs)

    async def tidy(self, *, whole: bool = False) -> None:
        def run() -> None:
            if self._writer is None:
                self._writer = self._engines[1].connect()
            conn = driver(self._writer)
            if whole:
                conn.execute("VACUUM")
            # Deleted data stay in the write-ahead log until it is truncated. Where other workers
            # use it, the next call will do.
            (waits,) = conn.execute("PRAGMA busy_timeout").fetchone()
            conn.execute(f"PRAGMA busy_timeout={waits if whole else 0}")
            try:
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.OperationalError:
                if whole:
                    raise
            finally:
                conn.execute(f"PRAGMA busy_timeout={waits}")

        try:
            await asyncio.shield(self._thread.run(run))
        except FAULTS as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        def end() -> None:
            if self._writer is not None:
                self._writer.close()

        await self._thread.run(end)
        self._thread.end()
        self._reader.close()
        for engine in self._engines:
            engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": 5},
        isolation_level="AUTOCOMMIT",
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        # Python's and SQLAlchemy's transaction handling are off: `write` begins itself.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # deleted data are overwritten

    return engine


def _identity(path: str) -> tuple[int, int]:
    """The file's device and inode. Raises Unavailable when there is no file."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise unavailable(error) from None
    return found.st_dev, found.st_ino
