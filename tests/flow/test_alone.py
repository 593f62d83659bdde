"""The next of a series at a gateway that knows it by the payment which began it."""

from __future__ import annotations

import pytest

from checkout.errors import NotFound, Unprocessable
from checkout.flow.alone import by_token
from checkout.ledger.rows import Story
from checkout.model.order import Order
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from tests.support import shops
from tests.support.gateway import CAN_CARDS, PAID, UNREACHABLE
from tests.support.shops import changed
from tests.support.world import World


@pytest.fixture
async def series(world: World) -> World:
    world.gateway.can = changed(CAN_CARDS, series=frozenset({"payment"}))
    return world


def order(world: World) -> Order:
    return shops.order(alone=True, contract=("recurring",), expires_at=world.clock() + 86400)


async def go_on(world: World, uid: str, said: Outcome, request_id: str | None = None) -> Story:
    world.gateway.will_answer(said)
    return await by_token(
        world.flow, order(world), world.shop, "", uid, request_id=request_id, digest="d"
    )


async def test_it_names_the_first(series: World) -> None:
    first = await series.paid_with(PAID, contract=("recurring",))
    story = await go_on(series, first.payment.uid, changed(PAID, id="g-2"), "r-1")
    assert story.payment.status is Status.PAID
    charge = series.gateway.charges[-1]
    assert (charge.after, charge.card, charge.browser) == ("g-1", None, None)
    again = await go_on(series, first.payment.uid, PAID, "r-1")
    assert again.payment.uid == story.payment.uid
    assert len(series.gateway.charges) == 2


async def test_unclear_it_is_looked_up_and_unsent_it_ends(series: World) -> None:
    first = await series.paid_with(PAID, contract=("recurring",))
    unclear = await go_on(series, first.payment.uid, UNKNOWN)
    assert unclear.payment.status is Status.PENDING
    series.gateway.will_state(changed(PAID, id="g-2"))
    await series.sweep(5)
    assert await series.status(unclear) is Status.PAID
    unsent = await go_on(series, first.payment.uid, UNREACHABLE)
    assert unsent.payment.status is Status.CANCELLED
    assert unsent.attempts[0].status is Status.LOST


async def test_what_began_no_series(series: World) -> None:
    plain = await series.paid_with(PAID)
    unpaid = await series.paid_with(UNKNOWN, contract=("recurring",))
    sent = len(series.gateway.charges)
    for story in (plain, unpaid):
        with pytest.raises(Unprocessable):
            await go_on(series, story.payment.uid, PAID)
    with pytest.raises(NotFound):
        await go_on(series, "no-such", PAID)
    assert len(series.gateway.charges) == sent


async def test_a_gateway_that_cannot(world: World) -> None:
    first = await world.paid_with(PAID, contract=("recurring",))
    with pytest.raises(Unprocessable):
        await go_on(world, first.payment.uid, PAID)
    with pytest.raises(Unprocessable):
        await by_token(world.flow, order(world), world.shop, "t", request_id=None, digest="d")
    assert len(world.gateway.charges) == 1
