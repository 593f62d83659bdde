"""How often each step of a payment waits for PostgreSQL, which may be on another machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from checkout.ledger import outbox, payments, write_check
from checkout.ledger.statements import alone
from checkout.payments import status_query
from tests.support.cutting_proxy import CuttingProxy, cutting_proxy
from tests.support.databases import BACKENDS, database
from tests.support.fake_gateway import DECLINED, PAID, PENDING
from tests.support.harness import Harness, open_harness

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="no PostgreSQL")


class Counted:
    """Payments over the proxy."""

    def __init__(self, harness: Harness, proxy: CuttingProxy) -> None:
        self.harness = harness
        self._proxy = proxy

    async def trips(self, step: Awaitable[Any]) -> int:
        before = self._proxy.requests
        await step
        return self._proxy.requests - before


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    with database("postgresql", tmp_path) as url:
        async with cutting_proxy(url) as proxy, open_harness(proxy.url) as harness:
            await harness.ledger.read(payments.by_uid, "")  # connected
            yield Counted(harness, proxy)


async def test_a_payment(counted: Counted) -> None:
    harness = counted.harness
    payment = await harness.new_payment()
    assert await counted.trips(harness.new_payment()) == 2  # written; read by the harness
    assert await counted.trips(harness.ledger.read(payments.by_token, payment.token)) == 1
    harness.gateway.will_answer(PAID)
    # The shop's standing; lock, the address's tries, all that is written; lock, the answer.
    assert await counted.trips(harness.pay(payment)) == 7
    assert await counted.trips(harness.payment(payment)) == 1


async def test_a_second_try(counted: Counted) -> None:
    """The address has failed before, so the card's range is looked at as well."""
    harness = counted.harness
    payment = await harness.paid_with(DECLINED)
    harness.gateway.will_answer(PAID)
    assert await counted.trips(harness.pay(payment)) <= 8


async def test_a_poll(counted: Counted) -> None:
    harness = counted.harness
    payment = await harness.paid_with(PENDING)
    assert await counted.trips(status_query.refresh_if_due(harness.context, payment)) == 0
    harness.clock.move(60)
    # The right to query is taken; lock, what the gateway said.
    assert await counted.trips(status_query.refresh_if_due(harness.context, payment)) == 3


async def test_webhooks_are_leased_together(counted: Counted) -> None:
    harness = counted.harness
    for _ in range(3):
        await harness.paid_with(PAID)
    due = await harness.ledger.read(outbox.due, harness.clock())
    assert len(due) == 3
    taking = harness.ledger.write(outbox.take_all, due, until=harness.clock() + 60)
    assert await counted.trips(taking) == 1


async def test_one_statement_is_one_transaction(counted: Counted) -> None:
    ledger = counted.harness.ledger
    assert await counted.trips(ledger.write(write_check.beat, 1.0)) == 1
    assert await counted.trips(ledger.write_unsynced(write_check.beat, 1.0)) == 1


async def test_nothing_done_is_no_transaction(counted: Counted) -> None:
    def nothing(_conn: Connection) -> None:
        pass

    assert await counted.trips(counted.harness.ledger.write(nothing)) == 0


async def test_what_is_alone_has_no_second_statement(counted: Counted) -> None:
    """It would be a transaction of its own."""

    @alone
    def two(conn: Connection) -> None:
        write_check.beat(conn, 1.0)
        write_check.beat(conn, 2.0)

    with pytest.raises(RuntimeError, match="alone"):
        await counted.harness.ledger.write(two)
