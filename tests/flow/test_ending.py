"""What runs in the background ends when it is told to, also when work comes at that very moment."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from checkout.flow.courier import Courier
from checkout.flow.mailer import Mailer
from tests.support.shops import changed
from tests.support.world import World


async def nobody(*_: object) -> None:
    raise AssertionError("nothing is to be sent")


@pytest.mark.parametrize("turns", range(6))
async def test_work_that_comes_with_the_end_does_not_hold_it_up(world: World, turns: int) -> None:
    world.flow.pace = changed(world.flow.pace, sweep=3600.0)
    async with httpx.AsyncClient(transport=httpx.MockTransport(nobody)) as http:
        for runs, waiting in (
            (Courier(world.flow, http).run, world.flow.letters_waiting),
            (Mailer(world.flow, nobody).run, world.flow.mails_waiting),
        ):
            task = asyncio.create_task(runs())
            await asyncio.sleep(0.1)
            waiting.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=10)
            assert task in done
            assert task.cancelled()
