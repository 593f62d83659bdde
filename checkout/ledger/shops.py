"""Verbs over the shops of the ledger, whose settings are sealed.

Each change has a number of its own, higher than all before: by it a server knows what is new to
it. A shop is never removed: its payments stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from checkout.ledger.schema import shops
from checkout.ledger.statements import Change, Query

ACTIVE, DISABLED = "active", "disabled"
LOCK: Final = 0x73686F7073  # PostgreSQL: numbers are given, and seen, in their order

NEWEST: Final = Query(select(func.max(shops.c.revision).label("revision")))
SINCE: Final = Query(
    select(shops)
    .where(shops.c.revision > bindparam("after"))
    .order_by(shops.c.revision)
    .limit(bindparam("most"))
)
BY_ID: Final = Query(select(shops).where(shops.c.id == bindparam("value")))
ADD: Final = Change(insert(shops))
CHANGE: Final = Change(
    update(shops).where(
        shops.c.id == bindparam("of_id"), shops.c.revision == bindparam("of_revision")
    )
)


class ShopRow(Struct, frozen=True, kw_only=True):
    """`sealed`: the table of `[shops.ID]` as JSON, sealed for its id. `changed_by`: as in the audit
    log."""

    id: str
    sealed: str
    state: str
    revision: int
    created_at: float
    changed_at: float
    changed_by: str


def newest(conn: Connection) -> int:
    """The number of the last change; 0: there are no shops."""
    row = NEWEST.first(conn)
    return (row.revision if row else 0) or 0


def since(conn: Connection, revision: int, limit: int) -> Sequence[ShopRow]:
    """What was changed after a change, in that order."""
    return [_row(each) for each in SINCE.all(conn, after=revision, most=limit)]


def by_id(conn: Connection, id: str) -> ShopRow | None:
    row = BY_ID.first(conn, value=id)
    return None if row is None else _row(row)


def add(conn: Connection, id: str, sealed: str, now: float, by: str) -> None:
    """Raises IntegrityError where there is one with this id."""
    ADD(
        conn,
        {
            "id": id,
            "sealed": sealed,
            "state": ACTIVE,
            "revision": _next(conn),
            "created_at": now,
            "changed_at": now,
            "changed_by": by,
        },
    )


def change(conn: Connection, seen: ShopRow, now: float, by: str, **values: str) -> bool:
    """Change `sealed` or `state` of a shop; False where it is no longer as it was `seen`."""
    where = {"of_id": seen.id, "of_revision": seen.revision}
    made = {"revision": _next(conn), "changed_at": now, "changed_by": by}
    return CHANGE(conn, {**where, **made, **values}) == 1


def _next(conn: Connection) -> int:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    return newest(conn) + 1


def _row(row: Any) -> ShopRow:
    return ShopRow(**{name: getattr(row, name) for name in ShopRow.__struct_fields__})
