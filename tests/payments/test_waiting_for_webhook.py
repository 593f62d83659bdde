"""The result page waits for the webhook: once, and not for long."""

from __future__ import annotations

import asyncio

from checkout.ledger import outbox
from checkout.model.order import PageSettings
from checkout.payments import customer_actions
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
