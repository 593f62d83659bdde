"""Invoices: made by one key once, cancelled for good, and never while money is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from checkout.errors import Cancelled, Gone, NotFound, Unprocessable
from checkout.flow import invoices
from checkout.identifiers import new_secret
from checkout.ledger.invoices import Standing
from checkout.ledger.rows import Payment, Story
from checkout.merchant.invoices import read_invoice
from checkout.merchant.orders import read_link_order
from checkout.model.status import Status
from checkout.signing import read_link
from tests.support import shops
from tests.support.gateway import ACTION, AUTHORIZED, DECLINED, PAID, PENDING
from tests.support.world import World, open_world

BODY: dict[str, Any] = {
    "amount": 1250, "currency": "EUR", "description": "Chairs", "send": False, "attempts": 2,
    "notification_url": shops.NOTIFIED,
}  # fmt: skip


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    shop = shops.shop(link_keys=(new_secret() * 2, new_secret() * 2))
    async with open_world(url, settings=shops.settings(shop)) as opened:
        yield opened


async def make(world: World, key: str | None = None, **changes: Any) -> Standing:
    draft = read_invoice(BODY | changes, world.shop, world.settings, world.clock())
    return await invoices.make(world.flow, draft, world.shop, idempotency_key=key, digest="d")


async def opened(world: World, made: Standing) -> Payment:
    """As the link's page opens it: by what the link says, and nothing else."""
    link = read_link(made.invoice.signed, world.settings.shops)
    order = read_link_order(link.data, world.shop, sandbox=False, now=world.clock())
    return await world.flow.open_link(link.digest, order, world.shop)


async def story(world: World, made: Standing) -> Story:
    return await world.story((await opened(world, made)).uid)


async def test_its_payment_is_found_by_its_link(world: World) -> None:
    made = await make(world)
    assert made.story is None
    payment = await opened(world, made)
    standing = await invoices.find(world.flow, made.invoice.id, world.shop)
    assert standing.story is not None
    assert standing.story.payment.uid == payment.uid
    # What was read at once is what the link says.
    assert payment.order == made.invoice.order
    assert payment.expires_at == made.invoice.expires_at


async def test_twice_at_once_by_one_key(world: World) -> None:
    made = await asyncio.gather(*(make(world, "k") for _ in range(10)))
    assert len({each.invoice.id for each in made}) == 1


async def test_it_ends_at_its_time(world: World) -> None:
    made = await make(world)
    world.clock.move(7 * 24 * 3600)
    with pytest.raises(Gone):
        await opened(world, made)


async def test_nobody_elses(world: World) -> None:
    made = await make(world)
    other = shops.shop(id="999")
    for verb in (invoices.find, invoices.cancel):
        with pytest.raises(NotFound):
            await verb(world.flow, made.invoice.id, other)
    with pytest.raises(NotFound):
        await invoices.send_again(world.flow, made.invoice.id, other, None)


# --- Cancelling --------------------------------------------------------------------------------


async def test_an_unopened_one_is_shut(world: World) -> None:
    made = await make(world)
    standing = await invoices.cancel(world.flow, made.invoice.id, world.shop)
    assert standing.invoice.cancelled_at == world.clock()
    with pytest.raises(Cancelled):
        await opened(world, made)
    found = await invoices.find(world.flow, made.invoice.id)
    assert found.story is None
    assert found.status(world.clock()) is Status.CANCELLED


async def test_an_opened_one_is_shut_with_its_payment(world: World) -> None:
    made = await make(world)
    before = await story(world, made)
    await invoices.cancel(world.flow, made.invoice.id, world.shop)
    with pytest.raises(Cancelled):
        await opened(world, made)
    assert await world.status(before) is Status.CANCELLED
    assert "invoice_cancelled" in await world.kinds(before)
    assert await world.told(before) == [], "the shop knows: it was the shop"
    after = await world.pay(before)
    assert after.attempts == ()
    assert world.gateway.charges == []


async def test_a_second_time_changes_nothing(world: World) -> None:
    made = await make(world)
    first = await invoices.cancel(world.flow, made.invoice.id)
    world.clock.move(60)
    assert await invoices.cancel(world.flow, made.invoice.id) == first


async def test_a_declined_one_is_shut(world: World) -> None:
    made = await make(world)
    world.gateway.will_answer(DECLINED)
    declined = await world.pay(await story(world, made))
    assert await world.status(declined) is Status.OPEN, "one more try is left"
    await invoices.cancel(world.flow, made.invoice.id)
    assert await world.status(declined) is Status.CANCELLED


@pytest.mark.parametrize(
    ("answer", "word"),
    [(PAID, "successful"), (AUTHORIZED, "successful"), (PENDING, "pending"),
     (ACTION, "incomplete")],
)  # fmt: skip
async def test_money_on_its_way_is_not_cancelled(world: World, answer: Any, word: str) -> None:
    made = await make(world)
    world.gateway.will_answer(answer)
    before = await world.pay(await story(world, made))
    with pytest.raises(Unprocessable) as refused:
        await invoices.cancel(world.flow, made.invoice.id)
    assert f"is {word}" in refused.value.fields["status"][0]
    found = await invoices.find(world.flow, made.invoice.id)
    assert found.invoice.cancelled_at is None
    assert (await opened(world, made)).uid == before.payment.uid
    assert await world.story(before) == before


async def test_late_money_counts_before_the_cancelling(world: World) -> None:
    """A decline that was none: the customer sees that it is paid, and the shop too."""
    made = await make(world)
    world.gateway.will_answer(DECLINED)
    before = await world.pay(await story(world, made))
    await invoices.cancel(world.flow, made.invoice.id)
    world.gateway.news = PAID
    world.gateway.will_state(PAID)
    await world.notify(before.attempts[0])
    await world.flow.finish()
    await world.sweep(5)
    found = await invoices.find(world.flow, made.invoice.id)
    assert found.status(world.clock()) is Status.PAID
    assert (await opened(world, made)).uid == before.payment.uid
    assert await world.told(before) == ["successful"]


async def test_cancelled_while_it_is_being_opened(world: World) -> None:
    """Whoever is first: no cancelled invoice can be paid."""
    for _ in range(10):
        made = await make(world)
        await asyncio.gather(
            opened(world, made), invoices.cancel(world.flow, made.invoice.id),
            opened(world, made), return_exceptions=True,
        )  # fmt: skip
        found = await invoices.find(world.flow, made.invoice.id)
        assert found.invoice.cancelled_at is not None
        assert found.story is None or found.story.status(world.clock()) is Status.CANCELLED


async def test_cancelled_between_the_look_and_the_writing(world: World) -> None:
    made = await make(world)
    invoice = made.invoice

    class Between:
        """The ledger, at which the shop cancels just before the opening is written."""

        read = staticmethod(world.ledger.read)

        async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
            if verb.__name__ == "_add_for_link":
                await invoices.cancel(world.flow, invoice.id)
            return await world.ledger.write(verb, *args, **kwargs)

        async def close(self) -> None: ...

    flow = world.restarted()
    flow.ledger = Between()
    with pytest.raises(Cancelled):
        await flow.open_link(invoice.link, invoice.order, world.shop)
    found = await invoices.find(world.flow, invoice.id)
    assert found.story is None


# --- Sending again -----------------------------------------------------------------------------


async def test_nothing_is_sent_of_what_is_not_open(world: World) -> None:
    made = await make(world, email="ann@example.com")
    world.gateway.will_answer(PAID)
    await world.pay(await story(world, made))
    with pytest.raises(Unprocessable) as refused:
        await invoices.send_again(world.flow, made.invoice.id, world.shop, None)
    assert refused.value.fields == {"status": ["is successful: nothing is left to pay"]}


async def test_without_an_address(world: World) -> None:
    made = await make(world)
    with pytest.raises(Unprocessable) as refused:
        await invoices.send_again(world.flow, made.invoice.id, world.shop, None)
    assert list(refused.value.fields) == ["email"]
