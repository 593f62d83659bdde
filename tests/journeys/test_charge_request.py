"""Every parameter of Overpay's charge request, from a shop's API and a customer's form to the
gateway, over real HTTP: one row a parameter, one payment for all."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import pytest
import pytest_asyncio

from tests.journeys.house import SHOP, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Row(NamedTuple):
    """What a shop says, at which place, and where it stands upstream. `arrives` where that is
    another value, or what it must be like."""

    said: str
    value: Any
    upstream: str
    arrives: Any = ...


LEG: Final = "travel.airline.legs.0"
EXTRA: Final = "order.additional_data"
CARD: Final = "payment_method.credit_card"

SHOP_SAYS: Final = (
    Row("order.amount", "3245", "amount", 3245),
    Row("order.currency", "USD", "currency"),
    Row("order.description", "Two seats to Athens", "description"),
    Row("order.tracking_id", "order-1", "tracking_id", re.compile(r"[0-9a-f]{32}-1")),
    Row("order.expired_at", "2038-01-31T12:00:00+03:00", "expired_at", "2038-01-31T09:00:00+00:00"),
    Row("duplicate_check", True, "duplicate_check"),
    Row("dynamic_billing_descriptor", "DEMO*ATHENS", "dynamic_billing_descriptor"),
    Row("settings.language", "de", "language"),
    Row("settings.notification_url", "http://127.0.0.1:9/told", "notification_url",
        re.compile(r"http://127\.0\.0\.1:\d+/notify/cards/\S+")),
    Row("settings.return_url", "http://127.0.0.1:9/back", "return_url",
        re.compile(r"http://127\.0\.0\.1:\d+/return/\S+")),
    Row("test", True, "test"),
    Row("three_d_secure.advanced", False, "three_d_secure.advanced"),
    Row(f"{CARD}.skip_three_d_secure_verification", "1",
        "credit_card.skip_three_d_secure_verification", True),
    Row(f"{CARD}.force_three_d_secure_verification", False,
        "credit_card.force_three_d_secure_verification"),
    Row(f"{EXTRA}.referer", "http://shop.example.com/post.php?order_id=5¤cy=USD",
        "additional_data.referer"),
    Row(f"{EXTRA}.p2p.service_id", 17, "additional_data.p2p.service_id", "17"),
    Row(f"{EXTRA}.p2p.service_extension", "x9", "additional_data.p2p.service_extension"),
    Row(f"{EXTRA}.excluded_gateways", [3483, "77"], "additional_data.excluded_gateways",
        [3483, 77]),
    Row(f"{EXTRA}.masterpass.params.session", "s-1", "additional_data.masterpass.params.session"),
    Row(f"{EXTRA}.receipt_text", ["First line", "Second line"], "additional_data.receipt_text"),
    Row(f"{EXTRA}.contract", ["recurring", "card_on_file"], "additional_data.contract"),
    Row(f"{EXTRA}.avs_cvc_verification", {"avs_verification": {"reject": ["N"]}},
        "additional_data.avs_cvc_verification"),
    Row(f"{EXTRA}.card_on_file.initiator", "merchant", "additional_data.card_on_file.initiator"),
    Row(f"{EXTRA}.card_on_file.type", "no_show", "additional_data.card_on_file.type"),
    Row(f"{EXTRA}.meta", {"cart": [1, {"a": None}]}, "additional_data.meta", {"cart": [1, {}]}),
    Row(f"{EXTRA}.expected_bank_code", "77", "additional_data.expected_bank_code"),
    Row("customer.ip", "192.0.2.7", "customer.ip", "127.0.0.1"),  # the peer's own
    Row("customer.email", "anna@example.com", "customer.email"),
    Row("customer.device_id", "25b98e6c5e40982e13a483fe48a62dea", "customer.device_id"),
    Row("customer.birth_date", "1990-12-31", "customer.birth_date"),
    Row("customer.taxpayer_id", "7701", "customer.taxpayer_id"),
    Row("customer.external_id", "c-7", "customer.external_id"),
    Row("customer.first_name", "A" * 30, "billing_address.first_name"),
    Row("customer.last_name", "Smith", "billing_address.last_name"),
    Row("customer.country", "us", "billing_address.country", "US"),
    Row("customer.city", "New York", "billing_address.city"),
    Row("customer.state", "ny", "billing_address.state", "NY"),
    Row("customer.zip", 10001, "billing_address.zip", "10001"),
    Row("customer.address", "1 Main St", "billing_address.address"),
    Row("customer.phone", "+1 212 555 0100", "billing_address.phone"),
    Row("travel.airline.agency_code", "03", "travel.airline.agency_code"),
    Row("travel.airline.agency_name", "Coral travel", "travel.airline.agency_name"),
    Row("travel.airline.ticket_number", "390 5241 025377 1", "travel.airline.ticket_number"),
    Row("travel.airline.booking_number", "DKZVUA", "travel.airline.booking_number"),
    Row("travel.airline.restricted_ticked_indicator", 0,
        "travel.airline.restricted_ticked_indicator", "0"),
    Row(f"{LEG}.airline_code", "b2", f"{LEG}.airline_code", "B2"),
    Row(f"{LEG}.stop_over_code", "", f"{LEG}.stop_over_code"),
    Row(f"{LEG}.flight_number", "A3 971", f"{LEG}.flight_number"),
    Row(f"{LEG}.departure_date_time", "2014-05-26T05:15:00", f"{LEG}.departure_date_time"),
    Row(f"{LEG}.arrival_date_time", "2014-05-26T07:30:00", f"{LEG}.arrival_date_time"),
    Row(f"{LEG}.originating_country", "RU", f"{LEG}.originating_country"),
    Row(f"{LEG}.originating_city", "Moscow", f"{LEG}.originating_city"),
    Row(f"{LEG}.originating_airport_code", "DME", f"{LEG}.originating_airport_code"),
    Row(f"{LEG}.destination_country", "Greece", f"{LEG}.destination_country"),
    Row(f"{LEG}.destination_city", "Athens", f"{LEG}.destination_city"),
    Row(f"{LEG}.destination_airport_code", "ATH", f"{LEG}.destination_airport_code"),
    Row(f"{LEG}.coupon", "SPRING", f"{LEG}.coupon"),
    Row(f"{LEG}.class", "C", f"{LEG}.class"),
    Row("travel.airline.legs.1.stop_over_code", "x", "travel.airline.legs.1.stop_over_code", "X"),
    Row("travel.airline.passengers.0.first_name", "KONSTANTIN",
        "travel.airline.passengers.0.first_name"),
    Row("travel.airline.passengers.0.last_name", "IVANOV",
        "travel.airline.passengers.0.last_name"),
)  # fmt: skip

BROWSER: Final = "additional_data.browser"
CUSTOMER_SENDS: Final = (
    Row("expiry", "12/34", "credit_card.exp_month", 12),
    Row("expiry", "12/34", "credit_card.exp_year", 2034),
    Row("holder", "ANNA SMITH", "credit_card.holder"),
    Row("screen_width", "1920", f"{BROWSER}.screen_width", 1920),
    Row("screen_height", "1080", f"{BROWSER}.screen_height", 1080),
    Row("screen_color_depth", "24", f"{BROWSER}.screen_color_depth", 24),
    Row("window_width", "600", f"{BROWSER}.window_width", 600),
    Row("window_height", "667", f"{BROWSER}.window_height", 667),
    Row("language", "en", f"{BROWSER}.language"),
    Row("java_enabled", "false", f"{BROWSER}.java_enabled", False),
    Row("time_zone", "-180", f"{BROWSER}.time_zone", -180),
    Row("time_zone_name", "Europe/Vilnius", f"{BROWSER}.time_zone_name"),
)
HEADERS: Final = {"Accept": "text/html;q=0.9", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
ROWS: Final = (
    *SHOP_SAYS,
    *CUSTOMER_SENDS,
    Row("Accept", HEADERS["Accept"], f"{BROWSER}.accept_header"),
    Row("User-Agent", HEADERS["User-Agent"], f"{BROWSER}.user_agent"),
)


def placed(whole: Any, path: str, value: Any) -> None:
    """Put a value where the path says; a number in it is a place in a list."""
    *parents, last = path.split(".")
    for name, after in zip(parents, path.split(".")[1:], strict=True):
        empty: Any = [] if after.isdigit() else {}
        if isinstance(whole, list):
            whole += [empty] * (int(name) + 1 - len(whole))
            whole = whole[int(name)]
        else:
            whole = whole.setdefault(name, empty)
    if isinstance(whole, list):
        whole.append(value)
    else:
        whole[last] = value


def found_at(whole: Any, path: str) -> Any:
    for name in path.split("."):
        whole = whole[int(name)] if isinstance(whole, list) else whole[name]
    return whole


class Paid(NamedTuple):
    """One payment, as the gateway's ledger and the shop's API tell it."""

    row: dict[str, Any]
    told: dict[str, Any]


async def made(house: House, checkout: dict[str, Any]) -> tuple[str, str]:
    """(token, address of the payment page) of a payment that a shop asks for."""
    auth = (SHOP, house.shop_secret)
    url = f"{house.checkout}/ctp/api/checkouts"
    answer = await house.client.post(url, json={"checkout": checkout}, auth=auth)
    assert answer.status_code == 201, answer.text
    address = answer.json()["checkout"]
    opened = await house.client.get(address["redirect_url"])
    return address["token"], house.checkout + opened.headers["location"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def paid(servers: House) -> Paid:
    checkout: dict[str, Any] = {"transaction_type": "payment"}
    for row in SHOP_SAYS:
        placed(checkout, row.said, row.value)
    token, page = await made(servers, checkout)
    fields = await servers.form(page) | {row.said: row.value for row in CUSTOMER_SENDS}
    headers = {"Origin": servers.checkout} | HEADERS
    answer = await servers.client.post(f"{page}/pay", data=fields, headers=headers)
    assert answer.headers["location"].endswith("/result"), answer.text
    auth = (SHOP, servers.shop_secret)
    told = await servers.client.get(f"{servers.checkout}/ctp/api/checkouts/{token}", auth=auth)
    rows = (await servers.ledger())["transactions"]
    row = next(row for row in rows if row["facts"].get("description") == "Two seats to Athens")
    return Paid(row, told.json()["checkout"])


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.said} > {row.upstream}" for row in ROWS])
async def test_it_arrives(paid: Paid, row: Row) -> None:
    arrived = found_at(paid.row["facts"]["request"], row.upstream)
    wanted = row.value if row.arrives is ... else row.arrives
    if isinstance(wanted, re.Pattern):
        assert wanted.fullmatch(arrived)
    else:
        assert (type(arrived), arrived) == (type(wanted), wanted)


async def test_nothing_else_arrives(paid: Paid) -> None:
    """Each field of the request is some row's: nothing is sent that no row looks at."""

    def leaves(value: Any, path: str) -> set[str]:
        if path in {row.upstream for row in ROWS}:
            return set()
        if not isinstance(value, dict | list):
            return {path}
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {
            leaf
            for name, inner in items
            for leaf in leaves(inner, f"{path}.{name}" if path else str(name))
        }

    assert leaves(paid.row["facts"]["request"], "") == set()


async def test_the_number_and_the_code_arrive_and_stay_out_of_books(paid: Paid) -> None:
    """Visa, that ends so; and the bank found the code right."""
    assert (paid.row["facts"]["brand"], paid.row["facts"]["last_4"]) == ("visa", "0000")
    assert "4200000000000000" not in str(paid.row)
    assert paid.told["gateway_response"]["payment"]["avs_cvc_verification"] == {
        "avs_verification": {"result_code": "M"},
        "cvc_verification": {"result_code": "Y"},
    }
    assert paid.told["gateway_response"]["payment"]["bank_code"] == "77"


@pytest.mark.parametrize(
    ("kind", "path", "status", "charged"),
    [
        ("payment", "/transactions/payments", "successful", True),
        ("authorization", "/transactions/authorizations", "successful", True),
        ("charge", "/services/credit_cards/charges", "successful", True),
        ("tokenization", "/transactions/tokenizations", "successful", False),
    ],
)
async def test_every_transaction_type(
    servers: House, kind: str, path: str, status: str, charged: bool
) -> None:
    name = f"A {kind}"
    order = {"amount": 100, "currency": "EUR", "description": name}
    token, page = await made(servers, {"transaction_type": kind, "order": order})
    answer = await servers.post(f"{page}/pay", await servers.form(page))
    shown = await servers.client.get(servers.checkout + answer.headers["location"])
    assert ("Card saved" in shown.text) is (kind == "tokenization")
    rows = (await servers.ledger())["transactions"]
    row = next(row for row in rows if row["facts"].get("description") == name)
    assert (row["type"], row["status"], row["charged"]) == (kind, status, charged)
    calls = (await servers.ledger())["calls"]
    assert [call["path"] for call in calls if call["uid"] == row["uid"]] == [path]
    auth = (SHOP, servers.shop_secret)
    said = await servers.client.get(f"{servers.checkout}/ctp/api/checkouts/{token}", auth=auth)
    told = said.json()["checkout"]
    assert (told["status"], list(told["gateway_response"])) == (status, [kind])
    kept = told["credit_card"]
    assert (len(kept["token"] or "") == 64) is (kind == "tokenization")
    assert (kept["brand"], kept["last_4"]) == ("visa", "0000")
