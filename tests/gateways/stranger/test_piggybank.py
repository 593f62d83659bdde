"""The kit for the piggy bank."""

from __future__ import annotations

import secrets

import httpx
from piggybank import Options  # type: ignore[import-not-found]

from checkout.gateways.base import PaymentReference
from checkout.model.money import Money
from tests.gateways.kit import Conformance, Side
from tests.gateways.replay import body_of

PIN = secrets.token_hex(8)


class PiggySide(Side):
    secrets = (PIN,)
    signs = False
    words = (("state",),)
    needed = ("state",)
    stated = ("amount", "currency", "id")

    def options(self, base_url: str) -> Options:
        return Options(base_url=base_url, pin=PIN)

    def sent_money(self, request: httpx.Request, money: Money) -> Money | None:
        said = body_of(request)
        return Money(said["amount"], said["currency"], money.decimals)

    def signed(self, request: httpx.Request) -> bool:
        return bool(request.headers.get("authorization") == f"Bearer {PIN}")

    def named(self, request: httpx.Request) -> str | None:
        last = request.url.path.rpartition("/")[2]
        return body_of(request).get("payment") if request.method == "POST" else last

    def parent(self, verb: str, reference: PaymentReference) -> str | None:
        return reference.id


class TestPiggyBank(Conformance):
    adapter = "piggybank"
    side = PiggySide()
