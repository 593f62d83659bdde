"""Webhooks to the shop: genuine ones, delivered when the drill wants, and forged ones."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from checkout.ledger.operations import DONE
from checkout.ledger.outbox import Webhook
from checkout.settings import Shop
from checkout.shop_api.webhooks import headers

PAYMENT: Final = "payment"
SECONDS: Final = 15.0
"""The deadline of a shop's answer to a webhook."""

Headers = dict[str, str]
Forge = Callable[[Shop, bytes, Headers], Headers]


def subject(webhook: Webhook) -> tuple[str, str]:
    """What a webhook is about (the payment, or an operation on it), and the status in it."""
    body: dict[str, Any] = json.loads(webhook.body)
    inner: dict[str, Any] = body.get("transaction", body)
    kind = str(inner.get("type"))
    return kind if kind in DONE else PAYMENT, str(inner["status"])


class Webhooks:
    """Delivers webhooks to the shop."""

    def __init__(self, http: httpx.AsyncClient, shop: Shop) -> None:
        self._http = http
        self._shop = shop

    def genuine(self, webhook: Webhook) -> Headers:
        """The headers by which checkout proves that it wrote the webhook."""
        return headers(self._shop, webhook.id, webhook.body.encode(), time.time(), public=False)

    async def deliver(self, webhook: Webhook, url: str | None = None) -> str:
        """Deliver it, to its own address or to `url`; the answer's status or the error's name."""
        return await self.send(url or webhook.url, webhook.body.encode(), self.genuine(webhook))

    async def forge(self, how: str, url: str, body: bytes, captured: Webhook) -> str:
        """Deliver a webhook that checkout never wrote; `captured` is one that the forger has."""
        plain = {"Content-Type": "application/json", "webhook-id": "drill-forged"}
        return await self.send(
            url, body, plain | FORGERIES[how](self._shop, body, self.genuine(captured))
        )

    async def send(self, url: str, body: bytes, headers: Headers) -> str:
        try:
            answer = await self._http.post(url, content=body, headers=headers, timeout=SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        return str(answer.status_code)


@cache
def _strange_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _no_proof(_shop: Shop, _body: bytes, _seen: Headers) -> Headers:
    return {}


def _own_key(shop: Shop, body: bytes, _seen: Headers) -> Headers:
    guess = base64.b64encode(f"{shop.id}:{shop.id}".encode()).decode()
    signature = base64.b64encode(_strange_key().sign(body, PKCS1v15(), SHA256())).decode()
    return {
        "Authorization": f"Basic {guess}",
        "Content-Signature": signature,
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1," + base64.b64encode(bytes(32)).decode(),
    }


def _others_signature(_shop: Shop, _body: bytes, captured: Headers) -> Headers:
    """The signatures of a webhook about another order; the Basic password is no part of them."""
    return {
        name: captured[name]
        for name in ("Content-Signature", "webhook-id", "webhook-timestamp", "webhook-signature")
        if name in captured
    }


FORGERIES: Final[dict[str, Forge]] = {
    "without any proof": _no_proof,
    "signed with a stranger's key": _own_key,
    "with the signature of another letter": _others_signature,
}
