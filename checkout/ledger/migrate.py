"""The schema of a database is made and brought up to date: by `checkout migrate` and what says that
it does the same, and by nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, event

from checkout.ledger import postgres_check, schema_version
from checkout.ledger.schema_version import MIGRATIONS, SchemaVersion, numbers
from checkout.ledger.store import keep_private, schema_of, sqlite_file, synchronous
from checkout.ledger.turn import open_lock

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

WAITS: Final = "Another process migrates this database: waiting for it"
BUSY_SECONDS: Final = 60  # for those who write to an SQLite database meanwhile

Tell = Callable[[str], None]


class Migration(NamedTuple):
    """Numbers of migrations: the schema before (None: there was none) and after, and what was made
    in between."""

    before: str | None
    after: str
    made: tuple[str, ...]


def _quiet(_said: str) -> None: ...


def migrate(url: str, *, waiting: Tell = _quiet, made: Tell = _quiet) -> Migration:
    """Bring the schema up to date; blocking. Each migration is a transaction of its own, so that a
    run which was interrupted is gone on with by the next. Of several at once one works and the
    others wait: `waiting` is called with a sentence first. `made`: after each migration, with its
    number. Raises Unavailable, in a sentence, where the database can't hold the ledger, and the
    errors of the driver."""
    keep_private(url)
    engine = synchronous(url)
    try:
        with engine.connect() as conn:
            if engine.dialect.name == "postgresql":
                postgres_check.check(conn)
        with _alone(url, engine, waiting):
            return _upgrade(engine, made)
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Whether there is no database yet, or one that holds nothing at all."""
    return schema_of(url) == SchemaVersion(None, None)


def pending(before: str | None) -> list[str]:
    """The numbers of the migrations that a schema lacks, in order."""
    return [number for number in numbers() if before is None or number > before]


def _upgrade(engine: Engine, made: Tell) -> Migration:
    with engine.connect() as conn:
        found = schema_version.read(conn)
        schema_version.refuse_newer(found)
        wanted = pending(found.version)
        if not wanted:
            assert found.version is not None  # noqa: S101 - there are migrations
            return Migration(found.version, found.version, ())
    # Loaded only where there is something to do.
    from alembic import command
    from alembic.config import Config

    if engine.dialect.name == "sqlite":
        _begin_at_once(engine)
    with engine.connect() as conn:
        schema_version.adopt(conn, found)
        conn.commit()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=conn, made=made)
        command.upgrade(config, "head")
    return Migration(found.version, wanted[-1], tuple(wanted))


def _begin_at_once(engine: Engine) -> None:
    """Python's driver begins no transaction before DDL, and SQLite's own ones begin as readers."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")

    @event.listens_for(engine, "begin")
    def _(conn: Any) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _alone(url: str, engine: Engine, waiting: Tell) -> Iterator[None]:
    """Nobody else migrates this database until the block ends."""
    if engine.dialect.name == "postgresql":
        # In a transaction of its own: a pooler keeps one on one connection.
        with engine.begin() as conn:
            if not postgres_check.try_lock(conn):
                waiting(WAITS)
                postgres_check.lock(conn)
            yield
        return
    path = sqlite_file(url)
    if sys.platform == "win32" or path is None:
        yield
        return
    with os.fdopen(open_lock(path, "-migrate"), "wb") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            waiting(WAITS)
            flock(file, LOCK_EX)
        yield
