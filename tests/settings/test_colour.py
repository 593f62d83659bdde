from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.assets import STATIC
from checkout.model.validation.reader import Invalid
from checkout.settings.colour import (
    BLACK,
    DARK_PAGE,
    WHITE,
    accent,
    accent_dark,
    contrast,
    luminance,
    on_dark,
    text_on,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),  # the pair that all checkers quote
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1.0),
    ],
)
def test_contrast(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)


@given(colours)
def test_text_can_be_read_on_every_colour(colour: str) -> None:
    assert 0 <= luminance(colour) <= 1
    assert contrast(colour, text_on(colour)) >= 4.5


@given(colours)
def test_an_accent_can_be_seen_on_the_page(colour: str) -> None:
    if contrast(colour, WHITE) >= 3:
        assert accent(colour.upper()) == colour
    else:
        with pytest.raises(Invalid, match="too light"):
            accent(colour)


def test_text_is_white_where_it_may_be() -> None:
    assert text_on("#0b5fff") == WHITE
    assert text_on("#e8590c") == BLACK


@pytest.mark.parametrize("value", ["", "red", "#fff", "#0b5fff ", "#0b5ffg", "#０b5fff", 1, None])
def test_what_is_no_colour(value: object) -> None:
    with pytest.raises(Invalid, match="must be a colour like #0b5fff"):
        accent(value)


def test_the_dark_page_is_the_stylesheets() -> None:
    tokens = (STATIC / "css" / "tokens.css").read_text()
    dark = tokens[tokens.index("prefers-color-scheme: dark") :]
    assert f"--surface: {DARK_PAGE};" in dark


@given(colours)
def test_an_accent_can_be_seen_in_the_dark(colour: str) -> None:
    dark = on_dark(colour)
    assert contrast(dark, DARK_PAGE) >= 3
    assert contrast(dark, text_on(dark)) >= 4.5
    assert accent_dark(dark) == dark
    if contrast(colour, DARK_PAGE) >= 3:
        assert dark == colour
    else:
        with pytest.raises(Invalid, match="is too dark"):
            accent_dark(colour)
