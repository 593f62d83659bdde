"""The ledger's database: made, brought up to date, opened.

Open a ledger in the worker, never before a fork.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from checkout.ledger.base import Ledger
from checkout.ledger.sqlite import SqliteLedger
from checkout.process import make_private
from checkout.settings.values import PostgresLimits

MIGRATIONS = Path(__file__).with_name("migrations")
DEFAULTS = PostgresLimits()


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


def open_ledger(url: str, limits: PostgresLimits = DEFAULTS) -> Ledger:
    """A ledger on a migrated database; `limits` are PostgreSQL's."""
    if make_url(url).get_backend_name() == "sqlite":
        _keep_private(url)
        return SqliteLedger(url)
    # Imported here: its driver is there only where the extra is installed.
    from checkout.ledger.postgres import PostgresLedger

    return PostgresLedger(url, limits)


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
