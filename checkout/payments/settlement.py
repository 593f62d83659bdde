"""Compares the ledger with a gateway's settlement file: what is missing here or there, and what
differs. Neither is held in memory: what we know of the account is written into a small database
beside, in which each row of the file is looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from checkout.gateways.settlement import SettlementRow
from checkout.ledger.schema import attempts, operations, payments
from checkout.model.money import Money, decimals_of
from checkout.model.status import SUCCESSFUL, Status
from checkout.payments.context import Context

BATCH: Final = 2000  # rows of the ledger at a time
MARGIN: Final = 14 * 86400.0  # seconds that a gateway may take from a payment to its settlement
SETTLED: Final = frozenset({*SUCCESSFUL, Status.REFUNDED})
TABLE: Final = """
PRAGMA journal_mode=OFF;
CREATE TABLE ours (number INTEGER PRIMARY KEY, kind, key, id, payment, tracking_id, amount,
                   currency, settled, at, parent, seen DEFAULT 0);
"""
INDEXES: Final = """
CREATE INDEX by_key ON ours (key);
CREATE INDEX by_id ON ours (id);
CREATE INDEX by_parent ON ours (parent) WHERE parent IS NOT NULL;
"""
ADD: Final = (
    "INSERT INTO ours (kind, key, id, payment, tracking_id, amount, currency, settled, at, parent)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# By each name that a row may have; of several the one that fits best, and was not seen before.
FIND: Final = """
SELECT * FROM (
    SELECT * FROM ours WHERE key = :key UNION SELECT * FROM ours WHERE id = :id
    UNION SELECT * FROM ours WHERE parent = :key UNION SELECT * FROM ours WHERE parent = :id
) WHERE kind = :kind ORDER BY seen, amount != :amount, number LIMIT 1
"""
LEFT: Final = (
    "SELECT * FROM ours WHERE NOT seen AND settled AND kind IN ('payment', 'refund')"
    " AND at >= ? AND at < ? ORDER BY at, number"
)


class Difference(Struct, frozen=True, kw_only=True):
    """`what`: missing here, missing there, amount, currency, status, duplicate, unreadable. `line`:
    of the file; `here` and `there`: what each says, where that is the difference."""

    what: str
    line: int | None = None
    kind: str | None = None
    payment: str | None = None
    tracking_id: str | None = None
    id: str | None = None
    key: str | None = None
    here: str | None = None
    there: str | None = None


class Comparison:
    """`rows`, `same` and `missing_there` are known once `differences` has ended."""

    def __init__(self, ours: sqlite3.Connection) -> None:
        self._ours = ours
        self.rows = 0
        self.same = 0

    def differences(
        self, rows: Iterable[SettlementRow], period: tuple[float, float] | None
    ) -> Iterator[Difference]:
        """Those of each row, then what is settled here in the `period` and in no row."""
        for row in rows:
            self.rows += 1
            found = list(self._of(row))
            self.same += not found
            yield from found
        if period is not None:
            for ours in self._ours.execute(LEFT, period):
                yield _named(ours, "missing there", here=f"{ours['amount']} {ours['currency']}")

    def _of(self, row: SettlementRow) -> Iterator[Difference]:
        if row.problem is not None:
            yield Difference(what="unreadable", line=row.line, there=row.problem)
            return
        amount = _written(row.amount)
        wanted = {"key": row.key, "id": row.id, "kind": row.kind, "amount": amount}
        ours = self._ours.execute(FIND, wanted).fetchone()
        if ours is None:
            if row.succeeded:
                yield Difference(
                    what="missing here", line=row.line, kind=row.kind, id=row.id, key=row.key,
                    there=f"{_written(row.amount)} {row.currency}",
                )  # fmt: skip
            return
        if row.succeeded:
            self._ours.execute("UPDATE ours SET seen = 1 WHERE number = ?", (ours["number"],))
        yield from _compared(row, ours)


def _compared(row: SettlementRow, ours: sqlite3.Row) -> Iterator[Difference]:
    if ours["seen"] and row.succeeded:
        yield _named(ours, "duplicate", line=row.line)
    if bool(ours["settled"]) is not row.succeeded:
        words = {True: "settled", False: "not settled"}
        said = {"here": words[bool(ours["settled"])], "there": words[row.succeeded]}
        yield _named(ours, "status", line=row.line, **said)
    if ours["currency"] != row.currency:
        yield _named(ours, "currency", line=row.line, here=ours["currency"], there=row.currency)
    elif Decimal(ours["amount"]) != row.amount:
        yield _named(ours, "amount", line=row.line, here=ours["amount"], there=_written(row.amount))


def _named(ours: sqlite3.Row, what: str, **said: Any) -> Difference:
    names = ("kind", "payment", "tracking_id", "id", "key")
    return Difference(what=what, **{name: ours[name] for name in names}, **said)


async def open_comparison(
    context: Context, account: str, since: float, progress: Callable[[int], None]
) -> Comparison:
    """What the ledger knows of an account, from `MARGIN` before `since` on; `progress` is told how
    many rows. The database is a file without a name, which ends with it."""
    ours = sqlite3.connect("", isolation_level=None)
    ours.row_factory = sqlite3.Row
    ours.executescript(TABLE)
    read, decimals = 0, context.gateways[account].capabilities.decimals
    for verb, shape in ((_attempts, _of_attempt), (_operations, _of_operation)):
        after = ""
        while rows := await context.ledger.read(verb, account, since - MARGIN, after):
            ours.execute("BEGIN")
            ours.executemany(ADD, map(partial(shape, decimals), rows))
            ours.execute("COMMIT")
            read, after = read + len(rows), rows[-1].key
            progress(read)
    ours.executescript(INDEXES)
    ours.execute("BEGIN")  # what was seen needs to outlive nothing
    return Comparison(ours)


def _attempts(conn: Connection, account: str, since: float, after: str) -> list[Row[Any]]:
    query = (
        select(
            attempts.c.key, attempts.c.gateway_id, attempts.c.status, attempts.c.created_at,
            payments.c.uid, payments.c.tracking_id, payments.c.amount, payments.c.currency,
        )
        .join(payments, payments.c.uid == attempts.c.payment)
        .where(
            attempts.c.account == account, attempts.c.created_at >= since, attempts.c.key > after
        )
        .order_by(attempts.c.key)
        .limit(BATCH)
    )  # fmt: skip
    return list(conn.execute(query))


def _of_attempt(decimals: Mapping[str, int], row: Row[Any]) -> tuple[Any, ...]:
    return (
        "payment", row.key, row.gateway_id, row.uid, row.tracking_id,
        _major(row, decimals), row.currency, row.status in SETTLED, row.created_at, None,
    )  # fmt: skip


def _operations(conn: Connection, account: str, since: float, after: str) -> list[Row[Any]]:
    query = (
        select(
            operations.c.key, operations.c.gateway_id, operations.c.status, operations.c.kind,
            operations.c.created_at, operations.c.amount, payments.c.uid, payments.c.tracking_id,
            payments.c.currency, attempts.c.key.label("parent"),
        )
        .join(payments, payments.c.uid == operations.c.payment)
        .join(
            attempts,
            (attempts.c.payment == operations.c.payment)
            & (attempts.c.number == operations.c.attempt),
        )
        .where(
            attempts.c.account == account,
            operations.c.created_at >= since,
            operations.c.key > after,
        )
        .order_by(operations.c.key)
        .limit(BATCH)
    )  # fmt: skip
    return list(conn.execute(query))


def _of_operation(decimals: Mapping[str, int], row: Row[Any]) -> tuple[Any, ...]:
    return (
        row.kind, row.key, row.gateway_id, row.uid, row.tracking_id,
        _major(row, decimals), row.currency, row.status in SETTLED, row.created_at, row.parent,
    )  # fmt: skip


def _major(row: Row[Any], decimals: Mapping[str, int]) -> str:
    counted = decimals_of(row.currency, decimals)
    return _written(Money(row.amount, row.currency, counted).major)


def _written(amount: Decimal) -> str:
    """The same text for equal amounts: 12.5, 100."""
    return f"{amount.normalize():f}"
