"""The notification to `ipnUrl`."""

from __future__ import annotations

from urllib.parse import urlencode

from checkout.sandbox.exchanger.order import Order
from checkout.sandbox.exchanger.settings import settings_of
from checkout.sandbox.exchanger.signature import signature_of
from checkout.sandbox.notifications import Notification
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.urls import with_query


def notification_of(state: SandboxState, transaction: Transaction) -> Notification | None:
    """Sent once, whatever the shop answers."""
    if not isinstance(transaction, Order) or transaction.notification_url is None:
        return None
    settings = settings_of(state)
    fields = {
        "orderUID": transaction.uid,
        "orderId": transaction.object_id,
        "newStatus": transaction.order_status,
        "inAmount": transaction.in_amount,
        "outAmount": transaction.out_amount,
        "xml_from": transaction.route.source.xml,
        "xml_to": transaction.route.target.xml,
        "timestamp": str(int(state.now())),
    }
    signature: dict[str, str] = {settings.carrier: signature_of(fields, transaction.ipn_secret)}
    listed = {
        f"toValues[{place}][{name}]": value
        for place, one in enumerate(() if transaction.hidden else transaction.fields)
        for name, value in one.items()
    }
    url = transaction.notification_url
    body = fields | listed | (signature if settings.place == "body" else {})
    return Notification(
        uid=transaction.uid,
        url=with_query(url, urlencode(signature)) if settings.place == "query" else url,
        headers={"Content-Type": "application/x-www-form-urlencoded"}
        | (signature if settings.place == "header" else {}),
        body=urlencode(body).encode(),
        waits=(0.0,),
    )
