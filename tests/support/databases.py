"""Fresh migrated databases: SQLite files, and PostgreSQL where CHECKOUT_TEST_POSTGRES names a
server (postgresql://user:password@host/name, whose user may create databases)."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Final

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from checkout.ledger.store import migrate

POSTGRES: Final = os.environ.get("CHECKOUT_TEST_POSTGRES")
BACKENDS: Final = ("sqlite", "postgresql") if POSTGRES else ("sqlite",)


@contextmanager
def database(backend: str, folder: Path) -> Iterator[str]:
    """The URL of a database of a test's own."""
    if backend == "sqlite":
        yield sqlite(folder)
        return
    name = f"test_{token_hex(8)}"
    _run(f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template()}"')
    try:
        yield _url(name)
    finally:
        _run(f'DROP DATABASE "{name}" WITH (FORCE)')


def sqlite(folder: Path) -> str:
    path = folder / f"{token_hex(4)}.db"
    shutil.copyfile(_sqlite_template(), path)
    return f"sqlite:///{path}"


@cache
def _sqlite_template() -> Path:
    """Migrated once a run and copied from then on."""
    folder = mkdtemp(prefix="checkout-test-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@cache
def _postgres_template() -> str:
    name = f"template_{token_hex(8)}"
    _run(f'CREATE DATABASE "{name}"')
    atexit.register(_run, f'DROP DATABASE "{name}" WITH (FORCE)')
    migrate(_url(name))
    return name


def _address() -> URL:
    assert POSTGRES
    return make_url(POSTGRES).set(drivername="postgresql+psycopg")


def _url(name: str) -> str:
    address = _address().set(drivername="postgresql", database=name)
    return address.render_as_string(hide_password=False)


def _run(statement: str) -> None:
    engine = create_engine(_address(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(statement))
    engine.dispose()
