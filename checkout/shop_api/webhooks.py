"""Notifications to shops: their bodies, and the headers that authenticate us.

Body and `Content-Signature` as Overpay's (RSA PKCS#1 v1.5, SHA-256, base64, over the raw body),
Basic with the shop's credentials, and the Standard Webhooks headers beside (HMAC-SHA256 keyed
with the shop's secret key). Of a payment that an app made, its webhooks carry nothing that is made
of the secret key: older ones may name any address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from checkout.ledger.operations import Operation
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Payment
from checkout.model.status import Status
from checkout.settings import Shop
from checkout.settings.signing_keys import proven
from checkout.shop_api import answers
from checkout.shop_api.responses import (
    checkout,
    encoded,
    moment,
    operation,
    receipt_address,
    transaction,
)

T = TypeVar("T")

PREFIX: Final = "whsec_"


def payment_webhook(
    payment: Payment, status: Status, shop: Shop, public_url: str, now: float
) -> str:
    """The body: `{"transaction": …}`; of an expired checkout the flat checkout object."""
    if status is Status.EXPIRED and not payment.order.merchant_initiated:
        return encoded(checkout(payment, shop, now))
    return encoded(payment_notification(payment, status, shop, public_url))


def payment_notification(
    payment: Payment, status: Status, shop: Shop, public_url: str
) -> dict[str, Any]:
    """`{"transaction": …}`, as webhooks and `GET /transactions` have it."""
    receipt = receipt_address(payment, public_url)
    return {"transaction": transaction(payment, status, shop, receipt)}


def operation_webhook(done: Operation, payment: Payment, public_url: str) -> str:
    """The body about a capture, void, refund or chargeback: a transaction of its own."""
    return encoded(operation_notification(done, payment, public_url))


def operation_notification(done: Operation, payment: Payment, public_url: str) -> dict[str, Any]:
    """`{"transaction": …}` of an operation, as webhooks and the API have it."""
    return {"transaction": operation(done, payment, receipt_address(payment, public_url))}


def standard_secret(secret_key: str) -> str:
    """A shop's secret key as the libraries of Standard Webhooks take it: `whsec_` and base64 of the
    bytes that are the HMAC's key."""
    return PREFIX + base64.b64encode(secret_key.encode()).decode()


def headers(
    shop: Shop, id: str, body: bytes, now: float, *, public: bool, tries: int = 0
) -> dict[str, str]:
    """The headers of one try at `now`; `id` is the webhook's, the same at every try. `public`: the
    payment was made with only a key of the shop's apps. `tries`: how many there were before.

    A shop that rotates gets what is made of its old and of its new key in turn, the old one first,
    so that it has the next try in a few seconds, whichever of the two it knows."""
    stamp = str(int(now))
    first, *others = _turned(shop.private_keys, tries)
    found = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "checkout",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "Content-Signature": _signature(first, body),
    }
    for other in others:
        found["Content-Signature-Next"] = _signature(other, body)
    return found if public else found | _by_secret(shop, id, stamp, body, tries)


def _turned(both: Sequence[T], tries: int) -> Sequence[T]:
    """The one that is first at this try, and the other where there are two."""
    return both[::-1] if tries % 2 else both


def _signature(key: RSAPrivateKey, body: bytes) -> str:
    return base64.b64encode(proven(key).sign(body, PKCS1v15(), SHA256())).decode()


def _by_secret(shop: Shop, id: str, stamp: str, body: bytes, tries: int) -> dict[str, str]:
    """Standard Webhooks has one signature of each secret."""
    secrets = _turned(shop.secret_keys, tries)
    basic = base64.b64encode(f"{shop.id}:{secrets[0]}".encode()).decode()
    signed = b".".join((id.encode(), stamp.encode(), body))
    macs = (hmac.new(each.encode(), signed, hashlib.sha256).digest() for each in secrets)
    return {
        "Authorization": f"Basic {basic}",
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs),
    }


def shape(webhook: Webhook) -> answers.Webhook:
    """A webhook as the shop's API shows it."""
    told = msgspec.json.decode(webhook.body) if webhook.body else {}
    inner = told.get("transaction", told)
    return {
        "id": webhook.id,
        "payment": webhook.payment,
        # An expired checkout is told without a uid.
        "uid": inner.get("uid", webhook.payment) if inner else None,
        "type": inner.get("type"),
        "status": inner.get("status"),
        "url": webhook.url or None,
        "tries": webhook.tries,
        "state": _state(webhook),
        "answer": webhook.answer,
        "created_at": moment(webhook.created_at),
        "due_at": moment(webhook.due_at),
        "delivered_at": moment(webhook.delivered_at),
    }


def _state(webhook: Webhook) -> str:
    if webhook.due_at is not None:
        return "waiting"
    if not webhook.url:
        return "unaddressed"
    return "failed" if webhook.delivered_at is None else "delivered"


def signed_shape(
    webhook: Webhook, shop: Shop, now: float, *, public: bool
) -> answers.SignedWebhook:
    """The same with its body and the headers of a try at `now`, without HTTP Basic: whoever may
    read this has the password."""
    found: dict[str, str] | None = None
    if webhook.body:
        found = headers(shop, webhook.id, webhook.body.encode(), now, public=public)
        found.pop("Authorization", None)
    return {**shape(webhook), "body": webhook.body or None, "headers": found}
