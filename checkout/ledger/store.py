"""The ledger's database: made, brought up to date, opened.

Open a ledger in the worker, never before a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from checkout.errors import Unavailable
from checkout.ledger import postgres_check
from checkout.ledger.base import Ledger
from checkout.ledger.sqlite import SqliteLedger
from checkout.process import make_private
from checkout.settings.values import PostgresLimits

if TYPE_CHECKING:
    from checkout.ledger.wakeups import Wakeups

MIGRATIONS: Final = Path(__file__).with_name("migrations")
VERSION: Final = "alembic_version"  # the table with the last migration that was made
# The files beside an SQLite database: two of SQLite's, two of `ledger.turn`.
BESIDE: Final = ("-wal", "-shm", "-next", "-turn")
DEFAULTS: Final = PostgresLimits()
CONNECT_SECONDS: Final = 5


def migrate(url: str) -> None:
    """Bring the schema of the database up to date; blocking, for start and commands. Raises
    Unavailable, in a sentence, where the database can't hold the ledger."""
    _keep_private(url)
    engine = _synchronous(url)
    is_postgres = engine.dialect.name == "postgresql"
    try:
        with engine.begin() as conn:
            if is_postgres:
                postgres_check.check(conn)
            if _is_current(conn):
                return
            if is_postgres:
                postgres_check.lock(conn)
            _upgrade(conn)
    finally:
        engine.dispose()


def newest() -> str:
    """The last migration's number: their files are sorted by it."""
    last = max((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return last.name.partition("_")[0]


def _is_current(conn: Connection) -> bool:
    if not inspect(conn).has_table(VERSION):
        return False
    versions = conn.scalars(text(f"SELECT version_num FROM {VERSION}")).all()  # noqa: S608
    if any(version > newest() for version in versions):
        raise Unavailable(
            message=f"The database's schema is {versions[0]}, of a newer checkout: this one knows"
            f" those up to {newest()}"
        )
    return versions == [newest()]


def _upgrade(conn: Connection) -> None:
    # Loaded only where there is something to do: it would be 5 MB of each worker.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def open_ledger(url: str, limits: PostgresLimits = DEFAULTS) -> Ledger:
    """A ledger on a migrated database; `limits` are PostgreSQL's."""
    if make_url(url).get_backend_name() == "sqlite":
        _keep_private(url)
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


def _keep_private(url: str) -> None:
    """Make the files of an SQLite database readable for their owner only. SQLite creates its
    journals with the mode of the database."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return
    path = Path(address.database or "")
    beside = (path.with_name(path.name + end) for end in BESIDE)
    for file in (path, *filter(Path.exists, beside)):
        with suppress(OSError):  # not ours, or can't be created: SQLite's own error is clearer
            make_private(file)


def _synchronous(url: str) -> Engine:
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
