"""One operation may be written down twice: as what we asked for, and as what a notification or the
payment's state told of before we had the answer. It must not count twice."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from sqlalchemy import Connection

from checkout.ledger import operations
from checkout.ledger.operations import FAILED, OPEN, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.payments import remaining
from checkout.payments.gateway_operations import AFTER


class Whose(Enum):
    """Whose an operation is that the gateway says is done."""

    ITS_OWN = 0
    UNCLEAR = 1  # whether it is, another answer tells
    ANOTHER = 2  # the same is written down once more, and counts there


class Others(Struct, frozen=True):
    """The other operations on an attempt. `same`: under the same id at the gateway; `alike`: of the
    same kind, and without an id of their own there."""

    made: list[Operation]
    same: list[Operation]
    alike: list[Operation]


def whose_is(
    conn: Connection,
    operation: Operation,
    payment: Payment,
    said_id: str | None,
    now: float,
    *,
    looked_up: bool,
) -> Whose:
    """`said_id`: what the gateway calls it, where it says so."""
    attempt = payment.attempts[operation.attempt - 1]
    name = said_id or operation.gateway_id
    own_name = None if name == attempt.gateway_id else name
    others = _others(conn, operation, own_name, attempt.gateway_id)
    if operation.by_gateway:
        return _of_the_gateways(conn, others, attempt, now)
    known = any(each.done and each.by_gateway for each in (*others.same, *others.alike))
    if operation.status in FAILED and known:
        return Whose.ANOTHER
    if looked_up and own_name is None and any(each.done for each in others.alike):
        return _without_a_name(operation, payment, others)
    return Whose.ITS_OWN


def _without_a_name(operation: Operation, payment: Payment, others: Others) -> Whose:
    """The payment's state tells of an operation, and not of which. Where not both can be, of the
    one that is known; else a person has to look."""
    total = payment.order.money.minor
    both = operation.amount <= remaining.unspent(total, others.made, operation.kind)
    return Whose.UNCLEAR if both else Whose.ANOTHER


def _of_the_gateways(conn: Connection, others: Others, attempt: Attempt, now: float) -> Whose:
    """Of what a notification told: perhaps of ours, which had no answer or had failed."""
    ours = [each for each in others.same if not each.by_gateway]
    for each in ours:
        if each.status in FAILED:
            operations.change(conn, each.uid, sweep_at=each.next_query(now))
    if ours:
        return Whose.ANOTHER
    unnamed = any(each.status in OPEN and not each.by_gateway for each in others.alike)
    unpaid = attempt.status not in AFTER  # as far as we know: then it is asked about again
    return Whose.UNCLEAR if unnamed or unpaid else Whose.ITS_OWN


def _others(
    conn: Connection, operation: Operation, own_name: str | None, payment_name: str | None
) -> Others:
    made = [
        each
        for each in operations.of_attempt(conn, operation.payment, operation.attempt)
        if each.uid != operation.uid
    ]
    return Others(
        made=made,
        same=[each for each in made if own_name and each.gateway_id == own_name],
        alike=[
            each
            for each in made
            if each.kind == operation.kind and each.gateway_id in (None, payment_name)
        ],
    )
