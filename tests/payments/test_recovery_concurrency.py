"""A gateway that hangs delays the recovery of its own account, and of no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from secrets import token_hex

import pytest

from checkout.ledger.rows import Payment
from checkout.model.order import Method, PageSettings
from checkout.model.outcome import UNKNOWN
from checkout.model.product import Product
from checkout.model.status import Status
from checkout.payments import products
from checkout.payments.operations import start_operation
from checkout.payments.products import Choice
from checkout.payments.recovery import AT_ONCE, Sweeper
from checkout.payments.schedule import HOUR
from tests.support import samples
from tests.support.fake_gateway import PAID, PENDING, REQUIRES_ACTION, FakeGateway, Held
from tests.support.harness import Harness, open_harness
from tests.support.polling import until

OTHER = Method(name="other_card", gateway="other")


class Two:
    """A harness with two accounts, `hanging` and `well`."""

    def __init__(self, harness: Harness, hanging: FakeGateway, well: FakeGateway) -> None:
        self.harness, self.hanging, self.well = harness, hanging, well
        self.sweeper = Sweeper(harness.context)
        self.held = Held(PAID)
        self._hosts = ip_network("10.0.0.0/16").hosts()

    async def pay(self, payment: Payment, method: str) -> Payment:
        """Each by a customer of its own."""
        customer = samples.changed(samples.CUSTOMER, ip=str(next(self._hosts)))
        return await self.harness.pay(payment, method=method, customer=customer)

    async def pending(self, method: str) -> Payment:
        return await self.pay(await self.harness.new_payment(), method)


@pytest.fixture
async def two(url: str) -> AsyncIterator[Two]:
    settings = samples.settings(samples.shop(methods=(samples.CARDS, OTHER)))
    hanging, well = FakeGateway(), FakeGateway()
    named = {"cards": hanging, "other": well}
    async with open_harness(url, settings=settings, gateways=named) as harness:  # type: ignore[arg-type]
        for each in (hanging, well):
            each.has("refund", "operation_status")
            each.will_answer(PENDING)
        found = Two(harness, hanging, well)
        yield found
        found.held.let.set()
        await found.sweeper.finish()


async def test_attempts_of_another_account_are_asked_about(two: Two) -> None:
    stuck = [await two.pending("credit_card") for _ in range(AT_ONCE + 30)]
    good = [await two.pending("other_card") for _ in range(5)]
    two.hanging.will_state(two.held)
    two.well.will_state(PAID)
    two.harness.clock.move(5)

    async def settled() -> bool:
        await two.sweeper.turn()
        states = {await two.harness.status(payment) for payment in good}
        return states == {Status.PAID} and len(two.hanging.queries) == AT_ONCE

    await until(settled)
    for _ in range(5):
        await two.sweeper.turn()
        await asyncio.sleep(0.05)
    assert len(two.hanging.queries) == AT_ONCE, "and no more of its own"
    two.held.let.set()
    await two.sweeper.finish()
    await two.sweeper.turn()
    await two.sweeper.finish()
    assert {await two.harness.status(payment) for payment in stuck} == {Status.PAID}
    assert len(two.hanging.queries) == len(stuck), "once each"


async def test_operations_of_another_account_are_asked_about(two: Two) -> None:
    for each in (two.hanging, two.well):
        each.will_answer(PAID)
        each.will_do(UNKNOWN)
    for method, count in (("credit_card", AT_ONCE + 10), ("other_card", 3)):
        for _ in range(count):
            payment = await two.pending(method)
            await start_operation(two.harness.context, "refund", payment.uid, amount=1)
    two.hanging.will_trace(two.held)
    two.well.will_trace(PAID)
    two.harness.clock.move(5)

    async def asked() -> bool:
        await two.sweeper.turn()
        return len(two.well.traced) == 3 and len(two.hanging.traced) == AT_ONCE

    await until(asked)


async def test_goods_of_buyers_at_another_gateway_go_back(two: Two) -> None:
    """Also where very many buyers of one that hangs are to be queried for the last time."""
    harness = two.harness
    harness.context.unreadable.clear()
    terms = Product(
        name="Ticket",
        description="Row 5",
        currency="EUR",
        amount=1250,
        quantity=1000,
        page_settings=PageSettings(),
    )
    made = await products.make(harness.context, terms, {}, harness.shop)

    async def at_the_bank(method: str, gateway: FakeGateway) -> None:
        gateway.will_answer(REQUIRES_ACTION)
        gateway.will_state(REQUIRES_ACTION)
        buyer = await products.buy(harness.context, made.id, Choice(form=token_hex(8)))
        await two.pay(await harness.payment(buyer.uid), method)

    for _ in range(AT_ONCE + 80):
        await at_the_bank("credit_card", two.hanging)
    for _ in range(3):
        await at_the_bank("other_card", two.well)
    two.hanging.will_state(two.held)
    harness.clock.move(2 * HOUR)

    async def back() -> bool:
        await two.sweeper.turn()
        held = (await products.find(harness.context, made.id)).held
        return held == AT_ONCE + 80

    await until(back, 5)
    assert len(two.hanging.queries) <= 2 * AT_ONCE, "the sweep's own, and last looks"
