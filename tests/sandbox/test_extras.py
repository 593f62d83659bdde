"""The card gateway plays the charge document's table: it names what breaks a rule, shows what
came, and says what the bank found of address and security code."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.sandbox.requests import PAID, card_request

Client = TestClient[Litestar]
PAYMENTS = "/transactions/payments"
LEG = {
    "airline_code": "B2",
    "stop_over_code": "",
    "flight_number": "A3 971",
    "departure_date_time": "2014-05-26T05:15:00",
    "arrival_date_time": "2014-05-26T07:30:00",
    "originating_country": "RU",
    "originating_city": "Moscow",
    "originating_airport_code": "DME",
    "destination_country": "Greece",
    "destination_city": "Athens",
    "destination_airport_code": "ATH",
    "coupon": "SPRING",
    "class": "C",
}
WHOLE: dict[str, Any] = {
    "duplicate_check": False,
    "three_d_secure": {"advanced": True},
    "billing_address": {"country": "US", "state": "NY", "zip": "10001", "address": "1 Main St"},
    "additional_data": {
        "referer": "https://shop.example.com/",
        "p2p": {"service_id": "17", "service_extension": "x9"},
        "excluded_gateways": [3483],
        "masterpass": {"params": {"session": "s-1"}},
        "contract": ["card_on_file"],
        "card_on_file": {"initiator": "merchant", "type": "no_show"},
        "avs_cvc_verification": {"avs_verification": {}},
        "meta": {"a": [1]},
    },
    "travel": {
        "airline": {
            "agency_code": "03",
            "ticket_number": "390 5241 025377 1",
            "restricted_ticked_indicator": "1",
            "legs": [LEG, {}],
            "passengers": [{"first_name": "KONSTANTIN", "last_name": "IVANOV"}],
        }
    },
}


def test_all_of_it_is_taken_and_shown(sandbox: Client) -> None:
    answer = sandbox.post(PAYMENTS, json=card_request(**WHOLE))
    assert answer.status_code == 200, answer.text
    (row,) = sandbox.get("/sandbox/ledger").json()["transactions"]
    shown = row["facts"]["request"]
    assert {name: shown[name] for name in WHOLE} == WHOLE
    assert shown["credit_card"] == {"holder": "Jane Doe", "exp_month": 12, "exp_year": 2040}
    assert PAID not in str(row)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("three_d_secure.advanced", "yes"),
        ("additional_data.contract", ["forever"]),
        ("additional_data.card_on_file.initiator", "bank"),
        ("additional_data.card_on_file.type", "later"),
        ("additional_data.p2p.service_id", 17),
        ("additional_data.p2p.service_extension", "x" * 256),
        ("additional_data.excluded_gateways", ["3483"]),
        ("additional_data.masterpass.params.session", 1),
        ("additional_data.avs_cvc_verification.avs_verification", "N"),
        ("additional_data.referer", "x" * 2049),
        ("additional_data.receipt_text", "one"),
        ("billing_address.state", "New York"),
        ("billing_address.zip", "1000"),
        ("billing_address.first_name", "x" * 31),
        ("customer.email", "anna@example"),
        ("customer.birth_date", "31.12.1990"),
        ("travel.airline.agency_code", "123456789"),
        ("travel.airline.ticket_number", "390 5241 025377"),
        ("travel.airline.restricted_ticked_indicator", "2"),
        ("travel.airline.legs", {}),
        ("travel.airline.legs[0].airline_code", "b2"),
        ("travel.airline.legs[0].stop_over_code", "Y"),
        ("travel.airline.legs[1].departure_date_time", "2014-05-26T05:15:00Z"),
        ("travel.airline.legs[1].arrival_date_time", "2014-02-30T05:15:00"),
        ("travel.airline.legs[0].originating_airport_code", "DM"),
        ("travel.airline.legs[0].class", "CC"),
        ("travel.airline.passengers[0].last_name", "x" * 256),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_breaks_a_rule_is_named(sandbox: Client, path: str, value: Any) -> None:
    request = broken(card_request(**WHOLE)["request"], path.split("."), value)
    answer = sandbox.post(PAYMENTS, json={"request": request})
    assert answer.status_code == 422
    errors: Any = answer.json()["errors"]
    for name in path.split("."):
        assert list(errors) == [name]
        errors = errors[name]
    assert errors
    assert sandbox.get("/sandbox/ledger").json()["transactions"] == []


def broken(whole: Any, path: list[str], value: Any) -> Any:
    """A copy with another value at the path; "legs[1]" is the second of the legs."""
    if not path:
        return value
    name, _, place = path[0].rstrip("]").partition("[")
    inner = whole.get(name, {})
    if place:
        items = [
            broken(item, path[1:], value) if index == int(place) else item
            for index, item in enumerate(inner)
        ]
        return whole | {name: items}
    return whole | {name: broken(inner, path[1:], value)}


@pytest.mark.parametrize(
    ("address", "code", "found"),
    [
        ({"address": "1 Main St", "zip": "10001"}, "123", ("M", "Y")),
        ({"address": "1 Main St"}, "123", ("B", "Y")),
        ({"zip": "10001"}, None, ("P", "P")),
        ({}, "123", ("U", "Y")),
    ],
)
def test_the_checks_of_address_and_code(
    sandbox: Client, address: dict[str, str], code: str | None, found: tuple[str, str]
) -> None:
    card = card_request()["request"]["credit_card"] | {"verification_value": code}
    for asked, codes in ((True, found), (False, ("1", "1"))):
        extra: dict[str, Any] = {"avs_cvc_verification": {}} if asked else {}
        request = card_request(
            billing_address=address, additional_data=extra, credit_card=card, duplicate_check=False
        )
        said = sandbox.post(PAYMENTS, json=request).json()["transaction"]["avs_cvc_verification"]
        results = (said["avs_verification"], said["cvc_verification"])
        assert tuple(result["result_code"] for result in results) == codes
