"""Rules of data that no payment is refused for: what the shop says of the customer, words on the
page, lines of the receipt.

What is too long is cut, what can't be used is dropped: such a rule raises `Dropped`, and the reader
notes the field's name and the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import date
from typing import Any, Final, TypeVar

from checkout.model.cut import cut
from checkout.model.pan import mask_card_numbers
from checkout.model.validation.description import or_blank, says, schema_of, words_of
from checkout.model.validation.reader import Dropped, Invalid, Rule
from checkout.model.validation.rules import (
    cardless,
    day,
    ip_address,
    sendable_email_address,
    speakable,
    text,
    texts,
)
from checkout.model.visible_text import visible

T = TypeVar("T")

LONGEST_LOOKED_AT: Final = 4096  # characters; what follows is cut before anything is looked for
EARLIEST_BIRTH: Final = 1900  # earlier years are what programs write for "unknown"
CARD: Final = "a card's number was masked"
CONTROL: Final = "control characters were taken out"

_NAMED = re.compile(r"[^<>@,;]*<\s*([^<>\s]+)\s*>")  # Anna Lee <anna@example.com>
_YEAR_FIRST = re.compile(r"([0-9]{4})([-./])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_DIGITS_ALONE = re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})", re.ASCII)  # the year first
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
_LENGTH_OF_DAY: Final = 10


def dropped_if_wrong(rule: Rule[T]) -> Rule[T | None]:
    """What `rule` takes; anything else is dropped."""

    @says(f"{words_of(rule)}, else dropped", **schema_of(rule))
    def checked(value: Any) -> T | None:
        try:
            return rule(value)
        except Dropped:
            raise
        except Invalid as wrong:
            raise Dropped(str(wrong)) from None

    return checked


def cut_text(most: int, *, digits: bool = False, marks: bool = True) -> Rule[str | None]:
    """Text, cut to `most` characters; a number is taken as it is written, all else dropped. A
    card's number in it is masked, but for `digits`: in a field of digits they are what they say.
    Without `marks` its invisible characters are taken out."""
    whole = text(most, numbers=True)

    @says(f"{words_of(whole)}, cut", **or_blank(schema_of(whole)))
    def rule(value: Any) -> str | None:
        try:
            found = _written(value)
        except Invalid as wrong:
            raise Dropped(str(wrong)) from None
        if not found.strip():
            return None
        looked_at = found if len(found) <= most else found.strip()[:LONGEST_LOOKED_AT]
        if not marks and not (looked_at := visible(looked_at)).strip():
            return None
        spoken = speakable(looked_at)
        kept = spoken if digits else mask_card_numbers(spoken)
        notes = [
            note
            for note, holds in (
                (CONTROL, spoken != looked_at),
                (CARD, kept != spoken),
                (f"cut to {most} characters", len(kept) > most),
            )
            if holds
        ]
        if notes:
            kept = cut(kept, most)
            raise Dropped(", ".join(notes), kept if kept.strip() else None)
        return kept

    return rule


def cut_texts(*, most: int, longest: int = 255) -> Rule[tuple[str, ...]]:
    """The first `most` of a list of texts, each cut to `longest`; a text alone is a list of it."""
    whole, line = texts(most=most, longest=longest), cut_text(longest)

    @says(f"{words_of(whole)} of up to {longest} characters, cut", **schema_of(whole))
    def rule(value: Any) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        found, notes = [], list[str]()
        for item in items[:most]:
            try:
                found.append(line(item))
            except Dropped as wrong:
                notes.append(str(wrong))
                found.append(wrong.instead)
        if len(items) > most:
            notes.append(f"cut to {most} texts")
        lines = tuple(each for each in found if each is not None)
        if notes:
            raise Dropped(", ".join(dict.fromkeys(notes)), lines)
        return lines

    return rule


def names_of(known: Collection[str], *, most: int = 20) -> Rule[tuple[str, ...]]:
    """A list of some of the `known` names, or one of them alone; others are dropped."""

    @says("a list of names, unknown ones dropped", **schema_of(texts(most=most)))
    def rule(value: Any) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        there = [item for item in listed if item not in (None, "")]
        named = [item for item in there if isinstance(item, str) and item in known]
        found = tuple(dict.fromkeys(named))
        if len(named) < len(there):
            raise Dropped("has unknown names", found)
        return found

    return rule


@says(words_of(sendable_email_address), **or_blank(schema_of(sendable_email_address)))
def customers_email(value: Any) -> str | None:
    """An address, with blanks around it or a name before it."""
    written = visible(_short(value)).strip()
    named = _NAMED.fullmatch(written)
    address = named[1] if named else written
    return cardless(sendable_email_address)(address) if written else None


@says(words_of(ip_address), **or_blank(schema_of(ip_address)))
def customers_ip(value: Any) -> str | None:
    written = _short(value).strip()
    found = ip_address(written) if written else None
    if found and "%" in found:  # the name of an interface: of no use anywhere else
        raise Invalid("must be an IP address")
    return found


@says(words_of(day), **or_blank(schema_of(day)))
def birth_date(value: Any) -> str | None:
    """A day, in any of the usual writings that can be read in one way alone: 31.12.1990,
    12/31/1990, 19901231, 1990-12-31T00:00:00Z. Another hour than midnight may be of another day
    elsewhere."""
    written = _short(value).strip()
    if not written:
        return None
    if _MIDNIGHT.fullmatch(written, _LENGTH_OF_DAY):
        written = written[:_LENGTH_OF_DAY]
    days = {found for parts in _days(written) if (found := _existing(*parts))}
    if len(days) != 1:
        raise Invalid("must be a date like 1990-12-31")
    return days.pop()


def _days(written: str) -> list[tuple[str, str, str]]:
    """(year, month, day) as a text can be read."""
    if match := _YEAR_FIRST.fullmatch(written) or _DIGITS_ALONE.fullmatch(written):
        return [(match[1], match[3], match[4])]
    if match := _YEAR_LAST.fullmatch(written):
        first, mark, second, year = match.groups()
        day_first = (year, second, first)
        return [day_first] if mark == "." else [day_first, (year, first, second)]
    return []


def _existing(year: str, month: str, of_month: str) -> str | None:
    try:
        found = date(int(year), int(month), int(of_month))
    except ValueError:
        return None
    return found.isoformat() if found.year >= EARLIEST_BIRTH else None


def _written(value: Any) -> str:
    """A text as it is, a number in its digits."""
    if isinstance(value, float) and math.isfinite(value):
        value = int(value) if value.is_integer() else str(value)
    if isinstance(value, str):
        return value
    return text(numbers=True)(value)


def _short(value: Any) -> str:
    """A text, or a number in its digits, of a length at which anything may be looked for."""
    found = _written(value)
    if len(found) > LONGEST_LOOKED_AT:
        raise Invalid("is too long")
    return found
