"""Mails about a payment are queued once, in the transaction that moves its money."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from checkout.ledger import mails
from checkout.ledger.rows import Payment
from checkout.model.mail import Kind
from checkout.model.order import Customer
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments import transitions
from checkout.payments.operations import start_operation
from checkout.settings import Settings, Smtp
from tests.support import samples
from tests.support.fake_gateway import AUTHORIZED, DECLINED, PAID, PENDING, UNREACHABLE
from tests.support.harness import Harness, open_harness

SMTP = Smtp(url="smtp://mail.example:587", sender="pay@example.com")
OWNER = "owner@shop.example.com"
REFUNDED = Outcome(Status.REFUNDED, "o-1")
CAPTURED = Outcome(Status.PAID, "o-1")


def settings(smtp: Smtp | None = SMTP, **changes: Any) -> Settings:
    return samples.settings(samples.shop(**({"notify_email": OWNER} | changes)), smtp=smtp)


@pytest.fixture
async def office(url: str) -> AsyncIterator[Harness]:
    async with open_harness(url, settings=settings()) as harness:
        harness.gateway.has("capture", "void", "refund")
        yield harness


async def queued(harness: Harness, payment: Payment) -> list[Kind]:
    found = await harness.ledger.read(mails.of_payment, payment.uid)
    return sorted(mail.kind for mail in found)


async def test_of_a_payment_that_was_made(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    assert await queued(office, payment) == [Kind.PAID, Kind.RECEIPT]


async def test_once_however_often_it_is_told(office: Harness) -> None:
    """And by however many workers at once."""
    payment = await office.paid_with(PENDING)
    assert await queued(office, payment) == []
    office.gateway.will_state(PAID)
    (attempt,) = payment.attempts
    for _ in range(3):
        office.clock.move(60)
        await asyncio.gather(*(office.notify(attempt) for _ in range(8)), office.sweep())
    assert await office.status(payment) is Status.PAID
    for _ in range(3):
        now = office.clock()
        await office.ledger.write(transitions.update, office.context, payment.uid, now)
    assert await queued(office, payment) == [Kind.PAID, Kind.RECEIPT]


@pytest.mark.parametrize("answer", [DECLINED, PENDING, UNREACHABLE], ids=lambda each: each.status)
async def test_none_while_it_is_not_paid(office: Harness, answer: Outcome) -> None:
    assert await queued(office, await office.paid_with(answer, attempts=1)) == []


async def test_of_an_authorization_once_it_is_captured(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    assert await queued(office, payment) == []
    office.gateway.will_do(CAPTURED)
    await start_operation(office.context, "capture", payment.uid)
    assert await queued(office, payment) == [Kind.PAID, Kind.RECEIPT]


async def test_of_each_refund_that_is_done(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(
        REFUNDED, Outcome(Status.DECLINED, "o-2"), Outcome(Status.REFUNDED, "o-3")
    )
    for number, minor in enumerate((500, 300, 750)):
        await start_operation(
            office.context, "refund", payment.uid, amount=minor, request_id=f"r-{number}"
        )
    assert await queued(office, payment) == [Kind.PAID, Kind.RECEIPT, Kind.REFUND, Kind.REFUND]


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({"smtp": None}, []),
        ({"receipts": False}, [Kind.PAID]),
        ({"notify_email": None}, [Kind.RECEIPT]),
        ({"notify_mails": ("summary",)}, [Kind.RECEIPT]),
    ],
    ids=str,
)
async def test_who_wants_none_gets_none(
    url: str, changed: dict[str, Any], kinds: list[Kind]
) -> None:
    async with open_harness(url, settings=settings(**changed)) as harness:
        assert await queued(harness, await harness.paid_with(PAID)) == kinds


async def test_no_receipt_where_no_address_is_known(office: Harness) -> None:
    payment = await office.new_payment()
    paid = await office.pay(payment, customer=Customer())
    assert await queued(office, paid) == [Kind.PAID]
