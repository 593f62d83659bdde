"""Reads `travel.airline`: the data of an airline ticket for the bank.

Source: the travel section of Overpay's charge request. All of it is optional; a field
that is there must have its format, and is passed on unchanged but for the capitals of codes.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from checkout.model.validation.description import blank_too, says
from checkout.model.validation.reader import Invalid, Reader, Rule
from checkout.model.validation.rules import existing, text
from checkout.model.validation.table import Field, FieldTable, ListOf

MOST_LEGS: Final = 50
MOST_PASSENGERS: Final = 200
TICKET_DIGITS: Final = 14
LONGEST_TICKET: Final = 32  # characters, with blanks and dashes between
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)


def code(pattern: str, reason: str) -> Rule[str]:
    """An IATA code in capitals; small letters are accepted, and a number as its digits."""
    compiled = re.compile(pattern, re.ASCII)

    @says(reason.removeprefix("must be "), type=["string", "integer"])
    def rule(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not compiled.fullmatch(value.upper()):
            raise Invalid(reason)
        return value.upper()

    return rule


@says("14 digits, like `390 5241 025377 1`", type=["string", "integer"], maxLength=LONGEST_TICKET)
def ticket(value: Any) -> str:
    """390 5241 025377 1: the airline, the form, the serial number, the check digit."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and len(value) > LONGEST_TICKET:
        value = None
    digits = re.sub(r"[ -]", "", value) if isinstance(value, str) else ""
    if not re.fullmatch(rf"[0-9]{{{TICKET_DIGITS}}}", digits, re.ASCII):
        raise Invalid("must have 14 digits, like 390 5241 025377 1")
    return str(value)


# A time of the airport's own clock, without a zone.
local_time: Final = says("a local time like `2014-05-26T05:15:00`", type="string")(
    existing(_LOCAL_TIME, datetime.fromisoformat, "local time like 2014-05-26T05:15:00")
)


def _field(rule: Rule[str]) -> Field:
    return Field(rule)


_WORDS: Final = _field(text(255, numbers=True))
_NAME: Final = _field(text(255))
_AIRPORT: Final = _field(code(r"[A-Z]{3}", "must be an airport's three letters, like DME"))

LEG: Final = FieldTable(
    {
        "airline_code": _field(
            code(r"[0-9A-Z]{2}", "must be an airline's two characters, like B2")
        ),
        "stop_over_code": Field(blank_too(code(r"[OX]?", "must be O, X or empty"))),
        "flight_number": _WORDS,
        "departure_date_time": _field(local_time),
        "arrival_date_time": _field(local_time),
        "originating_country": _WORDS,
        "originating_city": _WORDS,
        "originating_airport_code": _AIRPORT,
        "destination_country": _WORDS,
        "destination_city": _WORDS,
        "destination_airport_code": _AIRPORT,
        "coupon": _WORDS,
        "class": _field(code(r"[0-9A-Z]", "must be the one letter of a class, like C")),
    }
)
AIRLINE: Final = FieldTable(
    agency_code=_field(code(r"[0-9A-Z]{1,8}", "must be an agency's IATA code, like 03")),
    agency_name=_WORDS,
    ticket_number=_field(ticket),
    booking_number=_WORDS,
    restricted_ticked_indicator=_field(code(r"[01]", "must be 0 (refundable) or 1")),
    legs=Field(ListOf(LEG, MOST_LEGS)),
    passengers=Field(ListOf(FieldTable(first_name=_NAME, last_name=_NAME), MOST_PASSENGERS)),
)
TRAVEL: Final = FieldTable(airline=Field(AIRLINE, "what the bank is told of a ticket"))


def read_travel(fields: Reader) -> dict[str, Any]:
    """`{"airline": {...}}` as it goes to the gateway; {} where there is none."""
    values = AIRLINE.read(fields.within("airline"))
    for name in ("legs", "passengers"):
        values[name] = [_given(each) for each in values[name]]
    found = {name: value for name, value in _given(values).items() if value != []}
    return {"airline": found} if found else {}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
