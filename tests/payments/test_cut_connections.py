"""The connection to PostgreSQL is lost in the middle of each statement of a payment's whole life:
it ends as it should, the money moves once, and the shop is told once.

CHECKOUT_CUTS=all cuts each statement in every way; else each is cut in one, turn by turn.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from secrets import token_hex
from typing import Final

import pytest

from checkout.model.order import PageSettings
from checkout.model.product import Product
from checkout.model.status import Status
from checkout.payments import customer_actions, products
from checkout.payments.products import Choice
from tests.payments.persistence import Life
from tests.payments.webhook_receiver import WebhookReceiver, open_webhook_receiver
from tests.support.cutting_proxy import FAULTS, CuttingProxy, cutting_proxy
from tests.support.databases import BACKENDS, database
from tests.support.fake_gateway import AUTHORIZED, DECLINED, PAID
from tests.support.harness import open_harness
from tests.support.samples import NOTIFIED

ALL: Final = os.environ.get("CHECKOUT_CUTS") == "all"
TOLD: Final = PageSettings(notification_url=NOTIFIED, notify_canceled=True)

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="no PostgreSQL")


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[CuttingProxy]:
    with database("postgresql", tmp_path) as url:
        async with cutting_proxy(url) as opened:
            yield opened


@pytest.fixture
async def receiver(proxy: CuttingProxy) -> AsyncIterator[WebhookReceiver]:
    async with (
        open_harness(proxy.url) as harness,
        open_webhook_receiver(harness) as opened,
    ):
        harness.gateway.has("capture", "refund", "operation_status")
        yield opened


async def paid_at_the_bank(life: Life) -> None:
    payment = await life.until(await life.made(), Status.PAID)
    assert len(life.gateway.charges) == 1
    assert await life.told(payment) == ["successful"]


async def declined_and_paid(life: Life) -> None:
    life.answers = [DECLINED, PAID]
    payment = await life.until(await life.made(attempts=3), Status.PAID)
    assert len(life.gateway.charges) == 2
    assert await life.told(payment) == ["successful"]


async def captured_and_refunded(life: Life) -> None:
    life.settled = AUTHORIZED
    payment = await life.made(transaction_type="authorization")
    payment = await life.until(payment, Status.AUTHORIZED)
    await life.ordered("capture", payment)
    await life.ordered("refund", payment)
    assert [name for name, *_ in life.gateway.orders] == ["capture", "refund: -"]
    told = await life.told(payment)
    # One that was written down and not sent has failed, and the shop asked anew.
    done = [each for each in told if not each.startswith("failed: ")]
    assert done == ["successful", "successful: capture", "successful: refund"]
    assert len(told) <= len(done) + 1


async def of_a_product(life: Life) -> None:
    context, shop = life.harness.context, life.harness.shop
    wanted = Product(name="Ticket", description="Row 5", currency="EUR", amount=1250, quantity=5,
                     page_settings=TOLD)  # fmt: skip
    product = await life.again(products.make, context, wanted, {}, shop)
    choice = Choice(form=token_hex(8))
    row = await life.again(products.buy, context, product.id, choice)
    payment = await life.again(life.harness.payment, row.uid)
    payment = await life.until(payment, Status.PAID)
    left = await life.again(products.find, context, product.id)
    assert (left.available, left.held, left.sold) == (4, 0, 1)
    assert await life.told(payment) == ["successful"]


async def cancelled(life: Life) -> None:
    payment = await life.made(page_settings=TOLD)
    await life.again(customer_actions.cancel, life.harness.context, payment)
    payment = await life.again(life.harness.payment, payment)
    assert payment.status is Status.CANCELLED
    assert life.gateway.charges == []
    assert await life.told(payment) == ["canceled"]


LIVES: Final = (paid_at_the_bank, declined_and_paid, captured_and_refunded, of_a_product, cancelled)


@pytest.mark.parametrize("live", LIVES, ids=[live.__name__ for live in LIVES])
async def test_each_statement_is_cut(
    receiver: WebhookReceiver, proxy: CuttingProxy, live: Callable[[Life], Awaitable[None]]
) -> None:
    proxy.plan()
    await live(Life(receiver))
    requests = proxy.requests
    assert requests > 5
    for at in range(1, requests + 1):
        for fault in FAULTS if ALL else (FAULTS[at % len(FAULTS)],):
            proxy.plan(fault, at)
            try:
                await live(Life(receiver))
            except AssertionError as error:
                error.add_note(f"request {at} of {requests}: {fault}")
                raise
