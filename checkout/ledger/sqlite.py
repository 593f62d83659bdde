"""The ledger on SQLite, for one machine.

Reads run in the event loop on an open connection (tens of microseconds; the only blocking call
allowed there), writes on one thread, by rounds. A commit is in the write-ahead log, which is synced
by us and not by SQLite (`synchronous=NORMAL`), after others have been let in again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from checkout.errors import Unavailable
from checkout.ledger.base import P, T, Verb, unavailable
from checkout.ledger.rounds import Rounds
from checkout.ledger.statements import driver
from checkout.ledger.turn import Turn
from checkout.ledger.write import Needs

log = structlog.get_logger(__name__)

# SQLAlchemy's, the driver's own, as `ledger.statements` uses it directly, and those of files.
FAULTS = (DBAPIError, sqlite3.Error, OSError)
CHECKPOINT: Final = 100  # rounds after which the log is copied into the database

Sync = Callable[[int], None]
"""Writes what a file has to the disk, by the file's descriptor. Raises OSError."""

SYNC: Final[Sync] = getattr(os, "fdatasync", os.fsync)


class SqliteLedger:
    def __init__(self, url: str, *, sync: Sync = SYNC) -> None:
        self._engine = _sqlite(url)
        self._reader = self._engine.connect()
        self._rounds = Rounds(SqliteStorage(url, sync), "ledger")

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return verb(self._reader, *args, **kwargs)
        except FAULTS as error:
            raise unavailable(error) from error

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(lambda conn: verb(conn, *args, **kwargs), Needs.SYNCED)

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(lambda conn: verb(conn, *args, **kwargs), Needs.COMMITTED)

    async def _run(self, verb: Callable[[Connection], T], needs: Needs) -> T:
        try:
            return await self._rounds.run(verb, needs)
        except IntegrityError:
            raise
        except FAULTS as error:
            raise unavailable(error) from error

    async def tidy(self, *, whole: bool = False) -> None:
        def run(connection: Connection) -> None:
            conn = driver(connection)
            if whole:
                conn.execute("VACUUM")
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            else:
                _begin_log_anew(conn)

        await self._run(run, Needs.ALONE)

    async def close(self) -> None:
        self._rounds.end()
        self._reader.close()
        self._engine.dispose()


class SqliteStorage:
    """The database as rounds use it: one connection, opened by the first of them."""

    def __init__(self, url: str, sync: Sync) -> None:
        self._engine = _sqlite(url)
        self._fdatasync = sync
        self._path = os.path.abspath(make_url(url).database or "")
        self._identity = _identity(self._path)
        self._connection: Connection | None = None
        self._rounds = 0
        self._lost = False  # a sync failed: what is on disk, nobody knows

    def take(self) -> Connection:
        if self._lost:
            raise Unavailable(message="The ledger could not be written to disk")
        # SQLite would go on writing to a file that was removed.
        if _identity(self._path) != self._identity:
            raise Unavailable(message="The ledger's file was removed or replaced")
        if self._connection is None:
            self._open()
        self._turn.take()
        assert self._connection is not None  # noqa: S101
        return self._connection

    def _open(self) -> None:
        """The log is there as soon as a connection has read, and stays until the last one ends."""
        connection = self._engine.connect()
        self._driver = driver(connection)
        self._driver.execute("PRAGMA wal_autocheckpoint=0")  # `tend` does it, between rounds
        _begin_log_anew(self._driver)  # after a failed sync it may be whole in memory only
        self._turn = Turn(Path(self._path))
        self._log = os.open(f"{self._path}-wal", os.O_RDWR)
        self._connection = connection

    def give(self) -> None:
        self._turn.give()

    def execute(self, statement: str) -> None:
        self._driver.execute(statement)

    def in_transaction(self) -> bool:
        return self._driver.in_transaction

    def sync(self) -> None:
        """After a failed sync the system may count as written what is not, and say so from then
        on: nothing more is written until the server is started anew."""
        if self._lost:
            raise Unavailable(message="The ledger could not be written to disk")
        try:
            self._fdatasync(self._log)
        except OSError as error:
            self._lost = True
            log.error("ledger.sync_failed", error=type(error).__name__, alert=True)
            raise unavailable(error) from error

    def tend(self) -> None:
        """Copy the log into the database now and then: while others write, then the rest in our
        turn, so that the next writer can begin the log anew."""
        self._rounds += 1
        if self._rounds % CHECKPOINT == 0:
            self._driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._turn.take()
            try:
                self._driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                self._turn.give()

    def close(self) -> None:
        if self._connection is not None:
            os.close(self._log)
            self._connection.close()
            self._turn.close()
        self._engine.dispose()


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": 5},
        isolation_level="AUTOCOMMIT",
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        # Python's and SQLAlchemy's transaction handling are off: rounds begin themselves.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # the log is synced by `SqliteStorage`
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # deleted data are overwritten

    return engine


def _begin_log_anew(conn: sqlite3.Connection) -> None:
    """Deleted data stay in the write-ahead log until it is truncated. Where other workers use it,
    the next call will do."""
    (waits,) = conn.execute("PRAGMA busy_timeout").fetchone()
    conn.execute("PRAGMA busy_timeout=0")
    try:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError:
        pass
    finally:
        conn.execute(f"PRAGMA busy_timeout={waits}")


def _identity(path: str) -> tuple[int, int]:
    """The file's device and inode. Raises Unavailable when there is no file."""
    try:
        found = os.stat(path)  # before each round; by pathlib it takes ten times as long
    except OSError as error:
        raise unavailable(error) from None
    return found.st_dev, found.st_ino
