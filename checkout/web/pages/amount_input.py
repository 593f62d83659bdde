"""An amount as people type it: "12.50", "12,50", "1 234,5 €", "1'234.50", "1,23,456.00", "12,-"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from babel.numbers import (
    format_decimal,
    get_currency_name,
    get_currency_symbol,
    get_decimal_symbol,
)

from checkout.i18n import SOURCE, locale
from checkout.model.money import LARGEST, Money

LONGEST: Final = 40
# What people write for a currency, beside its code and CLDR's names of it.
WORDS: Final = {
    "RUB": ("руб", "р"), "BYN": ("руб", "р"), "UAH": ("грн",), "KZT": ("тг",),
}  # fmt: skip
# The marks of one meaning in one writing each: Arabic's and those of full width, apostrophes.
_MARKS: Final = str.maketrans(dict.fromkeys("，،", ",") | {"．": "."} | dict.fromkeys("’ʼ‘′`", "'"))
_DECIMAL: Final = ".,٫"
_GROUP: Final = ".,'٬ "
_LETTERS: Final = re.compile(rf"[0-9{re.escape(_DECIMAL + _GROUP)}]+", re.ASCII)
_WHOLE_ALONE: Final = re.compile(r"(?<=[0-9])[.,][-–—]{1,2}$", re.ASCII)  # 12,-
# Groups of three, and as in India: 12,34,567.
_GROUPS: Final = re.compile(
    r"[1-9][0-9]{0,2}(?:([.,'٬ ])[0-9]{3})(?:\1[0-9]{3})*"
    r"|[1-9][0-9]?(?:([.,'٬ ])[0-9]{2})(?:\2[0-9]{2})*\2[0-9]{3}",
    re.ASCII,
)


class TwoReadings(ValueError):
    """Text that may be two amounts: "1,234" of dinars, which have three decimals."""

    def __init__(self, first: Money, second: Money) -> None:
        super().__init__("may be two amounts")
        self.first, self.second = first, second


def write_amount(money: Money, language: str) -> str:
    """The amount as the language writes it, without its currency: what a field is filled with."""
    decimals = "." + "0" * money.exponent if money.exponent else ""
    return format_decimal(money.major, f"0{decimals}", locale(language))


def read_amount(text: str, like: Money, language: str) -> Money:
    """Digits of any alphabet, groups, a decimal mark, the currency beside it. `like`: money of the
    same currency and decimals.

    What the language itself would write is read as the language means it; else a text that has one
    reading alone. Raises TwoReadings, and ValueError for everything else, such as exponents, signs,
    and more decimals than there are.
    """
    plain = _plain(text[: LONGEST + 1], like.currency, language)
    if len(text) > LONGEST or not _LETTERS.fullmatch(plain):
        raise ValueError("no amount")
    own = get_decimal_symbol(locale(language))
    found: dict[str, int] = {}
    for mark, whole, decimals in _readings(plain):
        if len(decimals) <= like.exponent:
            found[mark] = int(whole + decimals.ljust(like.exponent, "0"))
        elif mark == own:
            raise ValueError("too many decimals")
    if not found:
        raise ValueError("no amount, or too many decimals")
    if max(found.values()) > LARGEST:
        raise ValueError("too much")
    amounts = sorted(set(found.values()))
    if len(amounts) > 1 and own not in found:
        raise TwoReadings(like.part(amounts[0]), like.part(amounts[1]))
    return like.part(found.get(own, amounts[0]))


def _readings(plain: str) -> Iterator[tuple[str, str, str]]:
    """(decimal mark, whole, decimals), digits alone, of each way to read the text; "" is the mark
    of an amount that has none."""
    if (whole := _digits(plain)) is not None:
        yield "", whole, ""
    for mark in _DECIMAL:
        before, found, decimals = plain.partition(mark)
        if not found or not (decimals.isdigit() or (before and not decimals)):
            continue
        if (whole := _digits(before) if before else "0") is not None:
            yield mark, whole, decimals


def _digits(whole: str) -> str | None:
    """The digits of a whole number, with or without groups; None where it is none."""
    if not (whole.isdigit() or _GROUPS.fullmatch(whole)):
        return None
    return re.sub(r"[^0-9]", "", whole)


def _plain(text: str, currency: str, language: str) -> str:
    """ASCII digits and marks, without what stands beside an amount."""
    plain = _folded(text.translate(_MARKS)).strip()
    names = _names(currency, language)
    for name in names:
        if plain.startswith(name):
            plain = plain.removeprefix(name).strip()
            break
    for name in names:
        if plain.endswith(name):
            plain = plain.removesuffix(name).strip()
            break
    return _WHOLE_ALONE.sub("", plain)


def _folded(text: str) -> str:
    """Small letters, ASCII digits, one kind of blank, no sign of a currency."""
    kept = (
        str(unicodedata.decimal(each)) if each.isdecimal() else " " if each.isspace() else each
        for each in text
        if unicodedata.category(each) not in ("Sc", "Cf")
    )
    return "".join(kept).casefold()


@lru_cache(maxsize=256)
def _names(currency: str, language: str) -> tuple[str, ...]:
    """What may stand beside an amount, the longest first."""
    found = {currency, *WORDS.get(currency, ())}
    for each in (language, SOURCE):
        spoken = locale(each)
        found.add(get_currency_symbol(currency, spoken))
        found |= {get_currency_name(currency, count, spoken) for count in (None, 1, 2, 5)}
    folded = {_folded(name).strip() for name in found} - {""}
    return tuple(sorted(folded | {f"{name}." for name in folded}, key=len, reverse=True))
