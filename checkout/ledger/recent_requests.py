"""Verbs over recent requests by a card's token: the same amount on the same card within half a
minute is a duplicate, unless the shop says otherwise."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from checkout.ledger.rows import PaymentRow
from checkout.ledger.schema import recent

SAME_WITHIN: Final = 30.0  # seconds: Overpay's charge request, `duplicate_check`


def mark(*parts: str | int) -> str:
    """A digest that is equal for duplicates. A token is stored in this form only."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def take(conn: Connection, payment: PaymentRow, mark: str, *, checked: bool) -> bool:
    """Record a request; False where it is a duplicate and that is `checked`.

    Raises IntegrityError where another worker records the same: the next try finds it.
    """
    now, ours = payment.created_at, (recent.c.shop == payment.shop, recent.c.mark == mark)
    conn.execute(delete(recent).where(recent.c.created_at <= now - SAME_WITHIN))
    noted = {"payment": payment.uid, "created_at": now}
    if checked:
        if conn.execute(select(recent.c.payment).where(*ours)).first() is not None:
            return False
    elif conn.execute(update(recent).where(*ours).values(noted)).rowcount:
        return True
    # Fails where another worker has recorded the same since the select.
    conn.execute(insert(recent).values(shop=payment.shop, mark=mark, **noted))
    return True


def forget(conn: Connection, payment: str) -> None:
    """Remove the record of a payment that was not sent, so that it can be requested again."""
    conn.execute(delete(recent).where(recent.c.payment == payment))
