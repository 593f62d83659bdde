"""The result page waits for the shop to be told: once, and not for long."""

from __future__ import annotations

import asyncio

from checkout.ledger import outbox
from checkout.model.order import Ways
from tests.support.gateway import DECLINED, PAID, PENDING
from tests.support.world import World


async def test_no_letter_no_waiting(world: World) -> None:
    for story in (await world.payment(), await world.paid_with(PENDING)):
        await asyncio.wait_for(world.flow.told(story), 10)
    silent = await world.paid_with(PAID, ways=Ways())
    assert await world.letters(silent) == []
    await asyncio.wait_for(world.flow.told(silent), 10)


async def test_it_waits_for_the_first_try(world: World) -> None:
    story = await world.paid_with(PAID)
    waiting = asyncio.create_task(world.flow.told(story))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    (letter,) = await world.letters(story)
    await world.ledger.write(outbox.settle, letter.id, answer="503", due_at=world.clock() + 5)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(world.flow.told(story), 10)


async def test_it_waits_three_seconds_at_most_and_only_once(world: World) -> None:
    story = await world.paid_with(DECLINED)
    waiting = asyncio.create_task(world.flow.told(story))
    world.clock.move(2.9)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    world.clock.move(0.1)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(world.flow.told(story), 10)


async def test_the_courier_is_woken_by_the_letter(world: World) -> None:
    assert not world.flow.letters_waiting.is_set()
    await world.paid_with(PAID)
    assert world.flow.letters_waiting.is_set()
