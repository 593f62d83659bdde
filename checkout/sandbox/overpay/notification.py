"""The notification of a transaction: signed, and with the shop's own credentials."""

from __future__ import annotations

import msgspec

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.notifications import Notification
from checkout.sandbox.overpay.response import Json
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction


def notification_of(
    state: SandboxState, transaction: Transaction, response: Json
) -> Notification | None:
    """The response in its envelope; None if nobody asked for a notification."""
    if transaction.notification_url is None:
        return None
    body = msgspec.json.encode({"transaction": response})
    return Notification(
        uid=transaction.uid,
        url=transaction.notification_url,
        headers={
            "Content-Type": "application/json",
            "Authorization": Credentials(transaction.shop_id, transaction.secret_key).header,
            "Content-Signature": state.key.sign(body),
        },
        body=body,
    )
