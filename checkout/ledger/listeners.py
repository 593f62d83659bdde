"""Who listens to a shop's webhooks: a developer whose machine has no address that we could call.

While somebody listens, payments without a `notification_url` have webhooks too, which are never
sent. A listener that asks no more is gone after a minute.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from checkout.ledger.schema import listeners
from checkout.ledger.statements import Change, Query

PRESENT: Final = 60.0  # seconds after it last asked
OFTEN: Final = 10.0  # seconds between two writes

SEEN: Final = Query(select(listeners.c.seen_at).where(listeners.c.shop == bindparam("shop")))
ADD: Final = Change(insert(listeners))
AGAIN: Final = Change(
    update(listeners)
    .where(listeners.c.shop == bindparam("of_shop"), listeners.c.seen_at < bindparam("seen"))
    .values(seen_at=bindparam("seen"))
)


def present(conn: Connection, shop: str, now: float, *, seconds: float = PRESENT) -> bool:
    """Whether somebody asked within so many seconds."""
    row = SEEN.first(conn, shop=shop)
    return row is not None and now - row.seen_at < seconds


def note(conn: Connection, shop: str, now: float) -> None:
    """Somebody listens now. Raises IntegrityError where another worker writes the first row."""
    if SEEN.first(conn, shop=shop) is None:
        ADD(conn, {"shop": shop, "seen_at": now})
    else:
        AGAIN(conn, {"of_shop": shop, "seen": now})
