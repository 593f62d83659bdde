"""Counts of the payments made with publishable keys, by address and by shop, in ten minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from checkout.ledger.schema import app_counts

SECONDS: Final = 600


def full(conn: Connection, limits: Mapping[str, int], now: float) -> str | None:
    """The first mark that has reached its limit."""
    ours = (app_counts.c.mark.in_(limits), app_counts.c.period == int(now // SECONDS))
    rows = conn.execute(select(app_counts.c.mark, app_counts.c.number).where(*ours))
    found = {row.mark for row in rows if row.number >= limits[row.mark]}
    return next((mark for mark in limits if mark in found), None)


def take(conn: Connection, limits: Mapping[str, int], now: float) -> str | None:
    """Count one more under each mark; the first mark that has reached its limit, if any: then the
    caller must roll the transaction back.

    Raises IntegrityError where another worker inserts the same row: try again.
    """
    period = int(now // SECONDS)
    conn.execute(delete(app_counts).where(app_counts.c.period < period))
    for mark, most in limits.items():
        ours = (app_counts.c.mark == mark, app_counts.c.period == period)
        more = update(app_counts).where(*ours, app_counts.c.number < most)
        if conn.execute(more.values(number=app_counts.c.number + 1)).rowcount:
            continue
        if conn.execute(select(app_counts.c.number).where(*ours)).first() is not None:
            return mark
        conn.execute(insert(app_counts).values(mark=mark, period=period, number=1))
    return None


def wait(now: float) -> int:
    """Seconds until the counts start anew."""
    return int(SECONDS - now % SECONDS) + 1
