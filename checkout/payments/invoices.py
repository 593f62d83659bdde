"""Invoices: make, find, list, send again, cancel. Their mails are queued here and sent by
`mailer`."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import NotFound, Unprocessable
from checkout.identifiers import new_uid
from checkout.ledger import audit, events, invoices, mails, payments
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.invoices import Invoice, Standing
from checkout.model.cursor import Cursor
from checkout.model.invoice import PREFIX
from checkout.model.mail import Delivery, Kind
from checkout.model.order import BY_SHOP, Order
from checkout.model.status import LIVE, OUTWARD, SUCCESSFUL, Status
from checkout.payments import create, transitions
from checkout.payments.context import Context
from checkout.payments.create import SAME_KEY
from checkout.payments.dropped_data import log_dropped
from checkout.settings import Shop
from checkout.shop_api.invoices import Draft
from checkout.signing import link_digest, sign_link

NOT_OPEN: Final = "is {status}: nothing is left to pay"
NOT_UNPAID: Final = "is {status}: what is paid or under way can't be cancelled"
NO_EMAIL: Final = "is required: the invoice has none"
KEPT: Final = LIVE | SUCCESSFUL | {Status.REFUNDED}  # what can't be cancelled


def signed(draft: Draft, shop: Shop) -> str:
    """The payment link, signed with the shop's newest key. Raises Unprocessable when too long."""
    return sign_link(shop.id, shop.link_keys[-1], draft.payload)


async def make(
    context: Context,
    draft: Draft,
    shop: Shop,
    *,
    idempotency_key: str | None = None,
    digest: str = "",
    by: Actor = SERVER,
) -> Standing:
    """A new invoice with its mail queued; where the shop repeats a key, the one made before.

    Raises Unprocessable when the key was used for another body, no method can take its payment, or
    its link gets too long.
    """
    order = await create.count_money(context, draft.order, shop, currency="currency")
    order = msgspec.structs.replace(order, created_by=BY_SHOP)
    invoice = _invoice(draft, order, shop, context.clock())
    once = (invoice, draft.send, idempotency_key, digest, by)
    try:
        made, same = await context.ledger.write(_make, *once)
    except IntegrityError:  # the same key came twice at once: the other was first
        made, same = await context.ledger.write(_make, *once)
    if not same:
        raise Unprocessable({"Idempotency-Key": [SAME_KEY]})
    log_dropped(order.dropped, invoice=made.invoice.id, shop=shop.id)
    context.mails_due.set()
    return made


def _invoice(draft: Draft, order: Order, shop: Shop, now: float) -> Invoice:
    # The customer is in the ledger alone: whoever a link is forwarded to can read what is in it.
    payload = {name: each for name, each in draft.payload.items() if name != "customer"}
    link = sign_link(shop.id, shop.link_keys[-1], payload)
    return Invoice(
        id=PREFIX + secrets.token_hex(8),
        shop=shop.id,
        link=link_digest(link),
        signed=link,
        order=order,
        given=draft.given,
        email=draft.email,
        remind_at=draft.remind_at,
        cancelled_at=None,
        created_at=now,
        updated_at=now,
        expires_at=order.expires_at,
    )


def _make(
    conn: Connection,
    invoice: Invoice,
    send: bool,
    idempotency_key: str | None,
    digest: str,
    by: Actor,
) -> tuple[Standing, bool]:
    """The invoice; False where the key was used for another body."""
    made, same = invoices.add_once(conn, invoice, idempotency_key=idempotency_key, digest=digest)
    if made is invoice:
        now, amount = invoice.created_at, invoice.order.money.minor
        _note(conn, by, "invoice.make", made, now, amount=amount)
        if send:
            _queue(conn, Standing(made, (), None), now)
    return _found(invoices.by_id(conn, made.id)), same


async def find(context: Context, id: str, shop: Shop | None = None) -> Standing:
    """One invoice; with `shop`, of that shop only. Raises NotFound."""
    return _found(await context.ledger.read(invoices.by_id, id), shop)


async def listed(
    context: Context,
    *,
    shop: str | None = None,
    status: str | None = None,
    tracking_id: str | None = None,
    limit: int,
    offset: int = 0,
    after: Cursor | None = None,
) -> tuple[list[Standing], Cursor | None]:
    """The newest first, with the cursor of the next page. `status`: as the shop's API names it."""
    statuses: Collection[Status] | None = None
    if status is not None:
        statuses = [each for each, word in OUTWARD.items() if word == status]
    return await context.ledger.read(
        invoices.listed,
        shop=shop,
        statuses=statuses,
        tracking_id=tracking_id,
        now=context.clock(),
        limit=limit,
        offset=offset,
        after=after,
    )


async def send_again(
    context: Context, id: str, shop: Shop, email: str | None, *, by: Actor = SERVER
) -> Standing:
    """Queue its mail once more, or for the first time; `email`: the new address for all mails.

    Raises NotFound; Unprocessable when nothing is left to pay, or it has no address.
    """
    await find(context, id, shop)
    again = await context.ledger.write(_send_again, id, email, context.clock(), by)
    context.mails_due.set()
    return again


def _send_again(conn: Connection, id: str, email: str | None, now: float, by: Actor) -> Standing:
    standing = _found(invoices.lock(conn, id))
    status = standing.status(now)
    if status is not Status.OPEN:
        raise Unprocessable({"status": [NOT_OPEN.format(status=OUTWARD[status])]})
    if email is None and standing.invoice.email is None:
        raise Unprocessable({"email": [NO_EMAIL]})
    if email is not None:
        invoices.change(conn, id, email=email, updated_at=now)
    mails.drop_of_invoice(conn, id, Kind.INVOICE)  # this one replaces a mail that is still queued
    _queue(conn, standing, now)
    _note(conn, by, "invoice.send", standing.invoice, now)
    return _found(invoices.by_id(conn, id))


def _queue(conn: Connection, standing: Standing, now: float) -> None:
    """Queue the mail, due now, and its reminder unless there is one."""
    invoice = standing.invoice
    mails.queue_of_invoice(
        conn, new_uid(), invoice.id, invoice.shop, Kind.INVOICE, due_at=now, now=now
    )
    reminded = any(mail.state is not Delivery.DROPPED for mail in standing.of(Kind.REMINDER))
    if invoice.remind_at is not None and invoice.remind_at > now and not reminded:
        at = invoice.remind_at
        mails.queue_of_invoice(
            conn, new_uid(), invoice.id, invoice.shop, Kind.REMINDER, due_at=at, now=now
        )


async def cancel(
    context: Context, id: str, shop: Shop | None = None, *, by: Actor = SERVER
) -> Standing:
    """Cancel an invoice, and with it its payment and its mails; again: changes nothing. There is no
    webhook, as the shop itself cancelled it.

    Raises NotFound; Unprocessable when it is paid, or being paid.
    """
    standing = await find(context, id, shop)
    uid = standing.payment.uid if standing.payment else ""
    return await context.write(uid, _cancel, context, id, context.clock(), by)


def _cancel(conn: Connection, context: Context, id: str, now: float, by: Actor) -> Standing:
    standing = _found(invoices.lock(conn, id))
    if standing.payment is not None:
        standing = Standing(
            standing.invoice, standing.mails, payments.lock(conn, standing.payment.uid)
        )
    status, payment = standing.status(now), standing.payment
    if status in KEPT:
        raise Unprocessable({"status": [NOT_UNPAID.format(status=OUTWARD[status])]})
    if standing.invoice.cancelled_at is not None:
        return standing
    invoices.change(conn, id, cancelled_at=now, updated_at=now)
    _note(conn, by, "invoice.cancel", standing.invoice, now)
    mails.drop_of_invoice(conn, id, *Kind)
    if payment is not None and status is Status.OPEN:
        uid = payment.uid
        events.append(conn, uid, "invoice_cancelled", now, None, invoice=id)
        payments.change(conn, uid, told=Status.CANCELLED)
        transitions.cancel(conn, context, uid, now)
    return _found(invoices.by_id(conn, id))


def _note(conn: Connection, by: Actor, act: str, invoice: Invoice, now: float, **data: int) -> None:
    currency = invoice.order.money.currency
    audit.append(conn, by, act, invoice.id, now, shop=invoice.shop, currency=currency, **data)


def _found(standing: Standing | None, shop: Shop | None = None) -> Standing:
    if standing is None or (shop is not None and standing.invoice.shop != shop.id):
        raise NotFound
    return standing
