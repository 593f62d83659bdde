"""Find a payment by its address, its receipt's address or its token; raises NotFound. Transactions
by the shop's tracking id."""

from __future__ import annotations

import hmac
from operator import itemgetter

from sqlalchemy import Connection

from checkout.errors import NotFound
from checkout.identifiers import receipt_secret
from checkout.ledger import operations, payments
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.payments.context import Context
from checkout.settings import Shop


async def by_address(context: Context, uid: str, secret: str) -> Payment:
    """The payment at a payment page's address. Raises NotFound for a wrong uid or secret."""
    payment = await context.ledger.read(payments.by_uid, uid)
    known = payment.secret if payment else "-"
    if not hmac.compare_digest(known.encode(), secret.encode()) or payment is None:
        raise NotFound
    return payment


async def by_receipt(context: Context, uid: str, secret: str) -> tuple[Payment, bool]:
    """The payment at a receipt's address, and whether the address has the payment's own secret, as
    older receipts do. Raises NotFound for any other secret."""
    payment = await context.ledger.read(payments.by_uid, uid)
    own = payment.secret if payment else "-"
    by_payment = hmac.compare_digest(own.encode(), secret.encode())
    by_receipt = hmac.compare_digest(receipt_secret(own).encode(), secret.encode())
    if payment is None or not (by_payment or by_receipt):
        raise NotFound
    return payment, by_payment


async def by_address_cached(context: Context, uid: str, secret: str) -> Payment:
    """`by_address` from the cache, at most `cache_seconds` old, for status polling; changes by this
    worker are seen at once. Never for a page that can take money. A payment is kept from its second
    look in that time on: to weigh it for the cache takes as long as to read it."""
    at, payment = context.seen.get(uid) or (0.0, None)
    now = context.clock()
    recent = at <= now < at + context.schedule.cache_seconds
    if payment is None or not recent:
        payment = await by_address(context, uid, secret)
        context.seen.put(uid, (now, payment if recent else None))
    elif not hmac.compare_digest(payment.secret.encode(), secret.encode()):
        raise NotFound
    return payment


async def by_tracking_id(
    context: Context, tracking_id: str, shop: Shop
) -> list[tuple[Payment, Operation | None]]:
    """The shop's transactions with this tracking id, the newest first: payments that were tried,
    and what was done after them, each beside its payment. At most 10; of more payments the
    newest."""
    return await context.ledger.read(_tracked, shop.id, tracking_id)


def _tracked(
    conn: Connection, shop: str, tracking_id: str
) -> list[tuple[Payment, Operation | None]]:
    found: list[tuple[float, Payment, Operation | None]] = []
    for payment in payments.by_tracking_id(conn, shop, tracking_id):
        if payment.tried:
            done = operations.of(conn, payment.uid)
            found += ((each.created_at, payment, each) for each in reversed(done))
            found.append((payment.created_at, payment, None))
    found.sort(key=itemgetter(0), reverse=True)  # stable: what follows a payment stands before it
    return [(payment, done) for _, payment, done in found[: payments.MOST_OF_TRACKING_ID]]


async def by_token(context: Context, token: str, shop: Shop | None = None) -> Payment:
    """The payment with a token; with `shop`, of that shop only. Raises NotFound."""
    payment = await context.ledger.read(payments.by_token, token)
    if payment is None or (shop is not None and payment.shop != shop.id):
        raise NotFound
    return payment
