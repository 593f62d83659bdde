"""The result page waits for the webhook: once, and not for long."""

from __future__ import annotations

import asyncio

import httpx

from checkout.ledger import outbox
from checkout.model.order import PageSettings
from checkout.payments import customer_actions
from checkout.payments.webhook_sender import WebhookSender
from tests.support.fake_gateway import DECLINED, PAID, PENDING
from tests.support.harness import Harness


async def test_no_webhook_no_waiting(harness: Harness) -> None:
    for payment in (await harness.new_payment(), await harness.paid_with(PENDING)):
        await asyncio.wait_for(customer_actions.wait_for_webhook(harness.context, payment), 10)
    silent = await harness.paid_with(PAID, page_settings=PageSettings())
    assert await harness.webhooks(silent) == []
    await asyncio.wait_for(customer_actions.wait_for_webhook(harness.context, silent), 10)


async def test_it_waits_for_the_first_try(harness: Harness) -> None:
    payment = await harness.paid_with(PAID)
    waiting = asyncio.create_task(customer_actions.wait_for_webhook(harness.context, payment))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    (webhook,) = await harness.webhooks(payment)
    await harness.ledger.write(outbox.settle, webhook.id, answer="503", due_at=harness.clock() + 5)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(customer_actions.wait_for_webhook(harness.context, payment), 10)


async def test_a_try_of_this_worker_ends_the_wait(harness: Harness) -> None:
    """At once, and not only when it would look again."""
    payment = await harness.paid_with(PAID)
    waiting = asyncio.create_task(
        customer_actions.wait_for_webhook(harness.context, payment, looks=(60.0,))
    )
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(503))
    ) as shop:
        sender = WebhookSender(harness.context, shop, public)
        await sender.deliver()
        await asyncio.wait_for(waiting, 10)
        await sender.finish()
    assert not harness.context.webhook_tried


async def public(_host: str, _port: int) -> list[str]:
    return ["93.184.216.34"]


async def test_it_waits_three_seconds_at_most_and_only_once(harness: Harness) -> None:
    payment = await harness.paid_with(DECLINED)
    waiting = asyncio.create_task(customer_actions.wait_for_webhook(harness.context, payment))
    harness.clock.move(2.9)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    harness.clock.move(0.1)
    await asyncio.wait_for(waiting, 10)
    await asyncio.wait_for(customer_actions.wait_for_webhook(harness.context, payment), 10)


async def test_the_sender_is_woken_by_the_webhook(harness: Harness) -> None:
    assert not harness.context.webhooks_due.is_set()
    await harness.paid_with(PAID)
    assert harness.context.webhooks_due.is_set()
