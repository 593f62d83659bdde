"""Verbs over openings: which addresses opened payments by links and product pages in the last hour,
for the limits."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from checkout.ledger.products import SOLD
from checkout.ledger.schema import openings, reservations
from checkout.ledger.statements import Change, Query

KEPT: Final = 3600.0  # seconds

ADD: Final = Change(insert(openings))
DROP: Final = Change(delete(openings).where(openings.c.created_at <= bindparam("before")))
_of_address = (
    openings.c.address_mark == bindparam("mark"), openings.c.created_at > bindparam("since")
)  # fmt: skip
COUNT: Final = Query(select(func.count().label("number")).where(*_of_address))
UNPAID: Final = Query(
    select(func.coalesce(func.sum(reservations.c.quantity), 0).label("number"))
    .join(openings, openings.c.payment == reservations.c.payment)
    .where(
        *_of_address,
        reservations.c.product == bindparam("product"),
        reservations.c.state != SOLD,
    )
)


def add(conn: Connection, payment: str, mark: str, now: float) -> None:
    DROP.queue(conn, {"before": now - KEPT})
    ADD.queue(conn, {"payment": payment, "address_mark": mark, "created_at": now})


def count(conn: Connection, mark: str, since: float) -> int:
    """How many were opened from the address."""
    (row,) = COUNT.all(conn, mark=mark, since=since)
    found: int = row.number
    return found


def unpaid_pieces(conn: Connection, mark: str, product: str, since: float) -> int:
    """How many pieces of a product the address wanted and did not pay; released ones count too."""
    (row,) = UNPAID.all(conn, mark=mark, product=product, since=since)
    return int(row.number)
