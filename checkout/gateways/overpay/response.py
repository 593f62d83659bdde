"""Reading Overpay's answers: transactions, with or without their envelopes.

Documents: Overpay's charge request (the answer's example) and the family's public documentation.
Tolerated: null or `[]` where an object is meant, missing fields, digit strings for integers.
Not tolerated: an amount, currency or key that is stated and can't be read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from checkout.gateways.parsing import (
    Object,
    address,
    digits,
    identifier,
    safe,
    section,
    text,
    token,
)
from checkout.model.money import Money
from checkout.model.outcome import GatewayFacts, PaidCard, ThreeDSecure

# The sections with the bank's own answer.
BANK: Final = ("payment", "authorization", "charge", "tokenization")
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class Transaction(Struct, frozen=True):
    """One transaction as stated. `parent`: the other transaction that it belongs to. `sound`: what
    it says of money and key could be read."""

    fields: Object
    uid: str | None
    parent: str | None
    kind: str | None  # its type: payment, authorization, charge, refund, ...
    status: str
    created_at: str
    facts: GatewayFacts
    sound: bool


def transactions(data: Any) -> list[Transaction] | None:
    """What an answer holds: none, one or several; None where it is no answer of this gateway."""
    if not isinstance(data, dict):
        found = data
    elif "transactions" in data:
        found = data["transactions"]
    elif "transaction" in data:
        found = [data["transaction"]]
    else:
        # Without its envelope it needs an id: other objects have a "status" too.
        found = [data] if data.get("uid") else None
    if not isinstance(found, list) or not all(_is_transaction(one) for one in found):
        return None
    return [_transaction(one) for one in found]


def _is_transaction(one: Any) -> bool:
    return isinstance(one, dict) and bool(one.get("uid") or one.get("status"))


def _transaction(fields: Object) -> Transaction:
    kind = safe(text(fields, "type")) or next(
        (name for name in BANK if section(fields, name)), None
    )
    facts, sound = _money(fields)
    uid = text(fields, "uid") or text(fields, "id")
    bank = section(fields, kind or "") or section(fields, "payment")
    return Transaction(
        fields=fields,
        uid=identifier(uid),
        parent=_parent(fields, uid),
        kind=kind,
        status=text(fields, "status") or "",
        created_at=text(fields, "created_at") or "",
        facts=GatewayFacts(
            money=facts.money,
            amount=facts.amount,
            key=facts.key,
            card=_card(section(fields, "credit_card")),
            receipt_url=address(fields, "receipt_url")
            or address(section(fields, "links"), "receipt_url"),
            auth_code=safe(text(bank, "auth_code")),
            rrn=text(bank, "rrn"),
            ref_id=text(bank, "ref_id"),
            bank_code=text(bank, "bank_code"),
            avs=_result(fields, "avs_verification"),
            cvc=_result(fields, "cvc_verification"),
            three_d_secure=_three_d_secure(section(fields, "three_d_secure_verification")),
            descriptor=safe(text(bank, "billing_descriptor")),
            code=text(fields, "code"),
            message=safe(text(fields, "message") or text(bank, "message")),
            friendly=safe(text(fields, "friendly_message")),
            paid_at=text(fields, "paid_at"),
        ),
        sound=sound,
    )


def _result(fields: Object, name: str) -> str | None:
    """What the bank found when it compared: a short code of the documents' table."""
    return text(section(section(fields, "avs_cvc_verification"), name), "result_code", 16)


def _three_d_secure(fields: Object) -> ThreeDSecure | None:
    """What may be kept of it: the cardholder's authentication value is not."""
    found = ThreeDSecure(
        message=safe(text(fields, "message")),
        **{
            name: safe(text(fields, name, 32))
            for name in ("status", "ve_status", "pa_status", "eci")
        },
    )
    return None if found == ThreeDSecure() else found


def _parent(fields: Object, uid: str | None) -> str | None:
    """Of an operation: the transaction it applies to. Of a charge that became an authorization and
    a capture: the capture; a charge that stayed a payment names itself."""
    parent = text(fields, "parent_uid")
    return identifier(parent) if parent != uid else None


def _money(fields: Object) -> tuple[GatewayFacts, bool]:
    """Amount, currency and key as stated, and whether all that is stated could be read."""
    amount, currency = fields.get("amount"), fields.get("currency")
    key = fields.get("tracking_id")
    minor = _integer(amount)
    code = currency if isinstance(currency, str) and _CURRENCY.fullmatch(currency) else None
    name = text(fields, "tracking_id")
    sound = all(
        stated is None or read is not None
        for stated, read in ((amount, minor), (currency, code), (key, name))
    )
    money = Money(minor, code) if minor is not None and code is not None else None
    return GatewayFacts(money=money, amount=None if money else minor, key=name), sound


def _integer(value: Any) -> int | None:
    """0 or more, as an integer or as digits; nothing else is one (true, 1.0, "1e3")."""
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _card(fields: Object) -> PaidCard | None:
    """What may be kept of a card: each field with its own number of digits at most."""
    card = PaidCard(
        brand=safe(text(fields, "brand", 32)),
        last_4=digits(fields, "last_4", 4),
        first_1=digits(fields, "first_1", 1),
        bin=digits(fields, "bin", 6),
        exp_month=_small(fields, "exp_month", 12),
        exp_year=_small(fields, "exp_year", 2200),
        holder=safe(text(fields, "holder", 64)),
        token=token(fields, "token"),
    )
    return None if card == PaidCard() else card


def _small(fields: Object, name: str, largest: int) -> int | None:
    value = _integer(fields.get(name))
    return value if value is not None and 1 <= value <= largest else None
