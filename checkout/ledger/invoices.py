"""Verbs over invoices. An invoice's state comes from its mails and, once its link was opened, from
the link's payment."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, case, insert, select, update

from checkout.ledger import mails
from checkout.ledger import payments as ledger_payments
from checkout.ledger.mails import Mail
from checkout.ledger.paging import newest_first, page
from checkout.ledger.payments import KEPT_SECONDS
from checkout.ledger.rows import Payment, order_of, text
from checkout.ledger.schema import invoices, payments
from checkout.ledger.statements import Change, Query
from checkout.model.cursor import Cursor
from checkout.model.mail import Delivery, Kind
from checkout.model.order import Order
from checkout.model.status import UNPAID_ENDS, Status

_of_id = select(invoices).where(invoices.c.id == bindparam("value"))
_by_link = invoices.c.link == bindparam("value")
BY_ID: Final = Query(_of_id)
LOCK: Final = Query(_of_id.with_for_update())
BY_LINK: Final = Query(select(invoices.c.terms).where(_by_link))
EMAIL_BY_LINK: Final = Query(select(invoices.c.email).where(_by_link))
SHARE_BY_LINK: Final = Query(
    select(invoices.c.cancelled_at).where(_by_link).with_for_update(read=True)
)
CHANGE: Final = Change(update(invoices).where(invoices.c.id == bindparam("of_id")))
UNPAID: Final = frozenset({Status.OPEN}) | UNPAID_ENDS


class Invoice(Struct, frozen=True, kw_only=True):
    """A row of `schema.invoices`. `link`: the link's digest, by which the payment is found;
    `signed`: the link; `given`: the fields as the shop sent them; `email`: None where it is not
    mailed; `remind_at`: None for no reminder. Times in seconds since 1970."""

    id: str
    shop: str
    link: str
    signed: str
    order: Order
    given: dict[str, Any]
    email: str | None
    remind_at: float | None
    cancelled_at: float | None
    created_at: float
    updated_at: float
    expires_at: float


class Standing(Struct, frozen=True):
    """An invoice with its mails, oldest first, and its payment; None before its link is opened."""

    invoice: Invoice
    mails: tuple[Mail, ...]
    payment: Payment | None

    def status(self, now: float) -> Status:
        """The payment's status where money moves or has moved; else cancelled, expired or open."""
        paid = self.payment.status_at(now) if self.payment else None
        if paid is not None and paid not in UNPAID:
            return paid
        if self.invoice.cancelled_at is not None:
            return Status.CANCELLED
        if paid is not None:
            return paid
        return Status.EXPIRED if now >= self.invoice.expires_at else Status.OPEN

    def of(self, kind: Kind) -> tuple[Mail, ...]:
        return tuple(mail for mail in self.mails if mail.kind is kind)

    def latest(self, kind: Kind) -> Mail | None:
        """The last one that was not dropped."""
        kept = [mail for mail in self.of(kind) if mail.state is not Delivery.DROPPED]
        return kept[-1] if kept else None

    def sent_at(self, kind: Kind) -> float | None:
        return max((mail.sent_at for mail in self.of(kind) if mail.sent_at), default=None)


def add_once(
    conn: Connection, invoice: Invoice, *, idempotency_key: str | None, digest: str
) -> tuple[Invoice, bool]:
    """Add the invoice; where the shop used the key in the last 24 h, return the one made then.

    The second value is False when the key was used for another body. Raises IntegrityError when
    the same key comes twice at once.
    """
    if idempotency_key is not None:
        same = (invoices.c.shop == invoice.shop, invoices.c.idempotency_key == idempotency_key)
        row = conn.execute(select(invoices).where(*same)).first()
        if row is not None and row.created_at > invoice.created_at - KEPT_SECONDS:
            return _invoice(row), row.digest == digest
        if row is not None:  # one made at the same moment keeps its key
            change(conn, row.id, idempotency_key=None)
    conn.execute(
        insert(invoices).values(
            id=invoice.id,
            shop=invoice.shop,
            link=invoice.link,
            signed=invoice.signed,
            given=text(invoice.given),
            terms=text(invoice.order),
            tracking_id=invoice.order.tracking_id,
            email=invoice.email,
            remind_at=invoice.remind_at,
            idempotency_key=idempotency_key,
            digest=digest,
            created_at=invoice.created_at,
            updated_at=invoice.updated_at,
            expires_at=invoice.expires_at,
        )
    )
    return invoice, True


def by_id(conn: Connection, id: str) -> Standing | None:
    row = BY_ID.first(conn, value=id)
    return None if row is None else _standing(conn, row)


def lock(conn: Connection, id: str) -> Standing | None:
    """The invoice, locked until this transaction ends."""
    row = LOCK.first(conn, value=id)
    return None if row is None else _standing(conn, row)


def order_by_link(conn: Connection, link: str) -> Order | None:
    """The order of the invoice with this link."""
    row = BY_LINK.first(conn, value=link)
    return None if row is None else order_of(row.terms)


def email_by_link(conn: Connection, link: str) -> str | None:
    """Where the invoice with this link was mailed to."""
    row = EMAIL_BY_LINK.first(conn, value=link)
    return None if row is None else row.email


def is_cancelled(conn: Connection, link: str) -> bool:
    """Whether the link's invoice was cancelled. In a writing transaction the invoice is locked
    against cancelling until that ends."""
    row = SHARE_BY_LINK.first(conn, value=link)
    return row is not None and row.cancelled_at is not None


def change(conn: Connection, /, id: str, **values: Any) -> None:
    CHANGE.queue(conn, {"of_id": id, **values})


def listed(
    conn: Connection,
    *,
    shop: str | None = None,
    statuses: Collection[Status] | None = None,
    tracking_id: str | None = None,
    now: float,
    limit: int,
    offset: int = 0,
    after: Cursor | None = None,
) -> tuple[list[Standing], Cursor | None]:
    """The newest first, with the cursor of the next page."""
    query = select(invoices)
    if shop is not None:
        query = query.where(invoices.c.shop == shop)
    if tracking_id is not None:
        query = query.where(invoices.c.tracking_id == tracking_id)
    if statuses is not None:
        query = query.outerjoin(payments, payments.c.link == invoices.c.link)
        query = query.where(_status(now).in_(list(statuses)))
    place = (invoices.c.created_at, invoices.c.id)
    query = newest_first(query, *place, after=after, limit=limit + 1).offset(offset)
    rows = conn.execute(query).all()
    shown, following = page(rows, limit, lambda row: Cursor(row.created_at, row.id))
    return [_standing(conn, row) for row in shown], following


def _status(now: float) -> Any:
    """`Standing.status` in SQL."""
    written = payments.c.status
    return case(
        (written.not_in(list(UNPAID)), written),
        (invoices.c.cancelled_at.is_not(None), Status.CANCELLED.value),
        (written.in_(list(UNPAID_ENDS)), written),
        (invoices.c.expires_at <= now, Status.EXPIRED.value),
        else_=Status.OPEN.value,
    )


def _standing(conn: Connection, row: Any) -> Standing:
    payment = ledger_payments.by_link(conn, row.link)
    return Standing(_invoice(row), mails.of(conn, row.id), payment)


def _invoice(row: Any) -> Invoice:
    return Invoice(
        id=row.id,
        shop=row.shop,
        link=row.link,
        signed=row.signed,
        order=order_of(row.terms),
        given=msgspec.json.decode(row.given),
        email=row.email,
        remind_at=row.remind_at,
        cancelled_at=row.cancelled_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
    )
