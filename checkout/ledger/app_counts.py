"""Counts of the payments made with publishable keys, by address and by shop, in ten minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from checkout.ledger.schema import app_counts
from checkout.ledger.statements import Change, Query

SECONDS: Final = 600

_is_it = (app_counts.c.mark == bindparam("of_mark"), app_counts.c.period == bindparam("of_period"))
FIND: Final = Query(select(app_counts.c.number).where(*_is_it))
ADD: Final = Change(insert(app_counts))
MORE: Final = Change(
    update(app_counts)
    .where(*_is_it, app_counts.c.number < bindparam("most"))
    .values(number=app_counts.c.number + 1)
)
DROP: Final = Change(delete(app_counts).where(app_counts.c.period < bindparam("before")))


def full(conn: Connection, limits: Mapping[str, int], now: float) -> str | None:
    """The first mark that has reached its limit."""
    period = int(now // SECONDS)
    for mark, most in limits.items():
        row = FIND.first(conn, of_mark=mark, of_period=period)
        if row is not None and row.number >= most:
            return mark
    return None


def take(conn: Connection, limits: Mapping[str, int], now: float) -> str | None:
    """Count one more under each mark; the first mark that has reached its limit, if any: then the
    caller must roll the transaction back.

    Raises IntegrityError where another worker inserts the same row: try again.
    """
    period = int(now // SECONDS)
    DROP.queue(conn, {"before": period})
    for mark, most in limits.items():
        ours = {"of_mark": mark, "of_period": period}
        if MORE(conn, {**ours, "most": most}):
            continue
        if FIND.first(conn, **ours) is not None:
            return mark
        ADD(conn, {"mark": mark, "period": period, "number": 1})
    return None


def wait(now: float) -> int:
    """Seconds until the counts start anew."""
    return int(SECONDS - now % SECONDS) + 1
