"""Notifications are hints: verified, noted, answered fast, and followed by a query of our own."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from checkout.errors import NotFound, Unauthorized
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from checkout.payments import status_query
from checkout.payments.context import Context
from tests.support.fake_gateway import (
    DECLINED,
    GENUINE,
    PAID,
    PENDING,
    PROVED,
    REQUIRES_ACTION,
    Held,
)
from tests.support.harness import Harness, receive_notification


async def test_the_query_tells_the_truth_and_not_the_notification(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.clock.move(1)
    harness.gateway.news = PAID
    harness.gateway.will_state(DECLINED)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.DECLINED


async def test_it_is_noted_before_it_is_answered(harness: Harness) -> None:
    """And queried by recovery, should this worker die now."""
    payment = await harness.paid_with(PENDING)
    harness.clock.move(1)
    held = Held(PAID)
    harness.gateway.will_state(held)
    await harness.notify(payment.attempts[0])
    assert "notified" in await harness.kinds(payment)
    sweep_at = (await harness.payment(payment)).attempts[0].sweep_at
    assert sweep_at is not None
    assert sweep_at <= harness.clock() + 1
    held.let.set()


async def test_one_that_overtakes_the_charges_own_answer_waits_for_it(harness: Harness) -> None:
    payment = await harness.new_payment()
    charge, harness.gateway.news = Held(PAID), PAID
    harness.gateway.will_answer(charge)
    paying = asyncio.create_task(harness.pay(payment))
    await charge.asked.wait()
    notified = asyncio.create_task(harness.notify((await harness.payment(payment)).attempts[0]))
    await asyncio.sleep(0.05)
    assert not notified.done()
    charge.let.set()
    await asyncio.gather(paying, notified)
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert harness.gateway.queries == []


async def test_what_a_gateway_added_to_our_address_may_be_its_proof(harness: Harness) -> None:
    (attempt,) = (await harness.paid_with(PENDING)).attempts
    await receive_notification(
        harness.context, attempt.account, attempt.notify_ticket, {}, b"", PROVED
    )
    with pytest.raises(Unauthorized):
        await receive_notification(
            harness.context, attempt.account, attempt.notify_ticket, {}, b"", PROVED + "0"
        )


async def interval_grows(harness: Harness, payment: Payment) -> None:
    for _ in range(8):
        harness.clock.move(30)
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))


async def test_it_is_asked_about_at_once(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.clock.move(1)
    harness.gateway.will_state(PAID)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert len(harness.gateway.queries) == 1


async def test_one_that_is_too_early_waits_for_recovery(harness: Harness) -> None:
    """A query was sent just now: at most one in an interval, also for notifications."""
    payment = await harness.paid_with(UNKNOWN)
    await interval_grows(harness, payment)
    asked = len(harness.gateway.queries)
    harness.gateway.will_state(PAID)
    for _ in range(5):
        await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert len(harness.gateway.queries) == asked
    await harness.sweep(30)
    assert await harness.status(payment) is Status.PAID


async def test_the_interval_that_has_grown_does_not_hold_it_up(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    await interval_grows(harness, payment)
    asked = len(harness.gateway.queries)
    harness.gateway.will_state(PAID)
    harness.clock.move(2)
    (before,) = (await harness.payment(payment)).attempts
    assert before.next_query_at > harness.clock() + 10
    for _ in range(3):
        await harness.notify(before)
    await harness.context.finish(5)
    assert len(harness.gateway.queries) == asked + 1
    assert await harness.status(payment) is Status.PAID


async def test_pages_of_every_worker_look_soon_after_it(harness: Harness) -> None:
    """Also where it came to another worker, or that one can't query yet."""
    payment = await harness.paid_with(PENDING)
    await interval_grows(harness, payment)
    assert (status_query.next_check(harness.context, await harness.payment(payment)) or 0) > 10
    await harness.notify(payment.attempts[0])
    other = harness.restarted()
    assert (status_query.next_check(other, await harness.payment(payment)) or 9) <= 1


async def test_one_that_agrees_with_the_end_asks_nothing(harness: Harness) -> None:
    payment = await harness.paid_with(PAID)
    harness.clock.move(60)
    harness.gateway.news = PAID
    for _ in range(3):
        await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert harness.gateway.queries == []
    assert await harness.told(payment) == ["successful"]


async def test_one_for_an_older_attempt_finds_that_attempt(harness: Harness) -> None:
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    harness.gateway.will_answer(PENDING)
    payment = await harness.pay(payment)
    harness.clock.move(5)
    harness.gateway.will_state(PAID)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    after = await harness.payment(payment)
    assert [attempt.status for attempt in after.attempts] == [Status.PAID, Status.PENDING]
    assert after.status is Status.PAID


async def test_while_the_charge_is_under_way(harness: Harness) -> None:
    """The notification overtakes the answer."""
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    claimed = await harness.payment(payment)
    await harness.notify(claimed.attempts[0])
    held.let.set()
    assert (await task).status is Status.PAID
    assert harness.gateway.queries == []
    assert await harness.told(payment) == ["successful"]


async def test_the_charges_answer_is_lost_and_another_worker_was_notified(harness: Harness) -> None:
    """It can't query yet, and the charge does not know of it: after its answer the charge
    queries."""
    held = Held(UNKNOWN)
    harness.gateway.will_answer(held)
    harness.gateway.will_state(PAID)
    payment = await harness.new_payment()
    other = Context(harness.settings, harness.ledger, harness.context.gateways, clock=harness.clock)
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    attempt = (await harness.payment(payment)).attempts[0]
    await receive_notification(other, attempt.account, attempt.notify_ticket, GENUINE, b"")
    await other.finish(5)
    assert harness.gateway.queries == []
    held.let.set()
    assert (await task).status is Status.PENDING
    harness.clock.move(1)
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert len(harness.gateway.queries) == 1


@pytest.mark.parametrize("headers", [{}, {"authorization": "forged"}])
async def test_a_forged_one_changes_nothing(harness: Harness, headers: dict[str, str]) -> None:
    payment = await harness.paid_with(PENDING)
    before = await harness.payment(payment), await harness.kinds(payment)
    with pytest.raises(Unauthorized):
        await harness.notify(payment.attempts[0], headers)
    assert (await harness.payment(payment), await harness.kinds(payment)) == before


async def test_an_unknown_ticket_or_account_is_not_found(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    (attempt,) = payment.attempts
    for account, ticket in (
        ("cards", "x" * 22),
        ("cards", attempt.return_ticket),
        ("other", attempt.notify_ticket),
        ("", attempt.notify_ticket),
    ):
        with pytest.raises(NotFound):
            await receive_notification(harness.context, account, ticket, {}, b"{}")


NEWS = (PAID, DECLINED, PENDING, UNKNOWN)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_every_order_ends_in_the_same_state(harness: Harness, order: tuple[int, ...]) -> None:
    """The bank declines, then takes the money; its notifications come in any order, twice."""
    payment = await harness.paid_with(PENDING)
    harness.gateway.will_state(PAID)
    for place in (*order, *order):
        harness.clock.move(30)
        harness.gateway.news = NEWS[place]
        await harness.notify(payment.attempts[0])
        await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["successful"]


async def test_an_outcome_without_meaning_is_queried(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.clock.move(1)
    harness.gateway.news = Outcome(Status.PENDING)
    harness.gateway.will_state(PAID)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
