"""Duplicate operations: one operation may be recorded twice, as the one that we requested and as
one that a notification or the payment's state reported before our request was answered. It must not
count twice."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from sqlalchemy import Connection

from checkout.ledger import operations
from checkout.ledger.operations import FAILED, OPEN, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.payments import remaining
from checkout.payments.gateway_initiated import AFTER


class Ownership(Enum):
    """Which record an operation belongs to that the gateway says is done."""

    ITS_OWN = 0  # this record
    UNCLEAR = 1  # another answer of the gateway will decide
    ANOTHER = 2  # another record of the same operation, which counts


class Others(Struct, frozen=True):
    """The other operations on an attempt. `same`: with the same id at the gateway; `alike`: of the
    same kind, without an id of their own at the gateway."""

    made: list[Operation]
    same: list[Operation]
    alike: list[Operation]


def whose_is(
    conn: Connection,
    operation: Operation,
    payment: Payment,
    stated_id: str | None,
    now: float,
    *,
    by_query: bool,
) -> Ownership:
    """`stated_id`: the gateway's id of the operation, where the answer has one."""
    attempt = payment.attempts[operation.attempt - 1]
    id_ = stated_id or operation.gateway_id
    own_id = None if id_ == attempt.gateway_id else id_
    others = _others(conn, operation, own_id, attempt.gateway_id)
    if operation.by_gateway:
        return _by_gateway(conn, others, attempt, now)
    known = any(each.done and each.by_gateway for each in (*others.same, *others.alike))
    if operation.status in FAILED and known:
        return Ownership.ANOTHER
    if by_query and own_id is None and any(each.done for each in others.alike):
        return _without_id(operation, payment, others)
    return Ownership.ITS_OWN


def _without_id(operation: Operation, payment: Payment, others: Others) -> Ownership:
    """The payment's state says that an operation was done, but not which. Where the money allows
    only one, it is the one already recorded; else a person has to decide."""
    total = payment.order.money.minor
    both = operation.amount <= remaining.unspent(total, others.made, operation.kind)
    return Ownership.UNCLEAR if both else Ownership.ANOTHER


def _by_gateway(conn: Connection, others: Others, attempt: Attempt, now: float) -> Ownership:
    """For an operation that a notification reported: it may be one that we requested."""
    ours = [each for each in others.same if not each.by_gateway]
    for each in ours:
        if each.status in FAILED:
            operations.change(conn, each.uid, sweep_at=each.next_query(now))
    if ours:
        return Ownership.ANOTHER
    unnamed = any(each.status in OPEN and not each.by_gateway for each in others.alike)
    unpaid = attempt.status not in AFTER  # as far as we know: then it is queried again
    return Ownership.UNCLEAR if unnamed or unpaid else Ownership.ITS_OWN


def _others(
    conn: Connection, operation: Operation, own_id: str | None, payment_id: str | None
) -> Others:
    made = [
        each
        for each in operations.of_attempt(conn, operation.payment, operation.attempt)
        if each.uid != operation.uid
    ]
    return Others(
        made=made,
        same=[each for each in made if own_id and each.gateway_id == own_id],
        alike=[
            each
            for each in made
            if each.kind == operation.kind and each.gateway_id in (None, payment_id)
        ],
    )
