"""A card as the customer types it: read tolerantly and checked, with errors by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from checkout.i18n import N_
from checkout.model.card import Card, SavedCard
from checkout.model.outcome import PaidCard
from checkout.model.pan import BRAND_OF, Brand, brand_of, luhn
from checkout.model.visible_text import visible

ANY_LENGTH: Final = frozenset(range(12, 20))  # Overpay's charge request: 12 to 19 digits
LONGEST_HOLDER: Final = 32  # Overpay's charge request
LONGEST_TYPED: Final = 1024  # characters of a name with all the blanks around it

NUMBER_MISSING = N_("Enter the card number")
NUMBER_LENGTH = N_("Check the card number: it has too few or too many digits")
NUMBER_WRONG = N_("Check the card number: one of its digits is wrong")
BRAND_EXCLUDED = N_("This shop does not accept this kind of card. Use another card")
EXPIRY_MISSING = N_("Enter the date as it appears on the card, for example 08/29")
EXPIRY_PAST = N_("This card has expired. Use another card")
CODE_MISSING = N_("Enter the security code")
CODE_THREE = N_("Enter the 3 digits on the back of the card")
CODE_FOUR = N_("Enter the 4 digits on the front of the card")
HOLDER_MISSING = N_("Enter the name as it appears on the card")
HOLDER_LONG = N_("Shorten the name to 32 characters")
HOLDER_DIGITS = N_("Enter the name, not the number of the card")

# The slips that a page can see by itself, by field and kind; static/js/check.js has the kinds.
SLIPS: Final[Mapping[str, Mapping[str, str]]] = {
    "number": {"missing": NUMBER_MISSING, "length": NUMBER_LENGTH, "wrong": NUMBER_WRONG},
    "expiry": {"missing": EXPIRY_MISSING, "past": EXPIRY_PAST},
    "code": {"missing": CODE_MISSING, "three": CODE_THREE, "four": CODE_FOUR},
    "holder": {"missing": HOLDER_MISSING, "long": HOLDER_LONG, "digits": HOLDER_DIGITS},
}

_BETWEEN: Final = str.maketrans("", "", " -")


def digits(text: str) -> str | None:
    """The digits of `text` in ASCII, whatever script they are in; blanks and dashes are dropped.

    None when something else is among them, or more than anyone types.
    """
    if len(text) > 64:
        return None
    plain = text.translate(_BETWEEN)
    if plain.isascii() and plain.isdigit():  # as nearly everybody types
        return plain
    found = []
    for character in text:
        value = unicodedata.decimal(character, None)
        if value is not None:
            found.append(str(value))
        elif not (character.isspace() or unicodedata.category(character) in ("Pd", "Cf")):
            return None
    return "".join(found)


_EXPIRY: Final = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<month>\d{1,2})[^\d]+(?P<year>\d{4}|\d{2})",  # 8/29, 08 / 2029, 08-29
        r"(?P<year>\d{4})[^\d]+(?P<month>\d{1,2})(?:[^\d]+\d{1,2})?",  # 2029-08, 2029-08-31
        r"(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])",  # 202908
        r"(?P<month>\d{2})(?P<year>\d{4}|\d{2})",  # 0829, 082029
        r"(?P<month>\d)(?P<year>\d{2})",  # 829
    )
)


def expiry(text: str) -> tuple[int, int] | None:
    """(month, year) from every form that people type and autofill produces; None if unreadable."""
    plain = text.strip()[:32]
    if not plain.isascii():
        plain = "".join(
            str(unicodedata.decimal(c)) if unicodedata.decimal(c, None) is not None else c
            for c in plain
            if unicodedata.category(c) != "Cf"
        )
    for pattern in _EXPIRY:
        if match := pattern.fullmatch(plain):
            month, year = int(match["month"]), int(match["year"])
            if 1 <= month <= 12:
                return month, year + 2000 if year < 100 else year
    return None


# The form's names of card data: a form without these has no card.
SENSITIVE: Final = ("number", "code")


def read_card(
    fields: Mapping[str, str],
    *,
    today: date,
    excluded_brands: frozenset[str] = frozenset(),
    code_optional: bool = False,
) -> tuple[Card | None, dict[str, str]]:
    """The card of a form's `number`, `expiry`, `code` and `holder`, or what is wrong by field.

    `code_optional`: there are cards without a code, and the account takes them; it is "" then.
    Split expiry fields (`exp_month`, `exp_year`) serve where the form has no `expiry`.
    """
    errors: dict[str, str] = {}
    number = digits(fields.get("number", ""))
    brand = brand_of(number) if number else None
    if problem := _number_problem(number, brand, excluded_brands):
        errors["number"] = problem
    when, problem = _expiry(fields, today)
    if problem:
        errors["expiry"] = problem
    code, problem = _code(fields, brand)
    if problem and not (problem is CODE_MISSING and code_optional):
        errors["code"] = problem
    holder, problem = read_holder(fields.get("holder", ""))
    if problem:
        errors["holder"] = problem
    if errors or not (number and when):
        return None, errors
    return Card(number, when[0], when[1], code, holder), {}


def read_saved_card(
    fields: Mapping[str, str],
    token: str,
    known: PaidCard,
    *,
    coded: bool = True,
    code_optional: bool = False,
) -> tuple[SavedCard | None, dict[str, str]]:
    """The saved card with the form's `code`, or what is wrong. `coded`: the code is needed;
    `code_optional`: it may be empty."""
    if not coded:
        return SavedCard(token, "", known), {}
    code, problem = _code(fields, BRAND_OF.get(known.brand or ""))
    if problem is CODE_MISSING and code_optional:
        problem = None
    return (None, {"code": problem}) if problem else (SavedCard(token, code, known), {})


def oldest_month(today: date) -> tuple[int, int]:
    """(year, month) of the oldest card that is still good: until its month has ended
    everywhere on Earth; on the last day the gateway decides."""
    eve = today - timedelta(days=1)
    return eve.year, eve.month


def read_holder(text: str) -> tuple[str, str | None]:
    """(the name on a card, its error)."""
    holder = " ".join(visible(text[:LONGEST_TYPED]).split())
    if not holder.isprintable():
        holder = "".join(c for c in holder if c.isprintable())
    if not holder and len(text) <= LONGEST_TYPED:
        return holder, HOLDER_MISSING
    if len(holder) > LONGEST_HOLDER or len(text) > LONGEST_TYPED:
        return holder, HOLDER_LONG
    many = sum(character.isdigit() for character in holder) >= 8
    return holder, HOLDER_DIGITS if many else None


def _expiry(fields: Mapping[str, str], today: date) -> tuple[tuple[int, int] | None, str | None]:
    """(the card's last (month, year), its error)."""
    when = expiry(
        fields.get("expiry") or f"{fields.get('exp_month', '')}/{fields.get('exp_year', '')}"
    )
    if when is None or when[1] > today.year + 50:
        return when, EXPIRY_MISSING
    return when, EXPIRY_PAST if (when[1], when[0]) < oldest_month(today) else None


def _code(fields: Mapping[str, str], brand: Brand | None) -> tuple[str, str | None]:
    """(the security code of a card of `brand`, its error); None: of any brand."""
    code = digits(fields.get("code", "")) if fields.get("code", "").strip() else ""
    if code == "":
        return "", CODE_MISSING
    if code is None or len(code) not in ({brand.code} if brand else {3, 4}):
        return "", CODE_FOUR if brand and brand.code == 4 else CODE_THREE
    return code, None


def _number_problem(
    number: str | None, brand: Brand | None, excluded: frozenset[str]
) -> str | None:
    if number == "":
        return NUMBER_MISSING
    if number is None or len(number) not in (brand.lengths if brand else ANY_LENGTH):
        return NUMBER_LENGTH
    if not luhn(number):
        return NUMBER_WRONG
    return BRAND_EXCLUDED if brand and brand.name in excluded else None
