"""Checking a notification before a word of it is believed."""

from __future__ import annotations

import binascii
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from checkout.sandbox.basic_auth import Credentials, parse, same_secret
from checkout.sandbox.shop.config import ShopConfig

VALID, INVALID, ABSENT, UNCHECKED = "valid", "invalid", "absent", "not checked"


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A card that its owner let the shop keep: what it is called, and the token that stands for
    it. The number and the code never reach a shop."""

    token: str = field(repr=False)
    brand: str
    last_4: str


@dataclass(slots=True, kw_only=True)
class Notification:
    """One notification: how it was verified, and what it says.

    `accepted` is true if it comes from checkout and is about the order it was sent for;
    `amount` is in minor units, `webhook_id` the event's id if the sender gave one; `kind` is what
    it tells of: the payment itself, or a refund, chargeback, void or capture of it; `created_by`:
    who asked for that payment.
    """

    signature: str
    basic: str
    accepted: bool
    reason: str
    status: str | None = None
    kind: str | None = None
    uid: str | None = None
    amount: int | None = None
    currency: str | None = None
    webhook_id: str | None = None
    token: str | None = None
    test: bool | None = None
    created_by: str | None = None
    card: SavedCard | None = None
    repeated: bool = False
    at: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, object]:
        """The notification as JSON; `verified` is the word that tests look for."""
        return {
            "at": self.at,
            "verified": self.accepted,
            "signature": self.signature,
            "basic": self.basic,
            "reason": self.reason,
            "status": self.status,
            "type": self.kind,
            "test": self.test,
            "created_by": self.created_by,
            "uid": self.uid,
            "amount": self.amount,
            "currency": self.currency,
            "webhook_id": self.webhook_id,
            "repeated": self.repeated,
        }


def verified(
    config: ShopConfig, number: str, headers: Mapping[str, str], body: bytes
) -> Notification:
    """Verify a notification for order `number` over its raw bytes, then read it."""
    signature = _signature(config, headers.get("content-signature"), body)
    password = _basic(config, headers.get("authorization"))
    content = _content(body)
    reason = _refusal(config, signature, password, number, content)
    return Notification(
        signature=signature,
        basic=password,
        accepted=not reason,
        reason=reason,
        webhook_id=headers.get("webhook-id"),
        status=_text(content.get("status")),
        kind=_text(content.get("type")),
        uid=_text(content.get("uid")),
        amount=_number(content.get("amount")),
        currency=_text(content.get("currency")),
        token=_text(content.get("token")),
        test=_flag(content.get("test")),
        created_by=_text(content.get("created_by")),
        card=_card(content.get("credit_card")),
    )


def _refusal(
    config: ShopConfig, signature: str, password: str, number: str, content: Mapping[str, object]
) -> str:
    """Why it isn't believed; nothing if it is. Basic may be absent where a signature is due."""
    if config.public_key and signature != VALID:
        return f"signature {signature}"
    if password == INVALID or (not config.public_key and password != VALID):
        return f"Basic {password}"
    if not content:
        return "unreadable"
    return "" if content.get("tracking_id") == number else "about another order"


def _signature(config: ShopConfig, header: str | None, body: bytes) -> str:
    if not header:
        return ABSENT
    if not config.public_key:
        return UNCHECKED
    try:
        key = load_der_public_key(b64decode(config.public_key))
        if not isinstance(key, rsa.RSAPublicKey):
            return INVALID
        given = b64decode("".join(header.split()), validate=True)
        key.verify(given, body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return INVALID
    return VALID


def _basic(config: ShopConfig, header: str | None) -> str:
    if not header:
        return ABSENT
    given = parse(header) or Credentials("", "")
    right_shop = same_secret(given.shop_id, config.shop_id)
    right_secret = same_secret(given.secret_key, config.secret_key)
    return VALID if right_shop and right_secret else INVALID


def _content(body: bytes) -> dict[str, object]:
    """The transaction, or the flat object that tells of a token that expired unpaid."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if not isinstance(decoded, dict):
        return {}
    transaction = decoded.get("transaction")
    if isinstance(transaction, dict):
        return transaction
    order = decoded.get("order")
    facts = order if isinstance(order, dict) else {}
    return decoded | {
        name: facts.get(name) for name in ("amount", "currency", "tracking_id") if name in facts
    }


def _card(card: object) -> SavedCard | None:
    """The saved card, where the notification brings its token."""
    if not isinstance(card, dict) or not isinstance(card.get("token"), str):
        return None
    return SavedCard(card["token"], str(card.get("brand") or "card"), str(card.get("last_4") or ""))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
