"""Verbs over mails of invoices: queued with a time, leased by one worker, retried until sent."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, update

from checkout.ledger.schema import invoices, mails
from checkout.ledger.statements import Change, Query, alone
from checkout.model.invoice import Delivery, Kind

# Built once: every worker runs it each second.
_place = func.row_number().over(partition_by=invoices.c.shop, order_by=mails.c.due_at)
_due = (
    select(mails, invoices.c.shop, _place.label("place"))
    .join(invoices, invoices.c.id == mails.c.invoice)
    .where(mails.c.due_at <= bindparam("now"))
    .subquery()
)
DUE: Final = Query(select(_due).order_by(_due.c.place, _due.c.due_at).limit(bindparam("most")))
OF: Final = Query(
    select(mails, invoices.c.shop)
    .join(invoices, invoices.c.id == mails.c.invoice)
    .where(mails.c.invoice == bindparam("value"))
    .order_by(mails.c.created_at, mails.c.id)
)
_is_queued = mails.c.state == Delivery.QUEUED
ADD: Final = Change(insert(mails))
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
    """`id`: the same at every try; `due_at`: None once it is sent, dropped or failed; `error`: of
    the last try. Times in seconds since 1970."""

    id: str
    invoice: str
    shop: str
    kind: Kind
    state: Delivery
    tries: int
    due_at: float | None
    sent_at: float | None
    error: str | None
    created_at: float


def queue(
    conn: Connection, id: str, invoice: str, kind: Kind, *, due_at: float, now: float
) -> None:
    ADD.queue(
        conn,
        {
            "id": id,
            "invoice": invoice,
            "kind": kind,
            "state": Delivery.QUEUED,
            "tries": 0,
            "due_at": due_at,
            "created_at": now,
        },
    )


def due(conn: Connection, now: float, limit: int = 20) -> list[Mail]:
    """The first of each shop, then the second of each: a shop with very many delays no other."""
    return [_mail(row) for row in DUE.all(conn, now=now, most=limit)]


def of(conn: Connection, invoice: str) -> tuple[Mail, ...]:
    """An invoice's mails, oldest first."""
    return tuple(_mail(row) for row in OF.all(conn, value=invoice))


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


def drop(conn: Connection, invoice: str, *kinds: Kind) -> None:
    """Drop an invoice's queued mails."""
    dropped = {"state": Delivery.DROPPED, "due_at": None}
    for kind in kinds:
        DROP.queue(conn, {"of_invoice": invoice, "of_kind": kind, **dropped})


def _change(conn: Connection, id: str, **values: Any) -> None:
    """Change a queued mail. One that was dropped meanwhile stays dropped, unless it was sent."""
    change = CHANGE if values.get("state") is Delivery.SENT else CHANGE_QUEUED
    change.queue(conn, {"of_id": id, **values})


def _mail(row: Any) -> Mail:
    found = row._asdict() | {"kind": Kind(row.kind), "state": Delivery(row.state)}
    found.pop("place", None)
    return Mail(**found)
