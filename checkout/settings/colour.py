"""Contrast of a shop's accent colours, as WCAG 2 counts it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import matching

WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
DARK_PAGE: Final = "#191c21"  # --surface of static/css/tokens.css in the dark
MOST_KEPT: Final = 256  # colours: orders set them too, and there are 16 million
READABLE: Final = 4.5  # text on its background (1.4.3)
VISIBLE: Final = 3.0  # a button or focus ring beside the page (1.4.11)

_colour = matching(r"#[0-9A-Fa-f]{6}", "must be a colour like #0b5fff")


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0 (black) to 1 (white)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=MOST_KEPT)
def text_on(accent: str) -> str:
    """White where it can be read, else black: on every colour one of the two has 4.5."""
    return WHITE if contrast(accent, WHITE) >= READABLE else BLACK


@lru_cache(maxsize=MOST_KEPT)
def on_dark(accent: str) -> str:
    """The accent itself where it can be seen on the dark page, else a lighter one of its kind."""
    parts = [int(accent[place : place + 2], 16) for place in (1, 3, 5)]
    for share in range(101):
        mixed = [round(part + (255 - part) * share / 100) for part in parts]
        colour = "#" + "".join(f"{part:02x}" for part in mixed)
        if contrast(colour, DARK_PAGE) >= VISIBLE:
            return colour
    return WHITE


def accent(value: Any) -> str:
    """A rule: "#rrggbb" whose button can be read and seen on the white page.

    Text on it can always be read (`text_on`); but the button and focus ring of a colour too near to
    white could not be seen on the page.
    """
    colour = _colour(value).lower()
    if contrast(colour, text_on(colour)) < READABLE:
        raise Invalid("must have a contrast of 4.5 with white or black text")
    if (found := contrast(colour, WHITE)) < VISIBLE:
        raise Invalid(f"is too light: its contrast with the white page is {found:.1f}, 3 is needed")
    return colour


def accent_dark(value: Any) -> str:
    """A rule: the same for the dark page, where too dark a colour is lost."""
    colour = _colour(value).lower()
    if (found := contrast(colour, DARK_PAGE)) < VISIBLE:
        raise Invalid(f"is too dark: its contrast with the dark page is {found:.1f}, 3 is needed")
    return colour
