"""A webhook sender whose webhooks go to a shop of the test's: what arrives, what the shop
answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Payment
from checkout.payments.webhook_sender import WebhookSender
from tests.support.fake_gateway import PAID
from tests.support.harness import Harness

PUBLIC = "93.184.216.34"


class WebhookReceiver:
    """`answers` are used up one by one, then 200; an exception is raised. `addresses` is the DNS:
    what each lookup finds, the last one stays."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.requests: list[httpx.Request] = []
        self.answers: list[Any] = []
        self.addresses: list[Sequence[str]] = [(PUBLIC,)]
        self.asked: list[tuple[str, int]] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._shop))
        self.webhook_sender = self.another()

    def another(self) -> WebhookSender:
        """Another process's webhook sender over the same ledger."""
        return WebhookSender(self.harness.restarted(), self.http, self._resolve)

    async def _shop(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        said = self.answers.pop(0) if self.answers else 200
        if isinstance(said, BaseException):
            raise said
        return said if isinstance(said, httpx.Response) else httpx.Response(said)

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]

    async def paid(self, **order: Any) -> Payment:
        """A payment whose webhook is due."""
        return await self.harness.paid_with(PAID, **order)

    async def deliver(self, webhook_sender: WebhookSender | None = None) -> None:
        webhook_sender = webhook_sender or self.webhook_sender
        await webhook_sender.deliver()
        await webhook_sender.finish(5)

    async def webhook(self, payment: Payment) -> Webhook:
        (found,) = await self.harness.webhooks(payment)
        return found


@asynccontextmanager
async def open_webhook_receiver(harness: Harness) -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver(harness)
    yield receiver
    await receiver.webhook_sender.finish(5)
    await receiver.http.aclose()
