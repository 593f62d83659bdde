"""Who is told that a customer gave up: the family's gateways tell nobody, so shops ask for it."""

from __future__ import annotations

import time

import pytest

from checkout.ledger.rows import Payment
from checkout.model.order import BY_APP, PageSettings
from checkout.model.status import Status
from checkout.payments import create, customer_actions
from tests.support import samples
from tests.support.fake_gateway import PAID, REQUIRES_ACTION
from tests.support.harness import Harness, open_harness

LINK = "a" * 64


def page(asked: bool | None) -> PageSettings:
    return PageSettings(notification_url=samples.NOTIFIED, notify_canceled=asked)


async def given_up(harness: Harness, payment: Payment) -> list[str]:
    left = await customer_actions.cancel(harness.context, payment)
    assert left.status is Status.CANCELLED
    return await harness.told(payment)


@pytest.mark.parametrize(
    ("of_shop", "of_order", "told"),
    [
        (False, None, False),
        (False, True, True),
        (False, False, False),
        (True, None, True),
        (True, True, True),
        (True, False, False),
    ],
)
@pytest.mark.parametrize("by", [None, BY_APP])
async def test_only_who_asks_is_told(
    url: str, of_shop: bool, of_order: bool | None, told: bool, by: str | None
) -> None:
    settings = samples.settings(samples.shop(notify_canceled=of_shop))
    async with open_harness(url, settings=settings) as harness:
        made = await harness.new_payment(page_settings=page(of_order), created_by=by)
        assert await given_up(harness, made) == ["canceled"] * told


async def test_a_link_is_told_of_always(harness: Harness) -> None:
    order = samples.order(page_settings=page(None), expires_at=harness.clock() + 3600)
    row = await create.open_link(harness.context, LINK, order, harness.shop)
    assert await given_up(harness, await harness.payment(row.uid)) == ["canceled"]


async def test_what_follows_is_told_to_everybody(harness: Harness) -> None:
    """Paid at the bank after all: the first that the shop hears of it is that."""
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    assert await given_up(harness, payment) == []
    assert "cancelled" in await harness.kinds(payment)
    harness.gateway.will_state(PAID)
    await harness.sweep(30)
    assert await harness.told(payment) == ["successful"]


async def test_the_other_ends_are_told_to_everybody(harness: Harness) -> None:
    ended = await harness.new_payment(page_settings=page(False), expires_at=harness.clock() + 60)
    harness.clock.move(61)
    await harness.sweep(1)
    assert await harness.told(ended) == ["error"]


async def test_nobody_waits_for_what_is_not_sent(harness: Harness) -> None:
    payment = await harness.new_payment()
    left = await customer_actions.cancel(harness.context, payment)
    began = time.monotonic()
    await customer_actions.wait_for_webhook(harness.context, left)
    assert time.monotonic() - began < 1
