"""The browser's data from a shop's server: read strictly, as a server can mend what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import Unprocessable
from checkout.model.browser import Browser
from checkout.model.validation.reader import Reader
from checkout.shop_api.browser import read_browser


def read(**values: Any) -> Browser | None:
    fields = Reader(values, tolerant=True, shown="browser")
    found = read_browser(fields)
    fields.done()
    return found


@pytest.mark.parametrize("said", [{}, {"user_agent": ""}, {"time_zone": None}, {"unknown": 1}])
def test_nothing_said(said: dict[str, Any]) -> None:
    assert read(**said) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"screen_width": 1920}, {"screen_width": 1920}),
        ({"screen_width": "1920"}, {"screen_width": 1920}),
        ({"window_height": 0}, {"window_height": 0}),
        ({"time_zone": -180}, {"time_zone": -180}),
        ({"time_zone": "-840"}, {"time_zone": -840}),
        ({"time_zone": 720}, {"time_zone": 720}),
        ({"screen_color_depth": 48}, {"screen_color_depth": 48}),
        ({"java_enabled": "true"}, {"java_enabled": True}),
        ({"language": "zh-Hans-CN"}, {"language": "zh-Hans"}),
        ({"language": "ru_RU.UTF-8"}, {"language": "ru-RU"}),
        ({"time_zone_name": "Europe/Vilnius"}, {"time_zone_name": "Europe/Vilnius"}),
        ({"accept_header": "*/*"}, {"accept_header": "*/*"}),
    ],
)
def test_what_is_taken(said: dict[str, Any], kept: dict[str, Any]) -> None:
    assert read(**said) == Browser(**kept)


@pytest.mark.parametrize(
    "said",
    [
        {"screen_width": 0},
        {"screen_height": 1_000_000},
        {"window_width": 1.5},
        {"window_width": True},
        {"window_height": -1},
        {"screen_color_depth": 30},
        {"screen_color_depth": "deep"},
        {"java_enabled": "perhaps"},
        {"time_zone": -841},
        {"time_zone": 721},
        {"time_zone": "--1"},
        {"time_zone": "1e2"},
        {"language": "english please"},
        {"user_agent": "x" * 2049},
        {"user_agent": "a\0b"},
        {"accept_header": 7},
        {"time_zone_name": ["UTC"]},
    ],
)
def test_what_is_wrong_is_named(said: dict[str, Any]) -> None:
    (name,) = said
    with pytest.raises(Unprocessable) as refused:
        read(**said)
    assert list(refused.value.fields) == [f"browser.{name}"]
