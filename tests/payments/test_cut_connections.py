"""The connection to PostgreSQL is lost in the middle of each statement of a payment's whole life:
it ends as it should, the money moves once, and the shop is told once.

CHECKOUT_CUTS=all cuts each statement in every way; else each is cut in one, turn by turn.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, ParamSpec, TypeVar

import pytest

from checkout.errors import Unavailable
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.order import PageSettings
from checkout.model.outcome import Outcome
from checkout.model.product import Product
from checkout.model.status import Status
from checkout.payments import customer_actions, products
from checkout.payments.operations import query_operation, start_operation
from checkout.payments.products import Choice
from tests.payments.webhook_receiver import WebhookReceiver, open_webhook_receiver
from tests.support.cutting_proxy import FAULTS, CuttingProxy, cutting_proxy
from tests.support.databases import BACKENDS, database
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID, REQUIRES_ACTION
from tests.support.harness import Harness, open_harness
from tests.support.samples import NOTIFIED

P = ParamSpec("P")
T = TypeVar("T")

ALL: Final = os.environ.get("CHECKOUT_CUTS") == "all"
TRIES: Final = 9
TOLD: Final = PageSettings(notification_url=NOTIFIED, notify_canceled=True)
DONE: Final = {
    "capture": Outcome(Status.PAID, "o-1"),
    "refund": Outcome(Status.REFUNDED, "o-2"),
}

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


class Life:
    """One payment, by people who try again what failed, and a gateway that knows what it did.
    `answers`: what it says to charges, one by one; the last one stays. `settled`: what becomes of
    one at the bank."""

    def __init__(self, receiver: WebhookReceiver) -> None:
        self.receiver = receiver
        self.harness: Harness = receiver.harness
        self.answers = [REQUIRES_ACTION]
        self.settled = PAID
        self.known: dict[str, Outcome] = {}  # what the gateway has done, by key
        gateway = self.gateway = self.harness.gateway
        gateway.will_answer(self._charge)
        gateway.will_state(self._state)
        gateway.will_do(self._do)
        gateway.will_trace(self._trace)
        gateway.charges.clear()
        gateway.orders.clear()
        receiver.requests.clear()

    async def _charge(self) -> Outcome:
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        later = self.settled if said is REQUIRES_ACTION else said
        self.known[self.gateway.charges[-1].key] = later
        return said

    async def _state(self) -> Outcome:
        return self.known.get(self.gateway.queries[-1].key, ABSENT)

    async def _do(self) -> Outcome:
        name, _, _, key = self.gateway.orders[-1]
        said = self.known[key] = DONE[name.partition(":")[0]]
        return said

    async def _trace(self) -> Outcome:
        _, asked = self.gateway.traced[-1]
        return self.known.get(asked.key, ABSENT)

    async def again(self, step: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES):
            try:
                return await step(*args, **kwargs)
            except Unavailable:
                self.harness.clock.move(2)
        raise AssertionError("the ledger does not come back")

    async def made(self, **order: Any) -> Payment:
        return await self.again(self.harness.new_payment, **order)

    async def until(self, payment: Payment, status: Status) -> Payment:
        """The customer, the bank and time go on."""
        for _ in range(TRIES):
            await self.again(self._goes_on, payment)
            await self.again(self.harness.sweep, 35)
            payment = await self.again(self.harness.payment, payment)
            if payment.status is status:
                return payment
        raise AssertionError(f"it stays {payment.status}")

    async def _goes_on(self, payment: Payment) -> None:
        payment = await self.harness.payment(payment)
        if payment.status is Status.OPEN:
            payment = await self.harness.pay(payment)
        if payment.status is Status.REQUIRES_ACTION:
            attempt = payment.attempts[-1]
            await self.again(self.harness.notify, attempt)
            await customer_actions.returned(self.harness.context, attempt.return_ticket)

    async def ordered(self, kind: str, payment: Payment) -> Operation:
        """By the shop, which asks by the same id until it has an answer."""
        context = self.harness.context
        self.harness.clock.move(1)
        for number in range(TRIES):
            done = await self.again(
                start_operation, context, kind, payment.uid, request_id=f"{kind}-{number}"
            )
            for _ in range(TRIES):
                if done.done:
                    return done
                self.harness.clock.move(35)
                done = await self.again(query_operation, context, done.uid)
        raise AssertionError(f"the {kind} does not end")

    async def told(self, payment: Payment) -> list[str]:
        """What the shop was told once all of it is delivered."""
        for _ in range(TRIES):
            await self.again(self.receiver.deliver)
            webhooks = await self.again(self.harness.webhooks, payment)
            if all(webhook.due_at is None for webhook in webhooks):
                assert all(webhook.delivered_at for webhook in webhooks)
                assert self.receiver.requests
                return await self.again(self.harness.told, payment)
            self.harness.clock.move(70)
        raise AssertionError("a webhook waits")


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
