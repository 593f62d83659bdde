"""Reads `travel.airline`: what the bank is told of a ticket that is paid.

Source: the travel section of Overpay's charge request. All of it is optional; what is there has
its format, and goes on as it came but for the capitals of codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from checkout.model.checks import Fields, Rule, Wrong
from checkout.model.rules import cardless, text

MOST_LEGS: Final = 50
MOST_PASSENGERS: Final = 200
TICKET_DIGITS: Final = 14
LONGEST_TICKET: Final = 32  # characters, with blanks and dashes between
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)


def code(pattern: str, reason: str) -> Rule[str]:
    """A code of IATA's in capitals; small letters are taken, and a number as its digits."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not compiled.fullmatch(value.upper()):
            raise Wrong(reason)
        return value.upper()

    return rule


def ticket(value: Any) -> str:
    """390 5241 025377 1: the airline, the form, the serial number, the check digit."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and len(value) > LONGEST_TICKET:
        value = None
    digits = re.sub(r"[ -]", "", value) if isinstance(value, str) else ""
    if not re.fullmatch(rf"[0-9]{{{TICKET_DIGITS}}}", digits, re.ASCII):
        raise Wrong("must have 14 digits, like 390 5241 025377 1")
    return str(value)


def local_time(value: Any) -> str:
    """A time of the airport's own clock, that exists: 2014-05-26T05:15:00, without a zone."""
    try:
        if isinstance(value, str) and _LOCAL_TIME.fullmatch(value):
            datetime.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise Wrong("must be a local time like 2014-05-26T05:15:00")


_WORDS: Final = text(255, numbers=True)
_NAME: Final = cardless(text(255))
_AIRPORT: Final = code(r"[A-Z]{3}", "must be an airport's three letters, like DME")

AIRLINE: Final[Mapping[str, Rule[str]]] = {
    "agency_code": code(r"[0-9A-Z]{1,8}", "must be an agency's IATA code, like 03"),
    "agency_name": _WORDS,
    "ticket_number": ticket,
    "booking_number": _WORDS,
    "restricted_ticked_indicator": code(r"[01]", "must be 0 (refundable) or 1"),
}
LEG: Final[Mapping[str, Rule[str]]] = {
    "airline_code": code(r"[0-9A-Z]{2}", "must be an airline's two characters, like B2"),
    "stop_over_code": code(r"[OX]?", "must be O, X or empty"),
    "flight_number": _WORDS,
    "departure_date_time": local_time,
    "arrival_date_time": local_time,
    "originating_country": _WORDS,
    "originating_city": _WORDS,
    "originating_airport_code": _AIRPORT,
    "destination_country": _WORDS,
    "destination_city": _WORDS,
    "destination_airport_code": _AIRPORT,
    "coupon": _WORDS,
    "class": code(r"[0-9A-Z]", "must be the one letter of a class, like C"),
}
PASSENGER: Final[Mapping[str, Rule[str]]] = {"first_name": _NAME, "last_name": _NAME}


def read_travel(fields: Fields) -> dict[str, Any]:
    """`{"airline": {...}}` as it goes to the gateway; {} where nothing is said."""
    airline = fields.within("airline")
    found: dict[str, Any] = _known(airline, AIRLINE)
    legs = [_known(leg, LEG) for leg in airline.each("legs", most=MOST_LEGS)]
    people = [_known(one, PASSENGER) for one in airline.each("passengers", most=MOST_PASSENGERS)]
    found |= {name: some for name, some in (("legs", legs), ("passengers", people)) if some}
    return {"airline": found} if found else {}


def _known(fields: Fields, rules: Mapping[str, Rule[str]]) -> dict[str, str]:
    """What is said, by its rules. An empty stop-over says something; nothing else that is empty
    does."""
    values = {
        name: fields.get(name, rule)
        for name, rule in rules.items()
        if name == "stop_over_code" or fields.data.get(name) != ""
    }
    return {name: value for name, value in values.items() if value is not None}
