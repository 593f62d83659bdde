"""PostgreSQL frozen, locked, restarted, lost and behind a pooler: an answer soon, and never a wrong
one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from checkout.errors import Unavailable
from checkout.ledger import payments, write_check
from checkout.ledger.base import Ledger
from checkout.ledger.migrate import migrate
from checkout.ledger.postgres import GRACE
from checkout.ledger.store import open_ledger
from checkout.settings import PostgresLimits
from tests.support.cutting_proxy import cutting_proxy
from tests.support.databases import BACKENDS, database
from tests.support.ledger_rows import payment_row
from tests.support.postgres import (
    PROGRAMS,
    PostgresServer,
    pgbouncer,
    pgbouncer_program,
    postgres_server,
)

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="no PostgreSQL")

HASTY = PostgresLimits(connections=2, lock_seconds=1, statement_seconds=2, wait_seconds=1)
SOON = 4.0  # seconds: `HASTY` and GRACE, on a busy machine


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with database("postgresql", tmp_path) as address:
        yield address


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One that a test may freeze and restart, with an empty ledger in it."""
    if not PROGRAMS:
        pytest.skip("no PostgreSQL of our own to start")
    with postgres_server() as own:
        migrate(own.url())
        yield own


@asynccontextmanager
async def opened(url: str, limits: PostgresLimits = HASTY) -> AsyncIterator[Ledger]:
    ledger = open_ledger(url, limits)
    try:
        yield ledger
    finally:
        await ledger.close()


def ask(conn: Connection, statement: str) -> Any:
    return conn.execute(text(statement)).scalar()


def do(conn: Connection, statement: str) -> None:
    conn.execute(text(statement))


@asynccontextmanager
async def answered_soon() -> AsyncIterator[None]:
    """What is in it is unavailable, before a customer has gone."""
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        yield
    assert time.monotonic() - begun < SOON


# Held up


def test_the_usual_times_are_short() -> None:
    """503 in 5 seconds at the latest, whatever it waits for."""
    usual = PostgresLimits()
    assert usual.statement_seconds + GRACE <= 5
    for waits in (usual.connect_seconds, usual.wait_seconds, usual.lock_seconds):
        assert waits < usual.statement_seconds + GRACE


async def test_a_locked_table_is_unavailable(url: str) -> None:
    made = payment_row()
    async with opened(url) as ledger:
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE payments")
            async with answered_soon():
                await ledger.write(payments.add, made)
            async with answered_soon():
                await ledger.read(payments.by_uid, made.uid)
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            until = time.monotonic() + 5
            while other.execute(waiting).fetchone() != (0,):  # its reader has been told to stop
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
        await ledger.write(payments.add, made)
        assert await ledger.read(payments.by_uid, made.uid) is not None


async def test_a_frozen_server_is_unavailable(server: PostgresServer) -> None:
    made = payment_row()
    async with opened(server.url()) as ledger:
        await ledger.write(payments.add, made)
        server.freeze()
        try:
            async with answered_soon():
                await ledger.read(payments.by_uid, made.uid)
            async with answered_soon():
                await ledger.write(payments.change, made.uid, tracking_id="frozen")
        finally:
            server.thaw()
        assert await ledger.read(payments.by_uid, made.uid) is not None


async def test_no_free_connection_is_unavailable(url: str) -> None:
    async with opened(url) as ledger:
        slow = [asyncio.create_task(ledger.read(ask, "SELECT pg_sleep(1.8)")) for _ in range(2)]
        await asyncio.sleep(0.3)
        async with answered_soon():
            await ledger.read(ask, "SELECT 1")
        await asyncio.gather(*slow)
        assert await ledger.read(ask, "SELECT 1") == 1


async def test_whoever_goes_away_leaves_a_connection_that_can_be_used(url: str) -> None:
    async with opened(url) as ledger:
        for _ in range(4):
            reading = asyncio.create_task(ledger.read(ask, "SELECT pg_sleep(60)"))
            await asyncio.sleep(0.2)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert await ledger.read(ask, "SELECT 1") == 1


async def test_a_write_outlives_whoever_waits_for_it(url: str) -> None:
    made = payment_row()

    def slow(conn: Connection) -> None:
        ask(conn, "SELECT pg_sleep(0.3)")
        payments.add(conn, made)

    async with opened(url) as ledger:
        writing = asyncio.create_task(ledger.write(slow))
        await asyncio.sleep(0.1)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    async with opened(url) as ledger:
        assert await ledger.read(payments.by_uid, made.uid) is not None


async def test_a_transaction_left_by_a_dead_worker_ends(url: str) -> None:
    """The server is told how long, for each transaction."""
    async with opened(url) as ledger:
        shown = await ledger.write(ask, "SHOW idle_in_transaction_session_timeout")
        assert shown == "15s"
        assert await ledger.write(ask, "SHOW lock_timeout") == "1s"
        assert await ledger.write(ask, "SHOW statement_timeout") == "2s"
        assert await ledger.read(ask, "SHOW statement_timeout") == "0", "nothing of it stays"


# Lost


async def test_after_a_restart_nobody_notices(server: PostgresServer) -> None:
    made = payment_row()
    async with opened(server.url()) as ledger:
        await asyncio.gather(*(ledger.read(ask, "SELECT pg_sleep(0.2)") for _ in range(2)))
        server.stop()
        server.start()
        await ledger.write(payments.add, made)
        assert await ledger.read(payments.by_uid, made.uid) is not None


async def test_a_write_that_was_not_begun_is_repeated(url: str) -> None:
    made = payment_row()

    def two(conn: Connection) -> None:
        payments.lock(conn, made.uid)
        payments.change(conn, made.uid, tracking_id="x")

    async with cutting_proxy(url) as proxy, opened(proxy.url) as ledger:
        await ledger.write(payments.add, made)
        for fault in ("unsent", "half", "unheard"):
            proxy.plan(fault, 1)
            await ledger.write(two)
            assert proxy.requests >= 3, "begun twice"


async def test_a_write_that_may_be_done_is_not_repeated(url: str) -> None:
    async with cutting_proxy(url) as proxy, opened(proxy.url) as ledger:
        for verb, args in ((payments.add, (made := payment_row(),)), (write_check.beat, (2.0,))):
            await ledger.read(ask, "SELECT 1")  # connected
            proxy.plan("unheard", 1)  # one round trip, the commit in it
            with pytest.raises(Unavailable):
                await ledger.write(verb, *args)
        assert await ledger.read(payments.by_uid, made.uid) is not None
        assert await ledger.read(ask, "SELECT at FROM pulse") == 2.0


async def test_a_read_is_repeated_once(url: str) -> None:
    async with cutting_proxy(url) as proxy, opened(proxy.url) as ledger:
        await ledger.read(ask, "SELECT 1")
        proxy.plan("unheard", 1)
        assert await ledger.read(payments.by_uid, "x") is None
        proxy.plan()
        proxy.away = True
        proxy.cut()
        async with answered_soon():
            await ledger.read(payments.by_uid, "x")
        proxy.away = False
        assert await ledger.read(payments.by_uid, "x") is None


# As it says


async def test_what_was_queued_and_fails_fails_the_write(url: str) -> None:
    made = payment_row()

    def quiet(conn: Connection) -> None:
        payments.add(conn, payment_row())
        payments.add(conn, made)

    async with opened(url) as ledger:
        await ledger.write(payments.add, made)
        with pytest.raises(IntegrityError) as refused:
            await ledger.write(quiet)
        assert made.uid not in str(refused.value)
        assert await ledger.read(ask, "SELECT count(*) FROM payments") == 1


async def test_a_verb_that_overlooks_a_fault_commits_nothing(url: str) -> None:
    made = payment_row()

    def careless(conn: Connection) -> None:
        payments.add(conn, made)
        try:
            payments.ADD(conn, {"uid": made.uid})
        except IntegrityError:
            pass

    async with opened(url) as ledger:
        with pytest.raises(Unavailable):
            await ledger.write(careless)
        assert await ledger.read(payments.by_uid, made.uid) is None


async def test_a_text_that_no_column_can_hold(url: str) -> None:
    """libpq would cut it off at the NUL."""
    made = payment_row()
    async with opened(url) as ledger:
        await ledger.write(payments.add, made)
        with pytest.raises(Unavailable):
            await ledger.write(payments.change, made.uid, tracking_id="a\0b")
        assert await ledger.read(payments.by_token, made.token + "\0b") is None
        assert await ledger.read(ask, "SELECT tracking_id FROM payments") == "order-1001"


async def test_more_than_the_socket_takes_at_once(url: str) -> None:
    made, large = payment_row(), "x" * 30_000_000

    async with opened(url, PostgresLimits()) as ledger:
        await ledger.write(payments.add, made)
        await ledger.write(payments.change, made.uid, terms=large)
        assert await ledger.read(ask, "SELECT length(terms) FROM payments") == len(large)


async def test_the_servers_log_has_no_values(server: PostgresServer) -> None:
    made = payment_row(token="canary-qzx".ljust(64, "x"))
    async with opened(server.url()) as ledger:
        await ledger.write(payments.add, made)
        with pytest.raises(IntegrityError):
            await ledger.write(payments.add, made)
    server.stop()
    assert "duplicate key" in server.log
    values = [line for line in server.log.splitlines() if "canary" in line]
    assert all(line.split()[2:] and "DETAIL" in line for line in values), "the key of the index"
    assert "EUR" not in server.log


async def test_a_power_cut_may_undo_the_last_unsynced_ones(url: str) -> None:
    async with opened(url) as ledger:
        assert await ledger.write_unsynced(ask, "SHOW synchronous_commit") == "off"
        assert await ledger.write(ask, "SHOW synchronous_commit") == "on"


async def test_a_prepared_statement_that_is_gone_is_no_fault(url: str) -> None:
    """As behind a pooler that we took for the server itself."""
    made = payment_row()

    def change(conn: Connection) -> None:
        assert payments.lock(conn, made.uid) is not None
        payments.change(conn, made.uid, tracking_id="x")

    async with opened(url, PostgresLimits(connections=1)) as ledger:
        await ledger.write(payments.add, made)
        await ledger.write(change)
        count = "SELECT count(*) FROM pg_prepared_statements"
        assert await ledger.read(ask, count) >= 4
        await ledger.read(do, "DEALLOCATE ALL")
        await ledger.write(change)
        assert await ledger.read(ask, count) == 0, "nor is it tried again"
    async with opened(url, PostgresLimits(connections=1)) as ledger:
        assert await ledger.read(payments.by_uid, made.uid) is not None
        await ledger.read(do, "DEALLOCATE ALL")
        assert await ledger.read(payments.by_uid, made.uid) is not None


async def test_a_table_that_is_changed_meanwhile_is_no_fault(url: str) -> None:
    """Another server is of a newer version, and has migrated."""
    made = payment_row()
    async with opened(url) as ledger:
        await ledger.write(payments.add, made)
        assert await ledger.read(payments.by_uid, made.uid) is not None
        await ledger.write(do, "ALTER TABLE payments ALTER COLUMN tracking_id TYPE varchar(300)")
        try:
            assert await ledger.read(payments.by_uid, made.uid) is not None
        finally:
            await ledger.write(do, "ALTER TABLE payments ALTER COLUMN tracking_id TYPE text")


def test_a_synchronous_connection_runs_the_same_statements(url: str) -> None:
    """Of SQLAlchemy's own: it begins and commits as that does."""
    made, more = payment_row(), payment_row()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as conn:
        with conn.begin():
            payments.add(conn, made)
            assert payments.by_uid(conn, made.uid) is not None
        with conn.begin() as undone:
            payments.add(conn, more)
            undone.rollback()
        with conn.begin():
            found = [payments.by_uid(conn, each.uid) for each in (made, more)]
    assert [each is not None for each in found] == [True, False]
    engine.dispose()


# Behind a pooler


async def test_a_pooler_in_transaction_mode(server: PostgresServer) -> None:
    """Five clients on one session of the server: each statement finds its own values."""
    if not pgbouncer_program():
        pytest.skip("no pgbouncer")
    with pgbouncer(server, default_pool_size=2) as pooler:
        async with opened(pooler.url(), PostgresLimits(connections=5)) as ledger:

            async def one() -> None:
                made = payment_row()
                await ledger.write(payments.add, made)
                found = await ledger.read(payments.by_token, made.token)
                assert found is not None
                assert found.uid == made.uid
                await ledger.write_unsynced(payments.change, made.uid, tracking_id=made.uid)
                found = await ledger.read(payments.by_uid, made.uid)
                assert found is not None
                assert await ledger.read(ask, "SELECT current_setting('lock_timeout')") == "0"

            await asyncio.gather(*(one() for _ in range(100)))
            assert await ledger.read(ask, "SELECT count(*) FROM payments") == 100
            assert await ledger.read(ask, "SELECT count(*) FROM pg_prepared_statements") == 0
