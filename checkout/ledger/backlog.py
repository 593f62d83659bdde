"""What waits in the ledger, for the metrics: counted up to `COUNTED` rows of each, by indexes that
hold little more than what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, or_, select

from checkout.ledger import outbox
from checkout.ledger.outbox import COUNTED, Backlog
from checkout.ledger.schema import attempts, mails, operations, payments
from checkout.ledger.schema import outbox as webhooks
from checkout.ledger.statements import Query
from checkout.model.status import LIVE

# Ages of attempts under way: up to so many seconds, by the metric's label.
AGES: Final[Mapping[str, float]] = {"1m": 60.0, "10m": 600.0, "1h": 3600.0, "1d": 86400.0}
OLDER: Final = "older"


def _is_live(status: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(status == each for each in sorted(LIVE)))


_under_way = select(payments.c.uid).where(_is_live(payments.c.status)).limit(COUNTED).subquery()
_age: ColumnElement[float] = bindparam("now") - attempts.c.created_at
_band = case(*((_age <= most, name) for name, most in AGES.items()), else_=OLDER).label("age")
ATTEMPTS: Final = Query(
    select(
        attempts.c.account,
        _band,
        func.count().label("number"),
        func.min(attempts.c.created_at).label("since"),
    )
    .join(_under_way, _under_way.c.uid == attempts.c.payment)
    .where(_is_live(attempts.c.status))
    .group_by(attempts.c.account, _band)
)


def _counted(rows: Select[Any]) -> Query:
    """How many there are, and since when the first of them."""
    found = rows.limit(COUNTED).subquery()
    sums: list[ColumnElement[Any]] = [
        func.count(found.c.since).label("number"),
        func.min(found.c.since).label("since"),
    ]
    return Query(select(*sums))


WEBHOOKS: Final = _counted(
    select(webhooks.c.due_at.label("since")).where(webhooks.c.due_at.is_not(None))
)
MAILS: Final = _counted(
    select(mails.c.due_at.label("since")).where(mails.c.due_at <= bindparam("now"))
)
OPERATIONS: Final = _counted(
    select(operations.c.created_at.label("since")).where(operations.c.sweep_at > 0)
)


class LedgerBacklog(Struct, frozen=True):
    """`webhooks` and `mails`: whose time has come; `webhooks_undelivered`: with those that are
    tried again later; `operations` without an end; `attempts` without one, by account and age."""

    webhooks: Backlog
    webhooks_undelivered: Backlog
    mails: Backlog
    operations: Backlog
    attempts: dict[tuple[str, str], Backlog]


def read(conn: Connection, now: float) -> LedgerBacklog:
    return LedgerBacklog(
        outbox.waiting(conn, now),
        _one(WEBHOOKS, conn),
        _one(MAILS, conn, now=now),
        _one(OPERATIONS, conn),
        {
            (row.account, row.age): Backlog(row.number, row.since)
            for row in ATTEMPTS.all(conn, now=now)
        },
    )


def _one(query: Query, conn: Connection, **values: Any) -> Backlog:
    row = query.all(conn, **values)[0]
    return Backlog(row.number, row.since)
