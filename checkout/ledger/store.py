"""The ledger's database: looked at and opened. `ledger.migrate` makes it and brings it up to date.

Open a ledger in the worker, never before a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from checkout.errors import Unavailable
from checkout.ledger import postgres_check, schema_version
from checkout.ledger.base import Ledger
from checkout.ledger.schema_version import SchemaVersion
from checkout.ledger.sqlite import SqliteLedger
from checkout.process import make_private
from checkout.settings.values import PostgresLimits

if TYPE_CHECKING:
    from checkout.ledger.wakeups import Wakeups

# The files beside an SQLite database: two of SQLite's, two of `ledger.turn`, one of
# `ledger.migrate`.
BESIDE: Final = ("-wal", "-shm", "-next", "-turn", "-migrate")
DEFAULTS: Final = PostgresLimits()
CONNECT_SECONDS: Final = 5


def schema_of(url: str) -> SchemaVersion:
    """What the database holds; nothing is changed, nor an SQLite file made. Raises Unavailable, in
    a sentence, where it can't hold the ledger."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return SchemaVersion(None, None)
    engine = synchronous(url)
    try:
        with engine.connect() as conn:
            if engine.dialect.name == "postgresql":
                postgres_check.check(conn)
            return schema_version.read(conn)
    finally:
        engine.dispose()


def require_schema(url: str) -> None:
    """Raises Unavailable, in a sentence that names what to do, where this code can't run on the
    database as it is."""
    schema_version.refuse_other(schema_of(url))


def open_ledger(url: str, limits: PostgresLimits = DEFAULTS) -> Ledger:
    """A ledger on a migrated database; `limits` are PostgreSQL's."""
    if make_url(url).get_backend_name() == "sqlite":
        keep_private(url)
        return SqliteLedger(url)
    # Imported here: its driver is there only where the extra is installed.
    from checkout.ledger.postgres import PostgresLedger

    return PostgresLedger(url, limits)


def open_wakeups(url: str, ledger: Ledger, wake: Callable[[str], None]) -> Wakeups | None:
    """None where the ledger's workers are on one machine."""
    if make_url(url).get_backend_name() == "sqlite":
        return None
    from checkout.ledger.wakeups import Wakeups

    return Wakeups(url, ledger, wake)


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return None
    return Path(address.database or "")


def keep_private(url: str) -> None:
    """Make the files of an SQLite database readable for their owner only. SQLite creates its
    journals with the mode of the database."""
    path = sqlite_file(url)
    if path is None:
        return
    beside = (path.with_name(path.name + end) for end in BESIDE)
    for file in (path, *filter(Path.exists, beside)):
        with suppress(OSError):  # not ours, or can't be created: SQLite's own error is clearer
            make_private(file)


def synchronous(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() != "postgresql":
        return create_engine(address, poolclass=NullPool)
    try:
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            use_native_hstore=False,
            connect_args={
                "client_encoding": "UTF8",  # else the names of a database without one are bytes
                "connect_timeout": CONNECT_SECONDS,
                "prepare_threshold": None,
            },
        )
    except ImportError:  # or it is there without libpq
        raise Unavailable(
            message="PostgreSQL's driver is not installed: pip install 'checkout[postgresql]'"
        ) from None
