"""Reading a request: a form with dotted names, or JSON whose objects nest as the dots say."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

from checkout.sandbox import card as cards
from checkout.sandbox.card import Card
from checkout.sandbox.card_results import ThreeDSecure, card_result
from checkout.sandbox.forms import form
from checkout.sandbox.money import EXPONENTS
from checkout.sandbox.rest.codes import METHODS
from checkout.sandbox.rest.transaction import PROTOCOL, RestTransaction
from checkout.sandbox.state import HttpRequest, SandboxState
from checkout.sandbox.urls import acceptable

Fields = dict[str, str]

CARD_MODES = ("CC", "DC")
TYPES = {"DB": "payment", "PA": "authorization", "PO": "payout"}
"""`paymentType` of a new payment or payout -> its type in the ledger."""

DEEPEST = 8

_SHAPES = {
    "authentication.memberId": r"[0-9A-Za-z]{1,20}",
    "merchantTransactionId": r"[^|]{1,100}",
    "amount": r"[0-9]{1,8}\.[0-9]{2}",
    "currency": r"[A-Z]{3}",
    "paymentType": r"DB|PA|PO",
    "paymentMode": r"[A-Z]{2,8}",
}
_CODE = r"[0-9]{3,4}"
_CARD_SHAPES = {
    "card.expiryMonth": r"0[1-9]|1[0-2]",
    "card.expiryYear": r"20[0-9]{2}",
    "card.cvv": _CODE,
}
_OPTIONAL: dict[str, Callable[[str], bool]] = {
    "merchantRedirectUrl": lambda value: len(value) < 100 and acceptable(value),
    "notificationUrl": acceptable,
    "customer.email": lambda value: "@" in value,
    "customer.phone": lambda value: value.isdigit(),
    "customer.birthDate": lambda value: re.fullmatch(r"[0-9]{8}", value) is not None,
    "billing.country": lambda value: re.fullmatch(r"[A-Z]{2}", value) is not None,
    "attemptThreeD": lambda value: value in ("Only3D", "3D", "Direct"),
    "recurringType": lambda value: value in ("INITIAL", "REPEATED"),
    "createRegistration": lambda value: value in ("true", "false"),
    "card.cvv": lambda value: re.fullmatch(_CODE, value) is not None,
}
SHOWN = ("customer.", "billing.", "shipping.", "deviceDetails.")
"""The parts of a request that the ledger shows."""


class Refusal(Exception):
    """A request that is not accepted: nothing was recorded."""

    def __init__(self, description: str, code: str = "10001") -> None:
        super().__init__(description)
        self.code = code
        self.description = description


async def fields_of(request: HttpRequest) -> Fields:
    """All of it, by dotted names; empty where it can't be read."""
    if "json" not in request.headers.get("content-type", ""):
        return await form(request)
    try:
        data = json.loads(await request.body(), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return {}
    return _flat(data) if isinstance(data, dict) else {}


def _flat(data: dict[str, object], prefix: str = "", depth: int = 0) -> Fields:
    found: Fields = {}
    for name, value in data.items():
        if isinstance(value, dict) and depth < DEEPEST:
            found |= _flat(value, f"{prefix}{name}.", depth + 1)
        elif isinstance(value, bool):
            found[prefix + name] = str(value).lower()
        elif isinstance(value, str):
            found[prefix + name] = value
    return found


def payment_of(
    state: SandboxState, fields: Fields, secure_key: str, kept: Card | None = None
) -> RestTransaction:
    """An undecided payment, by a `kept` card where there is one; raises `Refusal` naming every
    wrong field."""
    by_card = fields.get("paymentMode") in CARD_MODES
    if wrong := _wrong_payment(fields, by_card, kept):
        raise Refusal(f"Validation failed: {', '.join(wrong)}")
    amount = minor_units(fields["amount"], fields["currency"])
    card = (kept or card_of(state, fields)) if by_card else None
    three_d_secure = _three_d_secure(fields, card, saved=kept is not None)
    if three_d_secure == "challenge" and not fields.get("merchantRedirectUrl"):
        raise Refusal("Validation failed: merchantRedirectUrl")
    return new_transaction(
        state,
        fields,
        secure_key,
        type=TYPES[fields["paymentType"]],
        method=METHODS.get(fields["paymentMode"], fields["paymentMode"]),
        amount=amount,
        currency=fields["currency"],
        description=fields.get("orderDescriptor", ""),
        return_url=fields.get("merchantRedirectUrl") or None,
        notification_url=fields.get("notificationUrl") or None,
        status="incomplete" if card else "pending",
        card=card,
        three_d_secure=three_d_secure,
        registration=secrets.token_hex(16) if _registers(fields) else None,
        facts=_facts(fields, card)
        | {"secure": three_d_secure, "by_token": kept is not None}
        | {name: fields[name] for name in fields if name.startswith(SHOWN)},
    )


def _wrong_payment(fields: Fields, by_card: bool, kept: Card | None) -> list[str]:
    wrong = wrong_fields(fields, _SHAPES)
    if by_card:
        return wrong if kept else wrong + wrong_card(fields)
    if kept:
        return [*wrong, "paymentMode"]
    return wrong if fields.get("merchantRedirectUrl") else [*wrong, "merchantRedirectUrl"]


def new_transaction(
    state: SandboxState, fields: Fields, secure_key: str, **own: Any
) -> RestTransaction:
    now = state.now()
    return RestTransaction(
        protocol=PROTOCOL,
        uid=new_id(state),
        shop_id=fields["authentication.memberId"],
        secret_key=secure_key,
        tracking_id=fields.get("merchantTransactionId"),
        test=True,
        created_at=now,
        updated_at=now,
        mode=fields["paymentMode"],
        brand=fields.get("paymentBrand"),
        origin=state.public_url,
        **own,
    )


def _three_d_secure(fields: Fields, card: Card | None, *, saved: bool) -> ThreeDSecure:
    if card is None or (saved and not fields.get("card.cvv")):
        part: ThreeDSecure = "none"  # nobody is there to answer
    else:
        part = card.result.three_d_secure
    if part == "none" and fields.get("attemptThreeD") == "Only3D" and card:
        return "frictionless"
    return part


def _facts(fields: Fields, card: Card | None) -> dict[str, object]:
    """For the ledger."""
    return {
        "mode": fields["paymentMode"],
        "brand": fields.get("paymentBrand"),
        "last_4": card.last_4 if card else None,
        "terminal_id": fields.get("authentication.terminalId"),
        "description": fields.get("orderDescriptor"),
        "return_url": fields.get("merchantRedirectUrl"),
        "notification_url": fields.get("notificationUrl"),
        "recurring": fields.get("recurringType"),
    }


def wrong_fields(fields: Fields, shapes: dict[str, str]) -> list[str]:
    """The names of those that are missing or not of their shape."""
    wrong = [
        name for name, shape in shapes.items() if not re.fullmatch(shape, fields.get(name, ""))
    ]
    return wrong + [
        name for name, right in _OPTIONAL.items() if fields.get(name) and not right(fields[name])
    ]


def wrong_card(fields: Fields) -> list[str]:
    wrong = [
        name
        for name, shape in _CARD_SHAPES.items()
        if not re.fullmatch(shape, fields.get(name, ""))
    ]
    acceptable = cards.acceptable(fields.get("card.number", ""))
    return list(dict.fromkeys(wrong if acceptable else [*wrong, "card.number"]))


def minor_units(amount: str, currency: str) -> int:
    """Of "50.00". Raises `Refusal` for currencies that two decimals can't say."""
    exponent = EXPONENTS.get(currency, 2)
    minor = int(amount.replace(".", ""))
    if exponent > 2 or minor == 0 or (exponent == 0 and minor % 100):
        raise Refusal("Validation failed: amount, currency")
    return minor if exponent == 2 else minor // 100


def new_id(state: SandboxState) -> str:
    """Digits, as the platform's; too many to be guessed by chance."""
    while (uid := str(10**11 + secrets.randbelow(9 * 10**11))) in state.transactions:
        pass
    return uid


def card_of(state: SandboxState, fields: Fields) -> Card:
    number = fields["card.number"]
    names = (fields.get("customer.givenName", ""), fields.get("customer.surname", ""))
    return Card(
        holder=" ".join(name for name in names if name),
        stamp=cards.stamp_of(state.salt, number),
        brand=cards.brand_of(number),
        bin_8=number[:8],
        last_4=number[-4:],
        exp_month=int(fields["card.expiryMonth"]),
        exp_year=int(fields["card.expiryYear"]),
        result=card_result(number),
    )


def _registers(fields: Fields) -> bool:
    return fields.get("createRegistration") == "true" or fields.get("recurringType") == "INITIAL"
