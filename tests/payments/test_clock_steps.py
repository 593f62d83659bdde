"""A machine's clock is set forward or back while money is on its way: nobody is charged twice."""

from __future__ import annotations

from typing import Final

import pytest

from checkout.ledger import operations
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from checkout.payments import status_query
from checkout.payments.operations import start_operation
from checkout.payments.schedule import DAY, HOUR, Schedule
from tests.support.fake_gateway import ABSENT, PAID, Held
from tests.support.harness import Harness

CHARGE: Final = Schedule().charge_timeout


@pytest.mark.parametrize("ahead", [61.0, HOUR, DAY], ids=["a minute", "an hour", "a day"])
async def test_forward_while_a_charge_is_under_way(harness: Harness, ahead: float) -> None:
    """The gateway has not got it yet, and every window of time seems to be over."""
    payment = await harness.new_payment(expires_at=harness.clock() + 14 * DAY, attempts=3)
    held = Held(PAID)
    harness.gateway.will_answer(held)
    harness.gateway.will_state(ABSENT)
    paying = harness.context.run(harness.pay(payment))
    await held.asked.wait()
    harness.clock.move(ahead)
    for _ in range(int(CHARGE)):
        payment = await harness.payment(payment)
        await status_query.refresh_if_due(harness.context, payment)
        await harness.sweep(1)
        assert await harness.status(payment) is Status.PENDING, "the form is open again"
    held.let.set()
    await paying
    assert await harness.status(payment) is Status.PAID
    assert len(harness.gateway.charges) == 1


def test_a_charge_ends_before_it_is_asked_for_a_second_time() -> None:
    schedule = Schedule()
    assert schedule.between_absences > schedule.charge_timeout


async def test_back_while_a_charge_is_under_way(harness: Harness) -> None:
    """What waits for its time waits longer, and the answer is taken all the same."""
    payment = await harness.new_payment(expires_at=harness.clock() + DAY)
    held = Held(PAID)
    harness.gateway.will_answer(held)
    harness.gateway.will_state(ABSENT)
    paying = harness.context.run(harness.pay(payment))
    await held.asked.wait()
    harness.clock.move(-HOUR)
    for _ in range(90):
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
        await harness.sweep(1)
        assert await harness.status(payment) is Status.PENDING
    held.let.set()
    await paying
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["successful"]


async def test_back_while_nobody_knows(harness: Harness) -> None:
    """The queries go on when the clock has come to where it was."""
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(PAID)
    harness.clock.move(-HOUR)
    await harness.sweep_for(HOUR - 60, step=60)
    assert await harness.status(payment) is Status.PENDING
    await harness.sweep_for(120, step=1)
    assert await harness.status(payment) is Status.PAID
    assert len(harness.gateway.charges) == 1


@pytest.mark.parametrize("ahead", [61.0, HOUR], ids=["a minute", "an hour"])
async def test_forward_while_a_refund_is_under_way(harness: Harness, ahead: float) -> None:
    harness.gateway.has("refund")
    payment = await harness.paid_with(PAID)
    held = Held(Outcome(Status.REFUNDED, "o-1"))
    harness.gateway.will_do(held)
    harness.gateway.will_trace(ABSENT)
    refunding = harness.context.run(start_operation(harness.context, "refund", payment.uid))
    await held.asked.wait()
    harness.clock.move(ahead)
    for _ in range(int(CHARGE)):
        await harness.sweep(1)
        (refund,) = await harness.ledger.read(operations.of, payment.uid)
        assert refund.status in operations.OPEN, "it could be asked for again"
    held.let.set()
    await refunding
    assert await harness.status(payment) is Status.REFUNDED
    assert len(harness.gateway.orders) == 1
