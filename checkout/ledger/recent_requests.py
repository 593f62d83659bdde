"""Verbs over what shops lately asked for by a card's token: the same money on the same card twice
in a short time is one request sent twice, unless the shop says otherwise."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from checkout.ledger.rows import PaymentRow
from checkout.ledger.schema import recent

SAME_WITHIN: Final = 30.0  # seconds: Overpay's charge request, `duplicate_check`


def mark(*told: str | int) -> str:
    """What makes two requests the same. Of a token only this digest is written down."""
    return hashlib.sha256("\0".join(map(str, told)).encode()).hexdigest()


def take(conn: Connection, payment: PaymentRow, mark: str, *, checked: bool) -> bool:
    """Note that the payment was asked for; False where the same was, within the time, and that is
    `checked`.

    Raises IntegrityError where another machine notes the same at this moment: the next try sees it.
    """
    now, ours = payment.created_at, (recent.c.shop == payment.shop, recent.c.mark == mark)
    conn.execute(delete(recent).where(recent.c.created_at <= now - SAME_WITHIN))
    noted = {"payment": payment.uid, "created_at": now}
    if checked:
        if conn.execute(select(recent.c.payment).where(*ours)).first() is not None:
            return False
    elif conn.execute(update(recent).where(*ours).values(noted)).rowcount:
        return True
    # Another machine's may have come in since that look: then this fails.
    conn.execute(insert(recent).values(shop=payment.shop, mark=mark, **noted))
    return True


def forget(conn: Connection, payment: str) -> None:
    """Nothing of this payment was sent: it may be asked for again at once."""
    conn.execute(delete(recent).where(recent.c.payment == payment))
