"""Shops, settings, orders, cards: whole and valid, with what a test wants different."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from checkout.ledger.audit import Actor
from checkout.model.browser import Browser
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import Customer, Method, Methods, Order, PageSettings
from checkout.settings import Account, Limits, Settings, Shop
from checkout.settings.signing_keys import public_half
from checkout.settings.values import ShopDirectory
from tests.support.clock import BEGINNING

SHOP_ID: Final = "361"
PUBLIC_URL: Final = "https://pay.example.com"
NOTIFIED: Final = "https://shop.example.com/notify"
CARDS: Final = Method(name="credit_card", gateway="cards")
CARD: Final = Card("4200000000000000", 12, 2040, "123", "ANN LEE")
SECRET: Final = secrets.token_hex(32)
SHOP_SECRET: Final = secrets.token_hex(32)


@cache
def rsa_key() -> RSAPrivateKey:
    """One for the whole run: making one takes a while."""
    return generate_private_key(65537, 2048)


def pem() -> str:
    """The same key as a shop keeps it in a file."""
    return pem_of(rsa_key())


def pem_of(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def broken_pem() -> str:
    """Of two keys: the exponents of another one."""
    own, other = rsa_key().private_numbers(), generate_private_key(65537, 2048).private_numbers()
    mixed = RSAPrivateNumbers(
        p=own.p, q=own.q, d=other.d, dmp1=other.dmp1, dmq1=other.dmq1, iqmp=own.iqmp,
        public_numbers=own.public_numbers,
    )  # fmt: skip
    return pem_of(mixed.private_key(unsafe_skip_rsa_key_validation=True))


def shop(**changes: Any) -> Shop:
    values: dict[str, Any] = {
        "id": SHOP_ID,
        "name": "Demo shop",
        "secret_key": SHOP_SECRET,
        "private_key": rsa_key(),
        "public_key": public_half(rsa_key()),
        "url": "https://shop.example.com",
        "email": "help@shop.example.com",
        "methods": (CARDS,),
    }
    return Shop(**(values | changes))


def settings(*shops: Shop, **changes: Any) -> Settings:
    """`shops`: one plain shop where none is given."""
    named = {each.id: each for each in shops or (shop(),)}
    accounts = {method.gateway for each in named.values() for method in each.methods}
    values: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "database": "sqlite:///unused.db",
        "secrets": (SECRET,),
        "gateways": {
            name: Account(name=name, adapter="fake", options=None) for name in sorted(accounts)
        },
        "shops": ShopDirectory(named),
        "limits": Limits(slow_seconds=0),  # nobody waits in real time
    }
    return Settings(**(values | changes))


def order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "money": Money(1250, "EUR"),
        "description": "Two tickets",
        "transaction_type": "payment",
        "expires_at": BEGINNING + 24 * 3600,
        "tracking_id": "order-1001",
        "page_settings": PageSettings(notification_url=NOTIFIED),
    }
    return Order(**(values | changes))


def methods(*types: str, **more: Any) -> Methods:
    return Methods(types=types, **more)


def changed(value: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(value, **changes)


ANN: Final = Actor("ann", "cli", "till-1")
CUSTOMER: Final = Customer(email="ann@example.com", ip="192.0.2.7")
BROWSER: Final = Browser(accept_header="text/html", user_agent="Mozilla/5.0", language="en-GB")
