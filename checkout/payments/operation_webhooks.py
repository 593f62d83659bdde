"""Webhooks about operations: to the shop each operation is a transaction of its own."""

from __future__ import annotations

from sqlalchemy import Connection

from checkout.identifiers import new_uid
from checkout.ledger import operations, outbox
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.payments.webhook_address import webhook_address
from checkout.settings import Settings
from checkout.shop_api.responses import OPERATION
from checkout.shop_api.webhooks import operation_webhook


def notify_of_operation(
    conn: Connection, settings: Settings, operation: Operation, payment: Payment, now: float
) -> None:
    """Write the webhook about how an operation ended: once, and once more where one that had failed
    was done after all."""
    word = OPERATION[operation.status][0]
    if operation.notified == word:
        return
    operations.change(conn, operation.uid, told=word)
    url = webhook_address(conn, payment, now)
    if url is None or payment.shop not in settings.shops:
        return
    body = operation_webhook(operation, payment, settings.public_url)
    outbox.add(conn, id=new_uid(), payment=payment.uid, url=url, body=body, now=now)
