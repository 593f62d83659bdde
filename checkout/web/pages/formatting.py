"""Amounts and times as the customer's language writes them (CLDR)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import (
    format_date,
    format_time,
    format_timedelta,
    get_datetime_format,
)
from babel.numbers import NumberPattern, parse_pattern

from checkout.i18n import locale
from checkout.model.browser import Browser
from checkout.model.money import Money

# CLDR's spacing, which Babel leaves out: a currency's letters stand off from its digits.
_LETTERS_BY_DIGITS: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@lru_cache(maxsize=64)
def _pattern(language: str, exponent: int) -> NumberPattern:
    """The language's currency format with exactly ISO's decimals: CLDR's differ for some."""
    pattern = parse_pattern(locale(language).currency_formats["standard"].pattern)
    pattern.frac_prec = (exponent, exponent)
    return pattern


@lru_cache(maxsize=4096)
def amount(money: Money, language: str) -> str:
    """ "€19.99", "19,99 €", "KWD 1.999": as the language writes it."""
    pattern = _pattern(language, money.exponent)
    written: str = pattern.apply(
        money.major, locale(language), currency=money.currency, currency_digits=False
    )
    return _LETTERS_BY_DIGITS.sub("\u00a0", written)


@lru_cache(maxsize=4096)
def time_left(minutes: int, language: str) -> str:
    """ "23 hours", in the language."""
    return format_timedelta(timedelta(minutes=max(minutes, 1)), locale=locale(language))


def zone_of(browser: Mapping[str, str]) -> tzinfo | None:
    """The customer's zone, from the browser's `model.browser.FIELDS`; None where they don't have
    it, as for a stranger who opens the receipt's link."""
    return _zone(browser.get("time_zone_name", ""), browser.get("time_zone", ""))


@lru_cache(maxsize=128)
def _zone(name: str, offset: str) -> tzinfo | None:
    """By its name; by its minutes west of UTC where this machine doesn't know the name."""
    browser = Browser.from_form(
        {"time_zone_name": name, "time_zone": offset}, accept="", user_agent="", accept_language=""
    )
    if browser.time_zone_name:
        try:
            return ZoneInfo(browser.time_zone_name)
        except (ValueError, OSError, LookupError):  # no such zone, or a folder of zones
            pass
    if browser.time_zone is not None:
        return timezone(timedelta(minutes=-browser.time_zone))
    return None


def moment(seconds: float, language: str, zone: tzinfo | None = None) -> str:
    """A point in time by the customer's clock, "21 Nov 2026, 23:04"; "21 Nov 2026, 22:04 UTC" where
    that is not known."""
    at, spoken = datetime.fromtimestamp(seconds, zone or UTC), locale(language)
    written: str = (
        str(get_datetime_format("medium", locale=spoken))
        .replace("'", "")
        .replace("{1}", format_date(at, "medium", spoken))
        .replace("{0}", format_time(at, "short", tzinfo=zone or UTC, locale=spoken))
    )
    return written if zone else f"{written} UTC"


def iso_time(seconds: float) -> str:
    """A point in time as HTML's `datetime`: "2026-11-21T22:04:05Z"."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def date_and_time(seconds: float, language: str) -> str:
    """Like `moment` in UTC, with the month's name: "28 November 2027, 22:00 UTC"."""
    at, spoken = datetime.fromtimestamp(seconds, UTC), locale(language)
    return f"{format_date(at, 'long', spoken)}, {format_time(at, 'short', locale=spoken)} UTC"


def clock_time(seconds: float, language: str, zone: tzinfo | None = None) -> str:
    """With its seconds: who waits sees that something happens."""
    return _clock_time(int(seconds), language, zone)


@lru_cache(maxsize=128)
def _clock_time(seconds: int, language: str, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(seconds, zone or UTC)
    written: str = format_time(at, "medium", tzinfo=zone or UTC, locale=locale(language))
    return written if zone else f"{written} UTC"


def in_a_row(sentences: Iterable[str]) -> str:
    """Sentences one after the other; the full stop of Chinese and Japanese has its own blank."""
    return " ".join(sentences).replace("。 ", "。")


def fill(text: str, **values: Any) -> str:
    """A translated text with its values in it."""
    return text % values
