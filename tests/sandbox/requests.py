"""Requests as adapters make them."""

from __future__ import annotations

from typing import Any

PAID = "4200000000000000"
DECLINED = "4005550000000019"
CHALLENGE = "4012000000001097"

RETURN = "http://127.0.0.1:8001/return/ticket?x=1"


def card_request(number: str = PAID, **more: Any) -> dict[str, Any]:
    """A card payment with everything that is required."""
    card = {"number": number, "holder": "Jane Doe", "exp_month": 12, "exp_year": 2040}
    return {
        "request": {
            "amount": 1999,
            "currency": "EUR",
            "description": "Tea",
            "tracking_id": "key-1",
            "return_url": RETURN,
            "test": True,
            "credit_card": card | {"verification_value": "123"},
        }
        | more
    }


def apm_request(name: str = "bank_transfer", /, **more: Any) -> dict[str, Any]:
    """An online payment with everything that is required."""
    section = {"type": name} | ({"account_number": "42"} if name == "erip" else {})
    return {
        "request": {
            "amount": 1999,
            "currency": "EUR",
            "description": "Tea",
            "tracking_id": "key-1",
            "return_url": RETURN,
            "test": True,
            "method": section,
        }
        | more
    }
