"""Gateways whose payments take an hour and more are queried every few minutes, as long as the
payment is under way there."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from checkout.payments.schedule import (
    DAY,
    HOUR,
    LONGEST_RECOVERY,
    RECOVERY_INTERVALS,
    next_recovery,
)
from tests.support.fake_gateway import EXPIRED, PAID, PENDING, REQUIRES_ACTION
from tests.support.harness import Harness

SLOW = 240.0
IN_PROGRESS = PENDING


@pytest.fixture
def slow(harness: Harness) -> Harness:
    harness.gateway.capabilities = msgspec.structs.replace(
        harness.gateway.capabilities, query_interval=SLOW
    )
    harness.context = harness.restarted()
    return harness


async def asked(harness: Harness, payment: Payment, seconds: float) -> list[float]:
    """When it was queried, in seconds, while the customer was away for so long."""
    began, times, number = harness.clock(), list[float](), payment.attempts[-1].number
    while True:
        attempt = (await harness.payment(payment)).attempts[number - 1]
        if attempt.sweep_at is None or attempt.sweep_at > began + seconds:
            return times
        before = len(harness.gateway.queries)
        await harness.sweep(max(0.0, attempt.sweep_at - harness.clock()))
        times += [harness.clock() - began] * (len(harness.gateway.queries) - before)


async def test_every_few_minutes_and_beyond_our_own_time(slow: Harness) -> None:
    payment = await slow.paid_with(IN_PROGRESS, expires_at=slow.clock() + HOUR)
    slow.gateway.will_state(IN_PROGRESS)
    times = await asked(slow, payment, 12 * HOUR)
    assert times[:7] == [5, 30, 120, 300, 540, 780, 900]
    late = [time for time in times if time >= RECOVERY_INTERVALS[-1]]
    assert {after - before for before, after in pairwise(late)} == {SLOW}
    assert times[-1] > 12 * HOUR - SLOW
    assert await slow.status(payment) is Status.PENDING
    slow.gateway.will_state(PAID)
    await slow.sweep(SLOW)
    assert await slow.status(payment) is Status.PAID
    assert await asked(slow, payment, DAY) == []


async def test_after_a_day_hourly_and_not_for_ever(slow: Harness) -> None:
    payment = await slow.paid_with(IN_PROGRESS, expires_at=slow.clock() + HOUR)
    slow.gateway.will_state(IN_PROGRESS)
    slow.clock.move(DAY)
    times = await asked(slow, payment, 3 * DAY)
    assert {after - before for before, after in pairwise(times)} == {HOUR}
    slow.clock.move(LONGEST_RECOVERY)
    with capture_logs() as said:
        assert len(await asked(slow, payment, LONGEST_RECOVERY)) == 1
    assert [line["event"] for line in said if line.get("alert")] == ["sweep.unsettled"]
    assert (await slow.payment(payment)).attempts[0].sweep_at is None
    assert await slow.status(payment) is Status.PENDING


async def test_what_nobody_paid_is_left_alone_in_the_end(slow: Harness) -> None:
    """At the same interval, but no longer than an hour after the payment's expiry."""
    payment = await slow.paid_with(REQUIRES_ACTION, expires_at=slow.clock() + HOUR)
    slow.gateway.will_state(REQUIRES_ACTION)
    times = await asked(slow, payment, DAY)
    assert 2 * HOUR - SLOW < times[-1] <= 2 * HOUR + SLOW
    assert len(times) > 20


async def test_the_last_question_finds_it_under_way(slow: Harness) -> None:
    payment = await slow.paid_with(REQUIRES_ACTION, expires_at=slow.clock() + HOUR)
    slow.gateway.will_state(IN_PROGRESS)
    with capture_logs() as said:
        await slow.sweep(3 * HOUR)  # the server was down
        assert len(await asked(slow, payment, HOUR)) > 10
    assert not [line for line in said if line.get("alert")]
    slow.gateway.will_state(UNKNOWN)  # nor does a gateway that is away end it
    assert len(await asked(slow, payment, HOUR)) > 10
    slow.gateway.will_state(EXPIRED)
    await slow.sweep(SLOW)
    assert (await slow.payment(payment)).attempts[0].status is Status.EXPIRED


@given(st.floats(0, 30 * DAY), st.floats(0, 40 * DAY), st.booleans(), st.sampled_from([None, 60.0]))
def test_the_pace_has_bounds(
    age: float,
    expires: float,
    alive: bool,
    schedule: float | None,
) -> None:
    at = next_recovery(0.0, age, expires, slow=schedule, alive=alive)
    plain = next_recovery(0.0, age, expires)
    if schedule is None:
        assert at == plain
    elif at is None:
        assert plain is None
    else:
        assert age < at <= age + HOUR
        assert plain is None or at <= plain
