"""Overpay's side of an account: its keys, made anew in each run, and its signature."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checkout.gateways.base import PaymentReference
from checkout.gateways.overpay.options import Options
from checkout.model.money import Money
from tests.gateways.kit import Notice, Side
from tests.gateways.replay import body_of

SHOP_ID = "361"
SECRET_KEY = secrets.token_hex(32)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PKCS1 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)


def public_key(key: rsa.RSAPrivateKey = KEY) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signature(
    body: bytes,
    *,
    key: rsa.RSAPrivateKey = KEY,
    scheme: padding.AsymmetricPadding = PKCS1,
    digest: HashAlgorithm | None = None,
) -> str:
    return base64.b64encode(key.sign(body, scheme, digest or SHA256())).decode()


def basic(shop_id: str = SHOP_ID, secret_key: str = SECRET_KEY) -> str:
    return "Basic " + base64.b64encode(f"{shop_id}:{secret_key}".encode()).decode()


class OverpaySide(Side):
    """An account whose public key is known: only its signature counts."""

    secrets = (SECRET_KEY, basic().removeprefix("Basic "))
    words = (
        ("transaction.status", "transactions.*.status", "status"),
        ("transaction.type", "transactions.*.type", "type"),
    )
    needed = ("transaction.status",)
    stated = ("transaction.amount", "transaction.currency", "transaction.tracking_id")

    def options(self, base_url: str) -> Options:
        return Options(
            base_url=base_url, shop_id=SHOP_ID, secret_key=SECRET_KEY, public_key=public_key()
        )

    def sent_money(self, request: httpx.Request, money: Money) -> Money | None:
        said = body_of(request)["request"]
        return msgspec.structs.replace(
            money, minor=said["amount"], currency=said.get("currency", money.currency)
        )

    def signed(self, request: httpx.Request) -> bool:
        return bool(request.headers.get("authorization") == basic())

    def named(self, request: httpx.Request) -> str | None:
        if request.method == "POST":
            parent: str | None = body_of(request)["request"].get("parent_uid")
            return parent
        *_, before, last = unquote(request.url.path).split("/")
        return None if before == "tracking_id" else last

    def parent(self, verb: str, reference: PaymentReference) -> str | None:
        """Money goes back from what took it; what only holds it is given up itself."""
        if verb == "refund":
            return reference.capture or reference.parent or reference.id
        return reference.id

    def of_another_type(self, answer: Any, asked: str) -> Any:
        other = "payment" if asked == "tokenization" else "tokenization"
        several = answer.get("transactions") or [answer.get("transaction", answer)]
        for one in several:
            one[other] = one.pop(one.get("type", asked), {})
            one["type"] = other
        return answer

    def genuine(self, body: bytes) -> Notice:
        return Notice({"authorization": basic(), "content-signature": signature(body)}, body)

    def forgeries(self, body: bytes) -> Mapping[str, Notice]:
        good = signature(body)
        flipped = bytearray(base64.b64decode(good))
        flipped[7] ^= 1
        forged = {
            "empty": "",
            "no base64": "@" + good[1:],
            "cut": good[:-8],
            "one bit": base64.b64encode(flipped).decode(),
            "another key": signature(body, key=OTHER_KEY),
            "PSS": signature(body, scheme=PSS),
            "SHA-1": signature(body, digest=SHA1()),
            "SHA-512": signature(body, digest=SHA512()),
            "of other bytes": signature(body + b" "),
        }
        notices = {
            name: Notice({"authorization": basic(), "content-signature": value}, body)
            for name, value in forged.items()
        }
        return {
            **notices,
            "unsigned": Notice({"authorization": basic()}, body),
            "nothing at all": Notice({}, body),
            "altered": Notice({"content-signature": good}, body + b"\n"),
        }
