"""Verbs over saved cards: what is known of each, found by its token at the gateway."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql

from checkout.ledger.schema import cards
from checkout.ledger.statements import Change, Query
from checkout.model.outcome import PaidCard

KEPT: Final = ("brand", "last_4", "exp_month", "exp_year")
FIND: Final = Query(
    select(*(cards.c[name] for name in KEPT)).where(
        cards.c.shop == bindparam("of_shop"), cards.c.digest == bindparam("of_digest")
    )
)
_remember = postgresql.insert(cards)
REMEMBER: Final = Change(
    _remember.on_conflict_do_update(
        index_elements=["shop", "digest"],
        set_={
            "updated_at": _remember.excluded.updated_at,
            **{name: func.coalesce(_remember.excluded[name], cards.c[name]) for name in KEPT},
        },
    )
)
FORGET: Final = Change(
    delete(cards).where(
        cards.c.shop == bindparam("of_shop"), cards.c.digest == bindparam("of_digest")
    )
)


def remember(conn: Connection, shop: str, card: PaidCard, now: float) -> None:
    """Record what a gateway states of a saved card; facts that are missing stay as they were."""
    if card.token is None:
        return
    stated = {name: getattr(card, name) for name in KEPT}
    REMEMBER.queue(conn, {"shop": shop, "digest": _digest(card.token), **stated, "updated_at": now})


def forget(conn: Connection, shop: str, token: str) -> int:
    """Delete what is known of a saved card, not the card at the gateway. How many rows it was."""
    return FORGET(conn, {"of_shop": shop, "of_digest": _digest(token)})


def known(conn: Connection, shop: str, token: str) -> PaidCard:
    """What is known of a shop's saved card; empty for one that never paid here."""
    row = FIND.first(conn, of_shop=shop, of_digest=_digest(token))
    return PaidCard(**row._asdict()) if row else PaidCard()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
