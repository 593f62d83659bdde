"""One charge that has everything, and what a recorded exchange changes about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from checkout.gateways.base import Charge, PaymentReference
from checkout.model.browser import Browser
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import Customer, Method, Order

KEY: Final = "5e8b1c07a94d4f62b3d0c6f17a2e9d84-1"
OPERATION: Final = "91d7c2f05b6e4a3c8e0f7d1b2a4c6e85-1"  # the key of what follows the payment
RETURN_URL: Final = "https://pay.example.com/return/Zx81kQ0vWm3tYb7nRc5dPa"
NOTIFY_URL: Final = "https://pay.example.com/notify/cards/Hq2sLw9xTf4gJk6mVd1eNu"
CARD_NUMBER: Final = "4005550000000019"  # a documented test number
CARD_CODE: Final = "8642"  # no length of a real one: easy to find where it must not be

CHARGE: Final = Charge(
    key=KEY,
    money=Money(1250, "EUR"),
    order=Order(
        money=Money(1250, "EUR"),
        description="Two tickets",
        transaction_type="payment",
        expires_at=1893456000.0,
        tracking_id="order-1001",
        test=True,
    ),
    method=Method(name="credit_card", gateway="cards"),
    customer=Customer(email="ann@example.com", ip="192.0.2.7"),
    language="en",
    return_url=RETURN_URL,
    notify_url=NOTIFY_URL,
    card=Card(CARD_NUMBER, 9, 2031, CARD_CODE, "ANN LEE"),
    browser=Browser(
        accept_header="text/html",
        user_agent="Mozilla/5.0",
        language="en-GB",
        screen_width=1920,
        screen_height=1080,
        window_width=1280,
        window_height=720,
        time_zone=-180,
        time_zone_name="Europe/Vilnius",
    ),
)

REFERENCE: Final = PaymentReference(
    key=KEY,
    id=None,
    money=CHARGE.money,
    method="credit_card",
    transaction_type="payment",
)


def charge(changes: Mapping[str, Any]) -> Charge:
    return msgspec.convert(changed(msgspec.to_builtins(CHARGE), changes), Charge)


def reference(changes: Mapping[str, Any]) -> PaymentReference:
    return msgspec.convert(changed(msgspec.to_builtins(REFERENCE), changes), PaymentReference)


def changed(whole: Any, changes: Mapping[str, Any]) -> Any:
    """Objects are merged, everything else is replaced."""
    for name, value in changes.items():
        old = whole.get(name)
        both = isinstance(value, dict) and isinstance(old, dict)
        whole = {**whole, name: changed(old, value) if both else value}
    return whole
