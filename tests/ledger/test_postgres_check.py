"""A database that can't hold the ledger is refused in a sentence."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from checkout.errors import Unavailable
from checkout.ledger import payments as ledger_payments
from checkout.ledger.migrate import migrate
from checkout.ledger.postgres_check import OLDEST, Server, problem_of
from checkout.ledger.store import open_ledger, open_wakeups
from checkout.settings.database_url import database_url
from tests.support.databases import sqlite
from tests.support.postgres import PROGRAMS, PostgresServer, postgres_server
from tests.support.servers import ROOT

LISTENERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = 'formed' AND query LIKE 'LISTEN%'
"""
needs_server = pytest.mark.skipif(not PROGRAMS, reason="no PostgreSQL of our own to start")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server({"wal_level": "replica"}) as own:
        yield own


def refusal(url: str) -> str:
    with pytest.raises(Unavailable) as refused:
        migrate(url)
    return refused.value.message


def made(server: PostgresServer, name: str, more: str = "") -> str:
    """The URL of a new database."""
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0 {more}".encode())
    return server.url(name)


@needs_server
def test_another_encoding(server: PostgresServer) -> None:
    url = made(server, "ascii", "ENCODING 'SQL_ASCII'")
    assert refusal(url) == "The database's encoding is SQL_ASCII, and must be UTF8"
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchone() == (0,), "nothing was made there"


@needs_server
def test_one_that_can_only_be_read(server: PostgresServer) -> None:
    url = made(server, "shut")
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute("ALTER DATABASE shut SET default_transaction_read_only = on")
    assert "can only be read" in refusal(url)


@needs_server
def test_a_standby(server: PostgresServer) -> None:
    url = made(server, "followed")
    migrate(url)
    server.stop()
    (server.folder / "data" / "standby.signal").touch()
    server.start()
    try:
        assert "standby" in refusal(url)
    finally:
        server.stop()
        (server.folder / "data" / "standby.signal").unlink()
        server.start()


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        (Server(OLDEST, "UTF8", standby=False, read_only=False), None),
        (Server(OLDEST + 9, "UTF8", standby=False, read_only=False), None),
        (Server(OLDEST - 1, "UTF8", standby=False, read_only=False), "14 or newer"),
    ],
    ids=["the oldest", "a newer one", "too old"],
)
def test_versions(server: Server, problem: str | None) -> None:
    assert (problem or "None") in str(problem_of(server))


@needs_server
@pytest.mark.parametrize(
    "form",
    [
        "postgres://postgres@/formed?host={folder}&sslmode=disable&connect_timeout=7",
        "postgresql+asyncpg://postgres@{socket}/formed?application_name=ours",
        "postgresql://postgres@{nowhere},{socket}/formed",
    ],
    ids=["host", "socket", "hosts"],
)
async def test_other_forms_of_an_address(server: PostgresServer, form: str) -> None:
    """The ledger and what listens beside it both open what the settings make of it."""
    with suppress(psycopg.errors.DuplicateDatabase):
        migrate(made(server, "formed"))
    socket, nowhere = quote(str(server.folder), safe=""), quote("/nowhere", safe="")
    url = database_url(form.format(folder=server.folder, socket=socket, nowhere=nowhere))
    ledger = open_ledger(url)
    try:
        assert await ledger.read(ledger_payments.uids, ()) == []
        wakeups = open_wakeups(url, ledger, lambda _: None)
        assert wakeups is not None
        listening = asyncio.create_task(wakeups.listen())
        with psycopg.connect(server.url("formed"), autocommit=True) as conn:
            while conn.execute(LISTENERS).fetchone() != (1,):
                await asyncio.sleep(0.05)
                assert not listening.done()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await wakeups.close()
    finally:
        await ledger.close()


@needs_server
def test_a_newer_schema(server: PostgresServer) -> None:
    url = made(server, "newer")
    migrate(url)
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "9999, of a newer checkout" in refusal(url)


def test_a_newer_schema_of_sqlite(tmp_path: Path) -> None:
    url = sqlite(tmp_path)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    assert "9999, of a newer checkout" in refusal(url)


def test_without_its_driver() -> None:
    code = "import sys; sys.modules['psycopg'] = None\n"
    code += "from checkout.ledger.migrate import migrate\n"
    code += "migrate('postgresql://nobody@127.0.0.1:1/none')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Unavailable: PostgreSQL's driver is not installed" in done.stderr


@needs_server
def test_servers_that_start_at_once_migrate_once(server: PostgresServer) -> None:
    url = made(server, "raced")
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(migrate, url) for _ in range(4)]:
            done.result()
