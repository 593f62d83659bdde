"""Slow before refused: who is on the way to a limit waits, few at a time, and nobody else does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from checkout.errors import TooMany
from checkout.ledger.rows import Payment
from checkout.payments.card_testing import (
    MOST_KNOWN,
    MOST_WAITING,
    MOST_WAITING_EACH,
    RecentMarks,
    Standing,
)
from checkout.settings import Limits
from tests.support import samples
from tests.support.clock import Clock
from tests.support.fake_gateway import DECLINED, PAID
from tests.support.harness import Harness, open_harness

SLOW = Limits(declines_per_address_10min=4, declines_per_bin_10min=1000, slow_seconds=1)


@pytest.fixture
async def slow(url: str) -> AsyncIterator[Harness]:
    async with open_harness(url, settings=samples.settings(limits=SLOW)) as opened:
        yield opened


async def timed(
    harness: Harness, address: str, answer: Any = PAID
) -> tuple[float, Payment | TooMany]:
    payment, begun = await harness.new_payment(), time.monotonic()
    who = samples.changed(samples.CUSTOMER, ip=address)
    harness.gateway.will_answer(answer)
    try:
        said: Payment | TooMany = await harness.pay(payment, customer=who)
    except TooMany as refused:
        said = refused
    return time.monotonic() - begun, said


async def test_half_way_to_its_limit_an_address_waits(slow: Harness) -> None:
    took = [(await timed(slow, "192.0.2.1", DECLINED))[0] for _ in range(4)]
    assert [seconds >= 1 for seconds in took] == [False, False, True, True]
    assert len(slow.gateway.charges) == 4
    # Others don't; nor does this one when it is over.
    assert (await timed(slow, "192.0.2.2"))[0] < 1
    slow.clock.move(600)
    assert (await timed(slow, "192.0.2.1"))[0] < 1


async def test_a_crowd_does_not_wait(slow: Harness) -> None:
    """Each that waits holds a place: of one address two, the others are refused at once."""
    for _ in range(2):
        await timed(slow, "192.0.2.1", DECLINED)
    said = await asyncio.gather(*(timed(slow, "192.0.2.1") for _ in range(20)))
    refused = [(seconds, each) for seconds, each in said if isinstance(each, TooMany)]
    assert len(refused) == 20 - MOST_WAITING_EACH
    assert all(each.limit == "slow_seconds" and seconds < 1 for seconds, each in refused)
    assert refused[0][1].retry_after == 1


async def test_many_addresses_do_not_take_all_places(slow: Harness) -> None:
    addresses = [f"192.0.2.{number}" for number in range(MOST_WAITING + 8)]
    for address in addresses:
        for _ in range(2):
            await timed(slow, address, DECLINED)
    work = [asyncio.create_task(timed(slow, address)) for address in addresses]
    honest = await timed(slow, "198.51.100.1")
    assert honest[0] < 1
    assert isinstance(honest[1], Payment)
    said = await asyncio.gather(*work)
    assert sum(isinstance(each, TooMany) for _, each in said) == 8


async def test_what_a_worker_knows(slow: Harness) -> None:
    guard, mark = slow.context.guard, slow.context.address_mark("192.0.2.1")
    calm = guard.calm
    for _ in range(2):
        await timed(slow, "192.0.2.1", DECLINED)
    assert guard.known("361", mark) == Standing()
    assert (await guard.standing_of("361", mark)).standing == Standing(near=True)
    assert guard.known("361", mark).suspect
    assert (calm, guard.calm) == (True, False)
    # Two that were paid make up for it.
    for _ in range(2):
        await timed(slow, "192.0.2.1")
    assert (await guard.standing_of("361", mark)).standing == Standing()
    assert not guard.known("361", mark).suspect


def test_what_is_remembered_is_bounded() -> None:
    clock = Clock()
    recently = RecentMarks(clock)
    for number in range(3 * MOST_KNOWN):
        assert recently.note("address", str(number))
    assert len(recently) == MOST_KNOWN
    assert ("address", str(3 * MOST_KNOWN - 1)) in recently
    assert not recently.note("address", str(3 * MOST_KNOWN - 1))
    clock.move(600)
    assert ("address", str(3 * MOST_KNOWN - 1)) not in recently
    assert recently.note("address", str(3 * MOST_KNOWN - 1))
