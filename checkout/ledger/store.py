"""The ledger's store: runs the verbs on SQLite or PostgreSQL.

SQLite: reads run in the event loop on an open connection (tens of microseconds; the only blocking
call allowed there), writes on one thread, a `BEGIN IMMEDIATE` transaction each, durable at commit
(WAL, synchronous=FULL). PostgreSQL: the same functions by `AsyncConnection.run_sync`. Open a
ledger in the worker, never before a fork.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool, StaticPool

from checkout.errors import Unavailable
from checkout.ledger.statements import driver
from checkout.ledger.thread import WorkThread
from checkout.process import make_private

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Connection, P], T]

# SQLAlchemy's, and the driver's own, as `ledger.statements` uses it directly.
FAULTS = (DBAPIError, sqlite3.Error)
MIGRATIONS = Path(__file__).with_name("migrations")


class Ledger(Protocol):
    """`read` and `write` run a verb. Raise IntegrityError, and Unavailable for any other fault."""

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def tidy(self, *, whole: bool = False) -> None:
        """Overwrite deleted data in the files, as far as that blocks nobody; `whole`: all of it,
        which rewrites the database and blocks all writers."""

    async def close(self) -> None: ...


def migrate(url: str) -> None:
    """Bring the schema of the database up to date; blocking, for start and commands."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    _keep_private(url)
    engine = create_engine(_synchronous(url), poolclass=NullPool)
    try:
        with engine.begin() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def open_ledger(url: str) -> Ledger:
    """A ledger on a migrated database."""
    if make_url(url).get_backend_name() == "sqlite":
        _keep_private(url)
        return SqliteLedger(url)
    return PostgresLedger(url)


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
            raise _away(error) from error

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
            raise _away(error) from error

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
            raise _away(error) from error

    async def close(self) -> None:
        def end() -> None:
            if self._writer is not None:
                self._writer.close()

        await self._thread.run(end)
        self._thread.end()
        self._reader.close()
        for engine in self._engines:
            engine.dispose()


class PostgresLedger:
    def __init__(self, url: str) -> None:
        # Imported here: SQLAlchemy's asyncio needs greenlet, which only the extra installs.
        from sqlalchemy.ext.asyncio import create_async_engine

        address = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_async_engine(address, pool_pre_ping=True)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with self._engine.begin() as conn:
                return await conn.run_sync(verb, *args, **kwargs)
        except IntegrityError:
            raise
        except (DBAPIError, OSError) as error:
            raise _away(error) from error

    async def tidy(self, *, whole: bool = False) -> None:
        if not whole:
            return  # autovacuum does that
        try:
            async with self._engine.connect() as conn:
                alone = await conn.execution_options(isolation_level="AUTOCOMMIT")
                await alone.exec_driver_sql("VACUUM FULL")
        except (DBAPIError, OSError) as error:
            raise _away(error) from error

    async def close(self) -> None:
        await self._engine.dispose()


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


def _keep_private(url: str) -> None:
    """Make the files of an SQLite database readable for their owner only. SQLite creates its
    journals with the mode of the database."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return
    path = Path(address.database or "")
    beside = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    for file in (path, *filter(Path.exists, beside)):
        with suppress(OSError):  # not ours, or can't be created: SQLite's own error is clearer
            make_private(file)


def _synchronous(url: str) -> str:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return address.render_as_string(hide_password=False)


def _identity(path: str) -> tuple[int, int]:
    """The file's device and inode. Raises Unavailable when there is no file."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise _away(error) from None
    return found.st_dev, found.st_ino


def _away(error: Exception) -> Unavailable:
    return Unavailable(message=f"The ledger is away ({type(error).__name__})")
