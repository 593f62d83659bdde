"""Asking the gateway: one query an interval, however many look; lost only after a long silence."""

from __future__ import annotations

import asyncio

import pytest

from checkout.errors import NotFound
from checkout.flow.pace import WATCHED
from checkout.model.outcome import UNKNOWN, Facts, Outcome
from checkout.model.status import Status
from tests.support.gateway import ABSENT, ACTION, DECLINED, EXPIRED, PAID, PENDING, Held
from tests.support.world import World


async def test_a_hundred_looks_are_one_query(world: World) -> None:
    story = await world.paid_with(UNKNOWN)
    held = Held(PENDING)
    world.gateway.will_state(held, PENDING)
    world.clock.move(1)
    tasks = [asyncio.create_task(world.flow.look(story)) for _ in range(100)]
    await held.asked.wait()
    held.let.set()
    await asyncio.gather(*tasks)
    assert len(world.gateway.queries) == 1


async def test_a_hundred_looks_on_two_machines_are_one_query(world: World) -> None:
    story = await world.paid_with(UNKNOWN)
    other = world.restarted()
    world.clock.move(1)
    await asyncio.gather(*(flow.look(story) for flow in (world.flow, other) * 50))
    assert len(world.gateway.queries) == 1


async def test_nothing_is_asked_too_early(world: World) -> None:
    story = await world.paid_with(PENDING)
    await world.flow.look(story)
    assert world.gateway.queries == []
    assert world.flow.next_check(story) == 1.0


async def test_a_watched_attempt_is_asked_about_less_and_less(world: World) -> None:
    story = await world.paid_with(PENDING)
    waits = []
    for _ in range(len(WATCHED) + 3):
        wait = world.flow.next_check(story)
        assert wait is not None
        waits.append(wait)
        world.clock.move(wait - 0.01)
        assert await world.flow.look(story) == story
        world.clock.move(0.02)
        story = await world.flow.look(story)
    assert [round(wait) for wait in waits] == [1, *WATCHED[:-1], *[WATCHED[-1]] * 3]
    assert len(world.gateway.queries) == len(waits)


async def test_the_query_names_the_attempt(world: World) -> None:
    story = await world.paid_with(UNKNOWN)
    world.clock.move(1)
    world.gateway.will_state(PENDING)
    await world.flow.look(story)
    world.clock.move(5)
    await world.flow.look(await world.story(story))
    first, second = world.gateway.queries
    assert (first.key, first.id) == (story.attempts[0].key, None)
    assert (second.key, second.id) == (story.attempts[0].key, "g-1")


@pytest.mark.parametrize(
    ("state", "payment"),
    [
        (PAID, Status.PAID),
        (DECLINED, Status.DECLINED),
        (EXPIRED, Status.OPEN),
        (ACTION, Status.ACTION),
        (PENDING, Status.PENDING),
        (UNKNOWN, Status.PENDING),
        (ABSENT, Status.PENDING),
        (RuntimeError("a fault of ours"), Status.PENDING),
    ],
    ids=["paid", "declined", "expired", "action", "pending", "unknown", "absent", "fault"],
)
async def test_what_a_query_makes_of_an_unclear_charge(
    world: World, state: Outcome | Exception, payment: Status
) -> None:
    story = await world.paid_with(UNKNOWN)
    world.gateway.will_state(state)
    world.clock.move(1)
    assert (await world.flow.look(story)).payment.status is payment


async def test_nothing_is_asked_of_what_is_over(world: World) -> None:
    for answer in (PAID, DECLINED):
        story = await world.paid_with(answer)
        world.clock.move(100)
        assert await world.flow.look(story) == story
        assert world.flow.next_check(story) is None
    assert world.gateway.queries == []


async def test_a_slow_answer_changes_nothing_that_is_newer(world: World) -> None:
    """Two queries cross: the older answer comes last."""
    story = await world.paid_with(UNKNOWN)
    held = Held(PENDING)
    world.gateway.will_state(held, PAID)
    world.clock.move(1)
    slow = asyncio.create_task(world.flow.look(story))
    await held.asked.wait()
    world.clock.move(2)
    assert (await world.flow.look(await world.story(story))).payment.status is Status.PAID
    held.let.set()
    assert (await slow).payment.status is Status.PAID


# Facts


async def test_what_was_stated_once_is_kept(world: World) -> None:
    story = await world.paid_with(
        Outcome(Status.PENDING, "g-1", facts=Facts(auth_code="123", message="Waiting"))
    )
    world.gateway.will_state(Outcome(Status.PAID, "g-1", facts=Facts(message="Approved")))
    world.clock.move(1)
    facts = (await world.flow.look(story)).attempts[0].facts
    assert (facts.auth_code, facts.message) == ("123", "Approved")
    assert facts.card is not None
    assert facts.card.last_4 == "0000"


# Lost


async def test_lost_needs_the_settle_window_and_two_empty_answers(world: World) -> None:
    story = await world.paid_with(UNKNOWN)
    world.gateway.will_state(ABSENT)
    for _ in range(59):
        await world.sweep(1)
        await world.flow.look(await world.story(story))
        assert await world.status(story) is Status.PENDING
    world.clock.move(1)  # the window is over; the first empty answer that counts
    asked = len(world.gateway.queries)
    for _ in range(60):
        await world.sweep(1)
        if len(world.gateway.queries) > asked:
            break
    assert await world.status(story) is Status.PENDING
    await world.sweep(1)
    story = await world.story(story)
    assert story.attempts[0].status is Status.LOST
    assert story.payment.status is Status.OPEN
    assert await world.letters(story) == []


async def test_a_failed_query_is_no_empty_answer(world: World) -> None:
    story = await world.paid_with(UNKNOWN)
    world.gateway.will_state(UNKNOWN)
    await world.sweep_for(400, step=5)
    assert len(world.gateway.queries) > 3
    assert (await world.story(story)).attempts[0].status is Status.PENDING
    assert (await world.story(story)).attempts[0].absences == 0


@pytest.mark.parametrize("answer", [PENDING, Outcome(Status.PENDING, "g-1")])
async def test_an_id_once_told_never_becomes_lost(world: World, answer: Outcome) -> None:
    for paying in (answer, UNKNOWN):
        story = await world.paid_with(paying)
        world.gateway.will_state(answer, ABSENT)
        await world.sweep_for(400, step=5)
        assert world.gateway.queries
        assert await world.status(story) is Status.PENDING
        assert (await world.story(story)).attempts[0].gateway_id == "g-1"


async def test_a_mismatch_never_becomes_lost(world: World) -> None:
    """The gateway knew something under our key: whatever it says now, the form stays shut."""
    story = await world.paid_with(Outcome(Status.PAID, facts=Facts(amount=1)))
    world.gateway.will_state(ABSENT)
    await world.sweep_for(400, step=5)
    assert await world.status(story) is Status.PENDING


# Landing


async def test_a_landing_asks_once(world: World) -> None:
    story = await world.paid_with(ACTION)
    ticket = story.attempts[0].return_ticket
    world.gateway.will_state(PAID)
    after = await world.flow.returned(ticket)
    assert after.payment.status is Status.PAID
    for _ in range(3):
        assert (await world.flow.returned(ticket)).payment.status is Status.PAID
    assert len(world.gateway.queries) == 1


async def test_landings_at_once_ask_once(world: World) -> None:
    story = await world.paid_with(ACTION)
    ticket = story.attempts[0].return_ticket
    held = Held(PENDING)
    world.gateway.will_state(held, PENDING)
    tasks = [asyncio.create_task(world.flow.returned(ticket)) for _ in range(20)]
    await held.asked.wait()
    held.let.set()
    await asyncio.gather(*tasks)
    assert len(world.gateway.queries) == 1
    assert (await world.kinds(story)).count("returned") == 1


async def test_a_landing_is_no_proof(world: World) -> None:
    story = await world.paid_with(ACTION)
    world.gateway.will_state(ACTION)
    after = await world.flow.returned(story.attempts[0].return_ticket)
    assert after.payment.status is Status.ACTION
    assert after.attempts[0].returned_at == world.clock()


async def test_a_landing_starts_the_watched_pace_anew(world: World) -> None:
    story = await world.paid_with(ACTION)
    world.gateway.will_state(ACTION)
    for _ in range(8):
        world.clock.move(30)
        await world.flow.look(await world.story(story))
    after = await world.flow.returned(story.attempts[0].return_ticket)
    assert world.flow.next_check(after) == 1.0


@pytest.mark.parametrize("ticket", ["", "x" * 22, "../../etc"])
async def test_an_unknown_ticket_is_not_found(world: World, ticket: str) -> None:
    await world.paid_with(ACTION)
    with pytest.raises(NotFound):
        await world.flow.returned(ticket)


async def test_the_notification_ticket_is_no_landing(world: World) -> None:
    story = await world.paid_with(ACTION)
    with pytest.raises(NotFound):
        await world.flow.returned(story.attempts[0].notify_ticket)
