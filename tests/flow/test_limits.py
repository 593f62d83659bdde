"""How much is too much: submits of one payment, declines from one address or card range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from checkout.errors import TooMany
from checkout.model.card import Card
from checkout.model.status import Status
from checkout.settings import Limits
from tests.support import shops
from tests.support.gateway import DECLINED, PAID, UNREACHABLE
from tests.support.world import World, open_world, submission

TIGHT = Limits(submits_per_payment=3, declines_per_address_10min=4, declines_per_bin_10min=6)
OTHER_RANGE = Card("5555555555554444", 12, 2040, "123", "ANN LEE")
SAME_RANGE = Card("4200000000000018", 12, 2040, "123", "BOB RAY")


@pytest.fixture
async def tight(url: str) -> AsyncIterator[World]:
    async with open_world(url, settings=shops.settings(limits=TIGHT)) as opened:
        yield opened


async def test_submits_of_one_payment_a_minute(tight: World) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    story = await tight.payment()
    for _ in range(3):
        story = await tight.pay(story)
        tight.clock.move(10)
    with pytest.raises(TooMany) as refused:
        await tight.pay(story)
    assert refused.value.status == 429
    assert refused.value.retry_after == 31  # the first one is a minute old then
    assert len(tight.gateway.charges) == 3
    tight.clock.move(refused.value.retry_after - 1.5)
    with pytest.raises(TooMany):
        await tight.pay(story)
    tight.clock.move(1.5)
    tight.gateway.will_answer(PAID)
    assert (await tight.pay(story)).payment.status is Status.PAID


async def test_a_repeat_of_one_form_counts_once(tight: World) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    story = await tight.payment()
    first = submission(story)
    for _ in range(10):
        await asyncio.gather(*(tight.flow.pay(story, first) for _ in range(3)))
    story = await tight.story(story)
    assert len(story.attempts) == 1
    for _ in range(2):
        story = await tight.pay(story)
    assert len(story.attempts) == 3


async def test_another_payment_has_its_own_count(tight: World) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    story = await tight.payment()
    for _ in range(3):
        story = await tight.pay(story)
    assert (await tight.pay(await tight.payment())).attempts


async def decline(world: World, count: int, address: str, card: Card) -> None:
    world.gateway.will_answer(DECLINED)
    for _ in range(count):
        who = shops.changed(shops.CUSTOMER, ip=address)
        await world.pay(await world.payment(), customer=who, card=card)


async def test_declines_from_one_address(tight: World) -> None:
    await decline(tight, 4, "192.0.2.1", OTHER_RANGE)
    story = await tight.payment()
    with pytest.raises(TooMany) as refused:
        await tight.pay(story, customer=shops.changed(shops.CUSTOMER, ip="192.0.2.1"))
    assert refused.value.retry_after == 600
    assert (await tight.story(story)).attempts == ()
    assert len(tight.gateway.charges) == 4
    # Others may pay; and this one too when it is over.
    await decline(tight, 1, "192.0.2.2", shops.CARD)
    tight.clock.move(600)
    tight.gateway.will_answer(PAID)
    who = shops.changed(shops.CUSTOMER, ip="192.0.2.1")
    assert (await tight.pay(story, customer=who)).payment.status is Status.PAID


async def test_declines_of_one_card_range(tight: World) -> None:
    for number, card in enumerate((shops.CARD, SAME_RANGE) * 3):
        await decline(tight, 1, f"192.0.2.{number}", card)
    story = await tight.payment()
    with pytest.raises(TooMany):
        await tight.pay(story, card=SAME_RANGE)
    tight.gateway.will_answer(PAID)
    assert (await tight.pay(story, card=OTHER_RANGE)).payment.status is Status.PAID


async def test_customers_of_no_known_address_do_not_count_together(tight: World) -> None:
    nobody = shops.changed(shops.CUSTOMER, ip=None)
    tight.gateway.will_answer(DECLINED)
    for number in range(6):
        card = Card(f"4{number:05d}0000000000", 12, 2040, "123", "ANN LEE")
        await tight.pay(await tight.payment(), customer=nobody, card=card)
    assert len(tight.gateway.charges) == 6


async def test_a_method_without_a_card_has_no_range(tight: World) -> None:
    tight.gateway.will_answer(DECLINED)
    story = await tight.pay(await tight.payment(), card=None)
    assert story.attempts[0].bin_mark is None


async def test_marks_tell_nothing(tight: World) -> None:
    """A keyed digest: the same in this house, another one under other secrets."""
    story = await tight.paid_with(DECLINED)
    mark = story.attempts[0].bin_mark
    assert mark is not None
    assert "420000" not in mark
    other = tight.restarted(settings=shops.settings(secrets=("another secret " * 3,)))
    again = await tight.payment()
    again = await other.pay(again, submission(again))
    assert again.attempts[0].bin_mark not in (None, mark)
