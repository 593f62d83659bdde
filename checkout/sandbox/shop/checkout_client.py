"""The shop's calls to checkout, with its own credentials, from its own server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.orders import Order

TIMEOUT = 15.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class CheckoutFailure(Exception):
    """checkout refused: the status (0: no answer) and the body of its answer."""

    status: int
    body: object

    @property
    def message(self) -> str:
        """One sentence for people."""
        if self.status == 0:
            return f"checkout can't be reached: {self.body}"
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return f"checkout answered {self.status}: {message or 'nothing that can be read'}"


# Who is signed in to the sample shop.
BUYER = {"email": "jane@shop.example.com", "first_name": "Jane", "last_name": "Doe"}


def _payment_method(order: Order, wanted: dict[str, Any]) -> dict[str, Any]:
    """An ERIP bill is found by the shop's own number of the order."""
    if "erip" in (wanted.get("types") or ("erip",)):
        return {"erip": {"account_number": order.number}} | wanted
    return wanted


class CheckoutClient:
    """The part of checkout's API that a shop needs."""

    def __init__(self, config: ShopConfig) -> None:
        self._config = config
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the client inside the event loop that will use it."""
        self._client = httpx.AsyncClient(
            base_url=self._config.checkout_url,
            timeout=TIMEOUT,
            trust_env=False,
            headers={
                "Authorization": Credentials(self._config.shop_id, self._config.secret_key).header,
                "Accept": "application/json",
            },
        )

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def create(self, order: Order, more: Mapping[str, Any]) -> None:
        """Ask for a payment of this order; its token and address are noted in it.

        `more` overrides parts of the request: `language`, `attempts`, `expired_at`, `lines`,
        `settings`, `payment_method`, `customer`, `transaction_type`, `additional_data`, `test`,
        `iframe`.
        """
        body = self.request(order, more)
        order.kind, order.test = body["checkout"]["transaction_type"], body["checkout"]["test"]
        answer = await self.call("POST", "/ctp/api/checkouts", body)
        inner = answer.get("checkout")
        token = inner.get("token") if isinstance(inner, dict) else None
        address = inner.get("redirect_url") if isinstance(inner, dict) else None
        if not isinstance(token, str) or not isinstance(address, str):
            raise CheckoutFailure(502, {"message": "the answer lacks token or redirect_url"})
        if not address.startswith(("https://", "http://")):
            raise CheckoutFailure(502, {"message": "redirect_url is no web address"})
        order.token, order.redirect_url = token, address

    async def look_up(self, order: Order) -> dict[str, Any]:
        """What checkout says of this order now: the inner object of the answer."""
        answer = await self.call("GET", f"/ctp/api/checkouts/{order.token}")
        inner = answer.get("checkout", answer)
        return inner if isinstance(inner, dict) else {}

    def request(self, order: Order, more: Mapping[str, Any]) -> dict[str, Any]:
        """The body of POST /ctp/api/checkouts for this order."""
        home = self._config.public_url.rstrip("/")
        settings = {
            "return_url": f"{home}/orders/{order.number}",
            "notification_url": f"{home}/notifications/{order.number}",
            "language": more.get("language") or "en",
        }
        body: dict[str, Any] = {
            "transaction_type": more.get("transaction_type") or "payment",
            "test": more.get("test", True),
            "attempts": more.get("attempts") or 3,
            "order": {
                "amount": order.amount,
                "currency": order.currency,
                "description": order.description,
                "tracking_id": order.number,
            },
            "settings": settings | (more.get("settings") or {}),
        }
        for name in ("expired_at", "lines", "additional_data"):
            if more.get(name) is not None:
                body["order"][name] = more[name]
        for name in ("customer", "iframe"):
            if more.get(name) is not None:
                body[name] = more[name]
        body.setdefault("customer", BUYER)
        if methods := _payment_method(order, more.get("payment_method") or {}):
            body["payment_method"] = methods
        return {"checkout": body}

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One call of the API; its answer. Raises Failure."""
        if self._client is None:
            raise CheckoutFailure(0, "the shop is not running")
        try:
            answer = await self._client.request(
                method, path, json=body if body is not None else None
            )
        except httpx.HTTPError as error:
            raise CheckoutFailure(0, type(error).__name__) from None
        try:
            decoded = msgspec.json.decode(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            decoded = None
        if not answer.is_success or not isinstance(decoded, dict):
            raise CheckoutFailure(answer.status_code, decoded)
        return decoded
