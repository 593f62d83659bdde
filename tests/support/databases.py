"""Fresh migrated databases: SQLite files, and databases of a PostgreSQL server where there is one.

CHECKOUT_TEST_POSTGRES names a server that runs (postgresql://user:password@host/name, whose user
may create databases); tests/conftest.py starts one where CHECKOUT_POSTGRES names its programs.
"""

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

import psycopg
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.pool import NullPool

from checkout.ledger.audit import TRIGGERS
from checkout.ledger.migrate import migrate
from checkout.ledger.schema import METADATA
from tests.support.postgres import PROGRAMS

BACKENDS: Final = (
    ("sqlite", "postgresql")
    if PROGRAMS or os.environ.get("CHECKOUT_TEST_POSTGRES")
    else ("sqlite",)
)


@contextmanager
def database(backend: str, folder: Path) -> Iterator[str]:
    """The URL of a database of a test's own."""
    if backend == "sqlite":
        yield sqlite(folder)
        return
    with postgres_databases().borrow() as url:
        yield url


@contextmanager
def empty_database(backend: str, folder: Path) -> Iterator[str]:
    """The URL of one that holds nothing."""
    if backend == "sqlite":
        yield f"sqlite:///{folder.as_posix()}/empty.db"
        return
    with postgres_databases().empty() as url:
        yield url


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection past whoever uses the database, until the block ends."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address, poolclass=NullPool)
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def sqlite(folder: Path) -> str:
    path = folder / f"{token_hex(4)}.db"
    copy_migrated(path)
    return f"sqlite:///{path}"


def copy_migrated(path: Path) -> None:
    """An SQLite ledger without a row."""
    shutil.copyfile(_sqlite_template(), path)


@cache
def _sqlite_template() -> Path:
    """Migrated once a run and copied from then on."""
    folder = mkdtemp(prefix="checkout-test-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "template.db"
    migrate(f"sqlite:///{path}")
    return path


class PostgresDatabases:
    """Databases of a server, emptied and lent again: making and removing one takes twenty times as
    long."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._template: str | None = None
        self._idle: list[tuple[str, psycopg.Connection]] = []

    @contextmanager
    def borrow(self) -> Iterator[str]:
        """The URL of an empty one, until the block ends."""
        name, inside = self._idle.pop() if self._idle else self._make()
        yield self._url(name)
        # A session that a test forgot in a transaction makes this fail.
        guards, used = inside.execute(_USED).fetchone() or (0, [])
        if guards != len(TRIGGERS):  # a test took them away
            self._drop(name, inside)
            return
        if used:
            inside.execute(_DELETED)
            inside.execute(b"VACUUM " + ", ".join(used).encode())
        self._idle.append((name, inside))

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of one without tables, until the block ends."""
        name = self._create("template0")
        yield self._url(name)
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def remove(self) -> None:
        for name, inside in self._idle:
            self._drop(name, inside)
        self._idle.clear()
        if self._template:
            self._run(f'DROP DATABASE "{self._template}"')

    def _make(self) -> tuple[str, psycopg.Connection]:
        if not self._template:
            self._template = self._create("template0")
            migrate(self._url(self._template))
        name = self._create(self._template)
        options = "-c lock_timeout=5s"
        return name, psycopg.connect(self._url(name), autocommit=True, options=options)

    def _create(self, template: str) -> str:
        name = f"test_{token_hex(8)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def _drop(self, name: str, inside: psycopg.Connection) -> None:
        inside.close()
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(statement.encode())


@cache
def postgres_databases() -> PostgresDatabases:
    """Of this process; `tests/conftest.py` removes them at the end."""
    return PostgresDatabases(os.environ["CHECKOUT_TEST_POSTGRES"])


_GUARDS: Final = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'audit'::regclass"
_NAMES: Final = ", ".join(
    f"CASE WHEN EXISTS (SELECT FROM {name}) THEN '{name}' END" for name in METADATA.tables
)
_USED: Final = f"SELECT ({_GUARDS}), array_remove(ARRAY[{_NAMES}], NULL)".encode()
# What guards the audit log lets nobody empty it. One statement deletes from all, as constraints are
# checked when all of it is done.
_DELETE: Final = ", ".join(f"{name}_ AS (DELETE FROM {name})" for name in METADATA.tables)
_DELETED: Final = (
    "ALTER TABLE audit DISABLE TRIGGER USER;"
    f"WITH {_DELETE} SELECT;"
    "ALTER TABLE audit ENABLE TRIGGER USER"
).encode()
