"""Queues the mails about a payment, in the transaction that moves its money: the customer's receipt
and the shop's "you were paid". Each is queued once, whatever happens again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from checkout.ledger import invoices, mails
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.mail import Kind
from checkout.model.order import MONEY_OUT
from checkout.model.status import Status
from checkout.settings import Settings

REFUND: Final = "refund"  # the operation of which the customer is told


def customer_email(conn: Connection, payment: Payment) -> str | None:
    """Where the receipt goes: to who paid, else to the customer whom the shop named or mailed."""
    paid = payment.shown
    named = (paid.customer.email if paid else None) or payment.order.customer.email
    if named is None and payment.link is not None:
        return invoices.email_by_link(conn, payment.link)
    return named


def queue_of_payment(conn: Connection, settings: Settings, payment: Payment, now: float) -> None:
    """The mails of a payment that is paid: of a reserved amount only once it is captured."""
    shop, order = settings.shops.get(payment.shop), payment.order
    if settings.smtp is None or shop is None or payment.status is not Status.PAID:
        return
    if not order.moves_money or order.transaction_type in MONEY_OUT:
        return
    if shop.receipts and customer_email(conn, payment):
        mails.queue_once(conn, Kind.RECEIPT, shop.id, payment=payment.uid, now=now)
    if shop.notify_email and Kind.PAID in shop.notify_mails:
        mails.queue_once(conn, Kind.PAID, shop.id, payment=payment.uid, now=now)


def queue_of_operation(
    conn: Connection, settings: Settings, operation: Operation, payment: Payment, now: float
) -> None:
    """The customer's mail of a refund that is done."""
    shop = settings.shops.get(payment.shop)
    if settings.smtp is None or shop is None or operation.kind != REFUND or not operation.done:
        return
    if shop.receipts and customer_email(conn, payment):
        about = operation.uid
        mails.queue_once(conn, Kind.REFUND, shop.id, payment=payment.uid, about=about, now=now)
