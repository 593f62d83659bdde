"""Personal data in the ledger: find and remove them, table by table. Rows stay, with their money,
states and times, for the shop's accounts."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, or_, select, tuple_, update

from checkout.ledger import operations as ledger_operations
from checkout.ledger.payments import KEPT_SECONDS
from checkout.ledger.recent_requests import SAME_WITHIN
from checkout.ledger.rows import Payment, order_of, text
from checkout.ledger.schema import (
    answers,
    attempts,
    cards,
    creations,
    events,
    invoices,
    mails,
    outbox,
    payments,
    recent,
)
from checkout.model.order import Customer
from checkout.model.redaction import redacted_facts, redacted_order

FREE_TEXT: Final = "reason"  # of an event: what a person wrote
MOVED: Final = "moved"  # its reason is one of `DeclineReason`
NOBODY: Final = text(Customer())
CHECKS_KEPT: Final = 24 * 3600.0  # seconds


class Place(Struct, frozen=True):
    """The position in a walk through rows by their age."""

    at: float
    name: str


def payments_before(
    conn: Connection, status: str, before: float, after: Place | None, limit: int
) -> list[Place]:
    """Payments with personal data and this status that have not changed since `before`, oldest
    first; in the order of an index, so that it takes as long however many there are."""
    at, name = payments.c.updated_at, payments.c.uid
    query = select(at, name).where(
        payments.c.purged_at.is_(None), payments.c.status == status, at <= before
    )
    return _walk(conn, query, at, name, after, limit)


def invoices_before(
    conn: Connection, before: float, after: Place | None, limit: int
) -> list[Place]:
    """Expired invoices that were never opened; an opened one is purged with its payment."""
    at, name = invoices.c.expires_at, invoices.c.id
    opened = select(payments.c.uid).where(payments.c.link == invoices.c.link).exists()
    query = select(at, name).where(invoices.c.purged_at.is_(None), at <= before, ~opened)
    return _walk(conn, query, at, name, after, limit)


def _walk(
    conn: Connection, query: Any, at: Any, name: Any, after: Place | None, limit: int
) -> list[Place]:
    if after is not None:
        query = query.where(tuple_(at, name) > (after.at, after.name))
    return [Place(*row) for row in conn.execute(query.order_by(at, name).limit(limit)).all()]


def is_purged(conn: Connection, uid: str) -> bool:
    return (
        conn.execute(select(payments.c.purged_at).where(payments.c.uid == uid)).scalar() is not None
    )


def webhooks_due(conn: Connection, uid: str) -> bool:
    query = select(outbox.c.id).where(outbox.c.payment == uid, outbox.c.due_at.is_not(None))
    return conn.execute(query.limit(1)).first() is not None


def purge_payment(conn: Connection, payment: Payment, now: float) -> None:
    """Remove the customer's data of a payment from every table."""
    uid = payment.uid
    values: dict[str, Any] = {"terms": text(redacted_order(payment.order)), "purged_at": now}
    conn.execute(update(payments).where(payments.c.uid == uid).values(values))
    for attempt in payment.attempts:
        values = {
            "facts": text(redacted_facts(attempt.facts)), "customer": NOBODY, "step": None,
            "address_mark": None, "bin_mark": None,
        }  # fmt: skip
        conn.execute(update(attempts).where(attempts.c.key == attempt.key).values(values))
    for operation in ledger_operations.of(conn, uid):
        facts = redacted_facts(operation.facts)
        ledger_operations.change(conn, operation.uid, facts=facts, reason=None, message=None)
    _purge_events(conn, uid)
    conn.execute(update(outbox).where(outbox.c.payment == uid).values(body=""))
    conn.execute(delete(answers).where(answers.c.payment == uid))
    conn.execute(update(mails).where(mails.c.payment == uid).values(error=None))
    if payment.link is not None:
        found = select(invoices.c.id).where(invoices.c.link == payment.link)
        for name in conn.execute(found).scalars().all():
            purge_invoice(conn, name, now)


def _purge_events(conn: Connection, uid: str) -> None:
    query = select(events.c.id, events.c.kind, events.c.data).where(events.c.payment == uid)
    for row in conn.execute(query).all():
        data = msgspec.json.decode(row.data)
        if FREE_TEXT in data and row.kind != MOVED:
            del data[FREE_TEXT]
            conn.execute(update(events).where(events.c.id == row.id).values(data=text(data)))


def purge_invoice(conn: Connection, id: str, now: float) -> None:
    """Remove an invoice's data with its link, which contains the order; the link's digest stays."""
    terms = conn.execute(select(invoices.c.terms).where(invoices.c.id == id)).scalar_one()
    bare = text(redacted_order(order_of(terms)))
    values = {"terms": bare, "given": "{}", "signed": "", "email": None, "purged_at": now}
    conn.execute(update(invoices).where(invoices.c.id == id).values(values))
    conn.execute(update(mails).where(mails.c.invoice == id).values(error=None))


def forget_marks(conn: Connection, now: float, cards_before: float, limit: int) -> int:
    """Delete outdated rows, at most `limit` of each kind: idempotency keys, digests, customer
    checks, and cards that have not paid since. How many those were."""
    aged = (
        (creations, (creations.c.shop, creations.c.idempotency_key), creations.c.created_at,
         now - 2 * KEPT_SECONDS),
        (recent, (recent.c.shop, recent.c.mark), recent.c.created_at, now - SAME_WITHIN),
        (answers, (answers.c.id,), answers.c.at, now - CHECKS_KEPT),
        (cards, (cards.c.shop, cards.c.digest), cards.c.updated_at, cards_before),
    )  # fmt: skip
    gone = 0
    for table, key, at, before in aged:
        found = conn.execute(select(*key).where(at <= before).limit(limit)).all()
        if found:
            same = tuple_(*key).in_([tuple(row) for row in found])
            gone += conn.execute(delete(table).where(same)).rowcount
    return gone


# Search by e-mail address


def count(conn: Connection) -> int:
    """How many payments and invoices there are to search."""
    tables = (payments, invoices)
    return sum(conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)


def payments_naming(
    conn: Connection, email: str, after: str, limit: int
) -> tuple[list[str], str, int]:
    """Search the next `limit` payments after the uid `after`: those that contain the address
    (perhaps as part of another one), the last uid searched, and how many were searched."""
    page = conn.execute(
        select(payments.c.uid).where(payments.c.uid > after).order_by(payments.c.uid).limit(limit)
    )
    uids = page.scalars().all()
    if not uids:
        return [], after, 0
    among = (payments.c.uid > after, payments.c.uid <= uids[-1])
    typed = (
        select(attempts.c.payment)
        .where(attempts.c.payment == payments.c.uid, _names(attempts.c.customer, email))
        .exists()
    )
    query = select(payments.c.uid).where(*among, or_(_names(payments.c.terms, email), typed))
    return list(conn.execute(query).scalars()), uids[-1], len(uids)


def invoices_naming(conn: Connection, email: str) -> list[str]:
    named = or_(_names(invoices.c.terms, email), func.lower(invoices.c.email) == email)
    return list(conn.execute(select(invoices.c.id).where(named)).scalars())


def _names(column: Any, email: str) -> Any:
    """The column contains the address, as JSON text writes it."""
    return column.icontains(text(email)[1:-1], autoescape=True)
