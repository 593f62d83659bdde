"""Verbs over openings: which addresses opened payments by links and product pages in the last hour,
for the limits."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from checkout.ledger.products import SOLD
from checkout.ledger.schema import openings, reservations

KEPT: Final = 3600.0  # seconds


def add(conn: Connection, payment: str, mark: str, now: float) -> None:
    conn.execute(delete(openings).where(openings.c.created_at <= now - KEPT))
    conn.execute(insert(openings).values(payment=payment, address_mark=mark, created_at=now))


def count(conn: Connection, mark: str, since: float) -> int:
    """How many were opened from the address."""
    query = select(func.count()).where(
        openings.c.address_mark == mark, openings.c.created_at > since
    )
    found: int = conn.execute(query).scalar_one()
    return found


def unpaid_pieces(conn: Connection, mark: str, product: str, since: float) -> int:
    """How many pieces of a product the address wanted and did not pay; released ones count too."""
    query = (
        select(func.coalesce(func.sum(reservations.c.quantity), 0))
        .join(openings, openings.c.payment == reservations.c.payment)
        .where(
            openings.c.address_mark == mark,
            openings.c.created_at > since,
            reservations.c.product == product,
            reservations.c.state != SOLD,
        )
    )
    found: int = conn.execute(query).scalar_one()
    return found
