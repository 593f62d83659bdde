"""Who is the customer of a payment, among all who have its address: whoever opened it first, and
whoever knows the e-mail address that the shop has of them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import structlog
from sqlalchemy import Connection

from checkout.errors import CheckoutError, TooMany
from checkout.ledger import customer_checks, payments
from checkout.ledger.rows import Payment
from checkout.model.client_network import network_of
from checkout.payments.context import Context

log = structlog.get_logger(__name__)

WITHIN: Final = 3600.0  # seconds
# Tries within it, right or wrong ones: of a payment from one address, from an address at any, and
# of a payment from everywhere. Who is out of them pays all the same: they only see no more.
BY_BOTH: Final = 5
BY_ADDRESS: Final = 15
BY_PAYMENT: Final = 20


async def opens_first(context: Context, payment: Payment) -> bool:
    """Whether nobody has opened the payment before. Where that can't be written down, nobody is the
    first."""
    if payment.opened_at is not None:
        return False
    uid = payment.uid
    try:
        return await context.write(uid, payments.recognise_first_browser, uid, context.clock())
    except CheckoutError as error:  # the page is shown without it
        log.warning("opening.unwritten", error=type(error).__name__)
        return False


async def is_customer(context: Context, payment: Payment, email: str, address: str) -> bool:
    """Whether `email` is the customer's, as the shop told it: what was typed on the page proves
    nothing. Raises TooMany."""
    uid, mark = payment.uid, context.mark("answers", network_of(address))
    await context.ledger.write(_take_try, uid, mark, context.clock())
    known = payment.order.customer.email
    # Both are digested: neither length nor time tells how near an answer was.
    alike = hmac.compare_digest(_digest(known or ""), _digest(email))
    return alike and bool(known)


def _take_try(conn: Connection, uid: str, mark: str, now: float) -> None:
    since = now - WITHIN
    for most, of in (
        (BY_BOTH, {"payment": uid, "address_mark": mark}),
        (BY_ADDRESS, {"address_mark": mark}),
        (BY_PAYMENT, {"payment": uid}),
    ):
        if customer_checks.since(conn, since, **of) >= most:
            log.warning("limit.answers", payment=uid)
            raise TooMany(retry_after=int(WITHIN))
    customer_checks.add(conn, uid, mark, now)


def _digest(email: str) -> bytes:
    return hashlib.sha256(email.strip().casefold().encode(errors="replace")).digest()
