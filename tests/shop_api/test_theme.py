"""`settings.style` as shops send it: one colour and one radius of ours, all else let be."""

from __future__ import annotations

import math
from typing import Any

import pytest

from checkout.shop_api.theme import read_accent, read_radius

# As a shop in the wild sends it.
SENT = {
    "widget": {"backgroundColor": "#101010", "buttonsColor": "#0A7D33", "backgroundType": -1},
    "button": {"borderRadius": "16px"},
    "header": {"display": "none"},
    "cardFace": {"backgroundColor": "#222"},
}


def test_as_sent() -> None:
    assert read_accent(SENT) == "#0a7d33"
    assert read_radius(SENT) == 16


@pytest.mark.parametrize(
    ("style", "colour"),
    [
        ({"button": {"pay": {"backgroundColor": "#0b5fff"}}, "widget": SENT["widget"]}, "#0b5fff"),
        ({"button": {"backgroundColor": "#b34700"}, "widget": SENT["widget"]}, "#b34700"),
        ({"widget": {"buttonsColor": "#00f"}}, "#0000ff"),
        # What can't be seen on the page, or is no colour, is passed over.
        ({"button": {"backgroundColor": "#ffee00"}, "widget": SENT["widget"]}, "#0a7d33"),
        ({"widget": {"buttonsColor": "#ffffff"}}, None),
        ({"widget": {"buttonsColor": "red"}}, None),
        ({"widget": {"buttonsColor": "#0b5fff;}body{display:none"}}, None),
        ({"widget": {"buttonsColor": 7}}, None),
        ({"widget": {"buttonsColor": ["#0b5fff"]}}, None),
        ({"widget": "#0b5fff"}, None),
        ({"button": ["x"], "widget": None}, None),
        ({}, None),
        ([], None),
        ("#0b5fff", None),
        (None, None),
    ],
)  # fmt: skip
def test_colours(style: Any, colour: str | None) -> None:
    assert read_accent(style) == colour


@pytest.mark.parametrize(
    ("value", "radius"),
    [
        ("16px", 16), (" 8px ", 8), ("0", 0), (12, 12), (4.5, 4), ("99px", 32), ("9999", 32),
        ("50%", None), ("1rem", None), ("", None), ("-4px", None), (-4, None), (True, None),
        (math.nan, None), (math.inf, None), ({"x": 1}, None), ("4px;color:red", None),
        ("١٦px", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_corners(value: Any, radius: int | None) -> None:
    assert read_radius({"button": {"borderRadius": value}}) == radius
