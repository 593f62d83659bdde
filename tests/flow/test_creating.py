"""Payments are made once: by the API, with an idempotency key, by a link."""

from __future__ import annotations

import asyncio

import pytest

from checkout.errors import Gone, NotFound, Unprocessable
from checkout.ledger import payments
from checkout.model.status import Status
from tests.support import shops
from tests.support.world import World

DAY = 24 * 3600
LINK = "a" * 64


async def test_a_new_payment_is_open(world: World) -> None:
    story = await world.payment()
    assert story.payment.status is Status.OPEN
    assert story.attempts == ()
    assert len(story.payment.token) == 64
    assert len(story.payment.secret) == 22
    assert await world.kinds(story) == ["created"]
    assert await world.letters(story) == []


async def test_it_is_opened_by_its_own_secret_alone(world: World) -> None:
    story, other = await world.payment(), await world.payment()
    uid, secret = story.payment.uid, story.payment.secret
    assert await world.flow.open(uid, secret) == story
    for wrong in ((uid, other.payment.secret), ("no-such", secret), (uid, ""), (uid, "é" * 22)):
        with pytest.raises(NotFound):
            await world.flow.open(*wrong)
        with pytest.raises(NotFound):
            await world.flow.glance(*wrong)


async def test_a_token_opens_it_for_its_own_shop(world: World) -> None:
    story = await world.payment()
    token = story.payment.token
    assert await world.flow.open_token(token) == story
    assert await world.flow.open_token(token, world.shop) == story
    with pytest.raises(NotFound):
        await world.flow.open_token(token, shops.shop(id="362"))
    with pytest.raises(NotFound):
        await world.flow.open_token("0" * 64)


async def test_a_glance_is_a_second_old_at_most(world: World) -> None:
    story = await world.payment()
    uid, secret = story.payment.uid, story.payment.secret
    assert await world.flow.glance(uid, secret) == story
    # Another worker writes; we see it a second later.
    await world.ledger.write(payments.change, uid, tracking_id="new", status=Status.EXPIRED)
    assert (await world.flow.glance(uid, secret)).payment.status is Status.OPEN
    with pytest.raises(NotFound):
        await world.flow.glance(uid, "x" * 22)
    world.clock.move(1)
    assert (await world.flow.glance(uid, secret)).payment.status is Status.EXPIRED


async def test_what_this_worker_writes_is_seen_at_a_glance(world: World) -> None:
    story = await world.payment()
    uid, secret = story.payment.uid, story.payment.secret
    await world.flow.glance(uid, secret)
    await world.pay(story)
    assert (await world.flow.glance(uid, secret)).payment.status is Status.PAID


# Idempotency keys


async def test_the_same_request_gives_the_same_payment(world: World) -> None:
    order = shops.order()
    key = {"idempotency_key": "k", "digest": "d"}
    made = [await world.flow.create(order, world.shop, **key) for _ in range(3)]
    assert len({each.token for each in made}) == 1
    assert await world.kinds(await world.story(made[0].uid)) == ["created"]


async def test_the_same_request_many_times_at_once(world: World) -> None:
    order = shops.order()
    key = {"idempotency_key": "k", "digest": "d"}
    made = await asyncio.gather(*(world.flow.create(order, world.shop, **key) for _ in range(20)))
    assert len({each.token for each in made}) == 1


async def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    order = shops.order()
    await world.flow.create(order, world.shop, idempotency_key="k", digest="d")
    with pytest.raises(Unprocessable) as refused:
        await world.flow.create(order, world.shop, idempotency_key="k", digest="other")
    assert list(refused.value.fields) == ["Idempotency-Key"]


async def test_a_key_is_good_for_a_day(world: World) -> None:
    order = shops.order(expires_at=world.clock() + 10 * DAY)
    key = {"idempotency_key": "k", "digest": "d"}
    first = await world.flow.create(order, world.shop, **key)
    world.clock.move(DAY - 1)
    assert (await world.flow.create(order, world.shop, **key)).uid == first.uid
    world.clock.move(1)
    assert (await world.flow.create(order, world.shop, **key)).uid != first.uid


# Links


async def test_a_link_leads_to_one_payment(world: World) -> None:
    order = shops.order()
    opened = await asyncio.gather(
        *(world.flow.open_link(LINK, order, world.shop) for _ in range(20))
    )
    assert len({(each.uid, each.secret) for each in opened}) == 1
    other = await world.flow.open_link("b" * 64, order, world.shop)
    assert other.uid != opened[0].uid
    assert await world.kinds(await world.story(other.uid)) == ["created"]


async def test_opening_a_link_takes_nothing_up(world: World) -> None:
    """Mail scanners open links."""
    made = await world.flow.open_link(LINK, shops.order(), world.shop)
    for _ in range(3):
        await world.flow.open_link(LINK, shops.order(), world.shop)
    story = await world.story(made.uid)
    assert (story.payment.status, story.attempts) == (Status.OPEN, ())
    assert world.gateway.charges == []


async def test_a_link_past_its_time_is_gone_unless_opened_before(world: World) -> None:
    order = shops.order(expires_at=world.clock() + 60)
    before = await world.flow.open_link(LINK, order, world.shop)
    world.clock.move(60)
    with pytest.raises(Gone):
        await world.flow.open_link("b" * 64, order, world.shop)
    assert (await world.flow.open_link(LINK, order, world.shop)).uid == before.uid
    assert await world.status(await world.story(before.uid)) is Status.EXPIRED
