"""A gateway's notification is a hint: verified, recorded, then confirmed by a query of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from checkout.errors import NotFound
from checkout.ledger import attempts
from checkout.ledger.rows import Attempt
from checkout.payments import gateway_answers, status_query
from checkout.payments.context import Context


async def receive(
    context: Context,
    account: str,
    ticket: str,
    headers: Mapping[str, str],
    body: bytes,
    query: str = "",
) -> None:
    """A gateway's notification, by the address that it came to. Raises NotFound (unknown ticket
    or account) and Unauthorized (not proved)."""
    await process(
        context,
        await attempt_of(context, account, ticket),
        headers,
        body,
        query,
    )


async def attempt_of(context: Context, account: str, ticket: str) -> Attempt:
    """The attempt that a gateway notifies us of at this address. Raises NotFound."""
    attempt = await context.ledger.read(attempts.by_notify_ticket, ticket)
    if attempt is None or attempt.account != account or account not in context.gateways:
        raise NotFound
    return attempt


async def process(
    context: Context, attempt: Attempt, headers: Mapping[str, str], body: bytes, query: str = ""
) -> None:
    """A gateway's notification: verified, noted, then confirmed by a query of our own. Raises
    Unauthorized (not proved)."""
    outcome = context.gateways[attempt.account].notification(headers, body, query)
    if answered := context.charging.get(attempt.key):
        # It tells of a charge whose own answer is on its way to us: that one first, and most
        # often there is nothing left to ask.
        with suppress(TimeoutError):
            async with asyncio.timeout(context.schedule.notify_wait):
                await answered.wait()
    held, agrees = await context.ledger.write(
        gateway_answers.record_notification, attempt, outcome, context.clock()
    )
    if not agrees:
        context.run(status_query.query_soon(context, held))
