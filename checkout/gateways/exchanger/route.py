"""A route of the exchanger: what is given and what is got, at which rate, within which limits.

Documents: public clients of the exchanger's script, whose own pages compute out = in * rate.out
/ rate.in - outFeeAmount, rounded to the decimals of what is got. Numbers are fractions here; none
goes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final, Literal

from msgspec import Struct

from checkout.gateways.exchanger.html import plain_lines
from checkout.gateways.exchanger.response import number
from checkout.gateways.parsing import Object, section, text

Side = Literal["from", "to", "route"]

MOST_DECIMALS: Final = 18
MOST_FIELDS: Final = 50  # of one side
EXACT_DIGITS: Final = 15  # that a float keeps exactly: the exchanger reads our amount as one
RATE_UNITS: Final = 10**20
LONGEST_LABEL: Final = 100
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_DECIMALS = re.compile(r"[0-9]{1,2}", re.ASCII)
_EMAIL = re.compile(r"e-?mail|\bпочта", re.IGNORECASE)


class RouteField(Struct, frozen=True):
    """A field that an order needs. `label` is plain text."""

    side: Side
    key: str
    label: str
    required: bool
    email: bool


class Currency(Struct, frozen=True):
    """One end. `decimals`: how many its amounts have; `least` and `most`: of one order, where the
    exchanger limits it."""

    name: str
    symbol: str
    decimals: int
    least: Fraction | None
    most: Fraction | None


class Route(Struct, frozen=True):
    """`give` of the source for `get` of the target, less `fee`; the exchanger has `reserve` of it.
    `floating`: the rate may move until the money has come."""

    source: Currency
    target: Currency
    give: Fraction
    get: Fraction
    fee: Fraction
    reserve: Fraction | None
    floating: bool
    fields: tuple[RouteField, ...]

    def got_for(self, given: Fraction) -> Fraction:
        """Before it is rounded."""
        return given * self.get / self.give - self.fee

    def got_at_least(self, given: Fraction) -> Fraction:
        """As the exchanger's script computes it, with the rate rounded to 20 decimals. The result
        is rounded down, as the exchanger's rounding is not documented."""
        rate = Fraction(floor(self.get / self.give * RATE_UNITS + Fraction(1, 2)), RATE_UNITS)
        unit = Fraction(1, 10**self.target.decimals)
        return (given * rate - self.fee) // unit * unit

    def given_for(self, got: Fraction) -> Fraction:
        """What has to be given so that this is got; before it is rounded."""
        return (got + self.fee) * self.give / self.get


def route_in(data: Any) -> Route | None:
    """The route of an answer; None where there is none, or where a needed part is missing."""
    if not isinstance(data, dict) or data.get("success") is False:
        return None
    route = section(section(data, "data"), "route")
    rate = section(route, "rate")
    source, target = (_currency(section(route, name)) for name in ("from", "to"))
    give, get = (_fraction(rate, name) for name in ("in", "out"))
    fee = _fraction(rate, "outFeeAmount") if rate.get("outFeeAmount") is not None else Fraction(0)
    if source is None or target is None or not give or not get or fee is None:
        return None
    return Route(
        source=source,
        target=target,
        give=give,
        get=get,
        fee=fee,
        reserve=_fraction(rate, "amount"),
        floating=text(rate, "typeCalculate") == "float",
        fields=tuple(_fields(route)),
    )


def rounded_up(amount: Fraction, decimals: int) -> str:
    """As many digits as are significant, and as a float keeps."""
    whole = len(str(floor(amount)))
    decimals = min(decimals, max(0, EXACT_DIGITS - whole))
    return written(ceil(amount * 10**decimals), decimals)


def written(units: int, decimals: int) -> str:
    """So many units of so many decimals, digit by digit."""
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def in_words(amount: Fraction, currency: Currency) -> str:
    """For people: rounded down, without zeros at its end."""
    digits = written(floor(amount * 10**currency.decimals), currency.decimals)
    short = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{short} {currency.symbol}"


def _currency(fields: Object) -> Currency | None:
    symbol, stated = text(fields, "symbol", 16), text(fields, "decimal") or ""
    # Without its decimals an amount can't be rounded: two would be 600 EUR too much for bitcoins.
    if (
        symbol is None
        or not _DECIMALS.fullmatch(stated)
        or (decimals := int(stated)) > MOST_DECIMALS
    ):
        return None
    return Currency(
        name=text(fields, "name", 64) or symbol,
        symbol=symbol,
        decimals=decimals,
        least=_fraction(fields, "min") or None,  # 0: no limit
        most=_fraction(fields, "max") or None,
    )


def _fraction(fields: Object, name: str) -> Fraction | None:
    found = number(fields, name)
    return None if found is None else Fraction(found)


def _fields(route: Object) -> Iterator[RouteField]:
    sides: tuple[tuple[Side, Object], ...] = (
        ("from", section(route, "from")),
        ("to", section(route, "to")),
        ("route", route),
    )
    for side, place in sides:
        listed = place.get("fields")
        for each in listed[:MOST_FIELDS] if isinstance(listed, list) else ():
            key = text(each, "_id", 65) if isinstance(each, dict) else None
            if key is not None and _KEY.fullmatch(key):
                label = _label(each) or key
                yield RouteField(
                    side=side,
                    key=key,
                    label=label,
                    required=each.get("required") is True,
                    email=bool(_EMAIL.search(f"{key} {label}")),
                )


def _label(field: Object) -> str | None:
    for name in ("name", "placeholder"):
        if words := " ".join(plain_lines(text(field, name) or "")):
            return words[:LONGEST_LABEL]
    return None
