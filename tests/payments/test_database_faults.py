"""PostgreSQL and its pooler fail while many pay on two servers: every payment ends, charged once,
and its shop is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
import pytest

from checkout.ledger.migrate import migrate
from checkout.ledger.rows import Payment
from checkout.model.status import Status
from checkout.settings import PostgresLimits
from tests.payments.persistence import Life
from tests.payments.webhook_receiver import open_webhook_receiver
from tests.support.harness import open_harness
from tests.support.postgres import (
    PROGRAMS,
    Pgbouncer,
    PostgresServer,
    pgbouncer,
    pgbouncer_program,
    postgres_server,
)

CUSTOMERS: Final = 6  # on each of two servers
HASTY: Final = PostgresLimits(lock_seconds=1, statement_seconds=1, wait_seconds=1)
PAUSE: Final = 0.4  # seconds before anybody tries again
LONG: Final = 2.5  # seconds for which something fails: nobody waits so long

pytestmark = pytest.mark.skipif(
    not (PROGRAMS and pgbouncer_program()), reason="no PostgreSQL of our own, or no pgbouncer"
)


@dataclass(frozen=True)
class Database:
    server: PostgresServer
    pooler: Pgbouncer


@pytest.fixture
def database() -> Iterator[Database]:
    with postgres_server() as server:
        migrate(server.url())
        with pgbouncer(server, default_pool_size=4) as pooler:
            yield Database(server, pooler)


async def nothing(_: Database) -> None:
    """The pooler alone: fewer sessions than clients, and each transaction in another one."""


async def frozen(database: Database) -> None:
    database.server.freeze()
    await asyncio.sleep(LONG)
    database.server.thaw()


async def restarted(database: Database) -> None:
    await asyncio.to_thread(database.server.stop)
    await asyncio.to_thread(database.server.start)


async def killed(database: Database) -> None:
    await asyncio.to_thread(database.server.kill)
    await asyncio.to_thread(database.server.start)


async def sessions_ended(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.server.url()) as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )


async def a_session_killed(database: Database) -> None:
    """By kill -9: the server ends all others and recovers."""
    database.server.kill_session()
    await asyncio.sleep(0.5)


async def attempts_locked(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.server.url()) as conn:
        await conn.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(LONG)


async def pooler_restarted(database: Database) -> None:
    await asyncio.to_thread(database.pooler.stop)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(database.pooler.start)


DISASTERS: Final = (
    nothing, frozen, restarted, killed, sessions_ended, a_session_killed, attempts_locked,
    pooler_restarted,
)  # fmt: skip


@asynccontextmanager
async def another_server(url: str) -> AsyncIterator[Life]:
    async with open_harness(url, limits=HASTY) as harness, open_webhook_receiver(harness) as shop:
        yield Life(shop, PAUSE)


@pytest.mark.parametrize("disaster", DISASTERS, ids=[each.__name__ for each in DISASTERS])
async def test_many_pay_meanwhile(
    database: Database, disaster: Callable[[Database], Awaitable[None]]
) -> None:
    url = database.pooler.url()
    async with another_server(url) as one, another_server(url) as two:
        two.known = one.known  # one gateway

        async def paid(life: Life) -> Payment:
            return await life.until(await life.made(), Status.PAID)

        paying = [asyncio.create_task(paid(life)) for life in (one, two) for _ in range(CUSTOMERS)]
        await one.again(one.harness.new_payment)  # they are at it
        await disaster(database)
        for payment in await asyncio.gather(*paying):
            charged = [each.key for each in payment.attempts if each.key in one.known]
            assert len(charged) == 1
            assert await one.told(payment) == ["successful"]
        if disaster in (frozen, attempts_locked):
            assert one.refused + two.refused > 0, "nobody waits so long"
