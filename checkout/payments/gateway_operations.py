"""What a gateway does to a payment by itself: a refund or a void of its back office, a chargeback,
a capture. Told by a notification, which is written down to be confirmed, or by the payment's own
state, which is the gateway's word already. Transactions over one connection, for `record`."""

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
from checkout.settings import Shop

# Where a paid attempt stands, and where the gateway says that it stands -> what it has done.
KINDS: Final[Mapping[tuple[Status, Status], str]] = {
    (Status.AUTHORIZED, Status.PAID): "capture",
    (Status.AUTHORIZED, Status.REFUNDED): "void",
    (Status.PAID, Status.REFUNDED): "refund",
}
AFTER: Final = SUCCESSFUL | {Status.REFUNDED}  # the payment was made, whatever happened to it then
CHARGEBACK: Final = "chargeback"


class Found(Enum):
    """What the state of a paid attempt comes to, where that is another than ours."""

    NEW = 0  # done by the gateway itself, and written down now
    KNOWN = 1  # an operation of ours did it
    UNDER_WAY = 2  # an operation that is under way may have done it: it is asked about


def done_by(attempt: Attempt, outcome: Outcome) -> tuple[str, Status] | None:
    """The kind of operation that a paid attempt's state tells of, and where it leads; None: of
    none. `taken_back` says so whatever the state is called beside it."""
    back = outcome.facts.taken_back
    if back == CHARGEBACK and attempt.status in AFTER and attempt.facts.taken_back != CHARGEBACK:
        return CHARGEBACK, Status.REFUNDED  # also of what was refunded before
    state = Status.REFUNDED if back else outcome.status
    kind = KINDS.get((attempt.status, state))
    return (kind, state) if kind else None


def found(
    conn: Connection,
    shops: Mapping[str, Shop],
    payment: Payment,
    attempt: Attempt,
    kind: str,
    outcome: Outcome,
    now: float,
) -> Found:
    """A paid attempt's state says that `kind` was done to it: told to the shop and raised, unless
    that is known."""
    made = operations.of_attempt(conn, attempt.payment, attempt.number)
    if under_way := [each for each in made if _may_be_it(each, kind)]:
        for each in under_way:
            if each.status is not Status.SUBMITTING:  # that one's own answer is on its way
                operations.change(conn, each.uid, sweep_at=each.next_query(now))
        return Found.UNDER_WAY
    if kind == "refund" and any(_is_our_refund(each) for each in made):
        return Found.KNOWN
    total = payment.order.money.minor
    amount = remaining.unspent(total, made, kind) or remaining.collected(total, made)
    operation = _new(attempt, kind, amount, DONE[kind], now, gateway_id=outcome.id)
    operations.claim(conn, operation)
    if kind != "capture":
        alert(conn, attempt, f"by_gateway.{kind}", now, amount=amount)
    note_gateways(conn, operation, attempt, payment, now)
    notify_of_operation(conn, shops, operation, payment, now)
    return Found.NEW


def note_gateways(
    conn: Connection, operation: Operation, attempt: Attempt, payment: Payment, now: float
) -> None:
    """Of the audit log: done at the gateway, by whom only the gateway knows."""
    audit.append(
        conn, Actor(attempt.account, "gateway"), operation.kind, operation.payment, now,
        shop=payment.shop, amount=operation.amount, operation=operation.uid,
        currency=payment.order.money.currency,
    )  # fmt: skip


def _may_be_it(operation: Operation, kind: str) -> bool:
    """Whether the state may be what an operation that is under way has made of the payment. What
    a notification alone told of, and nobody confirmed in time, is none."""
    if operation.status not in OPEN or (operation.by_gateway and operation.sweep_at is None):
        return False
    return kind != CHARGEBACK or operation.kind == CHARGEBACK


def _is_our_refund(operation: Operation) -> bool:
    """A state that says "sent back" without saying how much, after a refund of a part that we
    asked for, tells of that one: it may not be counted twice."""
    return (
        operation.kind == "refund" and not operation.by_gateway and operation.status not in FAILED
    )


def noted(conn: Connection, attempt: Attempt, news: OperationNotice, now: float) -> None:
    """Told of an operation: a known one is asked about now, also one that was taken for failed;
    another is written down to be confirmed."""
    if news.id == attempt.gateway_id:
        return
    made = operations.of(conn, attempt.payment)
    known = [each for each in made if news.id == each.gateway_id or news.key == each.key]
    if not any(each.done for each in known):
        for each in known:
            operations.change(conn, each.uid, sweep_at=each.next_query(now))
    if known:
        return
    for each in made:
        if _told_by_the_state(each, attempt, news.kind):  # the same: from now on by its own name
            operations.change(conn, each.uid, gateway_id=news.id)
            return
    amount = news.money.minor if news.money else 0
    operation = _new(
        attempt, news.kind, amount, Status.PENDING, now, gateway_id=news.id, sweep_at=now
    )
    operations.claim(conn, operation)


def _told_by_the_state(operation: Operation, attempt: Attempt, kind: str) -> bool:
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
