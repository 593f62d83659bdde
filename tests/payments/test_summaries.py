"""The mail about a shop's day: one, once the day is over, of what really moved in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from checkout.ledger import mails, shop_summary
from checkout.ledger.mails import Mail
from checkout.ledger.shop_summary import Total
from checkout.model.mail import Kind
from checkout.model.money import Money
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments.operations import start_operation
from checkout.payments.summaries import Summaries, bounds
from checkout.settings import Smtp
from tests.support import samples
from tests.support.fake_gateway import AUTHORIZED, DECLINED, PAID, PENDING
from tests.support.harness import Harness, open_harness

SMTP = Smtp(url="smtp://mail.example:587", sender="pay@example.com")
DAY = 24 * 3600.0


@pytest.fixture
async def office(url: str) -> AsyncIterator[Harness]:
    shops = (
        samples.shop(notify_email="owner@shop.example.com", notify_mails=("summary",)),
        samples.shop(id="quiet"),
    )
    async with open_harness(url, settings=samples.settings(*shops, smtp=SMTP)) as harness:
        harness.gateway.has("capture", "refund")
        yield harness


def day_of(harness: Harness) -> str:
    return datetime.fromtimestamp(harness.clock(), UTC).date().isoformat()


async def totals(harness: Harness, day: str) -> tuple[Total, ...]:
    return await harness.ledger.read(shop_summary.totals, samples.SHOP_ID, *bounds(day))


async def due(harness: Harness) -> list[Mail]:
    return await harness.ledger.read(mails.due, harness.clock())


def euros(kind: str, count: int, minor: int) -> Total:
    return Total(kind, count, Money(minor, "EUR"))


async def test_what_came_and_went(office: Harness) -> None:
    first = day_of(office)
    payment = await office.paid_with(PAID)
    await office.paid_with(PAID)
    await office.paid_with(PAID, test=True)
    await office.paid_with(DECLINED)
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-1"))
    await start_operation(office.context, "refund", payment.uid, amount=500, request_id="r")
    assert await totals(office, first) == (euros("payment", 2, 2500), euros("refund", 1, 500))
    office.clock.move(DAY)
    await start_operation(office.context, "refund", payment.uid, request_id="rest")
    assert await totals(office, first) == (euros("payment", 2, 2500), euros("refund", 1, 500))
    assert await totals(office, day_of(office)) == (euros("refund", 1, 750),)


async def test_an_authorization_counts_as_far_as_it_is_captured(office: Harness) -> None:
    first = day_of(office)
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    assert await totals(office, first) == ()
    office.clock.move(DAY)
    office.gateway.will_do(Outcome(Status.PAID, "o-1"))
    await start_operation(office.context, "capture", payment.uid, amount=1000)
    assert await totals(office, first) == ()
    assert await totals(office, day_of(office)) == (euros("payment", 1, 1000),)


async def test_it_counts_on_the_day_when_it_was_paid(office: Harness) -> None:
    first = day_of(office)
    payment = await office.paid_with(PENDING)
    office.clock.move(DAY)
    office.gateway.will_state(PAID)
    await office.sweep()
    assert await office.status(payment) is Status.PAID
    assert await totals(office, first) == ()
    assert await totals(office, day_of(office)) == (euros("payment", 1, 1250),)


async def test_currencies_are_not_added_up(office: Harness) -> None:
    sums = (Money(1250, "EUR"), Money(900, "USD"), Money(7, "KWD"), Money(250, "EUR"))
    for money in sums:
        await office.paid_with(Outcome(Status.PAID, "g-1"), money=money)
    assert [each.money for each in await totals(office, day_of(office))] == [
        Money(1500, "EUR"), Money(7, "KWD"), Money(900, "USD"),
    ]  # fmt: skip


async def test_one_mail_once_the_day_is_over(office: Harness) -> None:
    first, workers = day_of(office), [Summaries(office.restarted()) for _ in range(4)]
    office.clock.move(DAY)
    for _ in range(2):
        await asyncio.gather(*(worker.turn() for worker in workers))
    (mail,) = await due(office)
    assert (mail.kind, mail.shop, mail.about) == (Kind.SUMMARY, samples.SHOP_ID, first)
    office.clock.move(DAY)
    await workers[0].turn()
    assert len(await due(office)) == 2
