"""One scenario under way: its orders, and what happens to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx
import msgspec
from sqlalchemy import Connection

from checkout.drill.checks import POLL_INTERVAL, Checks
from checkout.drill.customer import DECLINED, Customer, Order, good_card
from checkout.drill.shop import Shop, Unusable
from checkout.drill.webhooks import PAYMENT, Webhooks, subject
from checkout.ledger import outbox, payments
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Attempt, Payment
from checkout.model.order import BY_APP
from checkout.model.status import Status
from checkout.payments import create, status_query, transitions
from checkout.payments.context import Context
from checkout.payments.operations import start_operation

SECONDS: Final = 20.0
"""How long the drill's own checkout may take for anything."""

T = TypeVar("T")


class TimedOut(Exception):
    """The drill's own checkout or sandbox did not do its part in time."""


@dataclass(slots=True)
class ScenarioRun:
    """`context`: on the ledger of the drill's checkout, whose server runs beside."""

    shop: Shop
    context: Context
    webhooks: Webhooks
    sandbox: str
    new_browser: Callable[[], httpx.AsyncClient]
    checks: Checks
    _browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def checkout(self) -> str:
        return self.context.settings.public_url

    # What happens

    async def order(self) -> Order:
        """A customer orders at the shop and opens the payment page."""
        customer = self._customer()
        await customer.open_payment(await self.shop.open_order(customer.browser, self.checkout))
        payment = await self.context.ledger.read(transitions.read, customer.uid)
        page_settings = payment.order.page_settings
        if page_settings.notification_url is None:
            raise Unusable("the shop's orders name no settings.notification_url")
        return Order(
            customer=customer,
            uid=payment.uid,
            token=payment.token,
            tracking_id=payment.order.tracking_id or "",
            notification_url=page_settings.notification_url,
            return_url=page_settings.return_url
            or page_settings.success_url
            or self._home(payment.shop),
        )

    def _customer(self) -> Customer:
        browser = self.new_browser()
        self._browsers.append(browser)
        return Customer(browser, self.checkout)

    def _home(self, shop: str) -> str:
        return self.context.settings.shops[shop].url

    async def paid(self, order: Order) -> Webhook:
        """The customer pays; the webhook about it is not delivered yet."""
        await order.customer.pay(good_card())
        return await self.webhook(order, Status.PAID)

    async def alike(self, order: Order, **changes: Any) -> Webhook:
        """Somebody with the shop's publishable key makes and pays a payment with the order's number
        and amount, but for `changes`; its webhook, a genuine one, is not delivered yet."""
        payment = await self.payment(order)
        theirs = msgspec.structs.replace(payment.order, created_by=BY_APP, **changes)
        made = await create.create(
            self.context, theirs, self.context.settings.shop(payment.shop), fixed=True
        )
        customer = self._customer()
        await customer.open_payment(f"{self.checkout}/widget/hpp.html?token={made.token}")
        await customer.pay(good_card())
        return await self._written(made.uid, (PAYMENT, "successful"))

    async def is_test(self, order: Order) -> bool:
        return (await self.payment(order)).order.test

    async def declined(self, order: Order) -> Payment:
        """One card is declined."""
        payment = await self.payment(order)
        await order.customer.pay(DECLINED[len(payment.attempts) % len(DECLINED)])
        return await self.payment(order)

    async def failed(self, order: Order) -> Webhook:
        """Cards are declined until no attempt is left."""
        while (await self.declined(order)).status is Status.OPEN:
            pass
        return await self.webhook(order, Status.DECLINED)

    async def expired(self, order: Order) -> Webhook:
        """The payment expires."""
        soon = self.context.clock() - 1
        await self.context.ledger.write(_over_at, order.uid, soon)
        if (await self.payment(order)).live is not None:
            await self.settle_at_bank(order, "expired")
        return await self.webhook(order, Status.EXPIRED)

    async def paid_late(self, order: Order) -> Webhook:
        """The bank pays after all, for an attempt that had ended."""
        await self.settle_at_bank(order, "successful")
        return await self.webhook(order, Status.PAID)

    async def refunded(self, order: Order) -> Webhook:
        """A part of the payment is refunded; the webhook about it is not delivered yet."""
        done = await start_operation(
            self.context, "refund", order.uid, amount=1, reason="The drill's"
        )
        if not done.done:
            raise TimedOut(f"the refund is {done.status}")
        return await self._written(order.uid, ("refund", "successful"))

    async def settle_at_bank(self, order: Order, status: str) -> None:
        """Settle the last attempt at the gateway, and wait until checkout has queried it."""
        attempt = (await self.payment(order)).attempts[-1]
        address = f"{self.sandbox}/sandbox/transactions/{attempt.gateway_id}/settle"
        async with self.new_browser() as bank:
            answer = await bank.post(address, json={"status": status})
        if not answer.is_success:
            raise TimedOut(f"the sandbox answered {answer.status_code} to {status}")
        await _until(lambda: self._has_moved(attempt), f"checkout to hear that it is {status}")

    async def _has_moved(self, attempt: Attempt) -> bool:
        """Whether a query has moved the attempt; queries are sent at most once a second."""
        payment, _ = await status_query.query_attempt(self.context, attempt)
        return payment.attempts[attempt.number - 1].status is not attempt.status

    # Webhooks

    async def webhook(self, order: Order, status: Status) -> Webhook:
        """The webhook in the outbox about this final status."""
        words = {Status.PAID: "successful", Status.DECLINED: "failed", Status.EXPIRED: "error"}
        return await self._written(order.uid, (PAYMENT, words[status]))

    async def _written(self, uid: str, what: tuple[str, str]) -> Webhook:
        async def written() -> Webhook | None:
            found = await self.context.ledger.read(outbox.of, uid)
            return next((each for each in found if subject(each) == what), None)

        return await _until(written, f"checkout to write: {' '.join(what)}")

    async def deliver(self, webhook: Webhook, after: str) -> None:
        """Deliver a genuine webhook; the shop should answer 2xx, whatever it is about."""
        self.checks.answered(after, await self.webhooks.deliver(webhook))

    async def payment(self, order: Order) -> Payment:
        return await self.context.ledger.read(transitions.read, order.uid)

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.aclose()


def _over_at(conn: Connection, uid: str, at: float) -> None:
    """Make the payment expire at this moment."""
    payments.change(conn, uid, expires_at=at)


async def _until(found: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Wait until something is found. Raises TimedOut."""
    end = time.monotonic() + SECONDS
    while not (value := await found()):
        if time.monotonic() > end:
            raise TimedOut(f"waited {SECONDS:.0f} s for {what}")
        await asyncio.sleep(POLL_INTERVAL)
    return value
