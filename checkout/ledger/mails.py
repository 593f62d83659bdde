"""Verbs over mails: queued with a time, leased by one worker, retried until sent.

Each shop's are a queue of its own, so that no queue delays another.
"""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from checkout.ledger.index_steps import earliest, steps
from checkout.ledger.schema import mails
from checkout.ledger.statements import Change, Query, alone
from checkout.model.mail import Delivery, Kind

# Built once: every worker runs them each second.
_waiting = mails.c.due_at.is_not(None)
_shops = steps(mails.c.shop, _waiting, name="shops")
SHOPS: Final = Query(
    _shops.where(
        earliest(mails.c.due_at, _waiting, mails.c.shop == _shops.selected_columns.value)
        <= bindparam("now")
    )
)
DUE: Final = Query(
    select(mails)
    .where(mails.c.shop == bindparam("shop"), mails.c.due_at <= bindparam("now"))
    .order_by(mails.c.due_at)
    .limit(bindparam("most"))
)
OF: Final = Query(
    select(mails)
    .where(mails.c.invoice == bindparam("value"))
    .order_by(mails.c.created_at, mails.c.id)
)
OF_PAYMENT: Final = Query(
    select(mails)
    .where(mails.c.payment == bindparam("value"))
    .order_by(mails.c.created_at, mails.c.id)
)
_is_queued = mails.c.state == Delivery.QUEUED
ADD: Final = Change(insert(mails))
ADD_ONCE: Final = Change(postgresql.insert(mails).on_conflict_do_nothing(index_elements=["id"]))
DROP: Final = Change(
    update(mails).where(
        mails.c.invoice == bindparam("of_invoice"), _is_queued, mails.c.kind == bindparam("of_kind")
    )
)
CHANGE: Final = Change(update(mails).where(mails.c.id == bindparam("of_id")))
CHANGE_QUEUED: Final = Change(update(mails).where(mails.c.id == bindparam("of_id"), _is_queued))
TAKE: Final = Change(
    update(mails)
    .where(mails.c.id == bindparam("of_id"), mails.c.due_at == bindparam("was_due_at"))
    .values(due_at=bindparam("until"), tries=bindparam("more"))
)


class Mail(Struct, frozen=True, kw_only=True):
    """`id`: the same at every try; `invoice` or `payment`: what it is about, neither of a summary;
    `about`: a refund's uid, a summary's day; `due_at`: None once it is sent, dropped or failed;
    `error`: of the last try. Times in seconds since 1970."""

    id: str
    shop: str
    kind: Kind
    invoice: str | None = None
    payment: str | None = None
    about: str | None = None
    state: Delivery
    tries: int
    due_at: float | None
    sent_at: float | None
    error: str | None
    created_at: float


def queue_of_invoice(
    conn: Connection, id: str, invoice: str, shop: str, kind: Kind, *, due_at: float, now: float
) -> None:
    ADD.queue(conn, _new(id, shop, kind, due_at, now) | {"invoice": invoice})


def queue_once(
    conn: Connection,
    kind: Kind,
    shop: str,
    *,
    payment: str | None = None,
    about: str | None = None,
    now: float,
) -> None:
    """Due at once. Nothing happens where there is one already of this kind about the same."""
    name = hashlib.sha256(f"{kind}:{shop}:{payment}:{about}".encode()).hexdigest()[:32]
    ADD_ONCE.queue(conn, _new(name, shop, kind, now, now) | {"payment": payment, "about": about})


def _new(id: str, shop: str, kind: Kind, due_at: float, now: float) -> dict[str, Any]:
    return {
        "id": id,
        "shop": shop,
        "kind": kind,
        "state": Delivery.QUEUED,
        "tries": 0,
        "due_at": due_at,
        "created_at": now,
    }


def due(conn: Connection, now: float, limit: int = 20) -> list[Mail]:
    """The first of each shop, then the second of each: a shop with very many delays no other."""
    shops = [row.value for row in SHOPS.all(conn, now=now)]
    queues = [DUE.all(conn, shop=shop, now=now, most=limit) for shop in shops]
    found: list[Mail] = []
    for each in zip_longest(*queues):
        found += [_mail(row) for row in sorted(filter(None, each), key=lambda row: row.due_at)]
    return found[:limit]


def of(conn: Connection, invoice: str) -> tuple[Mail, ...]:
    """An invoice's mails, oldest first."""
    return tuple(_mail(row) for row in OF.all(conn, value=invoice))


def of_payment(conn: Connection, payment: str) -> tuple[Mail, ...]:
    """A payment's mails, oldest first."""
    return tuple(_mail(row) for row in OF_PAYMENT.all(conn, value=payment))


@alone
def take(conn: Connection, mail: Mail, *, until: float) -> bool:
    """Lease it, so that one worker sends it; if that worker dies, it is due again at `until`."""
    was, more = mail.due_at, mail.tries + 1
    return TAKE(conn, {"of_id": mail.id, "was_due_at": was, "until": until, "more": more}) == 1


def sent(conn: Connection, id: str, now: float) -> None:
    _change(conn, id, state=Delivery.SENT, due_at=None, sent_at=now, error=None)


def failed(conn: Connection, id: str, error: str | None, *, again_at: float | None) -> None:
    """A try has failed; `again_at`: the next one, None: it was the last."""
    state = Delivery.FAILED if again_at is None else Delivery.QUEUED
    _change(conn, id, state=state, due_at=again_at, error=error)


def postpone(conn: Connection, id: str, until: float) -> None:
    """Make it due later, without counting a try."""
    _change(conn, id, due_at=until, tries=0)


def drop(conn: Connection, id: str) -> None:
    """It is not needed any more."""
    _change(conn, id, state=Delivery.DROPPED, due_at=None)


def drop_of_invoice(conn: Connection, invoice: str, *kinds: Kind) -> None:
    """Drop an invoice's queued mails."""
    dropped = {"state": Delivery.DROPPED, "due_at": None}
    for kind in kinds:
        DROP.queue(conn, {"of_invoice": invoice, "of_kind": kind, **dropped})


def _change(conn: Connection, id: str, **values: Any) -> None:
    """Change a queued mail. One that was dropped meanwhile stays dropped, unless it was sent."""
    change = CHANGE if values.get("state") is Delivery.SENT else CHANGE_QUEUED
    change.queue(conn, {"of_id": id, **values})


def _mail(row: Any) -> Mail:
    return Mail(**row._asdict() | {"kind": Kind(row.kind), "state": Delivery(row.state)})
