"""The notification to `notificationUrl`."""

from __future__ import annotations

import msgspec

from checkout.sandbox.notifications import Notification
from checkout.sandbox.rest.response import inquiry_response
from checkout.sandbox.rest.signature import checksum_of
from checkout.sandbox.rest.transaction import REGISTRATION, RestTransaction
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction


def notification_of(state: SandboxState, transaction: Transaction) -> Notification | None:
    """Sent once; of a capture or refund the payment's own."""
    if isinstance(transaction, RestTransaction) and transaction.parent_uid:
        transaction = state.transactions.get(transaction.parent_uid, transaction)
    if not isinstance(transaction, RestTransaction) or transaction.notification_url is None:
        return None
    if transaction.type == REGISTRATION:
        return None
    body = inquiry_response(transaction) | {"checksum": checksum_of(state, transaction)}
    return Notification(
        uid=transaction.uid,
        url=transaction.notification_url,
        headers={"Content-Type": "application/json"},
        body=msgspec.json.encode(body),
        waits=(0.0,),
    )
