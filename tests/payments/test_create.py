"""Payments are made once: by the API, with an idempotency key, by a link."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from checkout.errors import Gone, NotFound, Unprocessable
from checkout.ledger import payments
from checkout.model.status import Status
from checkout.payments import create, find
from tests.support import samples
from tests.support.harness import Harness

DAY = 24 * 3600
LINK = "a" * 64


async def test_a_new_payment_is_open(harness: Harness) -> None:
    payment = await harness.new_payment()
    assert payment.status is Status.OPEN
    assert payment.attempts == ()
    assert len(payment.token) == 64
    assert len(payment.secret) == 22
    assert await harness.kinds(payment) == ["created"]
    assert await harness.webhooks(payment) == []


async def test_it_is_opened_by_its_own_secret_alone(harness: Harness) -> None:
    payment, other = await harness.new_payment(), await harness.new_payment()
    uid, secret = payment.uid, payment.secret
    assert await find.by_address(harness.context, uid, secret) == payment
    for wrong in ((uid, other.secret), ("no-such", secret), (uid, ""), (uid, "é" * 22)):
        with pytest.raises(NotFound):
            await find.by_address(harness.context, *wrong)
        with pytest.raises(NotFound):
            await find.by_address_cached(harness.context, *wrong)


async def test_a_token_opens_it_for_its_own_shop(harness: Harness) -> None:
    payment = await harness.new_payment()
    token = payment.token
    assert await find.by_token(harness.context, token) == payment
    assert await find.by_token(harness.context, token, harness.shop) == payment
    with pytest.raises(NotFound):
        await find.by_token(harness.context, token, samples.shop(id="362"))
    with pytest.raises(NotFound):
        await find.by_token(harness.context, "0" * 64)


async def test_a_glance_is_a_second_old_at_most(harness: Harness) -> None:
    payment = await harness.new_payment()
    uid, secret = payment.uid, payment.secret
    for _ in range(2):  # it is kept from the second look on
        assert await find.by_address_cached(harness.context, uid, secret) == payment
    # Another worker writes; we see it a second later.
    await harness.ledger.write(payments.change, uid, tracking_id="new", status=Status.EXPIRED)
    assert (await find.by_address_cached(harness.context, uid, secret)).status is Status.OPEN
    with pytest.raises(NotFound):
        await find.by_address_cached(harness.context, uid, "x" * 22)
    harness.clock.move(1)
    assert (await find.by_address_cached(harness.context, uid, secret)).status is Status.EXPIRED


async def test_what_this_worker_writes_is_seen_at_a_glance(harness: Harness) -> None:
    payment = await harness.new_payment()
    uid, secret = payment.uid, payment.secret
    await find.by_address_cached(harness.context, uid, secret)
    await harness.pay(payment)
    assert (await find.by_address_cached(harness.context, uid, secret)).status is Status.PAID


# Idempotency keys


async def test_the_same_request_gives_the_same_payment(harness: Harness) -> None:
    order = samples.order()
    key: Any = {"idempotency_key": "k", "digest": "d"}
    made = [await create.create(harness.context, order, harness.shop, **key) for _ in range(3)]
    assert len({each.token for each in made}) == 1
    assert await harness.kinds(await harness.payment(made[0].uid)) == ["created"]


async def test_the_same_request_many_times_at_once(harness: Harness) -> None:
    order = samples.order()
    key: Any = {"idempotency_key": "k", "digest": "d"}
    made = await asyncio.gather(
        *(create.create(harness.context, order, harness.shop, **key) for _ in range(20))
    )
    assert len({each.token for each in made}) == 1


async def test_another_request_under_the_same_key_is_refused(harness: Harness) -> None:
    order = samples.order()
    await create.create(harness.context, order, harness.shop, idempotency_key="k", digest="d")
    with pytest.raises(Unprocessable) as refused:
        await create.create(
            harness.context, order, harness.shop, idempotency_key="k", digest="other"
        )
    assert list(refused.value.fields) == ["Idempotency-Key"]


async def test_a_key_is_good_for_a_day(harness: Harness) -> None:
    order = samples.order(expires_at=harness.clock() + 10 * DAY)
    key: Any = {"idempotency_key": "k", "digest": "d"}
    first = await create.create(harness.context, order, harness.shop, **key)
    harness.clock.move(DAY - 1)
    assert (await create.create(harness.context, order, harness.shop, **key)).uid == first.uid
    harness.clock.move(1)
    assert (await create.create(harness.context, order, harness.shop, **key)).uid != first.uid


# Links


async def test_a_link_leads_to_one_payment(harness: Harness) -> None:
    order = samples.order()
    opened = await asyncio.gather(
        *(create.open_link(harness.context, LINK, order, harness.shop) for _ in range(20))
    )
    assert len({(each.uid, each.secret) for each in opened}) == 1
    other = await create.open_link(harness.context, "b" * 64, order, harness.shop)
    assert other.uid != opened[0].uid
    assert await harness.kinds(await harness.payment(other.uid)) == ["created"]


async def test_opening_a_link_takes_nothing_up(harness: Harness) -> None:
    """Mail scanners open links."""
    made = await create.open_link(harness.context, LINK, samples.order(), harness.shop)
    for _ in range(3):
        await create.open_link(harness.context, LINK, samples.order(), harness.shop)
    payment = await harness.payment(made.uid)
    assert (payment.status, payment.attempts) == (Status.OPEN, ())
    assert harness.gateway.charges == []


async def test_a_link_past_its_time_is_gone_unless_opened_before(harness: Harness) -> None:
    order = samples.order(expires_at=harness.clock() + 60)
    before = await create.open_link(harness.context, LINK, order, harness.shop)
    harness.clock.move(60)
    with pytest.raises(Gone):
        await create.open_link(harness.context, "b" * 64, order, harness.shop)
    assert (await create.open_link(harness.context, LINK, order, harness.shop)).uid == before.uid
    assert await harness.status(await harness.payment(before.uid)) is Status.EXPIRED
