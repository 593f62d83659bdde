"""Gateway notifications (callbacks, IPN): verified, recorded, then confirmed by a status query."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from checkout.errors import NotFound
from checkout.ledger import attempts
from checkout.ledger.rows import Attempt
from checkout.payments import gateway_answers, status_query
from checkout.payments.context import Context


async def attempt_of(context: Context, account: str, ticket: str) -> Attempt:
    """The attempt that this notification address belongs to. Raises NotFound."""
    attempt = await context.ledger.read(attempts.by_notify_ticket, ticket)
    if attempt is None or attempt.account != account or account not in context.gateways:
        raise NotFound
    return attempt


async def process(
    context: Context, attempt: Attempt, headers: Mapping[str, str], body: bytes, query: str = ""
) -> None:
    """Verify and record a notification, then query the gateway. Raises Unauthorized (wrong or
    missing proof)."""
    outcome = context.gateways[attempt.account].notification(headers, body, query)
    if answered := context.charging.get(attempt.key):
        # The charge is still waiting for its own answer: after that, most often, no query is
        # needed.
        with suppress(TimeoutError):
            async with asyncio.timeout(context.schedule.notify_wait):
                await answered.wait()
    attempt, agrees = await context.write(
        attempt.payment, gateway_answers.record_notification, attempt, outcome, context.clock()
    )
    if not agrees:
        context.run(status_query.query_soon(context, attempt))
