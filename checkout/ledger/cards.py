"""Verbs over saved cards: what is known of each, found by its token at the gateway."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from checkout.ledger.schema import cards
from checkout.model.outcome import PaidCard

KEPT: Final = ("brand", "last_4", "exp_month", "exp_year")
FIND: Final = select(*(cards.c[name] for name in KEPT)).where(
    cards.c.shop == bindparam("of_shop"), cards.c.digest == bindparam("of_digest")
)
CHANGE: Final = update(cards).where(
    cards.c.shop == bindparam("of_shop"), cards.c.digest == bindparam("of_digest")
)


def remember(conn: Connection, shop: str, card: PaidCard, now: float) -> None:
    """Record what a gateway states of a saved card; facts that are missing stay as they were."""
    if card.token is None:
        return
    found = _found(shop, card.token)
    stated = {name: getattr(card, name) for name in KEPT if getattr(card, name) is not None}
    values = {**stated, "updated_at": now}
    if conn.execute(CHANGE.values(values), found).rowcount:
        return
    row = {"shop": shop, "digest": found["of_digest"], **dict.fromkeys(KEPT), **values}
    try:
        with conn.begin_nested():
            conn.execute(insert(cards), row)
    except IntegrityError:  # another worker inserted the same card
        conn.execute(CHANGE.values(values), found)


def forget(conn: Connection, shop: str, token: str) -> int:
    """Delete what is known of a saved card, not the card at the gateway. How many rows it was."""
    found = _found(shop, token)
    same = (cards.c.shop == found["of_shop"], cards.c.digest == found["of_digest"])
    return conn.execute(delete(cards).where(*same)).rowcount


def known(conn: Connection, shop: str, token: str) -> PaidCard:
    """What is known of a shop's saved card; empty for one that never paid here."""
    row = conn.execute(FIND, _found(shop, token)).first()
    return PaidCard(**row._mapping) if row else PaidCard()


def _found(shop: str, token: str) -> dict[str, str]:
    return {"of_shop": shop, "of_digest": hashlib.sha256(token.encode()).hexdigest()}
