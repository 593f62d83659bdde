"""Payments in this process: a real ledger, a fake gateway, a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from checkout.gateways.base import Gateway
from checkout.ledger import events, outbox
from checkout.ledger.base import Ledger
from checkout.ledger.events import Event
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Attempt, Payment
from checkout.ledger.store import open_ledger
from checkout.model.status import Status
from checkout.payments import charge, create, customer_actions, gateway_notifications, transitions
from checkout.payments.charge import Submission
from checkout.payments.context import Context
from checkout.payments.recovery import sweep
from checkout.payments.schedule import Schedule
from checkout.settings import PostgresLimits, Settings, Shop
from tests.support import samples
from tests.support.clock import Clock
from tests.support.fake_gateway import GENUINE, REQUIRES_ACTION, FakeGateway

# Deadlines of real time are long: a busy machine is no failure.
PACE = Schedule()
PATIENT = PostgresLimits(connect_seconds=60, wait_seconds=60, statement_seconds=60, lock_seconds=60)


async def receive_notification(
    context: Context,
    account: str,
    ticket: str,
    headers: Mapping[str, str],
    body: bytes,
    query: str = "",
) -> None:
    """As the server takes one, which reads the body after the address."""
    attempt = await gateway_notifications.attempt_of(context, account, ticket)
    await gateway_notifications.process(context, attempt, headers, body, query)


@dataclass
class Harness:
    context: Context
    ledger: Ledger
    clock: Clock
    gateway: FakeGateway
    settings: Settings
    gateways: dict[str, Gateway] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        return self.settings.shops[samples.SHOP_ID]

    async def new_payment(self, **changes: Any) -> Payment:
        """A new payment of the shop's, open."""
        changes.setdefault("expires_at", self.clock() + 24 * 3600)
        made = await create.create(self.context, samples.order(**changes), self.shop)
        return await self.payment(made.uid)

    async def payment(self, uid: str | Payment) -> Payment:
        uid = uid if isinstance(uid, str) else uid.uid
        return await self.ledger.read(transitions.read, uid)

    async def status(self, payment: Payment) -> Status:
        return (await self.payment(payment)).status_at(self.clock())

    async def pay(self, payment: Payment, **changes: Any) -> Payment:
        return await charge.pay(self.context, payment, submission(payment, **changes))

    async def paid_with(self, *answers: Any, **order: Any) -> Payment:
        """A new payment, paid once with the gateway answering so."""
        self.gateway.will_answer(*answers)
        return await self.pay(await self.new_payment(**order))

    async def left(self, payment: Payment) -> Payment:
        """The customer leaves the step, of which the gateway says that it is not paid."""
        self.gateway.will_state(REQUIRES_ACTION)
        return await customer_actions.abandon(self.context, payment)

    async def notify(
        self, attempt: Attempt, headers: Any = GENUINE, account: str | None = None
    ) -> None:
        account = account or attempt.account
        await receive_notification(self.context, account, attempt.notify_ticket, headers, b"{}")

    async def sweep(self, seconds: float = 0.0) -> Payment | None:
        """Let time pass, then sweep."""
        self.clock.move(seconds)
        await sweep(self.context)
        return None

    async def sweep_for(self, seconds: float, step: float = 1.0) -> None:
        """Sweep as a server does, every `step`, for so long."""
        until = self.clock() + seconds
        while self.clock() < until:
            await self.sweep(step)

    async def events(self, payment: Payment) -> list[Event]:
        return await self.ledger.read(events.of, payment.uid)

    async def kinds(self, payment: Payment) -> list[str]:
        return [event.kind for event in await self.events(payment)]

    async def webhooks(self, payment: Payment) -> list[Webhook]:
        return await self.ledger.read(outbox.of, payment.uid)

    async def told(self, payment: Payment) -> list[str]:
        """The statuses that the shop's webhooks tell, in the order written."""
        return [status_told(webhook) for webhook in await self.webhooks(payment)]

    def restarted(self, **changes: Any) -> Context:
        """Another process over the same ledger."""
        return Context(
            changes.get("settings", self.settings),
            self.ledger,
            self.gateways,
            schedule=changes.get("pace", self.context.schedule),
            clock=self.clock,
        )


def submission(payment: Payment, **changes: Any) -> Submission:
    """What the customer sends with the form that is on the page now."""
    values: dict[str, Any] = {
        "number": payment.next_number,
        "method": "credit_card",
        "card": samples.CARD,
        "browser": samples.BROWSER,
        "customer": samples.CUSTOMER,
        "language": "en",
    }
    return Submission(**(values | changes))


def status_told(webhook: Webhook) -> str:
    body = msgspec.json.decode(webhook.body)
    about = body.get("transaction", body)
    told: str = about["status"]
    # What the gateway did to a payment names the payment as its parent.
    return f"{told}: {about['type']}" if "parent_uid" in about else told


@asynccontextmanager
async def open_harness(
    url: str,
    *,
    settings: Settings | None = None,
    gateways: dict[str, Gateway] | None = None,
    schedule: Schedule | None = None,
    clock: Clock | None = None,
    limits: PostgresLimits = PATIENT,
) -> AsyncIterator[Harness]:
    """Over the migrated database at `url`."""
    settings = settings or samples.settings()
    clock = clock or Clock()
    fake = FakeGateway()
    named: dict[str, Gateway] = gateways or dict.fromkeys(settings.gateways, fake)
    ledger = open_ledger(url, limits)
    try:
        context = Context(settings, ledger, named, schedule=schedule or PACE, clock=clock)
        yield Harness(context, ledger, clock, fake, settings, named)
        await context.finish(5)
    finally:
        await ledger.close()
