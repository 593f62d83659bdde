"""The verbs of invoices: make, find, list, send again, cancel. The mails themselves are sent by
`flow.mailer`."""

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
from checkout.model.invoice import PREFIX, Delivery, Kind
from checkout.model.order import BY_SHOP
from checkout.model.status import LIVE, OUTWARD, SUCCESSFUL, Status
from checkout.payments import create, transitions
from checkout.payments.context import Context
from checkout.payments.create import SAME_KEY
from checkout.settings import Shop
from checkout.shop_api.invoices import Draft
from checkout.signing import link_digest, sign_link

NOT_OPEN: Final = "is {status}: nothing is left to pay"
NOT_UNPAID: Final = "is {status}: what is paid or under way can't be cancelled"
NO_EMAIL: Final = "is required: the invoice has none"
KEPT: Final = LIVE | SUCCESSFUL | {Status.REFUNDED}  # what no cancelling takes back


def signed(draft: Draft, shop: Shop) -> str:
    """The link, by the shop's newest key. Raises Unprocessable when it gets too long."""
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
    """A new invoice, its mail queued; the one made before where the shop repeats its key.

    Raises Unprocessable when the key was used for another body, no method can take its payment, or
    its link gets too long.
    """
    order = await create.count_money(context, draft.order, shop, currency="currency")
    order = msgspec.structs.replace(order, created_by=BY_SHOP)
    # The ledger has the customer: a link can be read by whoever it is forwarded to.
    payload = {name: each for name, each in draft.payload.items() if name != "customer"}
    now, link = context.clock(), sign_link(shop.id, shop.link_keys[-1], payload)
    invoice = Invoice(
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

    def add(conn: Connection) -> tuple[Standing, bool]:
        made, same = invoices.add_once(
            conn, invoice, idempotency_key=idempotency_key, digest=digest
        )
        if made is invoice:
            _note(conn, by, "invoice.make", made, now, amount=order.money.minor)
        if made is invoice and draft.send:
            _queue(conn, Standing(made, (), None), now)
        return _found(invoices.by_id(conn, made.id)), same

    try:
        made, same = await context.ledger.write(add)
    except IntegrityError:  # the same key came twice at once: the other was first
        made, same = await context.ledger.write(add)
    if not same:
        raise Unprocessable({"Idempotency-Key": [SAME_KEY]})
    context.mails_due.set()
    return made


async def find(context: Context, id: str, shop: Shop | None = None) -> Standing:
    """With `shop`, of that shop alone. Raises NotFound."""
    return _found(await context.ledger.read(invoices.by_id, id), shop)


async def listed(
    context: Context,
    *,
    shop: str | None = None,
    status: str | None = None,
    tracking_id: str | None = None,
    limit: int,
    offset: int = 0,
) -> list[Standing]:
    """The newest first. `status`: an outward word."""
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
    )


async def send_again(
    context: Context, id: str, shop: Shop, email: str | None, *, by: Actor = SERVER
) -> Standing:
    """Mail it once more, or for the first time; `email`: from now on to that address.

    Raises NotFound; Unprocessable when nothing is left to pay, or it has no address.
    """
    await find(context, id, shop)
    again = await context.ledger.write(_send_again, id, email, context.clock(), by)
    context.mails_due.set()
    return again


def _send_again(conn: Connection, id: str, email: str | None, now: float, by: Actor) -> Standing:
    standing = _found(invoices.held(conn, id))
    status = standing.status(now)
    if status is not Status.OPEN:
        raise Unprocessable({"status": [NOT_OPEN.format(status=OUTWARD[status])]})
    if email is None and standing.invoice.email is None:
        raise Unprocessable({"email": [NO_EMAIL]})
    if email is not None:
        invoices.change(conn, id, email=email, updated_at=now)
    mails.drop(conn, id, Kind.INVOICE)  # one that waits is sent by this one
    _queue(conn, standing, now)
    _note(conn, by, "invoice.send", standing.invoice, now)
    return _found(invoices.by_id(conn, id))


def _queue(conn: Connection, standing: Standing, now: float) -> None:
    """The mail, due now, and with the first one the reminder."""
    invoice = standing.invoice
    mails.queue(conn, new_uid(), invoice.id, Kind.INVOICE, due_at=now, now=now)
    reminded = any(mail.state is not Delivery.DROPPED for mail in standing.of(Kind.REMINDER))
    if invoice.remind_at is not None and invoice.remind_at > now and not reminded:
        at = invoice.remind_at
        mails.queue(conn, new_uid(), invoice.id, Kind.REMINDER, due_at=at, now=now)


async def cancel(
    context: Context, id: str, shop: Shop | None = None, *, by: Actor = SERVER
) -> Standing:
    """Shut its link for good; a second time changes nothing. No webhook tells the shop what it has
    asked for itself.

    Raises NotFound; Unprocessable when it is paid, or being paid.
    """
    standing = await find(context, id, shop)
    uid = standing.payment.uid if standing.payment else ""
    return await context.write(uid, _cancel, context, id, context.clock(), by)


def _cancel(conn: Connection, context: Context, id: str, now: float, by: Actor) -> Standing:
    standing = _found(invoices.held(conn, id))
    if standing.payment is not None:
        standing = Standing(
            standing.invoice, standing.mails, payments.held(conn, standing.payment.uid)
        )
    status, payment = standing.status(now), standing.payment
    if status in KEPT:
        raise Unprocessable({"status": [NOT_UNPAID.format(status=OUTWARD[status])]})
    if standing.invoice.cancelled_at is not None:
        return standing
    invoices.change(conn, id, cancelled_at=now, updated_at=now)
    _note(conn, by, "invoice.cancel", standing.invoice, now)
    mails.drop(conn, id, *Kind)
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
