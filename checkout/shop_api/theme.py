"""`settings.style`: the page's colour and corners as an order sets them.

Source: beGateway's documents on the widget's customization. They name some hundred properties of
their own page's elements; ours has one colour and one radius, so these are read and all others
are ignored. A bad colour, or one that could not be seen, is ignored too: a payment does not fail
for its looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid
from checkout.settings.colour import accent

# Where the button's colour and corners stand, the more exact place first.
COLOUR: Final = (
    ("button", "pay", "backgroundColor"),
    ("button", "backgroundColor"),
    ("widget", "buttonsColor"),
)
CORNERS: Final = (("button", "pay", "borderRadius"), ("button", "borderRadius"))
LARGEST: Final = 32  # pixels

_SHORT: Final = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")
_PIXELS: Final = re.compile(r"(\d{1,4})(?:\.\d+)?(?:px)?", re.ASCII)


class Style(NamedTuple):
    """The button's colour as "#rrggbb", and its corners' radius in pixels."""

    accent: str | None = None
    radius: int | None = None


@says("an object", type="object")
def style(value: Any) -> Style:
    """A rule that takes anything."""
    return Style(read_accent(value), read_radius(value))


def read_accent(style: Any) -> str | None:
    """The button's colour as "#rrggbb"."""
    for value in _found(style, COLOUR):
        try:
            return accent(_SHORT.sub(r"#\1\1\2\2\3\3", value) if _is_short(value) else value)
        except Invalid:
            continue
    return None


def read_radius(style: Any) -> int | None:
    """The corners' radius in pixels, of "16px", "16" or 16."""
    for value in _found(style, CORNERS):
        written = str(value).strip() if isinstance(value, str | int | float) else ""
        if match := _PIXELS.fullmatch(written):
            return min(int(match[1]), LARGEST)
    return None


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and _SHORT.fullmatch(value) is not None


def _found(style: Any, places: tuple[tuple[str, ...], ...]) -> Iterator[Any]:
    for place in places:
        value = style
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            yield value
