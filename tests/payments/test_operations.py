"""Operations: capture, void, refund; in the ledger before they are sent, sent once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.errors import NotFound, Unprocessable
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from checkout.payments.operations import start_operation
from tests.support import samples
from tests.support.fake_gateway import (
    AUTHORIZED,
    DECLINED,
    PAID,
    REQUIRES_ACTION,
    UNREACHABLE,
    Held,
)
from tests.support.harness import Harness
from tests.support.samples import changed

REFUNDED = Outcome(Status.REFUNDED, "o-1")
CAPTURED = Outcome(Status.PAID, "o-1")


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has("capture", "void", "refund")
    return harness


async def do(harness: Harness, kind: str, payment: Payment, **more: Any) -> Operation:
    return await start_operation(harness.context, kind, payment.uid, **more)


async def refused(harness: Harness, kind: str, payment: Payment, **more: Any) -> str:
    before = len(harness.gateway.orders)
    with pytest.raises(Unprocessable) as wrong:
        await do(harness, kind, payment, **more)
    assert len(harness.gateway.orders) == before
    (field,) = wrong.value.fields
    return field


async def test_a_whole_refund(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(REFUNDED)
    done = await do(office, "refund", payment, reason="returned")
    assert (done.status, done.amount, done.gateway_id) == (Status.REFUNDED, 1250, "o-1")
    ((name, reference, money, key),) = office.gateway.orders
    assert (name, money) == ("refund: returned", Money(1250, "EUR"))
    assert (reference.key, reference.id) == (payment.attempts[0].key, "g-1")
    assert key == done.key != payment.attempts[0].key
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", "successful: refund"]
    assert await refused(office, "refund", payment) == "parent_uid"


async def test_refunds_in_parts(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(REFUNDED)
    await do(office, "refund", payment, amount=1000)
    assert await office.status(payment) is Status.PAID
    for amount in (251, 1250, 0, -1):
        assert await refused(office, "refund", payment, amount=amount) == "amount"
    assert (await do(office, "refund", payment)).amount == 250
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", *["successful: refund"] * 2]


async def test_a_hold_is_captured(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(CAPTURED)
    assert await refused(office, "refund", payment) == "parent_uid"
    await do(office, "capture", payment, amount=1000)
    assert await office.status(payment) is Status.PAID
    assert await refused(office, "capture", payment) == "parent_uid"
    office.gateway.will_do(REFUNDED)
    assert await refused(office, "refund", payment, amount=1001) == "amount"
    assert (await do(office, "refund", payment)).amount == 1000


async def test_a_hold_is_given_back(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(REFUNDED)
    await do(office, "void", payment)
    assert await office.status(payment) is Status.REFUNDED
    assert await refused(office, "void", payment) == "parent_uid"


@pytest.mark.parametrize("answer", [DECLINED, UNREACHABLE])
async def test_a_refusal_changes_nothing(office: Harness, answer: Outcome) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(answer, REFUNDED)
    assert (await do(office, "refund", payment)).status is answer.status
    assert await office.status(payment) is Status.PAID
    assert (await do(office, "refund", payment)).status is Status.REFUNDED


@pytest.mark.parametrize("answer", [UNKNOWN, RuntimeError("a fault of ours")])
async def test_what_is_unknown_is_not_sent_again(office: Harness, answer: Any) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(answer)
    with capture_logs() as said:
        done = await do(office, "refund", payment)
    assert done.status is Status.PENDING
    assert "operation.unknown" in [line["event"] for line in said if line.get("alert")]
    assert await refused(office, "refund", payment) == "base"
    assert await office.status(payment) is Status.PAID


async def test_the_same_request_is_the_same_operation(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(REFUNDED)
    first = await do(office, "refund", payment, amount=100, request_id="r-1")
    again = await do(office, "refund", payment, amount=100, request_id="r-1")
    assert again == first
    assert len(office.gateway.orders) == 1
    await do(office, "refund", payment, amount=100, request_id="r-2")
    assert len(office.gateway.orders) == 2


async def test_asked_for_many_times_at_once(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    held = Held(REFUNDED)
    office.gateway.will_do(held)
    tasks = [asyncio.create_task(do(office, "refund", payment)) for _ in range(10)]
    await held.asked.wait()
    rows = await office.ledger.read(operations.of, payment.uid)
    assert [row.status for row in rows] == [Status.SUBMITTING], "durable before it is asked for"
    held.let.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, Operation) for result in results) == 1
    assert len(office.gateway.orders) == 1


async def test_what_was_paid_twice_is_refunded_twice(office: Harness) -> None:
    payment = await office.left(await office.paid_with(REQUIRES_ACTION))
    office.gateway.will_answer(changed(PAID, id="g-2"))
    payment = await office.pay(payment)
    office.gateway.will_state(PAID)
    await office.sweep(30)
    office.gateway.will_do(REFUNDED)
    for left in (Status.PAID, Status.REFUNDED):
        assert (await do(office, "refund", payment)).amount == 1250
        assert await office.status(payment) is left
    assert {reference.id for _, reference, _, _ in office.gateway.orders} == {"g-1", "g-2"}


async def test_only_a_shops_own_payment(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    with pytest.raises(NotFound):
        await do(office, "refund", payment, shop=samples.shop(id="362"))
    with pytest.raises(NotFound):
        await start_operation(office.context, "refund", "no-such")
    assert office.gateway.orders == []


async def test_a_gateway_that_cannot(harness: Harness) -> None:
    payment = await harness.paid_with(PAID)
    assert await refused(harness, "refund", payment) == "parent_uid"


@pytest.mark.parametrize("kind", ["capture", "void", "refund"])
@pytest.mark.parametrize("answer", [REQUIRES_ACTION, DECLINED, UNKNOWN])
async def test_nothing_of_what_is_not_paid(office: Harness, kind: str, answer: Outcome) -> None:
    payment = await office.paid_with(answer)
    assert await refused(office, kind, payment) == "parent_uid"
