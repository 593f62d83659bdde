"""Renewal: a new payment of the same order, where one has expired and nobody has tried to pay it.

Only a payment without any attempt is renewed, well after its end: what was tried may still turn out
as paid, and what is not over may still be tried. It has one renewal, however often it is asked for.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from sqlalchemy import Connection

from checkout.errors import Gone
from checkout.ledger import invoices
from checkout.ledger.rows import Payment, PaymentRow
from checkout.model.order import BY_APP
from checkout.model.status import Status
from checkout.payments import create, transitions
from checkout.payments.context import Context
from checkout.settings import Limits, Shop

# Seconds after the end: a charge that was sent just before it is in the ledger by then, whatever
# the clocks of several servers say.
AFTER: Final = 60.0
ENDS: Final = (Status.EXPIRED, Status.CANCELLED)


def is_renewable(payment: Payment, shop: Shop, now: float) -> bool:
    """Whether the shop lets its customers renew this payment, but for an invoice's."""
    order = payment.order
    return (
        shop.renew
        and payment.status_at(now) in ENDS
        and payment.expires_at + AFTER <= now
        and not payment.attempts
        and order.created_by != BY_APP
        and order.product is None  # its stock went back: it is bought anew on its page
        and not order.merchant_initiated
        and bool(order.description)  # else its data were erased
    )


async def is_offered(context: Context, payment: Payment, shop: Shop) -> bool:
    """The same for every payment; an invoice says itself until when it can be paid."""
    if not is_renewable(payment, shop, context.clock()):
        return False
    link = payment.link
    return not link or await context.ledger.read(invoices.order_by_link, link) is None


async def renew(
    context: Context, payment: Payment, shop: Shop, address: str | None = None
) -> PaymentRow:
    """The payment in place of one that has expired; the same each time. `address`: the visitor's.

    Raises Gone where it can't be renewed, Unprocessable when no method can take it, TooMany.
    """
    if not await is_offered(context, payment, shop):
        raise Gone
    order = msgspec.structs.replace(payment.order, expires_at=context.clock() + create.RENEWED)
    order = await create.count_money(context, order, shop, fixed=True)
    link = hashlib.sha256(f"renewal:{payment.uid}".encode()).hexdigest()
    made, mark = create.new_payment(context, order, shop, link), context.address_mark(address)
    with context.guard.counting():
        return await context.ledger.write(
            _add, payment.uid, shop, context.settings.limits, made, mark
        )


def _add(
    conn: Connection, uid: str, shop: Shop, limits: Limits, made: PaymentRow, mark: str | None
) -> PaymentRow:
    if not is_renewable(transitions.lock(conn, uid), shop, made.created_at):
        raise Gone
    return create.add_for_link(conn, limits, made, mark)
