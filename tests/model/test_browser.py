"""Browser data: whatever is sent, a payment is not refused for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.browser import DEPTHS, FIELDS, LONGEST, Browser

SENT = {
    "screen_width": "1920",
    "screen_height": "1080",
    "screen_color_depth": "24",
    "window_width": "1200",
    "window_height": "800",
    "language": "de-AT",
    "java_enabled": "false",
    "time_zone": "-180",
    "time_zone_name": "Europe/Minsk",
}


def read(accept_language: str = "", **fields: str) -> Browser:
    return Browser.from_form(
        fields, accept="text/html", user_agent="Mozilla/5.0", accept_language=accept_language
    )


def test_what_a_browser_sends() -> None:
    assert set(SENT) == set(FIELDS)
    assert read(**SENT) == Browser(
        accept_header="text/html",
        user_agent="Mozilla/5.0",
        language="de-AT",
        screen_width=1920,
        screen_height=1080,
        screen_color_depth=24,
        window_width=1200,
        window_height=800,
        java_enabled=False,
        time_zone=-180,
        time_zone_name="Europe/Minsk",
    )


def test_without_a_script_there_are_defaults() -> None:
    browser = Browser.from_form(
        {}, accept="", user_agent="", accept_language="ru-RU,ru;q=0.9,en;q=0.8"
    )
    assert browser == Browser(language="ru-RU", screen_color_depth=24, java_enabled=False)


@pytest.mark.parametrize(
    ("sent", "header", "expected"),
    [("de", "ru", "de"), ("", "ru;q=0.9", "ru"), ("", "*", None), ("", "", None),
     ("not a tag", "pl-PL,en", "pl-PL"), ("zh-Hans-CN", "", "zh-Hans"),
     ("sr-Latn-RS", "", "sr-Latn"),
     ("en-US-x-twain-longer", "", "en-US-x"), ("x" * 9, "", None), ("de\n", "", None),
     ("дe", "", None), ("", " uk , en", "uk"), ("abcdefgh-x", "", "abcdefgh"),
     ("abcdefg-x", "", "abcdefg"), ("a-" * 29_000 + "a", "", None)],
)  # fmt: skip
def test_languages_fit_8_characters(sent: str, header: str, expected: str | None) -> None:
    assert read(header, language=sent).language == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("24", 24), ("30", 24), ("32", 32), ("48", 48), ("64", 48), ("1", 1), ("2", 1), ("16", 16),
     ("0", 24), ("", 24), ("-1", 24), ("x", 24), ("24.0", 24), ("٣٢", 24), ("9999", 24)],
)  # fmt: skip
def test_depths_are_those_of_the_specification(sent: str, expected: int) -> None:
    assert read(screen_color_depth=sent).screen_color_depth == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("-180", -180), ("0", 0), ("720", 720), ("-840", -840), ("-345", -345), ("721", None),
     ("-841", None), ("", None), ("+60", None), ("1.5", None), ("NaN", None), ("٣", None)],
)  # fmt: skip
def test_zones_are_minutes(sent: str, expected: int | None) -> None:
    assert read(time_zone=sent).time_zone == expected


@pytest.mark.parametrize("odd", ["", "0", "-1", "1e3", "1.5", "1234567", "x", " 1", "１２", "1\n"])
def test_odd_sizes_are_dropped(odd: str) -> None:
    assert read(screen_width=odd, window_height=odd) == read()


@pytest.mark.parametrize("odd", ["", "../../etc/passwd", "Europe/Minsk\n", "<b>", "x" * 65, "1/2"])
def test_odd_zone_names_are_dropped(odd: str) -> None:
    assert read(time_zone_name=odd).time_zone_name is None


fields = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), st.text(max_size=80))


@given(fields, st.text(), st.text(), st.text())
def test_whatever_is_sent(
    fields: dict[str, str], accept: str, agent: str, accept_language: str
) -> None:
    browser = Browser.from_form(
        fields, accept=accept * 500, user_agent=agent, accept_language=accept_language
    )
    assert browser.screen_color_depth in DEPTHS
    assert len(browser.accept_header or "") <= LONGEST
    for text in (browser.accept_header, browser.user_agent, browser.language):
        assert text is None or (text and text.isprintable())
    assert len(browser.language or "") <= 8
    assert browser.screen_width is None or browser.screen_width > 0
