"""Operations that a gateway does by itself: a refund, void or capture of its back office, a
chargeback. A notification of one is recorded and then confirmed by a query; the payment's own state
at the gateway needs no confirmation. Called in the transactions of `gateway_answers`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from sqlalchemy import Connection

from checkout.identifiers import new_attempt_key, new_uid
from checkout.ledger import audit, operations
from checkout.ledger.audit import Actor
from checkout.ledger.operations import DONE, FAILED, OPEN, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import OperationNotice, Outcome
from checkout.model.status import SUCCESSFUL, Status
from checkout.payments import remaining
from checkout.payments.alerts import alert
from checkout.payments.operation_webhooks import notify_of_operation
from checkout.settings import Settings

# A paid attempt's status here and its status at the gateway -> the operation that was done.
KINDS: Final[Mapping[tuple[Status, Status], str]] = {
    (Status.AUTHORIZED, Status.PAID): "capture",
    (Status.AUTHORIZED, Status.REFUNDED): "void",
    (Status.PAID, Status.REFUNDED): "refund",
}
AFTER: Final = SUCCESSFUL | {Status.REFUNDED}  # the payment was made, whatever was done to it since
CHARGEBACK: Final = "chargeback"


class Recorded(Enum):
    """Which operation explains that a paid attempt has another status at the gateway."""

    NEW = 0  # one that the gateway did by itself, recorded now
    KNOWN = 1  # one that we requested
    UNDER_WAY = 2  # perhaps one that is under way: it is queried


def done_by(attempt: Attempt, outcome: Outcome) -> tuple[str, Status] | None:
    """The kind of operation that a paid attempt's state at the gateway shows, and the status that
    it leads to; None: no operation. `taken_back` counts more than the status beside it."""
    back = outcome.facts.taken_back
    if back == CHARGEBACK and attempt.status in AFTER and attempt.facts.taken_back != CHARGEBACK:
        return CHARGEBACK, Status.REFUNDED  # also of what was refunded before
    state = Status.REFUNDED if back else outcome.status
    kind = KINDS.get((attempt.status, state))
    return (kind, state) if kind else None


def record_state(
    conn: Connection,
    settings: Settings,
    payment: Payment,
    attempt: Attempt,
    kind: str,
    outcome: Outcome,
    now: float,
) -> Recorded:
    """A paid attempt's state at the gateway shows that `kind` was done: record it, notify the shop
    and alert, unless it is known."""
    made = operations.of_attempt(conn, attempt.payment, attempt.number)
    if under_way := [each for each in made if _may_be_it(each, kind)]:
        for each in under_way:
            if each.status is not Status.SUBMITTING:  # its own answer is still to come
                operations.change(conn, each.uid, sweep_at=each.next_query(now))
        return Recorded.UNDER_WAY
    if kind == "refund" and any(_is_our_refund(each) for each in made):
        return Recorded.KNOWN
    total = payment.order.money.minor
    amount = remaining.unspent(total, made, kind) or remaining.collected(total, made)
    operation = _new(attempt, kind, amount, DONE[kind], now, gateway_id=outcome.id)
    operations.add(conn, operation)
    if kind != "capture":
        alert(conn, attempt, f"by_gateway.{kind}", now, amount=amount)
    audit_gateway_operation(conn, operation, attempt, payment, now)
    notify_of_operation(conn, settings, operation, payment, now)
    return Recorded.NEW


def audit_gateway_operation(
    conn: Connection, operation: Operation, attempt: Attempt, payment: Payment, now: float
) -> None:
    """An entry in the audit log; the actor is the gateway account, as it does not say who it
    was."""
    audit.append(
        conn, Actor(attempt.account, "gateway"), operation.kind, operation.payment, now,
        shop=payment.shop, amount=operation.amount, operation=operation.uid,
        currency=payment.order.money.currency,
    )  # fmt: skip


def _may_be_it(operation: Operation, kind: str) -> bool:
    """Whether this operation may have led to the state. One that only a notification reported, and
    that was not confirmed in time, does not count."""
    if operation.status not in OPEN or (operation.by_gateway and operation.sweep_at is None):
        return False
    return kind != CHARGEBACK or operation.kind == CHARGEBACK


def _is_our_refund(operation: Operation) -> bool:
    """After a partial refund that we requested, a state that says "refunded" without an amount
    means that refund: it must not be counted twice."""
    return (
        operation.kind == "refund" and not operation.by_gateway and operation.status not in FAILED
    )


def record_notice(conn: Connection, attempt: Attempt, notice: OperationNotice, now: float) -> None:
    """Record the notification of an operation: a known one is queried soon, also one that failed as
    far as known; a new one is recorded, to be confirmed by a query."""
    if notice.id == attempt.gateway_id:
        return
    made = operations.of(conn, attempt.payment)
    known = [each for each in made if notice.id == each.gateway_id or notice.key == each.key]
    if not any(each.done for each in known):
        for each in known:
            operations.change(conn, each.uid, sweep_at=each.next_query(now))
    if known:
        return
    for each in made:
        if _recorded_from_state(each, attempt, notice.kind):  # the same one: now its id is known
            operations.change(conn, each.uid, gateway_id=notice.id)
            return
    amount = notice.money.minor if notice.money else 0
    operation = _new(
        attempt, notice.kind, amount, Status.PENDING, now, gateway_id=notice.id, sweep_at=now
    )
    operations.add(conn, operation)


def _recorded_from_state(operation: Operation, attempt: Attempt, kind: str) -> bool:
    return (
        operation.by_gateway
        and operation.done
        and (operation.kind, operation.attempt) == (kind, attempt.number)
        and operation.gateway_id in (None, attempt.gateway_id)
    )


def _new(
    attempt: Attempt,
    kind: str,
    amount: int,
    status: Status,
    now: float,
    *,
    gateway_id: str | None,
    sweep_at: float | None = None,
) -> Operation:
    return Operation(
        uid=new_uid(),
        payment=attempt.payment,
        attempt=attempt.number,
        kind=kind,
        by_gateway=True,
        key=new_attempt_key(attempt.number),
        amount=amount,
        status=status,
        gateway_id=gateway_id,
        sweep_at=sweep_at,
        created_at=now,
        updated_at=now,
    )
