"""Customer actions beside paying: return from the bank, abandon an attempt, confirm a transfer,
cancel the payment, pay it after all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, repeat
from typing import Final

from checkout.errors import NotFound
from checkout.gateways.base import Confirms, Withdraws
from checkout.ledger import attempts, outbox
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from checkout.payments import status_query, transitions
from checkout.payments.context import Context
from checkout.payments.status_query import QueryResult, reference

# Seconds between two looks for what another worker may have sent; the last again and again.
LOOKS: Final = (0.03, 0.06, 0.12, 0.25)


async def returned(context: Context, ticket: str) -> Payment:
    """The customer comes back from the gateway. What the address says proves nothing, so the
    gateway is queried, also about an attempt that was abandoned or not sent as far as known: it may
    have been paid just now.

    Raises NotFound for an unknown ticket.
    """
    attempt = await context.ledger.read(attempts.by_return_ticket, ticket)
    if attempt is None:
        raise NotFound
    if not (attempt.live or attempt.sweep_at is not None or attempt.status is Status.NOT_SENT):
        return await context.ledger.read(transitions.read, attempt.payment)
    if attempt.returned_at is None:
        attempt = await context.write_unsynced(
            attempt.payment, transitions.customer_returned, attempt.key, context.clock()
        )
    return await status_query.refresh(context, attempt)


async def abandon(context: Context, payment: Payment) -> Payment:
    """End an unpaid attempt, so that the customer can pay in another way. The gateway is queried
    first; where it doesn't say that the attempt is unpaid, the payment waits for its answer."""
    payment = await context.ledger.read(transitions.read, payment.uid)
    attempt = payment.live
    if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
        return payment
    payment, result = await status_query.query_now(context, attempt)
    if result is not QueryResult.ANSWERED:
        return await context.write(
            attempt.payment, transitions.keep_waiting, context, attempt.key, context.clock()
        )
    attempt = payment.live
    if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
        return payment
    gateway = context.gateways.get(attempt.account)
    if isinstance(gateway, Withdraws):
        outcome = await status_query.outcome_of(
            context, attempt, "withdraw", gateway.withdraw(reference(payment, attempt))
        )
        await status_query.record(context, attempt, outcome, by_query=True)
    return await context.write(
        attempt.payment, transitions.abandon, context, attempt.key, context.clock()
    )


async def confirm(context: Context, payment: Payment) -> Payment:
    """The customer says that the transfer is made: notify the gateway where it wants that. It
    proves nothing, so the attempt is pending until the gateway says that it is paid."""
    attempt = payment.live
    if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
        return payment
    gateway = context.gateways.get(attempt.account)
    if isinstance(gateway, Confirms):
        outcome = await status_query.outcome_of(
            context, attempt, "confirm", gateway.confirm(reference(payment, attempt))
        )
        if outcome == UNKNOWN:
            return payment  # the gateway was not notified; the customer can confirm again
        await status_query.record(context, attempt, outcome, by_query=True)
    return await context.write(
        attempt.payment, transitions.customer_confirmed, context, attempt.key, context.clock()
    )


async def cancel(context: Context, payment: Payment) -> Payment:
    """Cancel the payment, unless an attempt is live that could still be charged."""
    await abandon(context, payment)
    uid = payment.uid
    payment = await context.write(uid, transitions.cancel, context, uid, context.clock())
    context.webhooks_due.set()
    return payment


async def resume(context: Context, payment: Payment) -> Payment:
    """Open a cancelled payment again, where that is possible: once, whoever else asks for it."""
    uid = payment.uid
    return await context.write(uid, transitions.resume, context, uid, context.clock())


async def can_resume(context: Context, payment: Payment) -> bool:
    return payment.cancelled and await context.ledger.read(
        transitions.can_resume, context, payment, context.clock()
    )


def _untried(webhook: Webhook) -> bool:
    return webhook.answer is None and webhook.due_at is not None


async def wait_for_webhook(
    context: Context, payment: Payment, looks: Sequence[float] = LOOKS
) -> None:
    """Wait until the shop's webhook was tried once, at most `schedule.notify_wait` after it was
    written: the shop should know the result before the customer returns to it. A try of this worker
    ends the wait at once; those of others are looked for."""
    tried = context.webhook_tried.setdefault(payment.uid, asyncio.Event())
    for seconds in chain(looks, repeat(looks[-1])):
        tried.clear()
        webhooks = await context.ledger.read(outbox.of, payment.uid)
        until = context.clock() - context.schedule.notify_wait
        if not any(_untried(each) and each.created_at > until for each in webhooks):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await tried.wait()
