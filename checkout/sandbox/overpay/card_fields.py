"""Reading a card: its number, name and date, of a payment or of a card to keep."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import NamedTuple

from checkout.sandbox import card as cards
from checkout.sandbox.card import Card
from checkout.sandbox.card_results import TEST_CARDS, card_result
from checkout.sandbox.fields import BLANK, INVALID, Fields, Rule, between, either, matching
from checkout.sandbox.state import SandboxState

PAID = "4200000000000000"
LONGEST_HOLDER = 32
"""Characters."""


class Part(NamedTuple):
    """A part of the date, with what is said of a wrong one."""

    name: str
    rule: Rule
    reason: str


MONTH = Part("exp_month", either(between(1, 12), matching(r"0?[1-9]|1[0-2]")), INVALID)
YEAR = Part(
    "exp_year",
    either(between(2000, 2099), matching(r"20\d\d")),
    "Invalid. Format should be: yyyy",
)


def new_card(state: SandboxState, section: Fields) -> Card | None:
    """The card; None, and noted, if a part of it is wrong or missing, or its date is over."""
    number = section.text("number", required=True, longest=19)
    if number is not None and not cards.acceptable(number):
        section.reject("number")
        number = None
    holder = section.text("holder", required=True, longest=LONGEST_HOLDER)
    date = _date(state, section)
    if number is None or holder is None or date is None:
        return None
    return Card(
        holder=holder,
        stamp=cards.stamp_of(state.salt, number),
        brand=cards.brand_of(number),
        bin_8=number[:8],
        last_4=number[-4:],
        exp_month=date[0],
        exp_year=date[1],
        result=card_result(number),
    )


def wallet_card(state: SandboxState, token: str) -> Card:
    """What a wallet of the customer's device gave: nobody can read it here, so it is a card that is
    paid; a test says another by a test card's number in the place of what is encrypted."""
    number = next((number for number in TEST_CARDS if number in _given(token)), PAID)
    return Card(
        holder="",
        stamp=cards.stamp_of(state.salt, token),
        brand=cards.brand_of(number),
        bin_8=number[:8],
        last_4=number[-4:],
        exp_month=12,
        exp_year=2039,
        result=card_result(number),
    )


def _given(token: str) -> str:
    """What stands behind the mark, decoded."""
    try:
        return b64decode(token.rpartition("$")[2]).decode("latin-1")
    except ValueError:
        return ""


def changed_card(state: SandboxState, section: Fields, card: Card) -> Card | None:
    """The same card with the name and the date that are given; None, and noted, if one is wrong."""
    holder = section.text("holder", longest=LONGEST_HOLDER) or card.holder
    date = _date(state, section, (card.exp_month, card.exp_year))
    if date is None:
        return None
    return replace(card, holder=holder, exp_month=date[0], exp_year=date[1])


def _date(
    state: SandboxState, section: Fields, kept: tuple[int | None, int | None] = (None, None)
) -> tuple[int, int] | None:
    """(month, year); `kept`: those that stay where none are given."""
    month, year = (
        _part(section, part, default) for part, default in zip((MONTH, YEAR), kept, strict=True)
    )
    # A year that is no year is compared too: 10 is long over.
    stated = year or _number(section.raw(YEAR.name))
    if stated is not None and cards.is_over(month or 12, stated, state.now()):
        section.reject("date", "is expired")
        return None
    return None if month is None or year is None else (month, year)


def _part(section: Fields, part: Part, default: int | None) -> int | None:
    value = section.raw(part.name)
    if value is None or value == "":
        if default is None:
            section.reject(part.name, BLANK)
        return default
    if part.rule(value):
        return _number(value)
    section.reject(part.name, part.reason)
    return None


def _number(value: object) -> int | None:
    digits = str(value) if isinstance(value, int | str) else ""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else None
