"""Letters to shops, written in the transaction of the state that they tell."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select, update

from checkout.ledger.quick import Change, Query
from checkout.ledger.schema import outbox

# Built once: building a statement takes longer than running it.
ADD: Final = Change(insert(outbox))
DUE: Final = Query(
    select(outbox)
    .where(outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at)
    .limit(bindparam("most"))
)
OF: Final = Query(
    select(outbox).where(outbox.c.payment == bindparam("value")).order_by(outbox.c.created_at)
)
TAKE: Final = Change(
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.due_at == bindparam("was_due_at"))
    .values(due_at=bindparam("until"), tries=bindparam("more"))
)
SETTLE: Final = Change(update(outbox).where(outbox.c.id == bindparam("of_id")))


class Letter(Struct, frozen=True, kw_only=True):
    """`id` stays the same at every try; `due_at` None: delivered or given up."""

    id: str
    payment: str
    url: str
    body: str
    tries: int
    due_at: float | None
    delivered_at: float | None
    answer: str | None
    created_at: float


def add(conn: Connection, *, id: str, payment: str, url: str, body: str, now: float) -> None:
    ADD(
        conn,
        {
            "id": id,
            "payment": payment,
            "url": url,
            "body": body,
            "tries": 0,
            "due_at": now,
            "created_at": now,
        },
    )


def due(conn: Connection, now: float, limit: int = 20) -> list[Letter]:
    return [Letter(**row._asdict()) for row in DUE.all(conn, now=now, most=limit)]


def of(conn: Connection, payment: str) -> list[Letter]:
    return [Letter(**row._asdict()) for row in OF.all(conn, value=payment)]


def take(conn: Connection, letter: Letter, *, until: float) -> bool:
    """Lease it: one worker sends it; one that dies leaves it due again at `until`."""
    was, more = letter.due_at, letter.tries + 1
    return TAKE(conn, {"of_id": letter.id, "was_due_at": was, "until": until, "more": more}) == 1


def settle(
    conn: Connection,
    id: str,
    *,
    answer: str,
    due_at: float | None,
    delivered_at: float | None = None,
) -> None:
    SETTLE(conn, {"of_id": id, "answer": answer, "due_at": due_at, "delivered_at": delivered_at})
