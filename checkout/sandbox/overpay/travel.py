"""The `travel` section of a card request: an airline's ticket, its legs and passengers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from checkout.sandbox.fields import Fields, Rule, matching, short

_SHORT = short(255)
_AIRPORT = matching(r"[A-Z]{3}")


def local_time(value: object) -> bool:
    """2014-05-26T05:15:00: a time that exists, of a clock on the wall."""
    if not isinstance(value, str) or len(value) != 19:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


AIRLINE: Mapping[str, Rule] = {
    "agency_code": short(8),
    "agency_name": _SHORT,
    "ticket_number": lambda value: (
        isinstance(value, str) and matching(r"\d{14}")(value.replace(" ", "").replace("-", ""))
    ),
    "booking_number": _SHORT,
    "restricted_ticked_indicator": matching(r"[01]"),
}
LEG: Mapping[str, Rule] = {
    "airline_code": matching(r"[0-9A-Z]{2}"),
    "stop_over_code": matching(r"[OX]?"),
    "flight_number": _SHORT,
    "departure_date_time": local_time,
    "arrival_date_time": local_time,
    "originating_country": _SHORT,
    "originating_city": _SHORT,
    "originating_airport_code": _AIRPORT,
    "destination_country": _SHORT,
    "destination_city": _SHORT,
    "destination_airport_code": _AIRPORT,
    "coupon": _SHORT,
    "class": matching(r"[0-9A-Z]"),
}
PASSENGER: Mapping[str, Rule] = {"first_name": _SHORT, "last_name": _SHORT}


def check_airline(airline: Fields) -> None:
    """Note everything that is wrong in it."""
    airline.check(AIRLINE)
    for leg in airline.objects("legs"):
        leg.check(LEG)
    for passenger in airline.objects("passengers"):
        passenger.check(PASSENGER)
