"""The country that a customer most likely lives in, by the languages of their browser. Where a
card was issued is not known to us: no table of that is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Final

from babel.core import get_global

from checkout.i18n import LONGEST_ACCEPT, MOST_WISHES, tag_of
from checkout.shop_api.country import COUNTRIES

# What browsers send whom nobody has told their language or country.
UNTOLD: Final = "en-US"


def likely_country(accept: str) -> str | None:
    """The first country in an Accept-Language header: "de-AT", or "pl", which is the official
    language of one alone. None where it says nothing of one."""
    return next(_countries(accept), None)


def _countries(accept: str) -> Iterator[str]:
    for wish in accept[:LONGEST_ACCEPT].split(",")[:MOST_WISHES]:
        tag = tag_of(wish.partition(";")[0])
        language, *rest = tag.split("-")
        region = rest[-1].upper() if rest else ""
        if region in COUNTRIES:
            if tag != UNTOLD:
                yield region
        elif language.lower() in _homes():
            yield _homes()[language.lower()]


@cache
def _homes() -> dict[str, str]:
    """The country of each language that is official in one alone."""
    found = defaultdict[str, list[str]](list)
    for country, languages in get_global("territory_languages").items():
        for language, about in languages.items():
            if country in COUNTRIES and about["official_status"] in (
                "official",
                "de_facto_official",
            ):
                found[language].append(country)
    return {language: there[0] for language, there in found.items() if len(there) == 1}
