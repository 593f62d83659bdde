"""Notifications are hints: verified, noted, answered fast, and followed by a query of our own."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from checkout.errors import NotFound, Unauthorized
from checkout.flow.verbs import Flow
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from tests.support.gateway import ACTION, DECLINED, GENUINE, PAID, PENDING, PROVED, Held
from tests.support.world import World


async def test_the_query_tells_the_truth_and_not_the_notification(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.clock.move(1)
    world.gateway.news = PAID
    world.gateway.will_state(DECLINED)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert await world.status(story) is Status.DECLINED


async def test_it_is_noted_before_it_is_answered(world: World) -> None:
    """And asked about by the sweep, should we die now."""
    story = await world.paid_with(PENDING)
    world.clock.move(1)
    held = Held(PAID)
    world.gateway.will_state(held)
    await world.notify(story.attempts[0])
    assert "notified" in await world.kinds(story)
    sweep_at = (await world.story(story)).attempts[0].sweep_at
    assert sweep_at is not None
    assert sweep_at <= world.clock() + 1
    held.let.set()


async def test_one_that_overtakes_the_charges_own_answer_waits_for_it(world: World) -> None:
    story = await world.payment()
    charge, world.gateway.news = Held(PAID), PAID
    world.gateway.will_answer(charge)
    paying = asyncio.create_task(world.pay(story))
    await charge.asked.wait()
    told = asyncio.create_task(world.notify((await world.story(story)).attempts[0]))
    await asyncio.sleep(0.05)
    assert not told.done()
    charge.let.set()
    await asyncio.gather(paying, told)
    await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert world.gateway.queries == []


async def test_what_a_gateway_added_to_our_address_may_be_its_proof(world: World) -> None:
    (attempt,) = (await world.paid_with(PENDING)).attempts
    await world.flow.notified(attempt.account, attempt.notify_ticket, {}, b"", PROVED)
    with pytest.raises(Unauthorized):
        await world.flow.notified(attempt.account, attempt.notify_ticket, {}, b"", PROVED + "0")


async def test_it_is_asked_about_at_once(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.clock.move(1)
    world.gateway.will_state(PAID)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert len(world.gateway.queries) == 1


async def test_one_that_is_too_early_waits_for_the_sweep(world: World) -> None:
    """Somebody has just asked: at most one query an interval, also for notifications."""
    story = await world.paid_with(UNKNOWN)
    for _ in range(8):
        world.clock.move(30)
        await world.flow.look(await world.story(story))
    asked = len(world.gateway.queries)
    world.gateway.will_state(PAID)
    for _ in range(5):
        await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert len(world.gateway.queries) == asked
    await world.sweep(30)
    assert await world.status(story) is Status.PAID


async def test_one_that_agrees_with_the_end_asks_nothing(world: World) -> None:
    story = await world.paid_with(PAID)
    world.clock.move(60)
    world.gateway.news = PAID
    for _ in range(3):
        await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert world.gateway.queries == []
    assert await world.told(story) == ["successful"]


async def test_one_for_an_older_attempt_finds_that_attempt(world: World) -> None:
    story = await world.left(await world.paid_with(ACTION))
    world.gateway.will_answer(PENDING)
    story = await world.pay(story)
    world.clock.move(5)
    world.gateway.will_state(PAID)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    after = await world.story(story)
    assert [attempt.status for attempt in after.attempts] == [Status.PAID, Status.PENDING]
    assert after.payment.status is Status.PAID


async def test_while_the_charge_is_under_way(world: World) -> None:
    """The notification overtakes the answer."""
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    claimed = await world.story(story)
    await world.notify(claimed.attempts[0])
    held.let.set()
    assert (await task).payment.status is Status.PAID
    assert world.gateway.queries == []
    assert await world.told(story) == ["successful"]


async def test_the_charges_answer_is_lost_and_another_worker_was_told(world: World) -> None:
    """It can't ask yet, and the one that charges has not heard of it: its answer over, it asks."""
    held = Held(UNKNOWN)
    world.gateway.will_answer(held)
    world.gateway.will_state(PAID)
    story = await world.payment()
    other = Flow(world.settings, world.ledger, world.flow.gateways, clock=world.clock)
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    attempt = (await world.story(story)).attempts[0]
    await other.notified(attempt.account, attempt.notify_ticket, GENUINE, b"")
    await other.finish(5)
    assert world.gateway.queries == []
    held.let.set()
    assert (await task).payment.status is Status.PENDING
    world.clock.move(1)
    await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert len(world.gateway.queries) == 1


@pytest.mark.parametrize("headers", [{}, {"authorization": "forged"}])
async def test_a_forged_one_changes_nothing(world: World, headers: dict[str, str]) -> None:
    story = await world.paid_with(PENDING)
    before = await world.story(story), await world.kinds(story)
    with pytest.raises(Unauthorized):
        await world.notify(story.attempts[0], headers)
    assert (await world.story(story), await world.kinds(story)) == before


async def test_an_unknown_ticket_or_account_is_not_found(world: World) -> None:
    story = await world.paid_with(PENDING)
    (attempt,) = story.attempts
    for account, ticket in (
        ("cards", "x" * 22),
        ("cards", attempt.return_ticket),
        ("other", attempt.notify_ticket),
        ("", attempt.notify_ticket),
    ):
        with pytest.raises(NotFound):
            await world.flow.notified(account, ticket, {}, b"{}")


NEWS = (PAID, DECLINED, PENDING, UNKNOWN)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_every_order_ends_in_the_same_state(world: World, order: tuple[int, ...]) -> None:
    """The bank declines, then takes the money; its notifications come in any order, twice."""
    story = await world.paid_with(PENDING)
    world.gateway.will_state(PAID)
    for place in (*order, *order):
        world.clock.move(30)
        world.gateway.news = NEWS[place]
        await world.notify(story.attempts[0])
        await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert await world.told(story) == ["successful"]


async def test_an_outcome_without_meaning_is_looked_up(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.clock.move(1)
    world.gateway.news = Outcome(Status.PENDING)
    world.gateway.will_state(PAID)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
