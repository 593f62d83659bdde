"""Recognise the customer of a payment among all who have its address: the first browser that opened
it, and whoever knows the customer's e-mail address as the shop gave it."""

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
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import sendable_email_address
from checkout.payments.context import Context

log = structlog.get_logger(__name__)

WITHIN: Final = 3600.0  # seconds
# Tries within that time, right or wrong: for a payment from one address, from one address for any
# payment, and for a payment from all addresses. Without a try left one can still pay, but does not
# see the customer's data.
BY_BOTH: Final = 5
BY_ADDRESS: Final = 15
BY_PAYMENT: Final = 20


async def opens_first(context: Context, payment: Payment) -> bool:
    """Whether nobody has opened the payment before; False where the ledger can't be written."""
    if payment.opened_at is not None:
        return False
    uid = payment.uid
    try:
        return await context.write_unsynced(
            uid, payments.recognise_first_browser, uid, context.clock()
        )
    except CheckoutError as error:  # the page is shown without the customer's data
        log.warning("opening.unwritten", error=type(error).__name__)
        return False


async def is_customer(context: Context, payment: Payment, email: str, address: str) -> bool:
    """Whether `email` is the customer's as the shop gave it; an address that was typed on the page
    does not count. Raises TooMany."""
    uid, mark = payment.uid, context.mark("answers", network_of(address))
    await context.ledger.write_unsynced(_take_try, uid, mark, context.clock())
    known = payment.order.customer.email
    # Digests are compared: neither the length nor the time taken tells how close a guess was.
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
    return hashlib.sha256(_sendable(email.strip()).casefold().encode(errors="replace")).digest()


def _sendable(email: str) -> str:
    try:
        return sendable_email_address(email)
    except Invalid:
        return email
