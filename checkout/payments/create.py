"""Create payments: for a shop's API request, and for a payment link when it is first opened."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout import tracing
from checkout.errors import Cancelled, Duplicate, Expired, Gone, ShopDisabled, Unprocessable
from checkout.identifiers import new_payment_secret, new_token, new_uid
from checkout.ledger import (
    audit,
    events,
    invoices,
    payments,
    recent_requests,
    restores,
)
from checkout.ledger.audit import Actor
from checkout.ledger.rows import PaymentRow
from checkout.model.order import BY_SHOP, Order
from checkout.model.status import UNPAID_ENDS, Status
from checkout.payments import currencies
from checkout.payments.context import Context
from checkout.payments.dropped_data import log_dropped
from checkout.payments.limits import check_opening, note_opening
from checkout.payments.methods import prepare
from checkout.payments.metrics import PAYMENTS
from checkout.settings import Limits, Shop

RENEWED: Final = 24 * 3600.0  # seconds that an expired link can be paid once more
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
    """A new payment; where the shop repeats an idempotency key, the one created before. `mark`:
    raises Duplicate where a payment of the last half minute had the same, unless the shop allows
    it. `fixed`: the decimals of the order's money are known. `by`: who sends money to the customer,
    for the audit log.

    Raises Unprocessable when the key was used for another body, or no method can take the payment.
    """
    order = await count_money(context, order, shop, fixed=fixed)
    PAYMENTS.labels(shop.id).inc()
    payment = new_payment(context, order, shop)
    if idempotency_key is None and mark is None:
        await context.ledger.write(_add, payment)
        log_dropped(order.dropped, payment=payment.uid, shop=shop.id)
        return payment
    once = (payment, idempotency_key, digest, mark, by)
    try:
        made, same = await context.ledger.write(_add_once, *once)
    except IntegrityError:  # the same request came twice at once: the other was first
        made, same = await context.ledger.write(_add_once, *once)
    if not same:
        raise Unprocessable({"Idempotency-Key": [SAME_KEY]})
    if made.uid == payment.uid:
        log_dropped(order.dropped, payment=payment.uid, shop=shop.id)
    return made


async def open_link(
    context: Context,
    link: str,
    order: Order,
    shop: Shop,
    address: str | None = None,
    *,
    renews: bool = False,
) -> PaymentRow:
    """The payment of an offline link, found by the link's digest; created at the first opening.
    `address`: the visitor's; `renews`: who asks to pay although the link has expired, where the
    shop allows it.

    Raises Gone for an expired link that was never opened, Cancelled for the link of a cancelled
    invoice, Unprocessable when no method can take the payment, TooMany.
    """
    before = await context.ledger.read(payments.by_link, link)
    if before is None or context.status_of(before) in UNPAID_ENDS:
        if await context.ledger.read(invoices.is_cancelled, link):
            raise Cancelled
    if before is not None:
        return before
    now = context.clock()
    # The invoice's mail has stated the amount already; the customer is not in the link.
    invoice = await context.ledger.read(invoices.order_by_link, link)
    if order.expires_at <= now:
        if not shop.renew or invoice is not None:
            raise Gone
        if not renews:
            raise Expired
        order = msgspec.structs.replace(order, expires_at=now + RENEWED)
    if invoice is not None:
        order = msgspec.structs.replace(
            order,
            money=invoice.money,
            customer=invoice.customer,
            dropped=invoice.dropped,
            created_by=BY_SHOP,
        )
    order = await count_money(context, order, shop, fixed=invoice is not None)
    made, mark = new_payment(context, order, shop, link), context.address_mark(address)
    limits = context.settings.limits
    with context.guard.counting():
        # Read first: requests over the limit must not keep the ledger's writer busy.
        await context.ledger.read(check_opening, limits, mark, made.created_at)
        found = await context.ledger.write(add_for_link, limits, made, mark)
    if found.uid == made.uid:
        log_dropped(order.dropped, payment=made.uid, shop=shop.id)
    return found


async def count_money(
    context: Context,
    order: Order,
    shop: Shop,
    *,
    currency: str = currencies.CURRENCY,
    methods: str = currencies.METHODS,
    fixed: bool = False,
) -> Order:
    """The order, its money with the decimals of the accounts that can take it; `fixed`: it has
    them.

    Raises Unprocessable when none of the shop's methods can take it: under the caller's name for
    the `currency` where a setting is missing, else under its name for the `methods`. ShopDisabled.
    """
    if shop.disabled:
        raise ShopDisabled
    await prepare(order, shop, context.gateways)
    names = {"currency": currency, "methods": methods}
    return currencies.counted(order, shop, context.gateways, **names, fixed=fixed)


def new_payment(context: Context, order: Order, shop: Shop, link: str | None = None) -> PaymentRow:
    """A payment that is not yet in the ledger."""
    now, uid = context.clock(), new_uid()
    tracing.root(uid, shop=shop.id)
    return PaymentRow(
        uid=uid,
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


def add_for_link(
    conn: Connection, limits: Limits, payment: PaymentRow, mark: str | None
) -> PaymentRow:
    if invoices.is_cancelled(conn, payment.link or ""):  # cancelled since `open_link` read it
        raise Cancelled
    check_opening(conn, limits, mark, payment.created_at)
    if restores.is_suspect(conn, payment.link or ""):
        held = {"adopt_at": payment.created_at, "status": Status.PENDING}
        payment = msgspec.structs.replace(payment, **held)
    made = payments.add_for_link(conn, payment)
    if made is payment:
        _created(conn, payment)
        note_opening(conn, payment.uid, mark, payment.created_at)
    return made


def _created(conn: Connection, payment: PaymentRow) -> None:
    events.append(conn, payment.uid, "created", payment.created_at)
