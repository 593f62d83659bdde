"""The connection to PostgreSQL is lost in the middle of each statement of a payment's whole life:
it ends, the money moves once, and the shop is told.

CHECKOUT_CUTS=all cuts each statement in every way; else each is cut in one, turn by turn.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from checkout.errors import Unavailable
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Payment
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments import customer_actions
from tests.payments.webhook_receiver import WebhookReceiver, open_webhook_receiver
from tests.support.cutting_proxy import FAULTS, CuttingProxy, cutting_proxy
from tests.support.databases import BACKENDS, database
from tests.support.fake_gateway import ABSENT, PAID, REQUIRES_ACTION
from tests.support.harness import Harness, open_harness

P = ParamSpec("P")
T = TypeVar("T")
ALL = os.environ.get("CHECKOUT_CUTS") == "all"

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
        yield opened


class Life:
    """A payment from the order to the webhook, by people who try again what failed."""

    def __init__(self, receiver: WebhookReceiver) -> None:
        self.receiver = receiver
        self.harness: Harness = receiver.harness
        self.charged: set[str] = set()  # keys that the gateway has taken money for
        self.harness.gateway.will_answer(self._charge)
        self.harness.gateway.will_state(self._state)
        self.harness.gateway.charges.clear()

    async def _charge(self) -> Outcome:
        self.charged.add(self.harness.gateway.charges[-1].key)
        return REQUIRES_ACTION

    async def _state(self) -> Outcome:
        return PAID if self.harness.gateway.queries[-1].key in self.charged else ABSENT

    async def again(self, step: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(5):
            try:
                return await step(*args, **kwargs)
            except Unavailable:
                self.harness.clock.move(2)
        raise AssertionError("the ledger does not come back")

    async def run(self) -> Payment:
        payment = await self.again(self.harness.new_payment)
        for _ in range(9):
            await self.again(self._goes_on, payment)
            await self.again(self.harness.sweep, 35)
            payment = await self.again(self.harness.payment, payment)
            if payment.status is Status.PAID:
                break
        while not self.receiver.requests or (await self._webhook(payment)).due_at is not None:
            self.harness.clock.move(70)
            await self.again(self.receiver.deliver)
        return payment

    async def _webhook(self, payment: Payment) -> Webhook:
        (webhook,) = await self.again(self.harness.webhooks, payment)
        return webhook

    async def _goes_on(self, payment: Payment) -> None:
        """What the customer and the bank do now."""
        payment = await self.harness.payment(payment)
        if payment.status is Status.OPEN:
            payment = await self.harness.pay(payment)
        if payment.status is Status.REQUIRES_ACTION:
            await self._comes_back(payment)

    async def _comes_back(self, payment: Payment) -> None:
        """By the gateway's notification, which is sent again where it was not taken, and by the
        bank's way back."""
        attempt = payment.attempts[-1]
        await self.again(self.harness.notify, attempt)
        await self.again(customer_actions.returned, self.harness.context, attempt.return_ticket)


async def check(life: Life, payment: Payment, what: str) -> None:
    assert payment.status is Status.PAID, what
    assert len(life.harness.gateway.charges) == 1, what
    assert await life.harness.told(payment) == ["successful"], what
    (webhook,) = await life.harness.webhooks(payment)
    assert webhook.delivered_at is not None, what
    assert life.receiver.requests, what


async def test_each_statement_of_a_payment(receiver: WebhookReceiver, proxy: CuttingProxy) -> None:
    proxy.plan()
    life = Life(receiver)
    await check(life, await life.run(), "undisturbed")
    statements = proxy.requests
    assert statements > 10
    for at in range(1, statements + 1):
        for fault in FAULTS if ALL else (FAULTS[at % len(FAULTS)],):
            receiver.requests.clear()
            life = Life(receiver)
            proxy.plan(fault, at)
            payment = await life.run()
            proxy.plan()
            await check(life, payment, f"request {at} of {statements}: {fault}")
