"""Verbs over operations: what shops ask for after the payment."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from checkout.ledger.schema import operations
from checkout.model.status import Status


class Operation(Struct, frozen=True, kw_only=True):
    """A capture, void or refund; its row of `schema.operations`. `amount` in minor units."""

    uid: str
    payment: str
    attempt: int
    kind: str
    key: str
    request_id: str | None
    amount: int
    reason: str | None
    status: Status
    gateway_id: str | None
    message: str | None
    created_at: float
    updated_at: float


def claim(conn: Connection, operation: Operation) -> None:
    """Insert it, durable before the gateway is called."""
    conn.execute(insert(operations).values(**msgspec.structs.asdict(operation)))


def change(conn: Connection, uid: str, **values: Any) -> None:
    conn.execute(update(operations).where(operations.c.uid == uid).values(**values))


def one(conn: Connection, uid: str) -> Operation:
    row = conn.execute(select(operations).where(operations.c.uid == uid)).one()
    return _operation(row)


def of(conn: Connection, payment: str) -> list[Operation]:
    """A payment's operations, oldest first."""
    query = select(operations).where(operations.c.payment == payment)
    rows = conn.execute(query.order_by(operations.c.created_at))
    return [_operation(row) for row in rows]


def _operation(row: Row[Any]) -> Operation:
    return Operation(**{**row._mapping, "status": Status(row.status)})
