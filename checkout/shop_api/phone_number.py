"""Phone numbers in international form (E.164), by Google's numbering plans (phonenumbers).

The plans are read of a country that a number is of, when the first comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

LEFT_OUT: Final = " +0"  # before a country's code: 00 where one dials it
FEWEST_DIGITS: Final = 5  # of what may be one where nobody knows the country


def international(written: str, country: str | None) -> str | None:
    """+375291234567 of "8 029 123-45-67" in BY, or of anything with its country's code. None: it is
    no number of the country, or of any."""
    import phonenumbers

    found = _readings(written, country)
    for check in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for number in found:
            if check(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _readings(written: str, country: str | None) -> list[PhoneNumber]:
    """As a number of the country, then as one whose "+" was left out."""
    import phonenumbers

    found = []
    for text, region in ((written, country), (f"+{written.lstrip(LEFT_OUT)}", None)):
        try:
            found.append(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            continue
    return found


def may_be_number(written: str) -> bool:
    """Whether enough digits are in it, where no country says what they mean."""
    return sum(map(str.isdigit, written)) >= FEWEST_DIGITS
