"""Reads the browser's data that a shop's server sends for 3-D Secure: `additional_data.browser` of
Overpay's charge request. A server can be told what is wrong with it, so nothing is dropped."""

from __future__ import annotations

import re
from typing import Any, Final

from checkout.merchant.customers import blank_is_none
from checkout.model.browser import DEPTHS, LONGEST, OFFSETS, Browser, short_language
from checkout.model.checks import Fields, Rule, Wrong
from checkout.model.rules import loose_flag, text, whole

_NUMBER: Final = re.compile(r"-?[0-9]{1,6}", re.ASCII)
_header: Final = blank_is_none(text(LONGEST))


def _number(least: int, most: int) -> Rule[int]:
    """`whole`, and its digits with a minus before them: SDKs write both."""
    rule = whole(least, most)

    def checked(value: Any) -> int:
        written = isinstance(value, str) and _NUMBER.fullmatch(value)
        return rule(int(value) if written else value)

    return checked


def _depth(value: Any) -> int:
    depth = _number(min(DEPTHS), max(DEPTHS))(value)
    if depth not in DEPTHS:
        raise Wrong(f"must be one of: {', '.join(map(str, DEPTHS))}")
    return depth


def _language(value: Any) -> str | None:
    tag = short_language(text(255)(value))
    if tag is None:
        raise Wrong("must be a language like en or en-GB")
    return tag


RULES: Final[dict[str, Rule[Any]]] = {
    "accept_header": _header,
    "user_agent": _header,
    "language": _language,
    "screen_width": _number(1, 999_999),
    "screen_height": _number(1, 999_999),
    "screen_color_depth": _depth,
    "window_width": _number(0, 999_999),
    "window_height": _number(0, 999_999),
    "java_enabled": loose_flag,
    "time_zone": _number(*OFFSETS),
    "time_zone_name": blank_is_none(text(255)),
}


def read_browser(fields: Fields) -> Browser | None:
    """None where nothing is said of it; else what is left out has its default."""
    given = {name: fields.get(name, rule) for name, rule in RULES.items()}
    found = {name: value for name, value in given.items() if value is not None}
    return Browser(**found) if found else None
