"""Status queries: one in an interval, however many need it; not sent only after a long silence."""

from __future__ import annotations

import asyncio

import pytest

from checkout.errors import NotFound
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import customer_actions, status_query
from checkout.payments.schedule import POLL_INTERVALS
from tests.support.fake_gateway import (
    ABSENT,
    DECLINED,
    EXPIRED,
    PAID,
    PENDING,
    REQUIRES_ACTION,
    Held,
)
from tests.support.harness import Harness


async def test_a_hundred_readers_are_one_query(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN)
    held = Held(PENDING)
    harness.gateway.will_state(held, PENDING)
    harness.clock.move(1)
    tasks = [
        asyncio.create_task(status_query.refresh_if_due(harness.context, payment))
        for _ in range(100)
    ]
    await held.asked.wait()
    held.let.set()
    await asyncio.gather(*tasks)
    assert len(harness.gateway.queries) == 1


async def test_a_hundred_readers_on_two_machines_are_one_query(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN)
    other = harness.restarted()
    harness.clock.move(1)
    await asyncio.gather(
        *(
            status_query.refresh_if_due(context, payment)
            for context in (harness.context, other) * 50
        )
    )
    assert len(harness.gateway.queries) == 1


async def test_nothing_is_asked_too_early(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    await status_query.refresh_if_due(harness.context, payment)
    assert harness.gateway.queries == []
    assert status_query.next_check(harness.context, payment) == 1.0


async def test_a_watched_attempt_is_asked_about_less_and_less(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    waits = []
    for _ in range(len(POLL_INTERVALS) + 3):
        wait = status_query.next_check(harness.context, payment)
        assert wait is not None
        waits.append(wait)
        harness.clock.move(wait - 0.01)
        assert await status_query.refresh_if_due(harness.context, payment) == payment
        harness.clock.move(0.02)
        payment = await status_query.refresh_if_due(harness.context, payment)
    assert [round(wait) for wait in waits] == [1, *POLL_INTERVALS[:-1], *[POLL_INTERVALS[-1]] * 3]
    assert len(harness.gateway.queries) == len(waits)


async def test_the_query_names_the_attempt(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN)
    harness.clock.move(1)
    harness.gateway.will_state(PENDING)
    await status_query.refresh_if_due(harness.context, payment)
    harness.clock.move(5)
    await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    first, second = harness.gateway.queries
    assert (first.key, first.id) == (payment.attempts[0].key, None)
    assert (second.key, second.id) == (payment.attempts[0].key, "g-1")


@pytest.mark.parametrize(
    ("state", "reached"),
    [
        (PAID, Status.PAID),
        (DECLINED, Status.DECLINED),
        (EXPIRED, Status.OPEN),
        (REQUIRES_ACTION, Status.REQUIRES_ACTION),
        (PENDING, Status.PENDING),
        (UNKNOWN, Status.PENDING),
        (ABSENT, Status.PENDING),
        (RuntimeError("a fault of ours"), Status.PENDING),
    ],
    ids=["paid", "declined", "expired", "action", "pending", "unknown", "absent", "fault"],
)
async def test_what_a_query_makes_of_an_unclear_charge(
    harness: Harness, state: Outcome | Exception, reached: Status
) -> None:
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(state)
    harness.clock.move(1)
    assert (await status_query.refresh_if_due(harness.context, payment)).status is reached


async def test_nothing_is_asked_of_what_is_over(harness: Harness) -> None:
    for answer in (PAID, DECLINED):
        payment = await harness.paid_with(answer)
        harness.clock.move(100)
        assert await status_query.refresh_if_due(harness.context, payment) == payment
        assert status_query.next_check(harness.context, payment) is None
    assert harness.gateway.queries == []


async def test_a_slow_answer_changes_nothing_that_is_newer(harness: Harness) -> None:
    """Two queries cross: the older answer comes last."""
    payment = await harness.paid_with(UNKNOWN)
    held = Held(PENDING)
    harness.gateway.will_state(held, PAID)
    harness.clock.move(1)
    slow = asyncio.create_task(status_query.refresh_if_due(harness.context, payment))
    await held.asked.wait()
    harness.clock.move(2)
    assert (
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    ).status is Status.PAID
    held.let.set()
    assert (await slow).status is Status.PAID


# Facts


async def test_what_was_stated_once_is_kept(harness: Harness) -> None:
    payment = await harness.paid_with(
        Outcome(Status.PENDING, "g-1", facts=GatewayFacts(auth_code="123", message="Waiting"))
    )
    harness.gateway.will_state(Outcome(Status.PAID, "g-1", facts=GatewayFacts(message="Approved")))
    harness.clock.move(1)
    facts = (await status_query.refresh_if_due(harness.context, payment)).attempts[0].facts
    assert (facts.auth_code, facts.message) == ("123", "Approved")
    assert facts.card is not None
    assert facts.card.last_4 == "0000"


# Lost


async def test_lost_needs_the_settle_window_and_two_empty_answers(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(ABSENT)
    for _ in range(59):
        await harness.sweep(1)
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
        assert await harness.status(payment) is Status.PENDING
    harness.clock.move(1)  # the window is over; the first empty answer that counts
    asked = len(harness.gateway.queries)
    for _ in range(60):
        await harness.sweep(1)
        if len(harness.gateway.queries) > asked:
            break
    for _ in range(29):
        await harness.sweep(1)
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
        assert await harness.status(payment) is Status.PENDING
    await harness.sweep(1)
    payment = await harness.payment(payment)
    assert payment.attempts[0].status is Status.NOT_SENT
    assert payment.status is Status.OPEN
    assert await harness.webhooks(payment) == []


async def test_a_failed_query_is_no_empty_answer(harness: Harness) -> None:
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(UNKNOWN)
    await harness.sweep_for(400, step=5)
    assert len(harness.gateway.queries) > 3
    assert (await harness.payment(payment)).attempts[0].status is Status.PENDING
    assert (await harness.payment(payment)).attempts[0].absences == 0


@pytest.mark.parametrize("answer", [PENDING, Outcome(Status.PENDING, "g-1")])
async def test_an_id_once_stated_never_becomes_not_sent(harness: Harness, answer: Outcome) -> None:
    for paying in (answer, UNKNOWN):
        payment = await harness.paid_with(paying)
        harness.gateway.will_state(answer, ABSENT)
        await harness.sweep_for(400, step=5)
        assert harness.gateway.queries
        assert await harness.status(payment) is Status.PENDING
        assert (await harness.payment(payment)).attempts[0].gateway_id == "g-1"


async def test_a_mismatch_never_becomes_not_sent(harness: Harness) -> None:
    """The gateway knew something under our key: whatever it says now, the form stays shut."""
    payment = await harness.paid_with(Outcome(Status.PAID, facts=GatewayFacts(amount=1)))
    harness.gateway.will_state(ABSENT)
    await harness.sweep_for(400, step=5)
    assert await harness.status(payment) is Status.PENDING


# Landing


async def test_a_landing_asks_once(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    ticket = payment.attempts[0].return_ticket
    harness.gateway.will_state(PAID)
    after = await customer_actions.returned(harness.context, ticket)
    assert after.status is Status.PAID
    for _ in range(3):
        assert (await customer_actions.returned(harness.context, ticket)).status is Status.PAID
    assert len(harness.gateway.queries) == 1


async def test_landings_at_once_ask_once(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    ticket = payment.attempts[0].return_ticket
    held = Held(PENDING)
    harness.gateway.will_state(held, PENDING)
    tasks = [
        asyncio.create_task(customer_actions.returned(harness.context, ticket)) for _ in range(20)
    ]
    await held.asked.wait()
    held.let.set()
    await asyncio.gather(*tasks)
    assert len(harness.gateway.queries) == 1
    assert (await harness.kinds(payment)).count("returned") == 1


async def test_a_landing_is_no_proof(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    after = await customer_actions.returned(harness.context, payment.attempts[0].return_ticket)
    assert after.status is Status.REQUIRES_ACTION
    assert after.attempts[0].returned_at == harness.clock()


async def test_a_landing_starts_the_watched_pace_anew(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    for _ in range(8):
        harness.clock.move(30)
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    after = await customer_actions.returned(harness.context, payment.attempts[0].return_ticket)
    assert status_query.next_check(harness.context, after) == 1.0


@pytest.mark.parametrize("ticket", ["", "x" * 22, "../../etc"])
async def test_an_unknown_ticket_is_not_found(harness: Harness, ticket: str) -> None:
    await harness.paid_with(REQUIRES_ACTION)
    with pytest.raises(NotFound):
        await customer_actions.returned(harness.context, ticket)


async def test_the_notification_ticket_is_no_landing(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    with pytest.raises(NotFound):
        await customer_actions.returned(harness.context, payment.attempts[0].notify_ticket)
