"""Money as integer minor units and an ISO 4217 currency; exponents from ISO's own list."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from iso4217 import Currency
from msgspec import Struct

# Currencies without an exponent (metals, testing, XDR) can't be paid with.
EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
LARGEST: Final = 10**14  # minor units; keeps every amount exact in a JSON number and a BIGINT
_MAJOR = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,4}))?", re.ASCII)


class Money(Struct, frozen=True, omit_defaults=True):
    """`minor` is in minor units (cents of EUR, yen of JPY, fils of KWD). `decimals`: how many of
    its digits are behind the point, where the gateway account counts otherwise than ISO."""

    minor: int
    currency: str
    decimals: int | None = None

    @property
    def exponent(self) -> int:
        return EXPONENTS[self.currency] if self.decimals is None else self.decimals

    def same_sum(self, other: Money) -> bool:
        """Whether both are so many units of one currency, however those are counted."""
        return (self.minor, self.currency) == (other.minor, other.currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals: 19.90 EUR."""
        return Decimal(self.minor).scaleb(-self.exponent)

    @classmethod
    def from_major(cls, text: str, currency: str) -> Money:
        """Read "12.50": plain digits and a point, nothing else.

        Raises ValueError on an unknown currency, signs, exponents, too many decimals or more
        than `LARGEST`.
        """
        if currency not in EXPONENTS:
            raise ValueError("unknown currency")
        match = _MAJOR.fullmatch(text)
        if not match:
            raise ValueError("write it as 12.50")
        whole, decimals = match.group(1), match.group(2) or ""
        exponent = EXPONENTS[currency]
        if len(decimals) > exponent:
            raise ValueError(f"{currency} has {exponent} decimals")
        minor = int(whole + decimals.ljust(exponent, "0"))
        if minor > LARGEST:
            raise ValueError("the amount is too large")
        return cls(minor, currency)
