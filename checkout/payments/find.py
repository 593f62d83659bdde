"""Finds a payment by what its address or a shop says of it. Whatever is wrong: NotFound."""

from __future__ import annotations

import hmac

from checkout.errors import NotFound
from checkout.identifiers import receipt_secret
from checkout.ledger import payments
from checkout.ledger.rows import Payment
from checkout.payments.context import Context
from checkout.settings import Shop


async def by_address(context: Context, uid: str, secret: str) -> Payment:
    """The payment behind a payment's address. A wrong uid and a wrong secret: NotFound."""
    payment = await context.ledger.read(payments.by_uid, uid)
    known = payment.secret if payment else "-"
    if not hmac.compare_digest(known.encode(), secret.encode()) or payment is None:
        raise NotFound
    return payment


async def by_receipt(context: Context, uid: str, secret: str) -> tuple[Payment, bool]:
    """The payment behind a receipt's address, and whether it is the payment's own secret that
    opened it, as receipts had before they had one. Any other: NotFound."""
    payment = await context.ledger.read(payments.by_uid, uid)
    own = payment.secret if payment else "-"
    by_payment = hmac.compare_digest(own.encode(), secret.encode())
    by_receipt = hmac.compare_digest(receipt_secret(own).encode(), secret.encode())
    if payment is None or not (by_payment or by_receipt):
        raise NotFound
    return payment, by_payment


async def by_address_cached(context: Context, uid: str, secret: str) -> Payment:
    """Like `open`, at most a second old, for the many that poll; what this worker writes is
    seen at once. Never for a page that could take money."""
    at, payment = context.seen.get(uid) or (0.0, None)
    now = context.clock()
    if payment is None or not at <= now < at + context.schedule.cache_seconds:
        payment = await by_address(context, uid, secret)
        context.seen.put(uid, (now, payment))
    elif not hmac.compare_digest(payment.secret.encode(), secret.encode()):
        raise NotFound
    return payment


async def by_token(context: Context, token: str, shop: Shop | None = None) -> Payment:
    """The payment behind a token; with `shop`, of that shop alone. Raises NotFound."""
    payment = await context.ledger.read(payments.by_token, token)
    if payment is None or (shop is not None and payment.shop != shop.id):
        raise NotFound
    return payment
