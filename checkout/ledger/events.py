"""Verbs over events: what happened to each payment. Append only."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select

from checkout.ledger.rows import text
from checkout.ledger.schema import events
from checkout.ledger.statements import Change, Query

ADD: Final = Change(insert(events))
OF: Final = Query(
    select(events).where(events.c.payment == bindparam("value")).order_by(events.c.id)
)


class Event(Struct, frozen=True):
    at: float
    kind: str
    attempt: int | None
    data: dict[str, Any]


def append(
    conn: Connection, /, payment: str, kind: str, at: float, attempt: int | None = None, **data: Any
) -> None:
    ADD.queue(
        conn,
        {"payment": payment, "attempt": attempt, "at": at, "kind": kind, "data": text(data)},
    )


def of(conn: Connection, payment: str) -> list[Event]:
    rows = OF.all(conn, value=payment)
    return [Event(row.at, row.kind, row.attempt, msgspec.json.decode(row.data)) for row in rows]
