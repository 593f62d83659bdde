"""Verbs over customer checks: the tries to prove by e-mail address to be a payment's customer."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from checkout.ledger.schema import answers
from checkout.ledger.statements import Change, Query

ADD: Final = Change(insert(answers))
COUNTS: Final[dict[tuple[str, ...], Query]] = {
    names: Query(
        select(func.count().label("number")).where(
            answers.c.at > bindparam("at"),
            *(answers.c[name] == bindparam(name) for name in names),
        )
    )
    for names in ((), ("payment",), ("address_mark",), ("payment", "address_mark"))
}


def add(conn: Connection, payment: str, address_mark: str, now: float) -> None:
    ADD.queue(conn, {"payment": payment, "address_mark": address_mark, "at": now})


def since(
    conn: Connection, at: float, *, payment: str | None = None, address_mark: str | None = None
) -> int:
    """How many tries there were, for a payment, from an address, or both."""
    asked = {"payment": payment, "address_mark": address_mark}
    values = {name: value for name, value in asked.items() if value is not None}
    (row,) = COUNTS[tuple(values)].all(conn, at=at, **values)
    found: int = row.number
    return found
