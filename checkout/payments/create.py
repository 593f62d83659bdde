"""Makes payments: a shop's, and a link's at its first opening."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import Cancelled, Duplicate, Gone, Unprocessable
from checkout.identifiers import new_payment_secret, new_token, new_uid
from checkout.ledger import (
    audit,
    events,
    invoices,
    payments,
    recent_requests,
)
from checkout.ledger.audit import Actor
from checkout.ledger.rows import PaymentRow
from checkout.model.order import BY_SHOP, Order
from checkout.model.status import UNPAID_ENDS, Status
from checkout.payments import currencies
from checkout.payments.context import Context
from checkout.payments.limits import check_opening, note_opening
from checkout.payments.methods import prepare
from checkout.payments.metrics import PAYMENTS
from checkout.settings import Limits, Shop

SAME_KEY = "was used for another request within 24 hours"


async def create(
    context: Context,
    order: Order,
    shop: Shop,
    *,
    idempotency_key: str | None = None,
    digest: str = "",
    mark: str | None = None,
    fixed: bool = False,
    by: Actor | None = None,
) -> PaymentRow:
    """A new payment; the one made before where the shop repeats an idempotency key. `mark`:
    what no payment before it may have had within half a minute, unless the shop allows it.
    `fixed`: the order's money is counted already. `by`: who sends money to the customer by it,
    for the audit log.

    Raises Unprocessable when the key was used for another body, or no method fits; Duplicate.
    """
    order = await count_money(context, order, shop, fixed=fixed)
    PAYMENTS.labels(shop.id).inc()
    payment = new_payment(context, order, shop)
    if idempotency_key is None and mark is None:
        await context.ledger.write(_add, payment)
        return payment
    once = (payment, idempotency_key, digest, mark, by)
    try:
        made, same = await context.ledger.write(_add_once, *once)
    except IntegrityError:  # the same came twice at once: the other was first
        made, same = await context.ledger.write(_add_once, *once)
    if not same:
        raise Unprocessable({"Idempotency-Key": [SAME_KEY]})
    return made


async def open_link(
    context: Context, link: str, order: Order, shop: Shop, address: str | None = None
) -> PaymentRow:
    """The payment of an offline link, by its digest: the same at every opening. `address`:
    the visitor's.

    Raises Gone at a first opening after the link's time, Cancelled when it is an invoice's
    that was cancelled, Unprocessable when no method fits, TooMany.
    """
    before = await context.ledger.read(payments.by_link, link)
    if before is None or context.status_of(before) in UNPAID_ENDS:
        if await context.ledger.read(invoices.shut, link):
            raise Cancelled
    if before is not None:
        return before
    if order.expires_at <= context.clock():
        raise Gone
    # An invoice's mail has said its sum already; its link doesn't say whose it is.
    invoice = await context.ledger.read(invoices.order_by_link, link)
    if invoice is not None:
        order = msgspec.structs.replace(
            order, money=invoice.money, customer=invoice.customer, created_by=BY_SHOP
        )
    order = await count_money(context, order, shop, fixed=invoice is not None)
    made, mark = new_payment(context, order, shop, link), context.address_mark(address)
    limits = context.settings.limits
    with context.guard.counting():
        # Whoever goes on although refused is not to keep the ledger's writer busy.
        await context.ledger.read(check_opening, limits, mark, made.created_at)
        return await context.ledger.write(_add_for_link, limits, made, mark)


async def count_money(
    context: Context,
    order: Order,
    shop: Shop,
    *,
    currency: str = currencies.CURRENCY,
    methods: str = currencies.METHODS,
    fixed: bool = False,
) -> Order:
    """The order, its money counted as the accounts do that can take it; `fixed`: it is already.

    Raises Unprocessable when none of the shop's methods can: for want of a setting under the
    caller's name for the `currency`, else under its name for the `methods`.
    """
    await prepare(order, shop, context.gateways)
    names = {"currency": currency, "methods": methods}
    return currencies.counted(order, shop, context.gateways, **names, fixed=fixed)


def new_payment(context: Context, order: Order, shop: Shop, link: str | None = None) -> PaymentRow:
    """A payment that nobody has written down yet."""
    now = context.clock()
    return PaymentRow(
        uid=new_uid(),
        token=new_token(),
        secret=new_payment_secret(),
        shop=shop.id,
        link=link,
        status=Status.OPEN,
        order=order,
        cancelled=False,
        notified=None,
        created_at=now,
        updated_at=now,
        expires_at=order.expires_at,
    )


def _add(conn: Connection, payment: PaymentRow) -> None:
    payments.add(conn, payment)
    _created(conn, payment)


def _add_once(
    conn: Connection,
    payment: PaymentRow,
    idempotency_key: str | None,
    digest: str,
    mark: str | None,
    by: Actor | None,
) -> tuple[PaymentRow, bool]:
    made, same = payment, True
    if idempotency_key is None:
        payments.add(conn, payment)
    else:
        made, same = payments.add_once(
            conn, payment, idempotency_key=idempotency_key, digest=digest
        )
    if made is payment:
        checked = payment.order.details.duplicate_check is not False
        if mark is not None and not recent_requests.take(conn, payment, mark, checked=checked):
            raise Duplicate
        _created(conn, payment)
        if by is not None:
            order = payment.order
            audit.append(
                conn, by, order.transaction_type, payment.uid, payment.created_at,
                shop=payment.shop, amount=order.money.minor, currency=order.money.currency,
            )  # fmt: skip
    return made, same


def _add_for_link(
    conn: Connection, limits: Limits, payment: PaymentRow, mark: str | None
) -> PaymentRow:
    if invoices.shut(conn, payment.link or ""):  # this very moment
        raise Cancelled
    check_opening(conn, limits, mark, payment.created_at)
    made = payments.add_for_link(conn, payment)
    if made is payment:
        _created(conn, payment)
        note_opening(conn, payment.uid, mark, payment.created_at)
    return made


def _created(conn: Connection, payment: PaymentRow) -> None:
    events.append(conn, payment.uid, "created", payment.created_at)
