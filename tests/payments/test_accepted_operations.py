"""What a gateway has accepted and not done yet is a state of its own: banks may take weeks."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.errors import Unprocessable
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments.operations import resolve_operation, start_operation
from checkout.payments.schedule import DAY, HOUR
from checkout.shop_api.responses import operation as shape
from tests.support import samples
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID
from tests.support.harness import Harness
from tests.support.samples import changed

ACCEPTED = Outcome(Status.ACCEPTED, "o-3", facts=GatewayFacts(message="Successfully queued"))
REFUNDED = Outcome(Status.REFUNDED, "o-3")


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has("capture", "void", "refund", "operation_status")
    return harness


async def refund(
    harness: Harness, payment: Payment, said: Any, amount: int | None = None
) -> Operation:
    harness.gateway.will_do(said)
    return await start_operation(harness.context, "refund", payment.uid, amount=amount)


async def standing(harness: Harness, operation: Operation) -> Status:
    row = await harness.ledger.read(operations.find, operation.uid)
    assert row is not None
    return row.status


async def test_it_blocks_nothing_and_counts(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    first = await refund(office, payment, ACCEPTED, 1000)
    assert first.status is Status.ACCEPTED
    for amount, why in (
        (251, "must be from 1 to 250"),
        (250, None),
        (None, "nothing is left to refund"),
    ):
        if why is None:
            await refund(office, payment, REFUNDED, amount)
            continue
        with pytest.raises(Unprocessable) as wrong:
            await refund(office, payment, REFUNDED, amount)
        assert wrong.value.fields == {"amount": [why]}
    assert await office.status(payment) is Status.PAID, "not all of it has gone yet"
    office.gateway.will_trace(REFUNDED)
    await office.sweep(HOUR)
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", *["successful: refund"] * 2]


async def test_the_shop_is_notified_that_it_waits(office: Harness) -> None:
    """Not in the gateway's words, which sound like an end; by no webhook."""
    payment = await office.paid_with(PAID)
    said = shape(await refund(office, payment, ACCEPTED), payment, "")
    assert (said["status"], said["message"]) == ("pending", "Accepted, on its way")
    assert said["paid_at"] is None
    assert said["refund"]["status"] == "pending"
    assert await office.told(payment) == ["successful"]


async def test_it_raises_nothing(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    with capture_logs() as said:
        await refund(office, payment, ACCEPTED)
        office.gateway.will_trace(ACCEPTED)
        await office.sweep_for(2 * DAY, step=HOUR)
    assert [line for line in said if line.get("alert")] == []


async def test_it_fails_later_and_the_money_is_free_again(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await refund(office, payment, ACCEPTED)
    office.gateway.will_trace(ACCEPTED, DECLINED)
    await office.sweep_for(3 * HOUR, step=600)
    assert await office.told(payment) == ["successful", "failed: refund"]
    assert await office.status(payment) is Status.PAID
    assert (await refund(office, payment, REFUNDED)).amount == 1250


@pytest.mark.parametrize("ended", [Status.EXPIRED, Status.CANCELLED, Status.DECLINED])
async def test_every_word_for_a_bad_end_is_one(office: Harness, ended: Status) -> None:
    payment = await office.paid_with(PAID)
    operation = await refund(office, payment, ACCEPTED)
    office.gateway.will_trace(Outcome(ended, "o-3"))
    await office.sweep(HOUR)
    assert await standing(office, operation) is Status.DECLINED


@pytest.mark.parametrize("name", ["o-3", "g-1"], ids=["its own", "the payment's"])
@pytest.mark.parametrize("says", [UNKNOWN, ABSENT, Outcome(Status.PENDING, "o-3")])
async def test_it_is_not_unknown_again(office: Harness, says: Outcome, name: str) -> None:
    payment = await office.paid_with(PAID)
    operation = await refund(office, payment, changed(ACCEPTED, id=name), 500)
    office.gateway.will_trace(says)
    await office.sweep_for(6 * HOUR, step=600)
    assert await standing(office, operation) is Status.ACCEPTED
    await refund(office, payment, REFUNDED, 500)


async def test_unknown_and_then_accepted(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    operation = await refund(office, payment, UNKNOWN, 500)
    office.gateway.will_trace(ACCEPTED)
    await office.sweep(5)
    assert await standing(office, operation) is Status.ACCEPTED
    await refund(office, payment, REFUNDED, 500)
    asked = len(office.gateway.traced)
    await office.sweep_for(HOUR - 60, step=60)
    assert len(office.gateway.traced) == asked, "at the slow pace from now on"


async def test_what_failed_and_is_accepted_after_all(office: Harness) -> None:
    """By a late answer to the order itself."""
    payment = await office.paid_with(PAID)
    operation = await refund(office, payment, UNKNOWN)
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(90)
    assert await standing(office, operation) is Status.NOT_SENT
    await office.ledger.write(operations.change, operation.uid, sweep_at=office.clock())
    office.gateway.will_trace(ACCEPTED, DECLINED)
    await office.sweep(2)
    assert await standing(office, operation) is Status.ACCEPTED
    await office.sweep(HOUR)
    assert await standing(office, operation) is Status.DECLINED
    assert await office.told(payment) == ["successful", "failed: refund"], "notified once"
    assert "late_operation" in await office.kinds(payment)


async def test_an_accepted_capture_leaves_the_hold(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(ACCEPTED)
    await start_operation(office.context, "capture", payment.uid)
    assert await office.status(payment) is Status.AUTHORIZED
    for kind in ("capture", "void"):
        with pytest.raises(Unprocessable) as wrong:
            await start_operation(office.context, kind, payment.uid)
        assert wrong.value.fields == {"amount": [f"nothing is left to {kind}"]}
    office.gateway.will_trace(Outcome(Status.PAID, "o-3"))
    await office.sweep(HOUR)
    assert await office.status(payment) is Status.PAID
    assert await office.told(payment) == ["successful", "successful: capture"]


async def test_it_is_asked_about_for_a_month_ever_more_slowly(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    operation = await refund(office, payment, ACCEPTED)
    began = office.clock()
    office.gateway.will_trace(ACCEPTED)
    asked = []
    with capture_logs() as said:
        while True:
            row = await office.ledger.read(operations.find, operation.uid)
            if row is None or row.sweep_at is None:
                break
            await office.sweep(row.sweep_at - office.clock())
            asked.append((office.clock() - began) / DAY)
    assert sum(at <= 1 for at in asked) == 24
    assert sum(1 < at <= 7 for at in asked) == 24
    assert sum(at > 7 for at in asked) == 23
    assert 29 <= asked[-1] <= 31
    assert [line["event"] for line in said if line.get("alert")] == ["operation.unsettled"]
    done = await resolve_operation(
        office.context, operation.uid, accept=True, by=samples.ANN, reason="it came"
    )
    assert done.status is Status.REFUNDED
    assert await office.told(payment) == ["successful", "successful: refund"]
