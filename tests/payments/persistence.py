"""Payments that go on whatever happens to the ledger: who got no answer asks again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, ParamSpec, TypeVar

from checkout.errors import Unavailable
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments import customer_actions
from checkout.payments.operations import query_operation, start_operation
from tests.payments.webhook_receiver import WebhookReceiver
from tests.support.fake_gateway import ABSENT, PAID, REQUIRES_ACTION
from tests.support.harness import Harness

P = ParamSpec("P")
T = TypeVar("T")

TRIES: Final = 9
SECONDS: Final = 40.0  # until the ledger is back, on a busy machine
DONE: Final = {
    "capture": Outcome(Status.PAID, "o-1"),
    "refund": Outcome(Status.REFUNDED, "o-2"),
}


class Life:
    """Payments, by people who try again what failed, and a gateway that knows what it did.
    `answers`: what it says to charges, one by one; the last one stays. `settled`: what becomes of
    one at the bank. `pause`: seconds of real time before anybody tries again."""

    def __init__(self, receiver: WebhookReceiver, pause: float = 0.0) -> None:
        self.receiver = receiver
        self.harness: Harness = receiver.harness
        self.pause = pause
        self.refused = 0  # how often the ledger was away
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
        return self.known.get(self.gateway.queries[-1].key or "", ABSENT)

    async def _do(self) -> Outcome:
        name, _, _, key = self.gateway.orders[-1]
        said = self.known[key] = DONE[name.partition(":")[0]]
        return said

    async def _trace(self) -> Outcome:
        _, asked = self.gateway.traced[-1]
        return self.known.get(asked.key or "", ABSENT)

    async def again(self, step: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        until = time.monotonic() + SECONDS
        while True:
            try:
                return await step(*args, **kwargs)
            except Unavailable:
                self.refused += 1
                assert time.monotonic() < until, "the ledger does not come back"
                self.harness.clock.move(2)
                await asyncio.sleep(self.pause)

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
