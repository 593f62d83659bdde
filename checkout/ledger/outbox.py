"""Letters to shops, written in the transaction of the state that they tell."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from checkout.ledger.schema import outbox


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
    conn.execute(
        insert(outbox).values(
            id=id, payment=payment, url=url, body=body, tries=0, due_at=now, created_at=now
        )
    )


def due(conn: Connection, now: float, limit: int = 20) -> list[Letter]:
    query = select(outbox).where(outbox.c.due_at <= now).order_by(outbox.c.due_at).limit(limit)
    return [Letter(**row._mapping) for row in conn.execute(query)]


def of(conn: Connection, payment: str) -> list[Letter]:
    query = select(outbox).where(outbox.c.payment == payment).order_by(outbox.c.created_at)
    return [Letter(**row._mapping) for row in conn.execute(query)]


def take(conn: Connection, letter: Letter, *, until: float) -> bool:
    """Lease it: one worker sends it; one that dies leaves it due again at `until`."""
    taken = conn.execute(
        update(outbox)
        .where(outbox.c.id == letter.id, outbox.c.due_at == letter.due_at)
        .values(due_at=until, tries=letter.tries + 1)
    )
    return taken.rowcount == 1


def settle(
    conn: Connection,
    id: str,
    *,
    answer: str,
    due_at: float | None,
    delivered_at: float | None = None,
) -> None:
    conn.execute(
        update(outbox)
        .where(outbox.c.id == id)
        .values(answer=answer, due_at=due_at, delivered_at=delivered_at)
    )
