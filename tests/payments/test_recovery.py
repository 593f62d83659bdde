"""What happens although nobody watches."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.ledger import attempts, operations, payments
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from checkout.payments import customer_actions, status_query
from checkout.payments.background import Background, Task
from checkout.payments.recovery import reconcile, sweep
from checkout.payments.schedule import HOUR, RECOVERY_INTERVALS, Schedule
from tests.support import samples
from tests.support.fake_gateway import (
    ABSENT,
    AUTHORIZED,
    DECLINED,
    PAID,
    PENDING,
    REQUIRES_ACTION,
    Held,
)
from tests.support.harness import Harness, open_harness
from tests.support.ledgers import UnavailableLedger


async def test_the_schedule(harness: Harness) -> None:
    """5 s, 30 s, 2, 5, 15 min, then hourly, until an hour past its time."""
    payment = await harness.paid_with(PENDING, expires_at=harness.clock() + 3 * HOUR)
    began, asked = harness.clock(), []
    while harness.clock() < began + 6 * HOUR:
        (attempt,) = (await harness.payment(payment)).attempts
        if attempt.sweep_at is None:
            break
        await harness.sweep(max(0.0, attempt.sweep_at - harness.clock()))
        asked.append(harness.clock() - began)
    assert asked == [*RECOVERY_INTERVALS, *(RECOVERY_INTERVALS[-1] + HOUR * n for n in (1, 2, 3))]
    assert len(harness.gateway.queries) == len(asked)


async def test_what_was_never_answered_is_asked_about_after_the_deadline(harness: Harness) -> None:
    harness.gateway.will_answer(asyncio.CancelledError())
    payment = await harness.new_payment()
    with pytest.raises(asyncio.CancelledError):
        await harness.pay(payment)
    harness.gateway.will_state(PAID)
    await harness.sweep(29.9)
    assert harness.gateway.queries == []
    await harness.sweep(0.1)
    assert await harness.status(payment) is Status.PAID
    assert len(harness.gateway.charges) == 1


async def test_two_workers_ask_once(harness: Harness) -> None:
    await harness.paid_with(PENDING)
    other = harness.restarted()
    harness.clock.move(5)
    await asyncio.gather(sweep(harness.context), sweep(other))
    assert len(harness.gateway.queries) == 1


async def test_whoever_watches_saves_recovery_a_query(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.clock.move(5)
    await status_query.refresh_if_due(harness.context, payment)
    await harness.sweep()
    assert len(harness.gateway.queries) == 1


async def test_many_are_swept_together(harness: Harness) -> None:
    harness.gateway.will_answer(PENDING)
    customers = [samples.changed(samples.CUSTOMER, ip=f"192.0.2.{number}") for number in range(60)]
    payments = [await harness.pay(await harness.new_payment(), customer=each) for each in customers]
    harness.gateway.will_state(PAID)
    await harness.sweep(5)
    await harness.sweep()
    assert {await harness.status(payment) for payment in payments} == {Status.PAID}


@pytest.mark.parametrize("left", [False, True])
async def test_after_its_time_one_last_question(harness: Harness, *, left: bool) -> None:
    """The server was down for days, and the gateway does not answer just now: a person is
    alerted, and the command still queries."""
    payment = await harness.paid_with(REQUIRES_ACTION, expires_at=harness.clock() + 60)
    if left:
        await harness.left(payment)
    else:
        await customer_actions.confirm(harness.context, payment)
    harness.gateway.queries.clear()
    harness.gateway.will_state(UNKNOWN)
    with capture_logs() as said:
        for _ in range(4):
            await harness.sweep(26 * HOUR)
    assert len(harness.gateway.queries) == 1
    assert [line["event"] for line in said if line.get("alert")] == ["sweep.unsettled"]
    assert await harness.status(payment) is (Status.EXPIRED if left else Status.PENDING)
    harness.gateway.will_state(PAID)
    await reconcile(harness.context, payment.uid)
    assert await harness.status(payment) is Status.PAID


async def test_a_charge_that_slept_past_its_time_is_asked_about(harness: Harness) -> None:
    """A machine that was put to sleep wakes up with a call that has failed in the meantime."""
    held = Held(UNKNOWN)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment(expires_at=harness.clock() + 60)
    paying = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    harness.clock.move(26 * HOUR)
    held.let.set()
    assert (await paying).status is Status.PENDING
    harness.gateway.will_state(PAID)
    await harness.sweep(1)
    assert await harness.status(payment) is Status.PAID


async def test_one_bad_row_does_not_stop_recovery(harness: Harness) -> None:
    """A row that can't be read is alerted once an hour; the others are queried and expire."""
    at = harness.clock()
    bad = [await harness.paid_with(PENDING), await harness.new_payment(expires_at=at + 4)]
    good = [await harness.paid_with(PENDING), await harness.new_payment(expires_at=at + 4)]
    await harness.ledger.write(attempts.change, bad[0].attempts[0].key, facts="{")
    await harness.ledger.write(payments.change, bad[1].uid, terms="{}")
    harness.gateway.will_state(PAID)
    with capture_logs() as said:
        for _ in range(3):
            await harness.sweep(5)
    assert [await harness.status(payment) for payment in good] == [Status.PAID, Status.EXPIRED]
    alerts = [(line["event"], line["payment"]) for line in said if line.get("alert")]
    assert sorted(alerts) == sorted(("sweep.fault", payment.uid) for payment in bad)
    terms = msgspec.json.encode(bad[1].order).decode()
    await harness.ledger.write(payments.change, bad[1].uid, terms=terms)
    await harness.sweep(HOUR)
    assert (await harness.payment(bad[1])).status is Status.EXPIRED


async def test_a_last_question_that_somebody_else_asked_is_asked_again(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN, expires_at=harness.clock() + 60)
    harness.gateway.will_state(UNKNOWN)
    harness.clock.move(26 * HOUR)
    await status_query.refresh_if_due(harness.context, payment)
    await harness.sweep()
    assert len(harness.gateway.queries) == 1
    harness.gateway.will_state(PAID)
    await harness.sweep(HOUR)
    assert await harness.status(payment) is Status.PAID


async def test_after_its_time_an_answer_is_the_last(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING, expires_at=harness.clock() + 60)
    with capture_logs() as said:
        for _ in range(5):
            await harness.sweep(26 * HOUR)
    assert len(harness.gateway.queries) == 1
    assert [line["event"] for line in said if line.get("alert")] == ["sweep.unsettled"]
    assert await harness.status(payment) is Status.PENDING, "time alone ends nothing"


async def test_absent_after_its_time_is_asked_twice_too(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN, expires_at=harness.clock() + 60)
    harness.gateway.will_state(ABSENT)
    await harness.sweep(26 * HOUR)
    assert (await harness.payment(payment)).attempts[0].status is Status.PENDING
    await harness.sweep(30)
    assert await harness.status(payment) is Status.EXPIRED


async def test_a_gateway_that_is_gone_from_the_settings_is_alerted(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.gateways.clear()
    with capture_logs() as said:
        await harness.sweep(5)
    assert [line["event"] for line in said if line.get("alert")] == ["gateway.unknown_account"]
    assert await harness.status(payment) is Status.PENDING


async def test_it_goes_on_when_the_ledger_comes_back(url: str) -> None:
    async with open_harness(url, schedule=Schedule(recovery_interval=0.01)) as harness:
        payment = await harness.paid_with(PENDING)
        harness.gateway.will_state(PAID)
        harness.clock.move(5)
        real = harness.context.ledger
        harness.context.ledger = UnavailableLedger()
        running = Background(
            [
                Task(
                    "sweep",
                    partial(sweep, harness.context),
                    harness.context.schedule.recovery_interval,
                )
            ]
        )
        running.start()
        with capture_logs() as said:
            await asyncio.sleep(0.1)
            harness.context.ledger = real
            for _ in range(200):
                await asyncio.sleep(0.01)
                if await harness.status(payment) is Status.PAID:
                    break
        await running.stop()
        assert await harness.status(payment) is Status.PAID
        assert ("background.failed", "sweep") in [(x["event"], x.get("task")) for x in said]


# By hand


async def test_reconcile_asks_about_all_that_is_open(harness: Harness) -> None:
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    harness.gateway.will_answer(PENDING)
    payment = await harness.pay(payment)
    harness.clock.move(2)
    harness.gateway.will_state(DECLINED, PAID)
    harness.gateway.queries.clear()
    after = await reconcile(harness.context, payment.uid)
    assert len(harness.gateway.queries) == 2
    assert after.status is Status.PAID


async def test_reconcile_asks_about_what_was_paid(harness: Harness) -> None:
    """Recovery ends an hour after the payment's expiry, with an alert to reconcile."""
    harness.gateway.has("capture")
    payment = await harness.paid_with(AUTHORIZED, transaction_type="authorization")
    harness.clock.move(2)
    harness.gateway.will_state(PAID)
    after = await reconcile(harness.context, payment.uid)
    assert after.status is Status.PAID
    (capture,) = await harness.ledger.read(operations.of, payment.uid)
    assert (capture.kind, capture.by_gateway, capture.amount) == ("capture", True, 1250)


async def test_reconcile_writes_an_expiry_down(harness: Harness) -> None:
    payment = await harness.new_payment(expires_at=harness.clock() + 60)
    harness.clock.move(60)
    after = await reconcile(harness.context, payment.uid)
    assert after.status is Status.EXPIRED
    assert await harness.told(payment) == ["error"]


# What an adapter's library may do


async def test_a_gateway_whose_library_exits_is_one_that_said_nothing(harness: Harness) -> None:
    payment = await harness.paid_with(SystemExit(1))
    assert await harness.status(payment) is Status.PENDING
    harness.gateway.will_state(SystemExit(2), PAID)
    with capture_logs() as said:
        await harness.sweep(30)
    assert ("gateway.fault", "SystemExit") in [(x["event"], x.get("error")) for x in said]
    await harness.sweep(120)
    assert await harness.status(payment) is Status.PAID
