"""Export and erase the personal data of one customer, found by their e-mail address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from checkout.ledger import audit, cards, events, invoices, mails, outbox, payments, personal_data
from checkout.ledger.audit import Actor
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import PaidCard
from checkout.model.status import LIVE, Status
from checkout.payments.context import Context
from checkout.payments.retention import purge_one

PAGE: Final = 2000  # payments searched in one query
FIRST: Final = 6  # digits of a card that may be exported beside the last four
OF_CARD: Final = ("brand", "last_4", "first_1", "bin", "exp_month", "exp_year", "holder")

Progress = Callable[[int], None]


class Records(Struct, frozen=True):
    """The uids of the payments and the ids of the invoices of one customer."""

    payments: tuple[str, ...]
    invoices: tuple[str, ...]


class Erased(Struct, frozen=True):
    """How many payments, invoices and saved cards were erased; `stays`: (what was not, why)."""

    payments: int
    invoices: int
    cards: int
    stays: tuple[tuple[str, str], ...]


def normal(email: str) -> str:
    return email.strip().casefold()


async def find(context: Context, email: str, progress: Progress = lambda _: None) -> Records:
    """Search the whole ledger; `progress` gets the number of rows searched since its last call."""
    wanted, found, after = normal(email), [], ""
    while True:
        named, after, searched = await context.ledger.read(
            personal_data.payments_naming, wanted, after, PAGE
        )
        for uid in named:
            payment = await context.ledger.read(payments.by_uid, uid)
            if payment is not None and wanted in _addresses(payment):
                found.append(uid)
        progress(searched)
        if not searched:
            break
    named = await context.ledger.read(personal_data.invoices_naming, wanted)
    mine = []
    for name in named:
        standing = await context.ledger.read(invoices.by_id, name)
        if standing is not None and wanted in _addressed(standing):
            mine.append(name)
            if standing.payment is not None and standing.payment.uid not in found:
                found.append(standing.payment.uid)
    return Records(tuple(found), tuple(mine))


def _addresses(payment: Payment) -> set[str]:
    customers = [payment.order.customer, *(each.customer for each in payment.attempts)]
    return {normal(each.email) for each in customers if each.email}


def _addressed(standing: Standing) -> set[str]:
    emails = (standing.invoice.email, standing.invoice.order.customer.email)
    return {normal(each) for each in emails if each}


# Export


async def export(context: Context, email: str, records: Records, *, by: Actor) -> dict[str, Any]:
    """Everything stored, machine-readable; `by`: for the audit log. Without secrets and tokens, and
    of card numbers only the first six and last four digits."""
    for uid, shop in await context.ledger.read(_shops, records):
        await context.ledger.write(audit.append, by, "export", uid, context.clock(), shop=shop)
    return {
        "customer": normal(email),
        "exported_at": _moment(context.clock()),
        "payments": [await context.ledger.read(_payment, uid) for uid in records.payments],
        "invoices": [await context.ledger.read(_invoice, name) for name in records.invoices],
    }


def _payment(conn: Connection, uid: str) -> dict[str, Any]:
    payment = payments.by_uid(conn, uid)
    if payment is None:
        raise LookupError(uid)
    order = payment.order
    raw = {name: msgspec.json.decode(each) for name, each in order.raw.items()}
    return {
        "uid": payment.uid,
        "shop": payment.shop,
        "status": payment.status,
        "amount": order.money.minor,
        "currency": order.money.currency,
        "description": order.description,
        "tracking_id": order.tracking_id,
        "receipt_text": list(order.receipt_text),
        "customer": msgspec.to_builtins(order.customer),
        "card_holder": order.page_settings.card_fields.holder,
        "travel": order.details.travel or None,
        "order": raw.get("order"),
        "additional_data": order.echoed or None,
        "created_at": _moment(payment.created_at),
        "updated_at": _moment(payment.updated_at),
        "opened_at": _moment(payment.opened_at),
        "attempts": [_attempt(each, payment.shop, conn) for each in payment.attempts],
        "events": [
            {"at": _moment(each.at), "kind": each.kind} for each in events.of(conn, payment.uid)
        ],
        "told_to_the_shop": [
            {"at": _moment(each.created_at), "delivered_at": _moment(each.delivered_at)}
            for each in outbox.of(conn, payment.uid)
        ],
        "mails": _mails(mails.of_payment(conn, payment.uid)),
    }


def _attempt(attempt: Attempt, shop: str, conn: Connection) -> dict[str, Any]:
    facts = attempt.facts
    card = facts.card
    saved = cards.known(conn, shop, card.token) if card and card.token else None
    return {
        "number": attempt.number,
        "method": attempt.method,
        "status": attempt.status,
        "customer": msgspec.to_builtins(attempt.customer),
        "card": _card(card) if card else None,
        "saved_card": _card(saved) if saved and saved != PaidCard() else None,
        "language": attempt.language,
        "receipt_url": facts.receipt_url,
        "message": facts.message,
        "friendly_message": facts.friendly,
        "created_at": _moment(attempt.created_at),
        "returned_at": _moment(attempt.returned_at),
    }


def _card(card: PaidCard) -> dict[str, Any]:
    shown = {name: getattr(card, name) for name in OF_CARD if getattr(card, name) is not None}
    return shown | ({"bin": card.bin[:FIRST]} if card.bin else {})


def _invoice(conn: Connection, name: str) -> dict[str, Any]:
    standing = invoices.by_id(conn, name)
    if standing is None:
        raise LookupError(name)
    invoice = standing.invoice
    return {
        "id": invoice.id,
        "shop": invoice.shop,
        "email": invoice.email,
        "given": invoice.given,
        "created_at": _moment(invoice.created_at),
        "expires_at": _moment(invoice.expires_at),
        "mails": _mails(standing.mails),
    }


def _mails(found: Iterable[Mail]) -> list[dict[str, Any]]:
    return [
        {"kind": each.kind, "state": each.state, "sent_at": _moment(each.sent_at)} for each in found
    ]


# Erase


async def erase(context: Context, records: Records, *, by: Actor, dry: bool = False) -> Erased:
    """Remove the personal data of what has ended; what is under way stays. `by`: for the audit log;
    `dry`: change nothing, only report."""
    stays: list[tuple[str, str]] = []
    done: Counter[str] = Counter()
    for uid in records.payments:
        why, gone = await context.write(uid, _erase_payment, uid, context.clock(), by, dry)
        if why:
            stays.append((uid, why))
        done["payments"] += why is None
        done["cards"] += gone
    for name in records.invoices:
        why = await context.ledger.write(_erase_invoice, name, context.clock(), by, dry)
        if why:
            stays.append((name, why))
        done["invoices"] += why is None
    if not dry:
        await context.ledger.tidy()
    return Erased(done["payments"], done["invoices"], done["cards"], tuple(stays))


def _erase_payment(
    conn: Connection, uid: str, now: float, by: Actor, dry: bool
) -> tuple[str | None, int]:
    payment, gone = payments.by_uid(conn, uid), 0
    why = purge_one(conn, uid, now, dry=dry)
    if why is None and payment is not None and not dry:
        for attempt in payment.attempts:
            if attempt.facts.card and attempt.facts.card.token:
                gone += cards.forget(conn, payment.shop, attempt.facts.card.token)
        audit.append(conn, by, "erase", uid, now, shop=payment.shop)
    return why, gone


def _erase_invoice(conn: Connection, name: str, now: float, by: Actor, dry: bool) -> str | None:
    standing = invoices.lock(conn, name)
    if standing is None:
        return ""
    status = standing.status(now)
    if status is Status.OPEN or status in LIVE:
        return "it is open"
    if not dry:
        personal_data.purge_invoice(conn, name, now)
        audit.append(conn, by, "erase", name, now, shop=standing.invoice.shop)
    return None


def _shops(conn: Connection, records: Records) -> list[tuple[str, str]]:
    """The shop of each payment and invoice."""
    paid = [(uid, payments.by_uid(conn, uid)) for uid in records.payments]
    sent = [(name, invoices.by_id(conn, name)) for name in records.invoices]
    return [
        *((uid, payment.shop) for uid, payment in paid if payment is not None),
        *((name, found.invoice.shop) for name, found in sent if found is not None),
    ]


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
