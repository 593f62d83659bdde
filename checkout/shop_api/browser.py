"""Reads the browser's data that a shop's server sends for 3-D Secure: `additional_data.browser` of
Overpay's charge request. A server gets its errors, so no bad value is dropped."""

from __future__ import annotations

import re
from typing import Any, Final

from checkout.i18n import tag_of
from checkout.model.browser import DEPTHS, LONGEST, OFFSETS, Browser, short_language
from checkout.model.validation.description import says, schema_of, words_of
from checkout.model.validation.reader import Invalid, Reader, Rule
from checkout.model.validation.rules import integer, loose_flag, text
from checkout.model.validation.table import Field, FieldTable

_NUMBER: Final = re.compile(r"-?[0-9]{1,6}", re.ASCII)
_header: Final = text(LONGEST)


def _number(least: int, most: int) -> Rule[int]:
    """`integer`, and its digits with a minus before them: SDKs write both."""
    rule = integer(least, most)

    @says(words_of(rule), anyOf=[schema_of(rule), {"type": "string", "pattern": "^-?[0-9]{1,6}$"}])
    def checked(value: Any) -> int:
        written = isinstance(value, str) and _NUMBER.fullmatch(value)
        return rule(int(value) if written else value)

    return checked


@says(", ".join(map(str, DEPTHS)), enum=[*DEPTHS, *map(str, DEPTHS)])
def _depth(value: Any) -> int:
    depth = _number(min(DEPTHS), max(DEPTHS))(value)
    if depth not in DEPTHS:
        raise Invalid(f"must be one of: {', '.join(map(str, DEPTHS))}")
    return depth


@says("like `en` or `en-GB`", type="string", maxLength=255)
def _language(value: Any) -> str | None:
    tag = short_language(tag_of(text(255)(value)))
    if tag is None:
        raise Invalid("must be a language like en or en-GB")
    return tag


BROWSER: Final = FieldTable(
    accept_header=Field(_header),
    user_agent=Field(_header),
    language=Field(_language),
    screen_width=Field(_number(1, 999_999), "in pixels, like all sizes"),
    screen_height=Field(_number(1, 999_999)),
    screen_color_depth=Field(_depth),
    window_width=Field(_number(0, 999_999)),
    window_height=Field(_number(0, 999_999)),
    java_enabled=Field(loose_flag),
    time_zone=Field(_number(*OFFSETS), "in minutes, positive west of UTC: UTC+3 is -180"),
    time_zone_name=Field(text(255)),
)


def read_browser(fields: Reader) -> Browser | None:
    """None where there are no browser data; otherwise a missing field has its default."""
    found = {name: value for name, value in BROWSER.read(fields).items() if value is not None}
    return Browser(**found) if found else None
