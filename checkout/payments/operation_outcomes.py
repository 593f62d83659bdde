"""Record how an operation ended: the gateway's answer, or a person's decision, and what it does to
the payment. Transactions over one connection, each with its event and, at the end, the webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from checkout.errors import NotFound, Unprocessable
from checkout.ledger import audit, events, operations
from checkout.ledger.audit import Actor
from checkout.ledger.operations import DONE, FAILED, OPEN, Operation
from checkout.ledger.rows import Payment
from checkout.model.outcome import GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import gateway_answers, remaining, transitions
from checkout.payments.alerts import alert
from checkout.payments.context import Context
from checkout.payments.duplicate_operations import Ownership, whose_is
from checkout.payments.gateway_initiated import audit_gateway_operation
from checkout.payments.operation_webhooks import notify_of_operation
from checkout.payments.schedule import next_operation_recovery, next_query

# Statuses of the gateway that mean a decline; a void that was done may have either.
NOT_DONE: Final[Mapping[Status, tuple[str, ...]]] = {
    Status.EXPIRED: ("capture", "void", "refund"),
    Status.CANCELLED: ("capture", "refund"),
}
KEPT: Final = ("auth_code", "rrn", "ref_id", "bank_code", "code", "paid_at")

log = structlog.get_logger(__name__)


def with_payment(conn: Connection, uid: str) -> tuple[Operation, Payment]:
    """An operation and its payment. Raises NotFound."""
    operation = operations.find(conn, uid)
    if operation is None:
        raise NotFound
    return operation, transitions.read(conn, operation.payment)


def _lock(conn: Connection, uid: str) -> tuple[Operation, Payment]:
    """Both, locked until this transaction ends."""
    payment = transitions.lock(conn, with_payment(conn, uid)[0].payment)
    return with_payment(conn, uid)[0], payment


def settle(
    conn: Connection, context: Context, uid: str, outcome: Outcome, now: float, *, by_query: bool
) -> Operation:
    """Record the gateway's answer to the operation, or (`by_query`) to a later query about it. An
    operation that is done stays done."""
    operation, payment = _lock(conn, uid)
    if by_query and outcome.status is Status.NOT_SENT and operation.status in OPEN:
        return _absent(conn, context, operation, payment, now)
    status = _meaning(operation.kind, outcome.status)
    if (by_query and gateway_answers.unanswered(outcome)) or not _may_move(operation, status):
        return operation
    if status is DONE[operation.kind]:
        whose = whose_is(conn, operation, payment, outcome.id, now, by_query=by_query)
        if whose is Ownership.UNCLEAR:
            return operation
        if whose is Ownership.ANOTHER:
            return _mark_duplicate(conn, context, operation, now)
    _save(conn, operation, payment, status, outcome, now)
    if status is operation.status:
        return with_payment(conn, uid)[0]
    _alert(conn, operation, payment, status, now)
    # The shop gets a refusal as the answer to its request, and no webhook.
    answered = operation.status is Status.SUBMITTING and not by_query
    return _moved(conn, context, uid, now, notify_failure=not answered)


def resolve(
    conn: Connection,
    context: Context,
    uid: str,
    now: float,
    *,
    accept: bool,
    by: Actor,
    reason: str,
) -> Operation:
    """A person decides whether it was done. Raises Unprocessable where its end is known."""
    operation, payment = _lock(conn, uid)
    if operation.status not in OPEN:
        raise Unprocessable({"uid": [f"is {operation.status}: there is nothing to decide"]})
    if now < operation.created_at + context.schedule.settle_window:
        raise Unprocessable({"uid": ["is under way: give it a minute"]})
    status = DONE[operation.kind] if accept else Status.DECLINED
    operations.change(conn, uid, status=status, sweep_at=None, updated_at=now)
    audit.append(
        conn, by, "accept" if accept else "refuse", uid, now, shop=payment.shop,
        reason=reason, kind=operation.kind, payment=operation.payment, amount=operation.amount,
    )  # fmt: skip
    return _moved(conn, context, uid, now, by=by.who, reason=reason)


def stop_queries(conn: Connection, uid: str) -> Operation:
    """The gateway is not queried about it any more."""
    operations.change(conn, uid, sweep_at=None)
    return with_payment(conn, uid)[0]


def _meaning(kind: str, stated: Status) -> Status:
    """The operation's status by the gateway's; PENDING where that says nothing about it."""
    if kind in NOT_DONE.get(stated, ()):
        return Status.DECLINED
    return stated if stated in FAILED | {Status.ACCEPTED, DONE[kind]} else Status.PENDING


def _may_move(operation: Operation, status: Status) -> bool:
    """A failed one may turn out to be done; an accepted one does not become unknown again."""
    if operation.status is Status.ACCEPTED:
        return status is not Status.PENDING
    if operation.status in FAILED:
        return status in (Status.ACCEPTED, DONE[operation.kind])
    return operation.status in OPEN


def _mark_duplicate(
    conn: Connection, context: Context, operation: Operation, now: float
) -> Operation:
    """This record counts as not sent: another record of the same operation counts."""
    if operation.status in FAILED:
        return stop_queries(conn, operation.uid)
    operations.change(conn, operation.uid, status=Status.NOT_SENT, sweep_at=None, updated_at=now)
    return _moved(conn, context, operation.uid, now)


def _save(
    conn: Connection,
    operation: Operation,
    payment: Payment,
    status: Status,
    outcome: Outcome,
    now: float,
) -> None:
    stated = outcome.facts
    values: dict[str, Any] = {
        "status": status,
        "gateway_id": outcome.id or operation.gateway_id,
        "facts": GatewayFacts(
            **{name: getattr(stated, name) or getattr(operation.facts, name) for name in KEPT}
        ),
    }
    if operation.by_gateway:
        values["amount"] = _amount(conn, operation, payment, stated)
    if status is not operation.status:
        accepted = status is Status.ACCEPTED
        next_ = next_operation_recovery(operation.created_at, now, accepted=accepted)
        values |= {
            "message": stated.friendly or stated.message,
            "sweep_at": next_ if status in OPEN else None,
            "updated_at": now,
        }
    operations.change(conn, operation.uid, **values)


def _alert(
    conn: Connection, operation: Operation, payment: Payment, status: Status, now: float
) -> None:
    """Alert where the end is unknown, and where an operation was done after it had failed."""
    if status is Status.PENDING:
        log.error("operation.unknown", payment=operation.payment, kind=operation.kind, alert=True)
    if operation.status in FAILED:
        attempt = payment.attempts[operation.attempt - 1]
        alert(conn, attempt, "late_operation", now, operation=operation.uid)


def _amount(conn: Connection, operation: Operation, payment: Payment, facts: GatewayFacts) -> int:
    """The amount of a gateway's own operation: all that was left, where it states none."""
    stated = facts.money.minor if facts.money else operation.amount
    made = operations.of_attempt(conn, operation.payment, operation.attempt)
    return stated or remaining.unspent(payment.order.money.minor, made, operation.kind)


def _moved(
    conn: Connection,
    context: Context,
    uid: str,
    now: float,
    *,
    notify_failure: bool = True,
    **why: Any,
) -> Operation:
    """After a new status: the event, the payment's move, the shop's webhook."""
    operation, payment = with_payment(conn, uid)
    event = f"{operation.kind}.{operation.status}"
    events.append(conn, operation.payment, event, now, operation.attempt, operation=uid, **why)
    if operation.done:
        _done(conn, context, operation, payment, now)
    elif operation.status in FAILED and notify_failure and not operation.by_gateway:
        notify_of_operation(conn, context.settings, operation, payment, now)
    return with_payment(conn, uid)[0]


def _done(
    conn: Connection, context: Context, operation: Operation, payment: Payment, now: float
) -> None:
    attempt, kind = payment.attempts[operation.attempt - 1], operation.kind
    if operation.by_gateway and (kind != "capture" or attempt.status is Status.REFUNDED):
        alert(conn, attempt, f"by_gateway.{kind}", now, amount=operation.amount)
    if operation.by_gateway:
        audit_gateway_operation(conn, operation, attempt, payment, now)
    notify_of_operation(conn, context.settings, operation, payment, now)
    made = operations.of_attempt(conn, operation.payment, operation.attempt)
    total = payment.order.money.minor
    if kind == "capture":
        payment = transitions.moved_by_operation(conn, context, attempt, Status.PAID, now)
        attempt = payment.attempts[operation.attempt - 1]
    # A partial operation does not move the payment; the last part does. After a capture that
    # means: when all that was captured is refunded.
    ends = "refund" if remaining.captures(made) else kind
    if remaining.unspent(total, made, ends) == 0:
        transitions.moved_by_operation(conn, context, attempt, Status.REFUNDED, now)


def _absent(
    conn: Connection, context: Context, operation: Operation, payment: Payment, now: float
) -> Operation:
    """The gateway knows no such operation. As for a charge, that ends it only the second time and
    after the settle window, and never where it has a gateway id of its own or was accepted."""
    payment_id = payment.attempts[operation.attempt - 1].gateway_id
    named = operation.gateway_id not in (None, payment_id) and not operation.by_gateway
    if named or operation.status is Status.ACCEPTED:
        return operation
    settled_at = operation.created_at + context.schedule.settle_window
    values: dict[str, Any] = {"sweep_at": max(settled_at, now + next_query(0))}
    if now >= settled_at:
        values["absences"] = operation.absences + 1
        values["sweep_at"] = now + context.schedule.between_absences
        if operation.absences:
            values |= {"status": Status.NOT_SENT, "sweep_at": None, "updated_at": now}
    operations.change(conn, operation.uid, **values)
    if "status" in values:
        return _moved(conn, context, operation.uid, now)
    return with_payment(conn, operation.uid)[0]
