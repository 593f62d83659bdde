"""Countries as shops write them: `BY`, `by`, `BLR`, `112`, `Belarus`. Source: CLDR's names and
aliases of territories, by Babel.

A country is what ISO 3166-1 has given a number. Codes that it only reserves (AC, IC), leaves to
users (XK) or that CLDR has of its own (EU, ZZ) are none: a gateway or a bank refuses them.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Final

from babel.core import get_global

from checkout.i18n import SOURCE, locale
from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import country

LONGEST: Final = 64  # characters of a name
PRIVATE_NUMBERS: Final = 900  # from here on ISO 3166-1 gives none
COUNTRIES: Final = frozenset(
    codes[0]
    for alias, codes in get_global("territory_aliases").items()
    if alias.isdigit() and int(alias) < PRIVATE_NUMBERS and len(codes) == 1
)


@says("two letters, ISO 3166-1", type="string", pattern="^[A-Za-z]{2}$")
def country_code(value: Any) -> str:
    """A country's two letters; small ones are taken too."""
    found = country(value)
    if found not in COUNTRIES:
        raise Invalid("must be a country's two letters")
    return found


_SPELLED: Final = str.maketrans({"&": " and ", "-": " ", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d"})


@says(
    "two letters, ISO 3166-1; three and the English name are read too",
    type="string",
    pattern="^[A-Za-z]{2}$",
)
def named_country(value: Any) -> str | None:
    """The two letters of a country, written in any way that means one alone."""
    if not isinstance(value, str):
        raise Invalid("must be a country's two letters")
    written = value.strip()
    if not written:
        return None
    found = _known().get(plain(written)) if len(written) <= LONGEST else None
    if found is None:
        raise Invalid("must be a country's two letters")
    return found


@cache
def _known() -> dict[str, str]:
    """Codes by each plain writing that means one country. Of a name with a part in brackets each
    of the two is one: Myanmar (Burma)."""
    found: dict[str, set[str]] = {}
    for code, name in locale(SOURCE).territories.items():
        if code in COUNTRIES:
            for written in (code, name, *name.rstrip(")").split(" (")):
                found.setdefault(plain(written), set()).add(code)
    for alias, codes in get_global("territory_aliases").items():
        # Of two letters these are codes long withdrawn, but for one.
        for code in codes if len(alias) == 3 or alias == "UK" else ():
            found.setdefault(plain(alias), set()).add(code)
    return {
        written: codes.pop()
        for written, codes in found.items()
        if len(codes) == 1 and codes <= COUNTRIES
    }


def plain(written: str) -> str:
    """Without accents, marks and capitals; "&" is "and"."""
    spelled = written.translate(_SPELLED)
    letters = unicodedata.normalize("NFKD", spelled)
    kept = "".join(c for c in letters if c.isalnum() or c.isspace())
    return " ".join(kept.casefold().split())
