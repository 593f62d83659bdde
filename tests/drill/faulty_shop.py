"""A small shop with one mistake at a time, and none where no mistake is named."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

MISTAKES = (
    "trusts the return",
    "asks by the return's token",
    "needs the return",
    "ships at each notification",
    "ships at each return",
    "checks no signature",
    "believes the last notification",
    "takes any success for paid",
    "looks at the number alone",
    "compares no token",
    "takes unpaid ends for final",
    "shows an error at the return",
    "answers 500 to what it knows",
)


@dataclass
class Order:
    token: str = ""
    status: str = "unpaid"
    sent: int = 0


class FaultyShop:
    """`mistake`: the one it makes now. Tells `{"order": {"state", "sent"}}`."""

    def __init__(self, checkout: str, shop_id: str, secret: str, public_key: str) -> None:
        self.mistake = ""
        self.orders: dict[str, Order] = {}
        self._lock = threading.RLock()
        self._api = httpx.Client(base_url=checkout, auth=(shop_id, secret), trust_env=False)
        key = load_der_public_key(base64.b64decode(public_key))
        assert isinstance(key, RSAPublicKey)
        self._key = key
        self.url = ""

    def start(self) -> str:
        with self._lock:
            number = f"N{len(self.orders) + 1}"
            order = self.orders[number] = Order()
        asked = {
            "transaction_type": "payment",
            "order": {
                "amount": 1000 + len(self.orders),
                "currency": "EUR",
                "description": "Tea",
                "tracking_id": number,
            },
            "settings": {
                "return_url": f"{self.url}/back/{number}?shop=tea#top",
                "notification_url": f"{self.url}/news/{number}",
                "customer_fields": {"visible": ["email", "country"]},
            },
        }
        answer = self._api.post("/ctp/api/checkouts", json={"checkout": asked})
        made = answer.raise_for_status().json()["checkout"]
        order.token = made["token"]
        return str(made["redirect_url"])

    def back(self, number: str, said: dict[str, str]) -> int:
        order = self.orders[number]
        if self.mistake == "trusts the return" and said.get("status") == "successful":
            self.learn(order, "successful")
        if self.mistake in ("asks by the return's token", "needs the return"):
            token = order.token
            if self.mistake == "asks by the return's token":
                token = said["token"]
            answer = self._api.get(f"/ctp/api/checkouts/{token}").json()["checkout"]
            self.learn(order, answer["status"] or "")
        with self._lock:
            order.sent += self.mistake == "ships at each return" and order.status == "paid"
        return 500 if self.mistake == "shows an error at the return" else 200

    def news(self, number: str, signature: str, body: bytes) -> int:
        order = self.orders[number]
        if self.mistake != "checks no signature":
            try:
                self._key.verify(base64.b64decode(signature), body, PKCS1v15(), SHA256())
            except (InvalidSignature, binascii.Error):
                return 401
        said = json.loads(body)
        said = said.get("transaction", said)
        if said.get("order", said)["tracking_id"] != number:
            return 422
        known = order.status == "paid"
        operation = said.get("type") in ("capture", "void", "refund", "chargeback")
        if operation and self.mistake != "takes any success for paid":
            return 200
        if not operation and not self.asked_for(order, said):
            return 422
        if self.mistake != "needs the return":
            self.learn(order, said["status"])
        return 500 if known and self.mistake == "answers 500 to what it knows" else 200

    def asked_for(self, order: Order, said: dict[str, Any]) -> bool:
        """Whether it is about the payment that this shop has made."""
        if self.mistake == "looks at the number alone":
            return True
        if (said["type"], said["test"]) != ("payment", False):
            return False
        return self.mistake == "compares no token" or said["token"] == order.token

    def learn(self, order: Order, word: str) -> None:
        with self._lock:
            if word == "successful":
                if self.mistake == "takes unpaid ends for final" and order.status == "ended":
                    return
                order.sent += order.status != "paid" or (
                    self.mistake == "ships at each notification"
                )
                order.status = "paid"
            elif word in ("failed", "error", "expired", "canceled"):
                if order.status != "paid" or self.mistake == "believes the last notification":
                    order.status = "ended"

    def told(self, number: str) -> dict[str, Any]:
        order = self.orders[number]
        return {"order": {"state": order.status, "sent": order.sent}}

    def close(self) -> None:
        self._api.close()


@contextmanager
def serve(shop: FaultyShop, port: int) -> Iterator[FaultyShop]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            place, _, number = self.path[1:].partition("/")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if place == "start":
                self.say(303, b"", Location=shop.start())
            else:
                self.say(shop.news(number, self.headers.get("Content-Signature", ""), body), b"")

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            place, _, number = parts.path[1:].partition("/")
            if place == "state":
                self.say(200, json.dumps(shop.told(number)).encode())
            else:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.say(shop.back(number, query), b"<h1>Thank you</h1>")

        def say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        shop.close()
