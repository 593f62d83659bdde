"""Verbs over recent requests by a card's token: the same amount on the same card within half a
minute is a duplicate, unless the shop says otherwise."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from checkout.ledger.rows import PaymentRow
from checkout.ledger.schema import recent
from checkout.ledger.statements import Change, Query

SAME_WITHIN: Final = 30.0  # seconds: Overpay's charge request, `duplicate_check`

_is_it = (recent.c.shop == bindparam("of_shop"), recent.c.mark == bindparam("of_mark"))
FIND: Final = Query(select(recent.c.payment).where(*_is_it))
ADD: Final = Change(insert(recent))
AGAIN: Final = Change(update(recent).where(*_is_it))
DROP: Final = Change(delete(recent).where(recent.c.created_at <= bindparam("before")))
FORGET: Final = Change(delete(recent).where(recent.c.payment == bindparam("of_payment")))


def mark(*parts: str | int) -> str:
    """A digest that is equal for duplicates. A token is stored in this form only."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def take(conn: Connection, payment: PaymentRow, mark: str, *, checked: bool) -> bool:
    """Record a request; False where it is a duplicate and that is `checked`.

    Raises IntegrityError where another worker records the same: the next try finds it.
    """
    now, ours = payment.created_at, {"of_shop": payment.shop, "of_mark": mark}
    DROP.queue(conn, {"before": now - SAME_WITHIN})
    noted = {"payment": payment.uid, "created_at": now}
    if checked:
        if FIND.first(conn, **ours) is not None:
            return False
    elif AGAIN(conn, ours | noted):
        return True
    # Fails where another worker has recorded the same since the select.
    ADD.queue(conn, {"shop": payment.shop, "mark": mark, **noted})
    return True


def forget(conn: Connection, payment: str) -> None:
    """Remove the record of a payment that was not sent, so that it can be requested again."""
    FORGET.queue(conn, {"of_payment": payment})
