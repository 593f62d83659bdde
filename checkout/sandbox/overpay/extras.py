"""What a card request may say beside the money, the card and the customer: the rest of the
charge document's table, its nesting restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from checkout.sandbox.fields import INVALID, Fields, Rule, between, matching, short
from checkout.sandbox.overpay.card_transaction import SAVING_CONTRACTS

INITIATORS = ("merchant", "customer")
CHARGES = ("delayed_charge", "increment", "resubmission", "reauthorization", "no_show")
CARD_SECRETS = frozenset({"number", "verification_value", "token"})
"""What no ledger shows of a card."""

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


def check_extras(fields: Fields) -> None:
    """Note everything that is wrong in them."""
    fields.section("three_d_secure").flag("advanced")
    extra = fields.section("additional_data")
    if not SAVING_CONTRACTS.issuperset(extra.texts("contract")):
        extra.reject("contract")
    stored = extra.section("card_on_file")
    _among(stored, "initiator", INITIATORS)
    _among(stored, "type", CHARGES)
    extra.section("p2p").check({"service_id": _SHORT, "service_extension": _SHORT})
    extra.section("masterpass").section("params").check({"session": _SHORT})
    verification = extra.section("avs_cvc_verification")
    for name in ("avs_verification", "cvc_verification"):
        verification.section(name)
    excluded = extra.raw("excluded_gateways")
    identifier = between(1, 2**53 - 1)
    if excluded is not None and not (isinstance(excluded, list) and all(map(identifier, excluded))):
        extra.reject("excluded_gateways", "must be an array of integers")
    _travel(fields.section("travel").section("airline"))


def card_on_file(extra: Fields) -> dict[str, str]:
    """What the payment system is told, with the document's defaults; `type` says nothing of what
    the customer initiates."""
    stored = extra.section("card_on_file")
    initiator = stored.text("initiator") or INITIATORS[0]
    if initiator != INITIATORS[0]:
        return {"initiator": initiator}
    return {"initiator": initiator, "type": stored.text("type") or CHARGES[0]}


def _among(section: Fields, name: str, words: tuple[str, ...]) -> None:
    if section.raw(name) is not None and section.raw(name) not in words:
        section.reject(name, INVALID)


def _travel(airline: Fields) -> None:
    airline.check(AIRLINE)
    for leg in airline.objects("legs"):
        leg.check(LEG)
    for passenger in airline.objects("passengers"):
        passenger.check(PASSENGER)


def shown(fields: Fields) -> dict[str, object]:
    """The request as it came, for the ledger: all of it but the card's secrets."""
    whole = dict(fields.items())
    card = fields.section("credit_card").items()
    told = {name: value for name, value in card if name not in CARD_SECRETS}
    hidden = {"credit_card", "encrypted_credit_card"}
    return {name: value for name, value in whole.items() if name not in hidden} | {
        "credit_card": told
    }
