"""What came and went at a shop in a time: payments, refunds and chargebacks, by currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from checkout.ledger.operations import DONE
from checkout.ledger.rows import order_of, text
from checkout.ledger.schema import attempts, events, operations, payments
from checkout.ledger.statements import Query
from checkout.model.money import TWO_WAYS, Money
from checkout.model.order import MONEY_OUT
from checkout.model.status import Status

# How long a payment or an operation may take at a slow gateway, in seconds: older ones that move
# are not found.
SLOWEST: Final = 31 * 24 * 3600.0
PAYMENT: Final = "payment"  # the kinds that are counted, beside those of operations
RETURNED: Final = ("refund", "chargeback")


def _one_of(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """`in_` has no fixed number of parameters, as a `Query` needs."""
    return or_(*(column == value for value in values))


# Only what an amount alone does not tell needs the order itself.
_is_more = or_(_one_of(payments.c.currency, TWO_WAYS), payments.c.terms.contains('"test":true'))
_order = case((_is_more, payments.c.terms)).label("terms")
_type = func.coalesce(payments.c.type, PAYMENT)
_paid_at = (
    select(func.min(events.c.at))
    .where(
        events.c.payment == attempts.c.payment,
        events.c.kind == "payment",
        events.c.data == text({"status": Status.PAID}),
    )
    .scalar_subquery()
)
PAID: Final = Query(
    select(payments.c.uid, payments.c.amount, payments.c.currency, _order)
    .join(attempts, attempts.c.payment == payments.c.uid)
    .where(
        attempts.c.shop == bindparam("shop"),
        attempts.c.created_at >= bindparam("oldest"),
        attempts.c.created_at < bindparam("until"),
        attempts.c.updated_at >= bindparam("since"),
        _one_of(attempts.c.status, (Status.PAID, Status.REFUNDED)),
        ~_one_of(_type, ("authorization", *MONEY_OUT)),  # its captures count
        _paid_at >= bindparam("since"),
        _paid_at < bindparam("until"),
    )
)
MOVED: Final = Query(
    select(operations.c.kind, operations.c.status, operations.c.amount, payments.c.currency, _order)
    .join(payments, payments.c.uid == operations.c.payment)
    .where(
        operations.c.shop == bindparam("shop"),
        operations.c.created_at >= bindparam("oldest"),
        operations.c.created_at < bindparam("until"),
        operations.c.updated_at >= bindparam("since"),
        operations.c.updated_at < bindparam("until"),
        _one_of(operations.c.kind, ("capture", *RETURNED)),
    )
)


class Total(Struct, frozen=True):
    """So many of a kind (`PAYMENT` or one of `RETURNED`), and their sum."""

    kind: str
    count: int
    money: Money


def totals(conn: Connection, shop: str, since: float, until: float) -> tuple[Total, ...]:
    """By currency and kind, of `since` up to before `until`; without test payments."""
    within = {"shop": shop, "since": since, "until": until, "oldest": since - SLOWEST}
    paid = {row.uid: (PAYMENT, row) for row in PAID.all(conn, **within)}
    moved = [
        (PAYMENT if row.kind == "capture" else row.kind, row)
        for row in MOVED.all(conn, **within)
        if row.status == DONE[row.kind]
    ]
    return _added([*paid.values(), *moved])


def _added(rows: Iterable[tuple[str, Any]]) -> tuple[Total, ...]:
    sums, counts = Counter[tuple[Money, str]](), Counter[tuple[Money, str]]()
    for kind, row in rows:
        order = order_of(row.terms) if row.terms else None
        if order is not None and order.test:
            continue
        unit = order.money.part(0) if order is not None else Money(0, row.currency)
        sums[unit, kind] += row.amount
        counts[unit, kind] += 1
    place = (PAYMENT, *RETURNED).index
    ordered = sorted(counts, key=lambda each: (each[0].currency, place(each[1])))
    return tuple(
        Total(kind, counts[unit, kind], unit.part(sums[unit, kind])) for unit, kind in ordered
    )
