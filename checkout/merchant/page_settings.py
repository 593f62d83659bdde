"""Reads the parts of a shop's `settings` that change the payment page itself.

Source: Overpay's documents on the checkout token: `save_card_toggle`, `another_card_toggle`,
`agreement_toggle`, `credit_card_fields`, `auto_pay`; and `payment_method.credit_card.token`.
"""

from __future__ import annotations

from typing import Any, Final

from checkout.model.card_form import LONGEST_HOLDER, digits, read_holder
from checkout.model.checks import Fields, Rule, Wrong
from checkout.model.order import Agreement, CardFields, SaveCard
from checkout.model.pan import luhn
from checkout.model.rules import loose_flag, text, texts

LONGEST_TEXT: Final = 500  # of the words beside a checkbox
LONGEST_TOKEN: Final = 1024


def page_settings(fields: Fields, address: Rule[str | None]) -> dict[str, Any]:
    """The fields of `Ways` that stand for them. `address`: of the shop's terms."""
    return {
        "card_fields": _card_fields(fields.within("credit_card_fields")),
        "save_card": _save_card(fields.within("save_card_toggle"))
        if _is_filled(fields, "save_card_toggle")
        else None,
        "another_card": fields.get("another_card_toggle.display", loose_flag, True),
        "agreement": _agreement(fields.within("agreement_toggle"), address)
        if _is_filled(fields, "agreement_toggle")
        else None,
        "auto_pay": fields.get("auto_pay", loose_flag, False),
    }


def card_token(value: Any) -> str | None:
    """The name that a gateway gave a card: never the card's own number."""
    if value == "":
        return None
    token = text(LONGEST_TOKEN)(value)
    number = digits(token)
    if number and 12 <= len(number) <= 19 and luhn(number):
        raise Wrong("must be a card's token, never its number")
    if not all(character.isprintable() for character in token):
        raise Wrong("must not contain line breaks")
    return token


def _card_fields(fields: Fields) -> CardFields:
    fixed = fields.get("read_only", texts(most=20), ())
    return CardFields(
        holder=fields.get("holder", _holder),
        read_only=tuple(dict.fromkeys(name for name in fixed if name == "holder")),
    )


def _holder(value: Any) -> str | None:
    if not isinstance(value, str):
        raise Wrong("must be text")
    if not value.strip():
        return None
    if len(value) > LONGEST_HOLDER:
        raise Wrong(f"must have 1 to {LONGEST_HOLDER} characters")
    holder, problem = read_holder(value)
    if problem:
        raise Wrong("must be the name on the card")
    return holder


def _save_card(fields: Fields) -> SaveCard:
    return SaveCard(
        display=fields.get("display", loose_flag),
        customer_contract=fields.get("customer_contract", loose_flag),
        text=_words(fields, "text"),
        hint=_words(fields, "hint"),
    )


def _agreement(fields: Fields, address: Rule[str | None]) -> Agreement:
    return Agreement(
        ticked=fields.get("value", loose_flag, False),
        url=fields.get("url", address),
        text=_words(fields, "text"),
    )


def _words(fields: Fields, name: str) -> str | None:
    found = fields.get(name, text(LONGEST_TEXT, least=0))
    return found.strip() or None if found else None


def _is_filled(fields: Fields, name: str) -> bool:
    """Plugins send an object of blanks for what they leave out."""
    inner = fields.within(name)
    return any(inner.data.get(field) not in (None, "") for field in inner.data)
