"""The date of birth: day, month and year, each an input of its own, in the language's order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from checkout.i18n import N_, gettext, locale
from checkout.web.pages.components import Field

NAME: Final = "birth_date"


class Part(NamedTuple):
    letter: str  # in CLDR's patterns
    label: str
    longest: int


PARTS: Final[dict[str, Part]] = {
    "year": Part("y", N_("Year"), 4),
    "month": Part("M", N_("Month"), 2),
    "day": Part("d", N_("Day"), 2),
}


@cache
def order_of(language: str) -> tuple[str, ...]:
    """The names of `PARTS` as the language writes a date."""
    pattern = re.sub("'[^']*'", "", locale(language).date_formats["short"].pattern)
    return tuple(sorted(PARTS, key=lambda name: pattern.index(PARTS[name].letter)))


def read_parts(fields: Mapping[str, str]) -> str:
    """The date of a form's parts like 1990-12-31, or anything that is none of it; empty: nothing
    was typed. An app sends it as one."""
    typed = [_digits(fields.get(f"{NAME}-{name}", "").strip()[:16]) for name in PARTS]
    if not any(typed):
        return fields.get(NAME, "")
    return "-".join(part.zfill(2) for part in typed)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(each, each)) for each in text)


def parts(
    known: str, typed: Mapping[str, str], language: str, *, read_only: bool
) -> tuple[Field, ...]:
    """The inputs, with what was typed, else with the parts of the date that is `known`."""
    _ = gettext(language)
    dates = dict(zip(PARTS, known.split("-") if known else ("", "", ""), strict=True))
    return tuple(
        Field(
            name=f"{NAME}-{name}",
            label=_(PARTS[name].label),
            value=typed.get(f"{NAME}-{name}", dates[name])[:16],
            autocomplete=f"bday-{name}",
            inputmode="numeric",
            maxlength=PARTS[name].longest,
            read_only=read_only,
        )
        for name in order_of(language)
    )
