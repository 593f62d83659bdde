"""Message catalogues (gettext, read from the .po files) and the choice of a language.

English is the source: a message id is the English text. Adding a language is a line in `NAMES` and
a folder in `locale/` (docs/languages.md). A text that a catalogue lacks comes from the next
language of its chain, English last.

A language is named by its code in `LANGUAGES`, as in addresses. Where a text is only shown, the
code may go on with the customer's region ("en-GB"): the same catalogue, the region's amounts and
dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel import Locale, localedata
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

CATALOGUES: Final = Path(__file__).with_name("locale")
SOURCE: Final = "en"
# Each language's code in addresses, and its own name, by which the picker is sorted.
NAMES: Final[Mapping[str, str]] = {
    "az": "Azərbaycan",
    "da": "Dansk",
    "de": "Deutsch",
    "et": "Eesti",
    "en": "English",
    "es": "Español (España)",
    "es-419": "Español (Latinoamérica)",
    "fr": "Français",
    "it": "Italiano",
    "lv": "Latviešu",
    "no": "Norsk",
    "pl": "Polski",
    "pt-BR": "Português (Brasil)",
    "pt": "Português (Portugal)",
    "ro": "Română",
    "sr": "Srpski",
    "fi": "Suomi",
    "sv": "Svenska",
    "tr": "Türkçe",
    "be": "Беларуская",
    "kk": "Қазақ тілі",
    "ru": "Русский",
    "tg": "Тоҷикӣ",
    "uk": "Українська",
    "ka": "ქართული",
    "he": "עברית",
    "ur": "اردو",
    "ar": "العربية",
    "fa": "فارسی",
    "bn": "বাংলা",
    "zh": "简体中文",
    "ja": "日本語",
}
# Those that there are catalogues of.
LANGUAGES: Final[dict[str, str]] = {
    code: name
    for code, name in NAMES.items()
    if code == SOURCE or (CATALOGUES / code / "LC_MESSAGES" / "messages.po").exists()
}
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
# Babel's names, where a code alone means something else there.
_LOCALES: Final = {"no": "nb", "pt": "pt-PT", "sr": "sr-Latn", "zh": "zh-Hans"}

# The next language of a chain: of ours for the texts that a catalogue lacks, of others for pages.
NEXT: Final[Mapping[str, str]] = {
    "es-419": "es", "pt-BR": "pt",
    "be": "ru", "kk": "ru", "tg": "ru",
    "hy": "ru", "ky": "ru", "uz": "ru", "tk": "ru", "tt": "ru", "ba": "ru", "cv": "ru", "os": "ru",
    "fo": "da", "kl": "da",
    "bs": "sr", "hr": "sr", "cnr": "sr",
    "ca": "es", "gl": "es", "eu": "es", "gn": "es-419", "qu": "es-419", "ay": "es-419",
    "lb": "de", "gsw": "de", "br": "fr", "oc": "fr", "co": "fr", "wo": "fr", "sc": "it",
    "gag": "tr", "ckb": "ar", "ps": "fa", "pa": "ur", "sd": "ur", "yi": "he", "yue": "zh",
}  # fmt: skip

# What shops write for a language and is a country's code; none is a language's.
COUNTRIES: Final = {
    "by": "be", "ua": "uk", "kz": "kk", "cn": "zh", "jp": "ja", "us": "en", "gb": "en",
    "at": "de", "bd": "bn", "dk": "da", "ge": "ka", "il": "he", "mx": "es-419", "pk": "ur",
    "rs": "sr", "tj": "tg",
}  # fmt: skip
_SAME: Final = {"nb": "no", "nn": "no"}  # written alike on a page as short as ours
_OTHER_CODES: Final[Mapping[str, str]] = get_global("language_aliases")  # three letters, old ones
_PARENTS: Final[Mapping[str, str]] = get_global("parent_exceptions")  # "es_MX" is part of "es_419"

LONGEST_TAG: Final = 35  # characters (RFC 5646, 4.4.1)
LONGEST_ACCEPT: Final = 500
MOST_WISHES: Final = 32  # languages of one browser

Gettext = Callable[[str], str]


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


def chain(language: str) -> Iterator[str]:
    """The language, then where its missing texts come from: "be", "ru", "en"."""
    yield language
    following = NEXT.get(language)
    if following:
        yield from chain(following)
    elif language != SOURCE:
        yield SOURCE


_VALUE: Final = re.compile(r"%\(\w+\)s")


def _isolated(text: Any) -> Any:
    """A translation, or its plural forms, with marks around the values that are filled in: a name
    in Latin letters must not turn the words around it, nor a full stop after it."""
    if isinstance(text, str):
        return _VALUE.sub("\u2068\\g<0>\u2069", text)
    return tuple(map(_isolated, text))


@cache
def _catalogue(language: str) -> NullTranslations:
    """The catalogue of one of `LANGUAGES`, going on with its chain; English needs none."""
    if language == SOURCE:
        return NullTranslations()
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with path.open("rb") as file:
        read = read_po(file, locale=_babel_name(language))
    if language in RIGHT_TO_LEFT:
        for message in read:
            message.string = _isolated(message.string)
    write_mo(compiled, read)
    compiled.seek(0)
    found = Translations(compiled)
    _, following, *_ = chain(language)
    found.add_fallback(_catalogue(following))
    return found


def translations(language: str) -> NullTranslations:
    """The catalogue of one of `LANGUAGES`, also with a region. It is read at its first use."""
    return _catalogue(language_of(language))


def gettext(language: str) -> Gettext:
    """The catalogue's function: the translation of a text into `language`."""
    found: Gettext = translations(language).gettext
    return found


@cache
def locale(language: str) -> Locale:
    """How a language, perhaps of a region, writes amounts, dates and countries."""
    return Locale.parse(_babel_name(language))


def _babel_name(language: str) -> str:
    first, dash, _ = language.partition("-")
    return (language if dash else _LOCALES.get(first, first)).replace("-", "_")


def direction(language: str) -> str:
    """Of its writing, as HTML's `dir`."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def language_of(tag: str) -> str:
    """The code of `LANGUAGES` of one that may have a region: of "en-GB" "en"."""
    return tag if tag in LANGUAGES else supported(tag) or SOURCE


def tag_of(spelling: str) -> str:
    """As browsers write it: of POSIX' "de_AT.UTF-8@euro" "de-AT"."""
    return re.split(r"[.@]", spelling.strip(), maxsplit=1)[0].replace("_", "-")


def _parts(spelling: str | None) -> tuple[str, str]:
    """The language's own code and the region, each "" where there is none: of "DE_at.utf8" "de"
    and "AT"."""
    if not spelling or len(spelling) > LONGEST_TAG:
        return "", ""
    first, *rest = tag_of(spelling).split("-")
    spoken = first.lower()
    code = COUNTRIES.get(spoken) or _OTHER_CODES.get(spoken, spoken)
    regions = [each.upper() for each in rest if re.fullmatch(r"[A-Za-z]{2}|[0-9]{3}", each)]
    code = code.partition("_")[0]
    return _SAME.get(code, code), regions[0] if regions else ""


def supported(spelling: str | None) -> str | None:
    """The supported language of a tag, however shops spell it: "de-AT", "DE_at.utf8", "deu" and
    "ger" are "de", "es-MX" is "es-419". None where there is none."""
    code, region = _parts(spelling)
    wider = _PARENTS.get(f"{code}_{region}", "").replace("_", "-")
    return next((each for each in (f"{code}-{region}", wider, code) if each in LANGUAGES), None)


def nearest(spelling: str | None) -> str | None:
    """`supported`; where we lack the language, the one that most of its speakers read."""
    found, code = supported(spelling), _parts(spelling)[0]
    while found is None and code in NEXT:
        code = NEXT[code]
        found = code if code in LANGUAGES else None
    return found


def _weighed(accept: str) -> list[str]:
    """The tags of an Accept-Language header, the dearest first."""
    weighed: list[tuple[float, str]] = []
    for part in accept[:LONGEST_ACCEPT].split(",")[:MOST_WISHES]:
        tag, _, weight = part.replace(" ", "").partition(";q=")
        try:
            weighed.append((float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for share, tag in sorted(weighed, key=lambda pair: -pair[0]) if share > 0]


def choose_language(*wishes: str | None, accept: str = "", among: Collection[str] = ()) -> str:
    """The first supported one of `wishes`, or one near it; then of the Accept-Language header,
    where that is `among` those of the shop (empty: all)."""
    offered = among or LANGUAGES
    for wish in wishes:
        if language := nearest(wish):
            return language
    for tag in _weighed(accept):
        if (language := supported(tag)) and language in offered:
            return language
    return SOURCE if SOURCE in offered else next(iter(offered))


def with_region(language: str, accept: str) -> str:
    """A language with the region of the customer's browser, where it says one for it: "en-GB"."""
    for tag in _weighed(accept):
        _, region = _parts(tag)
        if region and supported(tag) == language:
            found = f"{language.partition('-')[0]}-{region}"
            return found if localedata.exists(found.replace("-", "_")) else language
    return language
