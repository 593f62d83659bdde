"""Operations on a payment: capture, void, refund. Like an attempt, each is written to the ledger
before the gateway is called, never sent twice, and queried where the answer is unknown. Operations
that the gateway did by itself (`gateway_initiated`) are queried here too. To the shop each is a
transaction of its own, with a webhook when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import msgspec
import structlog
from sqlalchemy import Connection

from checkout.errors import NotFound
from checkout.gateways.base import (
    Captures,
    FindsOperations,
    Gateway,
    OperationReference,
    PaymentReference,
    Refunds,
    Voids,
)
from checkout.ledger import operations, payments
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.operations import FAILED, OPEN, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments import (
    gateway_answers,
    operation_outcomes,
    remaining,
    status_query,
)
from checkout.payments.context import Context
from checkout.payments.operation_checks import OperationRequest, submit
from checkout.payments.schedule import next_operation_recovery
from checkout.payments.status_query import reference
from checkout.settings import Shop

log = structlog.get_logger(__name__)


async def start_operation(
    context: Context,
    kind: str,
    uid: str,
    *,
    shop: Shop | None = None,
    amount: int | None = None,
    reason: str = "",
    request_id: str | None = None,
    by: Actor = SERVER,
) -> Operation:
    """Request `kind` of `amount` minor units (None: all that is left) from the gateway, on the
    payment or the capture with this uid.

    `shop`: only for a payment of that shop. A `request_id` used before gives that operation again.
    Raises NotFound; Unprocessable when the payment's state, the amount or the gateway forbids it.
    """
    payment = await context.ledger.read(payment_named, uid)
    if shop is not None and payment.shop != shop.id:
        raise NotFound
    request = OperationRequest(
        kind=kind, named=uid, amount=amount, reason=reason, request_id=request_id, by=by
    )
    operation, ours = await context.write(
        payment.uid, submit, context, payment.uid, request, context.clock()
    )
    if not ours:
        return operation
    return await asyncio.shield(context.run(_send(context, operation.uid)))


def payment_named(conn: Connection, uid: str) -> Payment:
    """The payment with this uid, or with an operation that has it. Raises NotFound."""
    return payments.by_uid(conn, uid) or operation_outcomes.with_payment(conn, uid)[1]


async def query_operation(context: Context, uid: str) -> Operation:
    """Query the gateway for an operation's status, at most once a second. Raises NotFound."""
    operation, attempt, about = await context.ledger.read(_with_reference, uid)
    if not _open(operation):
        return operation
    now, until = context.clock(), None
    if operation.status in OPEN:  # a failed one is queried once only
        accepted = operation.status is Status.ACCEPTED
        until = next_operation_recovery(operation.created_at, now, accepted=accepted)
    if not await context.write_unsynced(
        operation.payment, operations.take_query, uid, now=now, until=until
    ):
        return operation
    gateway = context.gateways.get(attempt.account)
    if not isinstance(gateway, FindsOperations):
        return await _stop_queries(context, operation, "operation.unknown")
    answer = gateway.operation_status(about, _operation_reference(operation, about))
    outcome = await status_query.outcome_of(context, attempt, "operation_status", answer)
    done = await _settle(context, operation, outcome, by_query=True)
    if done.sweep_at is None and (done.status in OPEN or gateway_answers.unanswered(outcome)):
        return await _stop_queries(context, done, "operation.unsettled")
    return done


async def resolve_operation(
    context: Context, uid: str, *, accept: bool, by: Actor, reason: str
) -> Operation:
    """A person decides how an operation ended that the gateway doesn't settle.

    Raises NotFound; Unprocessable where there is nothing to decide.
    """
    operation, _ = await context.ledger.read(operation_outcomes.with_payment, uid)
    done = await context.write(
        operation.payment,
        operation_outcomes.resolve,
        context,
        uid,
        context.clock(),
        accept=accept,
        by=by,
        reason=reason,
    )
    context.webhooks_due.set()
    return done


async def _send(context: Context, uid: str) -> Operation:
    operation, attempt, about = await context.ledger.read(_with_reference, uid)
    answer = _call(context.gateways[attempt.account], operation, about)
    outcome = await status_query.outcome_of(context, attempt, operation.kind, answer)
    return await _settle(context, operation, outcome, by_query=False)


async def _settle(
    context: Context, operation: Operation, outcome: Outcome, *, by_query: bool
) -> Operation:
    done = await context.write(
        operation.payment,
        operation_outcomes.settle,
        context,
        operation.uid,
        outcome,
        context.clock(),
        by_query=by_query,
    )
    context.webhooks_due.set()
    return done


async def _stop_queries(context: Context, operation: Operation, event: str) -> Operation:
    """Stop the queries and alert: a person has to decide."""
    log.error(event, payment=operation.payment, kind=operation.kind, alert=True)
    return await context.write(operation.payment, operation_outcomes.stop_queries, operation.uid)


def _call(gateway: Gateway, operation: Operation, about: PaymentReference) -> Awaitable[Outcome]:
    money = about.money.part(operation.amount)
    match operation.kind, gateway:
        case "capture", Captures():
            return gateway.capture(about, money, operation.key)
        case "void", Voids():
            return gateway.void(about, money, operation.key)
        case "refund", Refunds():
            return gateway.refund(about, money, operation.key, operation.reason or "-")
        case kind, _:  # `operation_checks` refuses these
            raise AssertionError(kind)


def _with_reference(conn: Connection, uid: str) -> tuple[Operation, Attempt, PaymentReference]:
    """An operation, its attempt, and the gateway's reference to it; that of a refund names the
    capture that it refunds: the one that was requested, else the last."""
    operation, payment = operation_outcomes.with_payment(conn, uid)
    attempt = payment.attempts[operation.attempt - 1]
    about = reference(payment, attempt)
    if operation.kind in remaining.RETURNS:
        made = operations.of_attempt(conn, operation.payment, operation.attempt)
        taken = remaining.captures(made)
        named = [each for each in taken if each.uid == operation.capture] or taken
        if named:
            about = msgspec.structs.replace(about, capture=named[-1].gateway_id)
    return operation, attempt, about


def _operation_reference(operation: Operation, about: PaymentReference) -> OperationReference:
    if operation.by_gateway:
        return OperationReference(
            kind=operation.kind, key=None, id=operation.gateway_id, money=None
        )
    money = about.money.part(operation.amount)
    return OperationReference(
        kind=operation.kind, key=operation.key, id=operation.gateway_id, money=money
    )


def _open(operation: Operation) -> bool:
    """Whether a query can change it; a failed one too, where a notification says otherwise."""
    failed = operation.status in FAILED and operation.sweep_at is not None
    return operation.status in OPEN or failed
