"""Status queries: ask a gateway for an attempt's status, once in an interval, however many need
it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from enum import Enum
from typing import Final

import structlog

from checkout import tracing
from checkout.gateways.base import PaymentReference
from checkout.ledger import attempts
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status
from checkout.payments import gateway_answers, transitions
from checkout.payments.context import Context
from checkout.payments.metrics import GATEWAY_CALLS, GATEWAY_SECONDS, QUERIES
from checkout.payments.outcome_filter import without_plain_addresses
from checkout.payments.schedule import next_query

log = structlog.get_logger(__name__)

JUST_NOW: Final = 0.5  # seconds
NOT_ANSWERED: Final = {
    DeclineReason.UNREACHABLE: "unreachable",
    DeclineReason.CREDENTIALS: "refused_us",
}  # their names in the metrics


class QueryResult(Enum):
    """What came of a status query."""

    NOT_QUERIED = 0  # another query was sent within the interval
    UNANSWERED = 1
    ANSWERED = 2


async def refresh_if_due(context: Context, payment: Payment) -> Payment:
    """The payment, after a query where its live attempt is due for one. All workers together send
    one query in an interval."""
    attempt = payment.live
    if attempt is None or not is_due(context, payment):
        return payment
    return await refresh(context, attempt)


def is_due(context: Context, payment: Payment) -> bool:
    """Whether the live attempt's gateway may be queried."""
    return payment.live is not None and payment.live.next_query_at <= context.clock()


async def refresh(context: Context, attempt: Attempt) -> Payment:
    """Query the gateway for the attempt, unless a query was sent within the interval."""
    return (await query_attempt(context, attempt))[0]


async def query_attempt(context: Context, attempt: Attempt) -> tuple[Payment, QueryResult]:
    """`refresh`, and what came of it."""
    now = context.clock()
    until = now + max(next_query(attempt.queries), 1.0)
    taken = await context.write_unsynced(
        attempt.payment, attempts.take_query, attempt.key, now=now, until=until
    )
    if not taken:
        return await context.ledger.read(transitions.read, attempt.payment), QueryResult.NOT_QUERIED
    return await _shielded(context, attempt)


async def query_now(context: Context, attempt: Attempt) -> tuple[Payment, QueryResult]:
    """`query_attempt` without waiting for the interval, but never twice within the shortest one."""
    if await may_query_now(context, attempt):
        return await _shielded(context, attempt)
    return await context.ledger.read(transitions.read, attempt.payment), QueryResult.NOT_QUERIED


async def may_query_now(context: Context, attempt: Attempt) -> bool:
    """Take the right to query now, waiting for the shortest interval to pass."""
    interval = next_query(0)
    for _ in range(3):  # another query may have been sent just now
        wait = await context.write_unsynced(
            attempt.payment,
            attempts.take_query_now,
            attempt.key,
            now=context.clock(),
            interval=interval,
        )
        if not wait:
            return True
        await asyncio.sleep(wait)
    return False


async def _shielded(context: Context, attempt: Attempt) -> tuple[Payment, QueryResult]:
    """A query whose right was taken is sent, also where nobody waits for it any longer."""
    query = query_gateway(context, attempt.payment, attempt.number)
    return await asyncio.shield(context.run(query))


async def query_gateway(context: Context, uid: str, number: int) -> tuple[Payment, QueryResult]:
    """Query the gateway for a payment's attempt, whose query was taken."""
    payment = await context.ledger.read(transitions.read, uid)
    attempt = payment.attempts[number - 1]
    gateway = context.gateways.get(attempt.account)
    if gateway is None:
        log.error("gateway.unknown_account", account=attempt.account, alert=True)
        return payment, QueryResult.UNANSWERED
    QUERIES.labels(attempt.account).inc()
    answer = gateway.status(reference(payment, attempt))
    outcome = await outcome_of(context, attempt, "status", answer)
    result = QueryResult.UNANSWERED if gateway_answers.unanswered(outcome) else QueryResult.ANSWERED
    return await record(context, attempt, outcome, by_query=True), result


async def query_soon(context: Context, attempt: Attempt) -> None:
    """Query now, or as soon as the interval allows; recovery does it where this worker dies."""
    wait = attempt.next_query_at - context.clock()
    if 0 < wait <= 2:
        # Event loops round to milliseconds: woken too early, the query would not be allowed yet.
        await asyncio.sleep(wait + 0.01)
    await refresh(context, attempt)


async def outcome_of(
    context: Context, attempt: Attempt, call: str, answer: Awaitable[Outcome]
) -> Outcome:
    """The outcome of a gateway call. Where the adapter fails, the outcome is unknown and will be
    queried: money may have moved. `call`: one of `metrics.CALLS`."""
    began, outcome = time.perf_counter(), UNKNOWN
    about: dict[str, str | int] = {"account": attempt.account, "attempt": attempt.number}
    with tracing.span(f"gateway {call}", attempt.payment, asks=True, **about) as span:
        try:
            outcome = without_plain_addresses(await answer, sandbox=context.settings.sandbox)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an adapter's library may exit
            log.error("gateway.fault", error=type(error).__name__, alert=True)
        finally:  # also where nobody waits for it any longer
            GATEWAY_SECONDS.labels(attempt.account, call).observe(time.perf_counter() - began)
            GATEWAY_CALLS.labels(attempt.account, call, answered := _answer(outcome)).inc()
            tracing.state(span, answer=answered, status=outcome.status)
    return outcome


def _answer(outcome: Outcome) -> str:
    """What came of a call, for the metrics."""
    if outcome.reason in NOT_ANSWERED:
        return NOT_ANSWERED[outcome.reason]
    return "unknown" if gateway_answers.unanswered(outcome) else "answered"


async def record(
    context: Context, attempt: Attempt, outcome: Outcome, *, by_query: bool
) -> Payment:
    """`gateway_answers.record_answer` in a transaction; without one where a query says only what
    is known."""
    now = context.clock()
    if by_query:
        payment = await context.ledger.read(transitions.read, attempt.payment)
        if not gateway_answers.says_something_new(context, payment, attempt, outcome, now):
            return payment
    write = context.write_unsynced if may_ask_again(context, attempt) else context.write
    payment = await write(
        attempt.payment,
        gateway_answers.record_answer,
        context,
        attempt,
        outcome,
        now,
        by_query=by_query,
    )
    if payment.order.page_settings.notification_url is not None:
        context.webhooks_due.set()
    return payment


def may_ask_again(context: Context, attempt: Attempt) -> bool:
    """Whether an answer that a power cut undoes would be given again: the attempt itself stays, and
    is asked about by our key."""
    gateway = context.gateways.get(attempt.account)
    return gateway is not None and gateway.capabilities.lookup_by_key


def next_check(context: Context, payment: Payment) -> float | None:
    """Seconds until the status may have changed; None when no attempt is live."""
    attempt = payment.live
    if attempt is None:
        return None if payment.adopt_at is None else next_query(0)
    if attempt.status is Status.SUBMITTING:  # another request waits for the gateway's answer
        return 1.0
    return max(attempt.next_query_at - context.clock(), 0.3)


def has_just_moved(context: Context, payment: Payment) -> bool:
    """Whether the live attempt's gateway was queried just now, as after a notification or a return,
    or has answered something new: by any worker."""
    attempt = payment.live
    if attempt is None:
        return False
    return max(attempt.asked_at or 0.0, attempt.updated_at) > context.clock() - JUST_NOW


def reference(payment: Payment, attempt: Attempt) -> PaymentReference:
    return PaymentReference(
        key=attempt.key,
        id=attempt.gateway_id,
        money=payment.order.money,
        method=attempt.method,
        transaction_type=payment.order.transaction_type,
        parent=attempt.facts.parent,
        code=attempt.facts.code,
    )
