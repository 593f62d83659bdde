"""The customer's browser for 3-D Secure 2 (EMV 3DS 2.x browser data; Overpay's field names).

The data are not trusted, and they never refuse a payment: a bad value is dropped or defaulted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

DEPTHS: Final = (1, 4, 8, 15, 16, 24, 32, 48)
LONGEST: Final = 2048
LONGEST_TAG: Final = 64  # characters: the longest that is in use has 35
OFFSETS: Final = (-14 * 60, 12 * 60)  # the least and the most minutes of a time zone
_SIZE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_OFFSET = re.compile(r"-?[0-9]{1,3}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-/]{0,63}", re.ASCII)
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)

# The hidden inputs that static/js/browser.js fills; User-Agent and Accept come by header.
FIELDS: Final = (
    "screen_width",
    "screen_height",
    "screen_color_depth",
    "window_width",
    "window_height",
    "language",
    "java_enabled",
    "time_zone",
    "time_zone_name",
)


class Browser(Struct, frozen=True, omit_defaults=True):
    """Sizes in pixels; `time_zone` in minutes, positive west of UTC (UTC+3 is -180)."""

    accept_header: str | None = None
    user_agent: str | None = None
    language: str | None = None
    screen_width: int | None = None
    screen_height: int | None = None
    screen_color_depth: int = 24
    window_width: int | None = None
    window_height: int | None = None
    java_enabled: bool = False
    time_zone: int | None = None
    time_zone_name: str | None = None

    @classmethod
    def from_form(
        cls, fields: Mapping[str, str], *, accept: str, user_agent: str, accept_language: str
    ) -> Browser:
        """From the form's hidden inputs and the document request's own headers."""
        size = {
            name: int(value)
            for name in ("screen_width", "screen_height", "window_width", "window_height")
            if _SIZE.fullmatch(value := fields.get(name, ""))
        }
        first = re.split(r"[,;]", accept_language, maxsplit=1)[0].strip()
        offset, zone = fields.get("time_zone", ""), fields.get("time_zone_name", "")
        return cls(
            accept_header=_header(accept),
            user_agent=_header(user_agent),
            language=short_language(fields.get("language", "")) or short_language(first),
            screen_color_depth=_depth(fields.get("screen_color_depth", "")),
            java_enabled=fields.get("java_enabled") == "true",
            time_zone=_offset(offset),
            time_zone_name=zone if _ZONE.fullmatch(zone) else None,
            **size,
        )


def _header(value: str) -> str | None:
    return "".join(c for c in value[:LONGEST] if c.isprintable()) or None


def short_language(tag: str) -> str | None:
    """EMV 3DS 2.1 allows 8 characters: cut at a subtag (zh-Hans-CN becomes zh-Hans)."""
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
        return None
    return tag if len(tag) <= 8 else tag[:9].rpartition("-")[0]


def _depth(value: str) -> int:
    measured = int(value) if re.fullmatch(r"[0-9]{1,3}", value, re.ASCII) else 0
    return max((depth for depth in DEPTHS if depth <= measured), default=24)


def _offset(value: str) -> int | None:
    if not _OFFSET.fullmatch(value):
        return None
    minutes = int(value)
    return minutes if OFFSETS[0] <= minutes <= OFFSETS[1] else None
