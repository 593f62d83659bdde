"""Verbs over operations: captures, voids and refunds by shops, and those that gateways did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from checkout.ledger.attempts import Free
from checkout.ledger.rows import facts_of, text
from checkout.ledger.schema import attempts, operations, payments
from checkout.ledger.statements import Change, Query, alone
from checkout.model.outcome import GatewayFacts
from checkout.model.status import LIVE, Status

OPEN: Final = LIVE | {Status.ACCEPTED}  # LIVE: unknown; ACCEPTED: the gateway will do it
FAILED: Final = frozenset({Status.DECLINED, Status.NOT_SENT})
DONE: Final[Mapping[str, Status]] = {  # the status of one that is done
    "capture": Status.PAID,
    "void": Status.REFUNDED,
    "refund": Status.REFUNDED,
    "chargeback": Status.REFUNDED,
}

OF_PAYMENT: Final = ("shop", "currency")  # the payment's, for lists
QUERY_EVERY: Final = 1.0  # seconds

BY_UID: Final = Query(select(operations).where(operations.c.uid == bindparam("value")))
OF: Final = Query(
    select(operations)
    .where(operations.c.payment == bindparam("value"))
    .order_by(operations.c.created_at)
)
ADD: Final = Change(
    insert(operations).values(
        {
            column: select(payments.c[column])
            .where(payments.c.uid == bindparam("of_payment"))
            .scalar_subquery()
            for column in OF_PAYMENT
        }
    )
)
_is_it = operations.c.uid == bindparam("of_uid")
CHANGE: Final = Change(update(operations).where(_is_it))
TAKE_SWEEP: Final = Change(
    update(operations)
    .where(_is_it, operations.c.sweep_at == bindparam("was_sweep_at"))
    .values(sweep_at=bindparam("until"))
)
TAKE_QUERY: Final = Change(
    update(operations)
    .where(
        _is_it,
        or_(operations.c.asked_at.is_(None), operations.c.asked_at <= bindparam("before")),
    )
    .values(asked_at=bindparam("now"), sweep_at=bindparam("until"))
)
_account = attempts.c.account.label("account")
_place = func.row_number().over(partition_by=_account, order_by=operations.c.sweep_at)
_due = (
    select(
        operations.c.uid, operations.c.payment, _account, operations.c.sweep_at,
        _place.label("place"),
    )
    .join(
        attempts,
        and_(
            attempts.c.payment == operations.c.payment, attempts.c.number == operations.c.attempt
        ),
    )
    .where(operations.c.sweep_at <= bindparam("now"))
    .subquery()
)  # fmt: skip
TO_SWEEP: Final = Query(
    select(_due.c.uid, _due.c.payment, _due.c.account, _due.c.sweep_at)
    .where(_due.c.place <= bindparam("most"))
    .order_by(_due.c.sweep_at)
)


class Operation(Struct, frozen=True, kw_only=True):
    """A capture, void, refund or chargeback: a row of `schema.operations`. `amount` in minor units.
    `by_gateway`: the gateway did it by itself. `parent`: the uid that the shop named, the payment's
    or a capture's; `capture`: the uid of the capture that it refunds. `notified`: the last final
    status in a webhook."""

    uid: str
    payment: str
    attempt: int
    kind: str
    by_gateway: bool = False
    parent: str | None = None
    capture: str | None = None
    key: str
    request_id: str | None = None
    amount: int
    reason: str | None = None
    status: Status
    gateway_id: str | None = None
    message: str | None = None
    facts: GatewayFacts = GatewayFacts()
    notified: str | None = None
    absences: int = 0
    asked_at: float | None = None
    sweep_at: float | None
    created_at: float
    updated_at: float

    @property
    def done(self) -> bool:
        return self.status is DONE[self.kind]

    def next_query(self, now: float) -> float:
        """When the gateway may be queried about it: now, but not twice within `QUERY_EVERY`."""
        return now if self.asked_at is None else max(now, self.asked_at + QUERY_EVERY)


class Due(Struct, frozen=True):
    """An operation that recovery has to query."""

    uid: str
    payment: str
    account: str
    sweep_at: float | None


def add(conn: Connection, operation: Operation) -> None:
    """Insert it; a requested one before the gateway is called."""
    values = msgspec.structs.asdict(operation) | {"facts": text(operation.facts)}
    values["told"] = values.pop("notified")
    ADD.queue(conn, values | {"of_payment": operation.payment})


def change(conn: Connection, /, uid: str, **values: Any) -> None:
    if "facts" in values:
        values["facts"] = text(values["facts"])
    CHANGE.queue(conn, {"of_uid": uid, **values})


def find(conn: Connection, uid: str) -> Operation | None:
    row = BY_UID.first(conn, value=uid)
    return _operation(row) if row else None


def by_uids(conn: Connection, uids: Sequence[str]) -> dict[str, Operation]:
    rows = conn.execute(select(operations).where(operations.c.uid.in_(uids))) if uids else ()
    return {row.uid: _operation(row) for row in rows}


def of(conn: Connection, payment: str) -> list[Operation]:
    """A payment's operations, oldest first."""
    return [_operation(row) for row in OF.all(conn, value=payment)]


def of_attempt(conn: Connection, payment: str, number: int) -> list[Operation]:
    """Those on one attempt, oldest first."""
    return [each for each in of(conn, payment) if each.attempt == number]


def to_sweep(
    conn: Connection, now: float, limit: int = 50, *, free: Free = lambda _account: 50
) -> list[Due]:
    """The operations that recovery has to query: of each account as many as are `free`."""
    found, taken = [], Counter[str]()
    for row in TO_SWEEP.all(conn, now=now, most=limit):
        if taken[row.account] < free(row.account):
            taken[row.account] += 1
            found.append(Due(row.uid, row.payment, row.account, row.sweep_at))
    return found


@alone
def take_sweep(conn: Connection, due: Due, *, until: float) -> bool:
    """Lease one of `to_sweep`, until `until`. False: another worker has it."""
    return TAKE_SWEEP(conn, {"of_uid": due.uid, "was_sweep_at": due.sweep_at, "until": until}) == 1


@alone
def take_query(conn: Connection, uid: str, *, now: float, until: float | None) -> bool:
    """Take the right to query the gateway, once a second; recovery queries next at `until`."""
    taken = {"of_uid": uid, "before": now - QUERY_EVERY, "now": now, "until": until}
    return TAKE_QUERY(conn, taken) == 1


def _operation(row: Any) -> Operation:
    values = row._asdict()
    values["status"] = Status(row.status)
    values["by_gateway"] = bool(row.by_gateway)
    values["facts"] = facts_of(row.facts) if row.facts else GatewayFacts()
    values["notified"] = values.pop("told")
    for column in OF_PAYMENT:
        del values[column]
    return Operation(**values)
