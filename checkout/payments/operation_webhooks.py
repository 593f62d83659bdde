"""Tells of operations: the shop by a webhook, to which each is a transaction of its own, and the
customer by a mail."""

from __future__ import annotations

from sqlalchemy import Connection

from checkout.identifiers import new_uid
from checkout.ledger import operations, outbox
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.payments import mails
from checkout.payments.webhook_address import webhook_address
from checkout.settings import Settings
from checkout.shop_api.responses import OPERATION
from checkout.shop_api.webhooks import operation_webhook


def notify_of_operation(
    conn: Connection, settings: Settings, operation: Operation, payment: Payment, now: float
) -> None:
    """Write the webhook about how an operation ended, and the mail: once, and once more where one
    that had failed was done after all."""
    word = OPERATION[operation.status][0]
    if operation.notified == word:
        return
    operations.change(conn, operation.uid, told=word)
    mails.queue_of_operation(conn, settings, operation, payment, now)
    url = webhook_address(conn, payment, now)
    if url is None or payment.shop not in settings.shops:
        return
    body = operation_webhook(operation, payment, settings.origin(payment.shop))
    outbox.add(conn, id=new_uid(), payment=payment.uid, url=url, body=body, now=now)
