"""What a shop adds for the gateway and the bank: each rule of the charge request's table, with a
value that breaks it and the field that is named; and what is tolerated."""

from __future__ import annotations

import re
from typing import Any

import pytest

from checkout.model.order import Details
from tests.shop_api.checkout_requests import Changes, read, wrong

EXTRA = "order.additional_data"
CARD = "payment_method.credit_card"
PAN = "4200 0000 0000 0000"


def airline(**values: Any) -> dict[str, Any]:
    return {"travel": {"airline": values}}


def leg(**values: Any) -> dict[str, Any]:
    return airline(legs=[{}, values])


def passenger(**values: Any) -> dict[str, Any]:
    return airline(passengers=[values])


LEG = "travel.airline.legs[1]"


@pytest.mark.parametrize(
    ("sent", "named", "reason"),
    [
        ({"duplicate_check": "perhaps"}, "duplicate_check", "true or false"),
        ({"three_d_secure.advanced": 2}, "three_d_secure.advanced", "true or false"),
        ({"three_d_secure": True}, "three_d_secure", "an object"),
        ({f"{EXTRA}.p2p": "17"}, f"{EXTRA}.p2p", "an object"),
        ({f"{EXTRA}.p2p.service_id": ["17"]}, f"{EXTRA}.p2p.service_id", "text"),
        ({f"{EXTRA}.p2p.service_extension": "x" * 256}, f"{EXTRA}.p2p.service_extension", "255"),
        ({f"{EXTRA}.excluded_gateways": 77}, f"{EXTRA}.excluded_gateways", "a list"),
        ({f"{EXTRA}.excluded_gateways": [77, 1.5]}, f"{EXTRA}.excluded_gateways", "item 2"),
        ({f"{EXTRA}.excluded_gateways": [True]}, f"{EXTRA}.excluded_gateways", "an integer"),
        ({f"{EXTRA}.excluded_gateways": [0]}, f"{EXTRA}.excluded_gateways", "from 1"),
        ({f"{EXTRA}.masterpass": "s"}, f"{EXTRA}.masterpass", "an object"),
        ({f"{EXTRA}.masterpass.params": "s"}, f"{EXTRA}.masterpass.params", "an object"),
        ({f"{EXTRA}.masterpass.params.session": {}}, f"{EXTRA}.masterpass.params.session", "text"),
        ({f"{EXTRA}.contract": "recurring"}, f"{EXTRA}.contract", "a list"),
        ({f"{EXTRA}.contract": ["recuring"]}, f"{EXTRA}.contract", "did you mean recurring?"),
        ({f"{EXTRA}.card_on_file": "merchant"}, f"{EXTRA}.card_on_file", "an object"),
        ({f"{EXTRA}.card_on_file.initiator": "me"}, f"{EXTRA}.card_on_file.initiator", "merchant"),
        ({f"{EXTRA}.card_on_file.type": "later"}, f"{EXTRA}.card_on_file.type", "no_show"),
        ({f"{EXTRA}.avs_cvc_verification": "M"}, f"{EXTRA}.avs_cvc_verification", "an object"),
        ({f"{EXTRA}.avs_cvc_verification.avs_verification": "M"},
         f"{EXTRA}.avs_cvc_verification.avs_verification", "an object"),
        ({f"{EXTRA}.meta": [1]}, f"{EXTRA}.meta", "an object"),
        ({f"{EXTRA}.expected_bank_code": "7" * 33}, f"{EXTRA}.expected_bank_code", "32"),
        ({f"{CARD}.skip_three_d_secure_verification": "maybe"},
         f"{CARD}.skip_three_d_secure_verification", "true or false"),
        ({f"{CARD}.force_three_d_secure_verification": []},
         f"{CARD}.force_three_d_secure_verification", "true or false"),
        ({f"{CARD}.number": PAN}, f"{CARD}.number", "must not be sent"),
        ({f"{CARD}.verification_value": "123"}, f"{CARD}.verification_value", "must not be sent"),
        ({f"{CARD}.token": PAN}, f"{CARD}.token", "never its number"),
        # Travel
        ({"travel": "x"}, "travel", "an object"),
        (airline(agency_code="IATA-1"), "travel.airline.agency_code", "like 03"),
        (airline(agency_name="x" * 256), "travel.airline.agency_name", "255"),
        (airline(ticket_number="390 5241 025377"), "travel.airline.ticket_number", "14 digits"),
        (airline(ticket_number="39052410253771x"), "travel.airline.ticket_number", "14 digits"),
        (airline(ticket_number="39052410253771" + " " * 20), "travel.airline.ticket_number",
         "14 digits"),
        (airline(booking_number=["x"]), "travel.airline.booking_number", "text"),
        (airline(restricted_ticked_indicator="2"),
         "travel.airline.restricted_ticked_indicator", "0 (refundable) or 1"),
        (airline(legs="DME-ATH"), "travel.airline.legs", "a list"),
        (airline(legs=["DME-ATH"]), "travel.airline.legs[0]", "an object"),
        (airline(legs=[{}] * 51), "travel.airline.legs", "0 to 50"),
        (airline(passengers={"first_name": "X"}), "travel.airline.passengers", "a list"),
        (leg(airline_code="B22"), f"{LEG}.airline_code", "two characters"),
        (leg(stop_over_code="Y"), f"{LEG}.stop_over_code", "O, X or empty"),
        (leg(flight_number="x" * 256), f"{LEG}.flight_number", "255"),
        (leg(departure_date_time="2014-05-26 05:15"), f"{LEG}.departure_date_time", "local time"),
        (leg(departure_date_time="2014-05-26T05:15:00Z"), f"{LEG}.departure_date_time", "local"),
        (leg(departure_date_time="2014-02-30T05:15:00"), f"{LEG}.departure_date_time", "local"),
        (leg(arrival_date_time="tomorrow"), f"{LEG}.arrival_date_time", "local time"),
        (leg(originating_country=1.5), f"{LEG}.originating_country", "text"),
        (leg(originating_city="x" * 256), f"{LEG}.originating_city", "255"),
        (leg(originating_airport_code="DM"), f"{LEG}.originating_airport_code", "three letters"),
        (leg(destination_city="\x00"), f"{LEG}.destination_city", "control"),
        (leg(destination_airport_code="ATH1"), f"{LEG}.destination_airport_code", "three letters"),
        (leg(coupon="x" * 256), f"{LEG}.coupon", "255"),
        (leg(**{"class": "CC"}), f"{LEG}.class", "one letter"),
        (passenger(first_name="x" * 256), "travel.airline.passengers[0].first_name", "255"),
        (passenger(last_name=7), "travel.airline.passengers[0].last_name", "text"),
    ],
    ids=lambda value: re.sub(r"(.)\1{9,}", r"\1+", ascii(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_broken_rule_is_named(sent: dict[str, Any], named: str, reason: str) -> None:
    found = wrong(**sent)
    assert list(found) == [named]
    assert reason in found[named][0]
    assert "4200" not in str(found)


def test_all_at_once() -> None:
    sent = leg(flight_number="", airline_code="B", arrival_date_time="x")
    assert list(wrong(**sent, **{f"{EXTRA}.contract": "x", "settings.auto_return": -1})) == [
        f"{EXTRA}.contract",
        f"{LEG}.airline_code",
        f"{LEG}.arrival_date_time",
        "settings.auto_return",
    ]


def test_a_phone_is_no_card() -> None:
    """Thirteen digits that pass the check."""
    assert (
        read(**Changes({"customer.phone": "+49 1512 1234566"})).customer.phone == "+4915121234566"
    )


@pytest.mark.parametrize(
    "path",
    [
        "travel", "travel.airline", "three_d_secure", EXTRA, f"{EXTRA}.p2p", f"{EXTRA}.masterpass",
        f"{EXTRA}.masterpass.params", f"{EXTRA}.card_on_file", f"{EXTRA}.avs_cvc_verification",
        f"{EXTRA}.avs_cvc_verification.cvc_verification", f"{EXTRA}.meta", CARD,
        f"{EXTRA}.excluded_gateways", f"{EXTRA}.contract", "travel.airline.legs",
        "travel.airline.passengers",
    ],
)  # fmt: skip
@pytest.mark.parametrize("empty", [None, []], ids=repr)
def test_nulls_and_empty_lists(path: str, empty: Any) -> None:
    order = read(**Changes({path: empty}))
    assert order.details == Details()
    assert order.contract == ()


@pytest.mark.parametrize(
    "path",
    [f"{EXTRA}.referer", f"{EXTRA}.p2p.service_id", f"{EXTRA}.card_on_file.type",
     f"{EXTRA}.card_on_file.initiator", f"{EXTRA}.expected_bank_code", "travel.airline.agency_code",
     "travel.airline.ticket_number"],
)  # fmt: skip
def test_blanks(path: str) -> None:
    assert read(**Changes({path: ""})).details == Details()


def test_unknown_fields_go_to_no_gateway() -> None:
    """Those of the additional data itself are answered."""
    said = leg(seat="12A", flight_number="A3 971") | {f"{EXTRA}.p2p.other": 1, f"{EXTRA}.other": 1}
    order = read(**said)
    assert order.details == Details(travel={"airline": {"legs": [{}, {"flight_number": "A3 971"}]}})
    assert order.echoed == {"other": 1}


def test_travel_stands_beside_the_order_or_in_its_additional_data() -> None:
    values = {"airline": {"booking_number": "DKZVUA"}}
    assert read(**Changes({f"{EXTRA}.travel": values})).details.travel == values
    named = wrong(**Changes({"travel": values, f"{EXTRA}.travel": values}))
    assert named == {f"{EXTRA}.travel": ["is given twice"]}
    bad = {"airline": {"legs": [{"flight_number": 1.5}]}}
    assert list(wrong(**Changes({f"{EXTRA}.travel": bad}))) == [
        f"{EXTRA}.travel.airline.legs[0].flight_number"
    ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"initiator": "customer", "type": "delayed_charge"}, {"initiator": "customer"}),
        ({"initiator": "merchant", "type": "increment"}, ...),
        ({"type": "increment"}, ...),
        ({"initiator": "merchant"}, ...),
    ],
)
def test_what_the_merchant_begins_has_a_type(said: dict[str, str], kept: Any) -> None:
    """Mobile SDKs send the type's default with every initiator."""
    found = read(**Changes({f"{EXTRA}.card_on_file": said})).details.card_on_file
    assert found == (said if kept is ... else kept)


@pytest.mark.parametrize("country", ["US", "CA", "us"])
def test_states_in_capitals(country: str) -> None:
    values: Changes = {"customer.country": country, "customer.state": "on"}
    assert read(**values).customer.state == "ON"


def test_elsewhere_a_region_is_free() -> None:
    unknown: Changes = {"customer.state": "Rīgas rajons", "customer.zip": "LV-1050"}
    said: Changes = unknown | {"customer.country": "LV"}
    assert read(**said).customer.state == "Rīgas rajons"
    assert read(**unknown).customer.zip == "LV-1050", "no country said"


@pytest.mark.parametrize("zip_", ["10001", "10001-1234", 10001], ids=repr)
def test_american_postal_codes(zip_: Any) -> None:
    assert read(**Changes({"customer.country": "us", "customer.zip": zip_})).customer.zip == str(
        zip_
    )
