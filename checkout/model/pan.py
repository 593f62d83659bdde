"""Primary account numbers: the brand, the check digit, and how to find them in a text.

They are never stored or shown: a text that contains one is refused, or the number is masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple


class Brand(NamedTuple):
    """`prefixes`: inclusive ranges of leading digits; `lengths`: how many digits a number has."""

    name: str
    prefixes: tuple[tuple[int, int], ...]
    lengths: frozenset[int]
    code: int = 3


# First match wins: narrow ranges before the wide ones.
BRANDS: Final = (
    Brand("amex", ((34, 34), (37, 37)), frozenset({15}), code=4),
    Brand("diners", ((300, 305), (309, 309), (36, 36), (38, 39)), frozenset({14, 16, 19})),
    Brand("jcb", ((3528, 3589),), frozenset({16, 17, 18, 19})),
    Brand("mir", ((2200, 2204),), frozenset({16, 17, 18, 19})),
    Brand("belkart", ((9112, 9112),), frozenset({16})),
    Brand("visa", ((4, 4),), frozenset({13, 16, 18, 19})),
    Brand("master", ((51, 55), (2221, 2720)), frozenset({16})),
    Brand("discover", ((6011, 6011), (644, 649), (65, 65)), frozenset({16, 19})),
    Brand("unionpay", ((62, 62), (81, 81)), frozenset(range(16, 20))),
    Brand("maestro", ((50, 50), (56, 69)), frozenset(range(12, 20))),
)

BRAND_OF: Final = {brand.name: brand for brand in BRANDS}

_DOUBLED: Final = str.maketrans("0123456789", "0246813579")  # twice the digit, its digits added


def brand_of(number: str) -> Brand | None:
    for brand in BRANDS:
        for low, high in brand.prefixes:
            head = number[: len(str(low))]
            if len(head) == len(str(low)) and low <= int(head) <= high:
                return brand
    return None


def luhn(number: str) -> bool:
    odd, even = number[-1::-2], number[-2::-2].translate(_DOUBLED)
    return sum(map(int, odd + even)) % 10 == 0


# The least number of digits of a card's number, with separators between them.
_RUN: Final = re.compile(r"\d(?:[\s.\-\u2010-\u2015\u2212]?\d){12,}")
_GROUP: Final = re.compile(r"\d+")
SHOWN_FIRST, SHOWN_LAST = 6, 4  # digits that may be shown (PCI DSS 3.4.1)
_SHORTEST, _LONGEST = 13, 19  # digits of a card's number
_ONCE: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_TWICE: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def holds_card_number(text: str) -> bool:
    """Whether `text` contains a card's number: 13 to 19 digits that pass the check, together or in
    groups separated by blanks, dots and dashes, in any script. The time is linear in the text: half
    a millisecond a kilobyte at worst.

    Not a card's number: a phone number with its "+", a number that begins with 0 or 1, and 13
    digits of no known brand, which are phone numbers too.
    """
    return any(True for run in _runs(_readable(text)) for _ in _numbers(run[0]))


def mask_card_numbers(text: str) -> str:
    """The text with each such number masked but for at most the first six and last four digits."""
    if len(text) < _SHORTEST:
        return text
    plain, parts, done = _readable(text), list[str](), 0
    for run in _runs(plain):
        hidden = _hidden(run[0])
        if hidden:
            masked = ("*" if place in hidden else c for place, c in enumerate(run[0]))
            parts += plain[done : run.start()], "".join(masked)
            done = run.end()
    return "".join((*parts, plain[done:])) if parts else text


def _readable(text: str) -> str:
    """Without invisible characters, such as a joiner between two digits."""
    if text.isascii():
        return text
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _runs(text: str) -> Iterator[re.Match[str]]:
    return (
        run
        for run in _RUN.finditer(text)
        if not text.startswith("+", max(run.start() - 1, 0), run.start())
    )


def _hidden(run: str) -> frozenset[int]:
    """The positions in a run of digits that must be masked."""
    digits = [place for place, character in enumerate(run) if character.isdigit()]
    return frozenset(
        place
        for start, end in _numbers(run)
        for place in digits[start + SHOWN_FIRST : end - SHOWN_LAST]
    )


def _numbers(run: str) -> Iterator[tuple[int, int]]:
    """Where adjacent groups of digits make a card's number, as positions of digits: a window slides
    over them, and differences of running sums give its check sum."""
    groups = _GROUP.findall(run)
    number = "".join(groups)
    if not number.isascii():
        number = "".join(str(unicodedata.decimal(c)) for c in number)
    edges = tuple(accumulate(map(len, groups), initial=0))
    ends, sums = frozenset(edges), (_luhn_sums(number, 0), _luhn_sums(number, 1))
    return (
        (start, end)
        for start in edges
        for end in range(start + _SHORTEST, start + _LONGEST + 1)
        if end in ends
        and sums[end % 2][start] == sums[end % 2][end]
        and _like_a_card(number, start, end)
    )


def _luhn_sums(number: str, parity: int) -> bytes:
    """For each place the check sum, modulo 10, of the digits before it, when those at places of
    this parity are doubled: as for every part of `number` that ends before such a place."""
    digits = number.encode()
    values = bytearray(digits.translate(_ONCE))
    values[parity::2] = digits.translate(_TWICE)[parity::2]
    return bytes(map((10).__rmod__, accumulate(values, initial=0)))


def _like_a_card(number: str, start: int, end: int) -> bool:
    """Of digits that pass the check."""
    if number[start] in "01":
        return False
    brand = brand_of(number[start:end])
    return end - start > _SHORTEST or (brand is not None and _SHORTEST in brand.lengths)
