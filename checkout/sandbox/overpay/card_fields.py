"""Reading a card: its number, name and date, of a payment or of a card to keep."""

from __future__ import annotations

from dataclasses import replace

from checkout.sandbox import card as cards
from checkout.sandbox.card import Card
from checkout.sandbox.card_results import card_result
from checkout.sandbox.fields import BLANK, INVALID, Fields, Rule, between, either, matching
from checkout.sandbox.state import SandboxState

LONGEST_HOLDER = 32
"""Characters."""

_MONTH = either(between(1, 12), matching(r"0?[1-9]|1[0-2]"))
_YEAR = either(between(2000, 2099), matching(r"20\d\d"))


def new_card(state: SandboxState, section: Fields) -> Card | None:
    """The card; None if a part of it is wrong or missing, or its date is over."""
    number = section.text("number", required=True, longest=19)
    if number is not None and not cards.acceptable(number):
        section.reject("number")
        number = None
    holder = section.text("holder", required=True, longest=LONGEST_HOLDER)
    month = _part(section, "exp_month", _MONTH)
    year = _part(section, "exp_year", _YEAR)
    if number is None or holder is None or month is None or year is None:
        return None
    card = Card(
        holder=holder,
        stamp=cards.stamp_of(state.salt, number),
        brand=cards.brand_of(number),
        bin_8=number[:8],
        last_4=number[-4:],
        exp_month=month,
        exp_year=year,
        result=card_result(number),
    )
    return _not_expired(state, section, card)


def changed_card(state: SandboxState, section: Fields, card: Card) -> Card | None:
    """The same card with the name and the date that are given; None if one is wrong."""
    holder = section.text("holder", longest=LONGEST_HOLDER) or card.holder
    month = _part(section, "exp_month", _MONTH, card.exp_month)
    year = _part(section, "exp_year", _YEAR, card.exp_year)
    if month is None or year is None:
        return None
    return _not_expired(
        state, section, replace(card, holder=holder, exp_month=month, exp_year=year)
    )


def _part(section: Fields, name: str, rule: Rule, default: int | None = None) -> int | None:
    value = section.raw(name)
    if value is None or value == "":
        if default is None:
            section.reject(name, BLANK)
        return default
    if rule(value):
        return int(str(value))
    section.reject(name, INVALID)
    return None


def _not_expired(state: SandboxState, section: Fields, card: Card) -> Card | None:
    if not card.expired(state.now()):
        return card
    section.reject("date", "is expired")
    return None
