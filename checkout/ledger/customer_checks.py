"""Verbs over customer checks: the tries to prove by e-mail address to be a payment's customer."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select

from checkout.ledger.schema import answers


def add(conn: Connection, payment: str, address_mark: str, now: float) -> None:
    conn.execute(insert(answers).values(payment=payment, address_mark=address_mark, at=now))


def since(
    conn: Connection, at: float, *, payment: str | None = None, address_mark: str | None = None
) -> int:
    """How many tries there were, for a payment, from an address, or both."""
    query = select(func.count()).select_from(answers).where(answers.c.at > at)
    if payment is not None:
        query = query.where(answers.c.payment == payment)
    if address_mark is not None:
        query = query.where(answers.c.address_mark == address_mark)
    found: int = conn.execute(query).scalar_one()
    return found
