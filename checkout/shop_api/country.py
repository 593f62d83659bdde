"""Countries as shops write them: `BY`, `by`, `BLR`, `112`, `Belarus`. Source: CLDR's names and
aliases of territories, by Babel."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Final

from babel.core import get_global

from checkout.i18n import SOURCE, locale
from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid

NO_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})  # of CLDR's codes
LONGEST: Final = 64  # characters of a name


def is_country(code: str) -> bool:
    """Whether two capital letters are a country's, in CLDR."""
    names = locale(SOURCE).territories
    return len(code) == 2 and code.isalpha() and code in names and code not in NO_COUNTRIES


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
    found = _known().get(_plain(written)) if len(written) <= LONGEST else None
    if found is None:
        raise Invalid("must be a country's two letters")
    return found


@cache
def _known() -> dict[str, str]:
    """Codes by each plain writing that means one country. Of a name with a part in brackets each
    of the two is one: Myanmar (Burma)."""
    found: dict[str, set[str]] = {}
    for code, name in locale(SOURCE).territories.items():
        if is_country(code):
            for written in (code, name, *name.rstrip(")").split(" (")):
                found.setdefault(_plain(written), set()).add(code)
    for alias, codes in get_global("territory_aliases").items():
        # Of two letters these are codes long withdrawn, but for one.
        for code in codes if len(alias) == 3 or alias == "UK" else ():
            found.setdefault(_plain(alias), set()).add(code)
    return {
        written: codes.pop()
        for written, codes in found.items()
        if len(codes) == 1 and all(map(is_country, codes))
    }


def _plain(written: str) -> str:
    """Without accents, marks and capitals; "&" is "and"."""
    letters = unicodedata.normalize("NFKD", written.replace("&", " and ").replace("-", " "))
    kept = "".join(c for c in letters if c.isalnum() or c.isspace())
    return " ".join(kept.casefold().split())
