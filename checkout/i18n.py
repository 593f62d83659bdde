"""Message catalogues (gettext, read from the .po files) and the choice of a language.

English is the source: a message id is the English text. Adding a language is a folder in
`locale/` and a line in `LANGUAGES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

CATALOGUES: Final = Path(__file__).with_name("locale")
SOURCE: Final = "en"
LANGUAGES: Final[dict[str, str]] = {"en": "English", "ru": "Русский", "de": "Deutsch"}

# What shops write for a language and is a country's code; none is a language's.
COUNTRIES: Final = {
    "by": "be", "ua": "uk", "kz": "kk", "cn": "zh", "jp": "ja", "us": "en", "gb": "en",
}  # fmt: skip
_OTHER_CODES: Final[Mapping[str, str]] = get_global("language_aliases")  # three letters, old ones

LONGEST_TAG: Final = 35  # characters (RFC 5646, 4.4.1)
LONGEST_ACCEPT: Final = 500
MOST_WISHES: Final = 32  # languages of one browser

Gettext = Callable[[str], str]


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one of `LANGUAGES`; English needs none."""
    if language == SOURCE:
        return NullTranslations()
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def gettext(language: str) -> Gettext:
    """The catalogue's function: the translation of a text into `language`."""
    found: Gettext = translations(language).gettext
    return found


@cache
def locale(language: str) -> Locale:
    return Locale.parse(language)


def tag_of(spelling: str) -> str:
    """As browsers write it: of POSIX' "de_AT.UTF-8@euro" "de-AT"."""
    return re.split(r"[.@]", spelling.strip(), maxsplit=1)[0].replace("_", "-")


def supported(spelling: str | None) -> str | None:
    """The supported language of a tag, however shops spell it: "de-AT", "DE_at.utf8", "deu" and
    "ger" are "de". None where there is none."""
    if not spelling or len(spelling) > LONGEST_TAG:
        return None
    spoken = tag_of(spelling).partition("-")[0].lower()
    language = COUNTRIES.get(spoken) or _OTHER_CODES.get(spoken, spoken)
    return language if language in LANGUAGES else None


def choose_language(*wishes: str | None, accept: str = "") -> str:
    """The first supported one of `wishes`, then of the Accept-Language header by its weights."""
    for wish in wishes:
        if language := supported(wish):
            return language
    weighed: list[tuple[float, str]] = []
    for part in accept[:LONGEST_ACCEPT].split(",")[:MOST_WISHES]:
        tag, _, weight = part.replace(" ", "").partition(";q=")
        try:
            weighed.append((float(weight or 1), tag))
        except ValueError:
            continue
    for share, tag in sorted(weighed, key=lambda pair: -pair[0]):
        if share > 0 and (language := supported(tag)):
            return language
    return SOURCE
