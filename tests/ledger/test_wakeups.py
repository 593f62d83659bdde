"""Servers over one PostgreSQL wake each other, and say once where a pooler keeps them from it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.ledger.migrate import migrate
from checkout.ledger.store import open_ledger, open_wakeups
from checkout.ledger.wakeups import MOST, Wakeups
from tests.support.databases import BACKENDS, database, sqlite
from tests.support.postgres import PROGRAMS, pgbouncer, pgbouncer_program, postgres_server

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="no PostgreSQL")

SECONDS = 10.0  # until a word must have been heard


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with database("postgresql", tmp_path) as address:
        yield address


@asynccontextmanager
async def worker(
    url: str, heard: Callable[[str], None], seconds: float = SECONDS
) -> AsyncIterator[Wakeups]:
    ledger = open_ledger(url)
    try:
        wakeups = Wakeups(url, ledger, heard, seconds=seconds)
        yield wakeups
        await wakeups.close()
    finally:
        await ledger.close()


@asynccontextmanager
async def listening(wakeups: Wakeups) -> AsyncIterator[None]:
    turn = asyncio.create_task(wakeups.listen())
    await asyncio.sleep(0.5)
    yield
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)


async def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_the_other_hears_it_soon(url: str) -> None:
    heard: dict[str, list[str]] = {"one": [], "two": []}
    hear = {name: words.append for name, words in heard.items()}
    async with worker(url, hear["one"]) as one, worker(url, hear["two"]) as two:  # noqa: SIM117
        async with listening(one), listening(two):
            begun = time.monotonic()
            one.tell("moved:x")
            one.tell("moved:x")
            await until(lambda: bool(heard["two"]))
            assert time.monotonic() - begun < 2
            many = [f"moved:{'u' * 36}{number}" for number in range(2 * MOST + 1)]
            for word in many:
                two.tell(word)
            await until(lambda: len(heard["one"]) == len(many))
            assert heard == {"one": many, "two": ["moved:x"]}, "nobody hears themselves"


async def test_one_that_is_lost_is_made_anew(url: str) -> None:
    heard: list[str] = []
    async with worker(url, heard.append) as one, worker(url, print) as two:
        turn = asyncio.create_task(one.listen())
        await asyncio.sleep(0.5)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        with pytest.raises(Unavailable):
            await turn
        async with listening(one):
            two.tell("webhooks")
            await until(lambda: heard == ["webhooks"])


async def test_a_database_that_is_away_tells_nobody() -> None:
    async with worker("postgresql://nobody@127.0.0.1:1/none", print) as one:
        one.tell("webhooks")
        await one.finish()
        with pytest.raises(Unavailable):
            await one.listen()


@pytest.mark.skipif(not PROGRAMS or not pgbouncer_program(), reason="no pgbouncer")
async def test_behind_a_pooler_it_is_said_once() -> None:
    with postgres_server() as server, pgbouncer(server) as pooler:
        migrate(server.url())
        async with worker(pooler.url(), print, seconds=1.0) as one:
            with capture_logs() as logs:
                await one.listen()
                begun = time.monotonic()
                await one.listen()
            assert time.monotonic() - begun < 0.5
            assert [line["event"] for line in logs] == ["wakeups.unheard"]


def test_sqlite_needs_none(tmp_path: Path) -> None:
    ledger = open_ledger(url := sqlite(tmp_path))
    assert open_wakeups(url, ledger, print) is None
    asyncio.run(ledger.close())
