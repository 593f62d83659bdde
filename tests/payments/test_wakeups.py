"""What happens to a payment at one server is known at once at another over the same PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from checkout.ledger.store import open_wakeups
from checkout.payments import find
from checkout.payments.context import Context
from tests.support.databases import BACKENDS, database
from tests.support.fake_gateway import PAID
from tests.support.harness import Harness, open_harness

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="no PostgreSQL")

SECONDS = 10.0  # until it must be known; the clock of payments stands still meanwhile


async def listen(context: Context, url: str) -> asyncio.Task[None]:
    context.wakeups = open_wakeups(url, context.ledger, context.wake)
    assert context.wakeups is not None
    listening = asyncio.create_task(context.wakeups.listen())
    await asyncio.sleep(0.5)
    return listening


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[tuple[Harness, Harness]]:
    async with AsyncExitStack() as held:
        url = held.enter_context(database("postgresql", tmp_path))
        both = [await held.enter_async_context(open_harness(url)) for _ in range(2)]
        listening = [await listen(each.context, url) for each in both]
        yield both[0], both[1]
        for turn in listening:
            turn.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for each in both:
            await each.context.pass_on()


async def test_a_move_is_seen_by_who_polls_elsewhere(servers: tuple[Harness, Harness]) -> None:
    one, two = servers
    payment = await one.new_payment()
    polled = (two.context, payment.uid, payment.secret)
    for _ in range(2):
        assert (await find.by_address_cached(*polled)).status == "open"
    one.gateway.will_answer(PAID)
    await one.pay(payment)
    until = time.monotonic() + SECONDS
    while (await find.by_address_cached(*polled)).status != "paid":
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


async def test_what_is_due_is_passed_on(servers: tuple[Harness, Harness]) -> None:
    """As a command ends, which sends nothing itself."""
    one, two = servers
    one.context.webhooks_due.set()
    assert one.context.wakeups is not None
    await one.context.pass_on()
    async with asyncio.timeout(SECONDS):
        await two.context.webhooks_due.wait()
    assert not two.context.mails_due.is_set()
