"""The catalogues: complete, up to date with the code and the templates, and fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.localedata import locale_identifiers
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from checkout.i18n import (
    CATALOGUES,
    COUNTRIES,
    LANGUAGES,
    NAMES,
    RIGHT_TO_LEFT,
    SOURCE,
    chain,
    choose_language,
    language_of,
    locale,
    nearest,
    supported,
    translations,
    with_region,
)
from tests.support.servers import ROOT

KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}  # marked where it stands, translated where it is shown
TRANSLATED = sorted(set(LANGUAGES) - {SOURCE})
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%|%|\{\w*\}")
Id = str | tuple[str, ...]


@cache
def extracted() -> dict[Id, set[str]]:
    """Every text that Babel finds by babel.cfg: message id -> the files it stands in."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Id, set[str]] = {}
    for name, _line, text, _comments, context in extract_from_dir(
        str(ROOT), methods, options, keywords=KEYWORDS, directory_filter=_ours
    ):
        assert context is None, "the catalogues are read without contexts"
        found.setdefault(text, set()).add(name)
    return found


def _ours(folder: str) -> bool:
    """babel.cfg names only these; the rest need not be walked through."""
    top = Path(folder).relative_to(ROOT).parts[0]
    return top in ("checkout", "templates") and Path(folder).name != "__pycache__"


@cache
def catalogue(language: str) -> Catalog:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def strings(message: Message) -> Sequence[str]:
    return _each(message.string)


def ids(message: Message) -> Sequence[str]:
    return _each(message.id)


def _each(found: str | Sequence[str] | None) -> Sequence[str]:
    """One form, or the forms by number."""
    return (found or "",) if isinstance(found, str | None) else found


def test_babel_finds_the_texts() -> None:
    """Of templates and of code, plain, marked and in the plural: else the rest proves nothing."""
    found = extracted()
    assert len(found) > 150
    assert found["Cancel payment"] == {"templates/pages/payment.html"}
    assert any(name.endswith("messages.py") for name in found["Paid"])
    assert any(name.endswith("card_form.py") for name in found["Enter the card number"])
    assert [text for text in found if isinstance(text, tuple)], "a plural"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    said = {message.id: message for message in messages(language)}
    found: dict[Any, Any] = {}
    for text in extracted():
        message = said.get(text) or said.get(text[0] if isinstance(text, tuple) else text)
        if message is None:
            found[text] = "not in the catalogue"
        elif not all(strings(message)):
            found[text] = "not translated"
    assert not found


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_left_over(language: str) -> None:
    """What nobody shows any more is taken out, lest it be translated for ever."""
    known = set(extracted())
    known |= {text[0] for text in known if isinstance(text, tuple)}
    assert not [message.id for message in messages(language) if message.id not in known]
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_fuzzy(language: str) -> None:
    assert not [message.id for message in messages(language) if message.fuzzy]
    assert not catalogue(language).fuzzy


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_twice(language: str) -> None:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    found = re.findall(r'^msgid ((?:".*"\n)+)', path.read_text(), re.MULTILINE)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_agree(language: str) -> None:
    wrong = {}
    for message in messages(language):
        wanted = sorted(PLACEHOLDER.findall(list(ids(message))[-1]))
        marks = sorted(match[0] for match in PLACEHOLDER.finditer(list(ids(message))[-1]))
        for text in strings(message):
            if sorted(match[0] for match in PLACEHOLDER.finditer(text)) != marks:
                wrong[text] = (message.id, wanted)
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_have_all_their_forms(language: str) -> None:
    plurals = catalogue(language).num_plurals
    for message in messages(language):
        if isinstance(message.id, tuple):
            assert len(strings(message)) == plurals, message.id
    forms = {
        translations(language).ngettext("Check %(num)d field", "Check %(num)d fields", count)
        for count in range(1, 30)
    }
    assert len(forms) == plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_texts_hold_no_markup(language: str) -> None:
    """They are put into templates as they are, also between quotation marks: none of these may
    be in one."""
    odd = re.compile(r'[<>"&]|\{\{|\{%|\\')
    for message in messages(language):
        for text in (*ids(message), *strings(message)):
            assert not odd.search(text), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_texts_are_spaced_like_their_source(language: str) -> None:
    for message in messages(language):
        source = next(iter(ids(message)))
        for text in strings(message):
            assert (text[:1].isspace(), text[-1:].isspace()) == (
                source[:1].isspace(), source[-1:].isspace(),
            ), text  # fmt: skip
            assert "  " not in text
            # A sentence stays one, a label a label; what is asked may also be told.
            if not source.endswith("?"):
                assert (text[-1:] in ".!…") == (source[-1:] in ".!…"), (source, text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_texts_are_in_their_language(language: str) -> None:
    """Hardly any is the English one; Russian ones are in Cyrillic."""
    same = [message.id for message in messages(language) if message.string == message.id]
    assert len(same) < 8, same
    if language == "ru":
        for message in messages(language):
            for text in strings(message):
                webhooks = re.sub(r"%\(\w+\)[sd]|\{\w*\}|[^\w]|\d|_", "", text)
                latin = re.sub(r"[^a-zA-Z]|CVC|CVV", "", webhooks)
                assert len(latin) < len(webhooks) / 2 or len(webhooks) < 5, text


# The names by which their speakers choose them, where these are not CLDR's.
SHORTER: dict[str, str] = {
    "es": "Español (España)", "no": "Norsk", "sr": "Srpski", "zh": "简体中文",
}  # fmt: skip


@pytest.mark.parametrize("language", list(NAMES))
def test_a_language_knows_its_own_name(language: str) -> None:
    own = SHORTER.get(language) or locale(language).get_display_name() or ""
    assert NAMES[language].lower() == own.lower()
    assert (locale(language).text_direction == "rtl") == (language in RIGHT_TO_LEFT)


# As shops write them


@pytest.mark.parametrize(
    ("spelling", "language"),
    [
        ("ru", "ru"), ("RU", "ru"), ("ru-RU", "ru"), ("ru_RU", "ru"), ("ru_RU.UTF-8", "ru"),
        ("ru-ru.utf8@cyrillic", "ru"), (" ru ", "ru"), ("rus", "ru"), ("RUS_RU", "ru"),
        ("de-DE", "de"), ("de_AT@euro", "de"), ("deu", "de"), ("ger", "de"), ("de-Latn-DE", "de"),
        ("en_US.UTF-8", "en"), ("eng", "en"), ("us", "en"), ("gb", "en"), ("en-x-what", "en"),
        ("C", None), ("POSIX", None), ("", None), ("_", None), (".", None), ("xx", None),
        ("russian", None), ("r", None), ("de" * 20, None), (None, None), ("zz-de", None),
    ],
)  # fmt: skip
def test_spellings(spelling: str | None, language: str | None) -> None:
    assert supported(spelling) == language
    assert choose_language(spelling, accept="de;q=0.5, ru") == (language or "ru")


# The languages of the family's own pages, by ISO 639-2 (both of its codes where there are two), and
# by the countries that its plugins write.
THREE_LETTERS = {
    "eng": "en", "spa": "es", "tur": "tr", "deu": "de", "ger": "de", "ita": "it", "rus": "ru",
    "zho": "zh", "chi": "zh", "fra": "fr", "fre": "fr", "dan": "da", "swe": "sv", "nor": "no",
    "fin": "fi", "pol": "pl", "jpn": "ja", "bel": "be", "ukr": "uk", "kat": "ka", "geo": "ka",
    "ron": "ro", "rum": "ro", "aze": "az", "lav": "lv", "est": "et", "por": "pt", "srp": "sr",
    "ben": "bn", "tgk": "tg", "kaz": "kk", "by": "be", "ua": "uk", "kz": "kk", "cn": "zh",
}  # fmt: skip


@pytest.mark.parametrize(("code", "language"), THREE_LETTERS.items())
def test_a_language_that_comes_is_found(
    code: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that has no catalogue yet."""
    monkeypatch.setitem(LANGUAGES, language, "")
    assert supported(code) == supported(f"{code}_XX.utf8") == language


@pytest.fixture
def all_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, name in NAMES.items():
        monkeypatch.setitem(LANGUAGES, code, name)


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("spelling", "language", "near"),
    [("es-MX", "es-419", "es-419"), ("es_AR.UTF-8", "es-419", "es-419"), ("es-ES", "es", "es"),
     ("mx", "es-419", "es-419"), ("spa", "es", "es"), ("pt-BR", "pt-BR", "pt-BR"),
     ("pt", "pt", "pt"), ("pt-AO", "pt", "pt"), ("nb-NO", "no", "no"), ("nn", "no", "no"),
     ("zh-Hans-CN", "zh", "zh"),
     ("sr-Cyrl-RS", "sr", "sr"), ("sh", "sr", "sr"), ("iw", "he", "he"), ("en-GB", "en", "en"),
     ("hy", None, "ru"), ("ky-KG", None, "ru"), ("ca_ES", None, "es"), ("qu-PE", None, "es-419"),
     ("cs", None, None), ("xx", None, None), ("", None, None), (None, None, None)],
)  # fmt: skip
def test_regions_and_neighbours(
    spelling: str | None, language: str | None, near: str | None
) -> None:
    assert supported(spelling) == language
    assert nearest(spelling) == near
    # What the shop asks for comes before the browser's; of the browser's only what we have.
    assert choose_language(spelling, accept="de") == (near or "de")
    assert choose_language(accept=f"{spelling or ''},de;q=0.1") == (language or "de")


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("language", "accept", "spoken"),
    [("en", "en-GB,en;q=0.9", "en-GB"), ("en", "de-DE,en-AU;q=0.1", "en-AU"), ("de", "en-GB", "de"),
     ("de", "de,de-AT;q=0.5", "de-AT"), ("es-419", "es-MX", "es-MX"), ("es-419", "es-ES", "es-419"),
     ("en", "en-ZZ,en-GB", "en"), ("en", "en-../x", "en"), ("no", "nb-NO", "no"),
     ("en", "", "en")],
)  # fmt: skip
def test_the_customers_region(language: str, accept: str, spoken: str) -> None:
    assert with_region(language, accept) == spoken
    assert str(locale(spoken)).startswith(spoken.partition("-")[0].replace("no", "nb"))
    assert language_of(spoken) == language


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize("language", NAMES)
def test_chains_end_in_english(language: str) -> None:
    assert [*chain(language)][-1] == SOURCE
    assert set(chain(language)) <= set(NAMES)


def test_a_missing_text_comes_from_the_chain() -> None:
    """Catalogues may lag behind for a while: a page is never half empty."""
    say = translations("de").gettext
    assert say("A text of tomorrow") == "A text of tomorrow"
    assert say("Paid") == "Bezahlt"
    assert translations("de-AT") is translations("de")


def test_among_the_shops() -> None:
    assert choose_language(accept="ru,de", among=("de", "en")) == "de"
    assert choose_language(accept="ru", among=("de",)) == "de"
    assert choose_language("ru", accept="de", among=("de",)) == "ru", "the order says so"


def test_no_country_hides_a_language() -> None:
    assert not COUNTRIES.keys() & {each.partition("_")[0] for each in locale_identifiers()}


@given(st.text(max_size=60))
def test_any_text_is_a_language_or_none(written: str) -> None:
    assert supported(written) in (None, *LANGUAGES)
