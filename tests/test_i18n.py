"""The catalogues: complete, up to date with the code and the templates, and fit to be shown."""

from __future__ import annotations

import re
from gettext import c2py

import pytest
from babel.localedata import locale_identifiers
from babel.messages.plurals import get_plural
from hypothesis import given
from hypothesis import strategies as st

from checkout import i18n
from checkout.i18n import (
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
from tools import catalogues

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE})


def test_babel_finds_the_texts() -> None:
    """Of templates and of code, plain, marked and in the plural: else the rest proves nothing."""
    found = catalogues.extracted()
    assert len(found) > 150
    assert found["Cancel payment"] == {"templates/pages/payment.html"}
    assert any(name.endswith("messages.py") for name in found["Paid"])
    assert any(name.endswith("card_form.py") for name in found["Enter the card number"])
    assert [text for text in found if isinstance(text, tuple)], "a plural"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_none_left_over(language: str) -> None:
    """What nobody shows any more is taken out, lest it be translated for ever."""
    assert not catalogues.missing(language)
    assert not catalogues.left_over(language)
    assert not catalogues.catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_fuzzy_and_nothing_twice(language: str) -> None:
    assert not [message.id for message in catalogues.messages(language) if message.fuzzy]
    assert not catalogues.catalogue(language).fuzzy
    text = catalogues.path_of(language).read_text()
    found = re.findall(r'^msgid ((?:".*"\n)+)', text, re.MULTILINE)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_translations_are_fit_to_be_shown(language: str) -> None:
    assert not catalogues.findings(language)
    # Hardly any is the English one.
    messages = catalogues.messages(language)
    same = [message.id for message in messages if message.string == message.id]
    assert len(same) < 10, same


@pytest.mark.parametrize("language", TRANSLATED)
def test_plural_rules_are_cldrs(language: str) -> None:
    plural = get_plural(str(locale(language)))
    catalogue = catalogues.catalogue(language)
    assert catalogue.num_plurals == plural.num_plurals
    ours, cldr = c2py(catalogue.plural_expr), c2py(plural.plural_expr)
    assert [ours(number) for number in range(200)] == [cldr(number) for number in range(200)]


@pytest.mark.parametrize(
    ("language", "source", "text", "why"),
    [("de", "Paid", "Be<zahlt", "markup"), ("de", "Paid", 'Be"zahlt', "quotation"),
     ("fr", "Paid", "l'argent", "apostrophe"), ("de", "Paid", " Bezahlt", "space"),
     ("de", "Paid now", "Jetzt  bezahlt", "two spaces"), ("de", "Paid", "Bezahlt.", "ends as"),
     ("de", "Paid.", "Bezahlt", "needs its ."), ("ja", "Paid.", "支払い済み.", "needs its 。"),
     ("de", "Wait…", "Bitte warten...", "three dots"), ("de", "Pay now", "Jetzt - zahlen", "dash"),
     ("de", "The [terms]", "Die AGB", "brackets"), ("fr", "Sure?", "Oui?", "no-break"),
     ("de", "Pay", "Bezahlen Sie jetzt bitte", "too long"), ("zh", "Pay", "支付" * 12, "too long"),
     ("ru", "Enter it", "Vvedite", "script"), ("de", "Enter it", "Введите", "script"),
     ("uk", "Choose", "Выберите", "language: ы"), ("fa", "Bank", "بانكي", "another language")],
)  # fmt: skip
def test_the_checks(language: str, source: str, text: str, why: str) -> None:
    found = [check(language, source, text) for check in catalogues.CHECKS]
    assert why in " ".join(filter(None, found))


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


def test_values_are_isolated_in_writing_from_right_to_left() -> None:
    """Lest a Latin name turn the words around it. No mark stands in a catalogue itself."""
    assert i18n._isolated("ادفع %(amount)s إلى %(shop)s.") == (
        "ادفع \u2068%(amount)s\u2069 إلى \u2068%(shop)s\u2069."
    )
    assert i18n._isolated(("%(num)d", "[x]")) == ("%(num)d", "[x]")


def test_among_the_shops() -> None:
    assert choose_language(accept="ru,de", among=("de", "en")) == "de"
    assert choose_language(accept="ru", among=("de",)) == "de"
    assert choose_language("ru", accept="de", among=("de",)) == "ru", "the order says so"


def test_no_country_hides_a_language() -> None:
    assert not COUNTRIES.keys() & {each.partition("_")[0] for each in locale_identifiers()}


@given(st.text(max_size=60))
def test_any_text_is_a_language_or_none(written: str) -> None:
    assert supported(written) in (None, *LANGUAGES)
