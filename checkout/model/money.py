"""Money as integer minor units and an ISO 4217 currency; exponents from ISO's own list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec
from iso4217 import Currency
from msgspec import Struct

from checkout.model.withdrawn_currencies import WITHDRAWN, why_no_currency

# What can be paid with now. Currencies without an exponent (metals, testing, XDR) can't.
EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
# With those that ISO has withdrawn: what was paid in one stays readable.
KNOWN_EXPONENTS: Final = WITHDRAWN | EXPONENTS
# Currencies that gateways count with ISO's decimals or with these, as the SDK behind most shop
# plugins does. A wrong guess charges 100 times too much or too little.
TWO_WAYS: Final[dict[str, int]] = {
    **dict.fromkeys(("CVE", "CLF", "IDR", "IRR", "IQD", "KPW", "LAK", "LBP", "MMK"), 0),
    "MOP": 1,
    "UGX": 2,
    "UYW": 2,
}
MOST_DECIMALS: Final = 4
LARGEST: Final = 10**14  # minor units; keeps every amount exact in a JSON number and a BIGINT
_ONE_WAY: Final = {code: count for code, count in EXPONENTS.items() if code not in TWO_WAYS}
_MAJOR = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,4}))?", re.ASCII)


def decimals_of(currency: str, stated: Mapping[str, int]) -> int | None:
    """How many decimals a gateway account counts, `stated`: its settings' number, if any. None:
    the settings would have to state it and don't."""
    return stated.get(currency, _ONE_WAY.get(currency))


class Money(Struct, frozen=True, omit_defaults=True):
    """`minor` is in minor units (cents of EUR, yen of JPY, fils of KWD). `decimals`: how many of
    its digits are behind the point, where the gateway account counts otherwise than ISO; ISO's
    own number is kept as None, so that equal sums are equal values."""

    minor: int
    currency: str
    decimals: int | None = None

    def __post_init__(self) -> None:
        if self.decimals is not None and self.decimals == KNOWN_EXPONENTS.get(self.currency):
            msgspec.structs.force_setattr(self, "decimals", None)

    @property
    def exponent(self) -> int:
        return KNOWN_EXPONENTS[self.currency] if self.decimals is None else self.decimals

    def same_sum(self, other: Money) -> bool:
        """Whether the minor units and the currency are equal; decimals don't matter."""
        return (self.minor, self.currency) == (other.minor, other.currency)

    def part(self, minor: int) -> Money:
        """Another amount in minor units, with the same currency and decimals."""
        return Money(minor, self.currency, self.decimals)

    def counted(self, decimals: int) -> Money:
        """The same minor units of the same currency, with other `decimals`."""
        return Money(self.minor, self.currency, decimals)

    @property
    def major(self) -> Decimal:
        """The amount in major units, with exactly as many decimals as are counted: 19.90 EUR."""
        return Decimal(self.minor).scaleb(-self.exponent)

    @classmethod
    def from_major(cls, text: str, currency: str, decimals: int | None = None) -> Money:
        """Read "12.50": plain digits and a point, nothing else. `decimals`: see the class.

        Raises ValueError on an unknown currency, signs, exponents, too many decimals or more
        than `LARGEST`.
        """
        if currency not in EXPONENTS:
            raise ValueError(why_no_currency(currency, EXPONENTS))
        match = _MAJOR.fullmatch(text)
        if not match:
            raise ValueError("write it as 12.50")
        whole, part = match.group(1), match.group(2) or ""
        exponent = EXPONENTS[currency] if decimals is None else decimals
        if len(part) > exponent:
            raise ValueError(f"{currency} has {exponent} decimals")
        minor = int(whole + part.ljust(exponent, "0"))
        if minor > LARGEST:
            raise ValueError("the amount is too large")
        return cls(minor, currency, decimals)
