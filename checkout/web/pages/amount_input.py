"""An amount as people type it: "12.50", "12,50", "1 234,5 €", "1,234.50"."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from babel.numbers import get_decimal_symbol

from checkout.i18n import locale
from checkout.model.money import LARGEST, Money

LONGEST: Final = 40
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f'’]+")
_PLAIN: Final = re.compile(r"[0-9]+([.,][0-9]+)*[.,]?", re.ASCII)
_GROUPS: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{3})+", re.ASCII)


def read_amount(text: str, like: Money, language: str) -> Money:
    """Digits of any alphabet, groups, a decimal point or comma, the currency beside it. Whether
    the mark in "1,234" is a decimal one depends on the language. Raises ValueError for everything
    else, such as exponents and signs. `like`: money of the same currency and decimals."""
    plain = _digits(text[: LONGEST + 1], like.currency)
    if len(text) > LONGEST or not _PLAIN.fullmatch(plain):
        raise ValueError("no amount")
    plain = plain.rstrip(".,")
    whole, decimals = _split(plain, like.exponent, get_decimal_symbol(locale(language)))
    if not whole.isdigit() and not _GROUPS.fullmatch(whole):
        raise ValueError("no amount")
    digits = whole.replace(".", "").replace(",", "")
    if len(decimals) > like.exponent:
        raise ValueError("too many decimals")
    minor = int(digits + decimals.ljust(like.exponent, "0"))
    if minor > LARGEST:
        raise ValueError("too much")
    return like.part(minor)


def _digits(text: str, currency: str) -> str:
    """ASCII digits, points and commas, without what stands beside an amount."""
    folded = unicodedata.normalize("NFKC", text).replace("٫", ".").replace("٬", ",")
    plain = "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character
        for character in folded
        if unicodedata.category(character) not in ("Sc", "Cf")
    )
    plain = _BLANKS.sub("", plain).upper()
    return plain.removeprefix(currency).removesuffix(currency)


def _split(plain: str, exponent: int, symbol: str) -> tuple[str, str]:
    """(whole, decimals) of a text of digits, points and commas."""
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        return plain, ""
    last = marks[-1]
    whole, _, decimals = plain.rpartition(last)
    if last in whole:
        return plain, ""  # 1,234,567
    single = len(marks) == 1
    if len(decimals) == 3 and (last != symbol if single else exponent < 3):
        return plain, ""
    return whole, decimals
