"""Cards: how a number is checked, and what remains of it once it was seen."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from checkout.sandbox.card_results import TEST_CARDS, CardResult

_NUMBER = re.compile(r"[0-9]{12,19}")

BRANDS = (
    (r"220[0-4]", "mir"),
    (r"9112", "belkart"),
    (r"3[47]", "amex"),
    (r"3(?:0[0-5]|[689])", "dinersclub"),
    (r"35", "jcb"),
    (r"4", "visa"),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", "master"),
    (r"50|5[6-9]|6(?:0(?!11)|[13679])", "maestro"),
    (r"6011|64[4-9]|65", "discover"),
    (r"62", "unionpay"),
)
"""First digits -> brand, the first match wins."""


NAMES = {"master": "Mastercard", "amex": "American Express", "jcb": "JCB"}
"""Brands that people know under another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card without its number: `stamp` tells two cards apart."""

    holder: str
    stamp: str
    brand: str
    bin_8: str
    last_4: str
    exp_month: int
    exp_year: int
    result: CardResult

    def expired(self, at: float) -> bool:
        """Whether its month is over at this moment, in Unix seconds."""
        return is_over(self.exp_month, self.exp_year, at)

    @property
    def mask(self) -> str:
        """How a person recognises it."""
        return f"{NAMES.get(self.brand, self.brand.title())} •••• {self.last_4}"


def is_over(month: int, year: int, at: float) -> bool:
    """Whether a month has ended at this moment, in Unix seconds."""
    today = datetime.fromtimestamp(at, UTC)
    return (year, month) < (today.year, today.month)


def acceptable(number: str) -> bool:
    """12 to 19 digits with a right check digit, or a number of the sandbox's own table."""
    return _NUMBER.fullmatch(number) is not None and (number in TEST_CARDS or _luhn(number))


def _luhn(number: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def brand_of(number: str) -> str:
    """The brand by the first digits; `unknown` if no rule knows them."""
    return next((brand for digits, brand in BRANDS if re.match(digits, number)), "unknown")


def stamp_of(salt: bytes, number: str) -> str:
    """64 hex digits that are the same for the same number and tell nothing about it."""
    return hmac.new(salt, number.encode(), hashlib.sha256).hexdigest()
