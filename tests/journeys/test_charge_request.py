"""Every parameter of Overpay's charge request, on each way that it can take to the gateway, over
real HTTP: from the shop's API by the customer's form or an app's SDK, and from the shop's server by
a card's token. One row a parameter, one payment a way for all."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, Final, NamedTuple

import pytest
import pytest_asyncio

from tests.journeys.servers import Servers
from tests.support.polling import until
from tests.support.settings import SHOP

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
    Row("settings.return_url", "https://shop.example.com/back", "return_url",
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
    Row("customer.phone", "+1 212 555 0100", "billing_address.phone", "+12125550100"),
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
BY_FORM: Final = (
    *SHOP_SAYS,
    *CUSTOMER_SENDS,
    Row("Accept", HEADERS["Accept"], f"{BROWSER}.accept_header"),
    Row("User-Agent", HEADERS["User-Agent"], f"{BROWSER}.user_agent"),
)

APP_SENDS: Final = (
    Row("credit_card.exp_month", "12", "credit_card.exp_month", 12),
    Row("credit_card.exp_year", "2034", "credit_card.exp_year", 2034),
    Row("credit_card.holder", "ANNA SMITH", "credit_card.holder"),
    *(
        Row(f"browser.{row.said}", row.value, row.upstream, row.arrives)
        for row in CUSTOMER_SENDS
        if row.upstream.startswith(BROWSER)
    ),
    Row("browser.accept_header", "*/*", f"{BROWSER}.accept_header"),
    Row("browser.user_agent", "Shop/7 (Android)", f"{BROWSER}.user_agent"),
)
BY_APP: Final = (*SHOP_SAYS, *APP_SENDS)

# The shop's server says the same at the places of the charge request itself: they are where the
# gateway finds them. It knows its customer's address, browser and security code.
ELSEWHERE: Final = {
    "order.tracking_id": "tracking_id",
    "order.expired_at": "expired_at",
    "settings.notification_url": "notification_url",
    "settings.return_url": "return_url",
}
BY_SERVER: Final = (
    *(
        Row(ELSEWHERE.get(row.said, row.upstream), row.value, row.upstream, row.arrives)
        for row in SHOP_SAYS
        if row.said != "customer.ip"
    ),
    Row("customer.ip", "192.0.2.7", "customer.ip"),
    *(
        Row(row.upstream, row.value, row.upstream, row.arrives)
        for row in APP_SENDS
        if row.upstream.startswith(BROWSER)
    ),
)


class Way(NamedTuple):
    """`address` None: the customer pays on the page or in an app."""

    rows: tuple[Row, ...]
    address: str | None = None
    asked: str = "payment"


CHARGES: Final = "/services/credit_cards/charges"
WAYS: Final = {
    "form": Way(BY_FORM),
    "app": Way(BY_APP),
    "service": Way(BY_SERVER, CHARGES, "charge"),
    "charges": Way(BY_SERVER, "/transactions/charges", "charge"),
    "payments": Way(BY_SERVER, "/transactions/payments"),
    "authorizations": Way(BY_SERVER, "/transactions/authorizations", "authorization"),
}


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
    """One payment, as the gateway's ledger and the shop's API tell it. `own`: what no other way
    says, as it arrives."""

    way: Way
    own: dict[str, Any]
    row: dict[str, Any]
    told: dict[str, Any]


async def made(servers: Servers, checkout: dict[str, Any]) -> tuple[str, str]:
    """(token, address of the payment page) of a payment that a shop asks for."""
    auth = (SHOP, servers.shop_secret)
    url = f"{servers.checkout}/ctp/api/checkouts"
    answer = await servers.client.post(url, json={"checkout": checkout}, auth=auth)
    assert answer.status_code == 201, answer.text
    address = answer.json()["checkout"]
    opened = await servers.client.get(address["redirect_url"])
    return address["token"], servers.checkout + opened.headers["location"]


async def read(servers: Servers, token: str) -> dict[str, Any]:
    auth = (SHOP, servers.shop_secret)
    answer = await servers.client.get(f"{servers.checkout}/ctp/api/checkouts/{token}", auth=auth)
    found: dict[str, Any] = answer.json()["checkout"]
    return found


def said_by(rows: tuple[Row, ...], **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for row in rows:
        placed(whole, row.said, changes.get(row.upstream, row.value))
    return whole


async def by_form(servers: Servers, checkout: dict[str, Any]) -> dict[str, Any]:
    token, page = await made(servers, checkout)
    fields = await servers.form(page) | {row.said: row.value for row in CUSTOMER_SENDS}
    headers = {"Origin": servers.checkout} | HEADERS
    answer = await servers.client.post(f"{page}/pay", data=fields, headers=headers)
    assert answer.headers["location"].endswith("/result"), answer.text
    return await read(servers, token)


async def by_app(servers: Servers, checkout: dict[str, Any]) -> dict[str, Any]:
    token, _ = await made(servers, checkout)
    request = said_by(APP_SENDS) | {"token": token}
    request["credit_card"] |= {"number": "4200000000000000", "verification_value": "123"}
    answer = await servers.client.post(
        f"{servers.checkout}/ctp/api/payments",
        json={"request": request},
        headers={"Authorization": f"Bearer {servers.shop_public_key}"},
    )
    assert answer.json()["response"]["status"] == "successful", answer.text
    return await read(servers, token)


async def kept_card(servers: Servers, name: str = "Kept", number: str = "4200000000000000") -> str:
    """The token of a card that was paid with for it."""
    order = {"amount": 99, "currency": "EUR", "description": name}
    order |= {"additional_data": {"contract": ["recurring", "card_on_file"]}}
    token, page = await made(servers, {"transaction_type": "payment", "order": order})
    await servers.post(f"{page}/pay", await servers.form(page) | {"number": number})
    found: str = (await read(servers, token))["credit_card"]["token"]
    assert found
    return found


async def asked(servers: Servers, address: str, request: Any, **headers: str) -> Any:
    auth = (SHOP, servers.shop_secret)
    url = servers.checkout + address
    return await servers.client.post(url, json={"request": request}, auth=auth, headers=headers)


async def paid_by(servers: Servers, name: str) -> Paid:
    way = WAYS[name]
    # Each its own amount: the gateway is asked to refuse the same on the same card.
    own = {"amount": 3245 + list(WAYS).index(name), "description": f"By {name}"}
    changes = own | {"amount": str(own["amount"])}
    if way.address is None:
        checkout = {"transaction_type": "payment"} | said_by(SHOP_SAYS, **changes)
        told = await (by_form if name == "form" else by_app)(servers, checkout)
    else:
        body = said_by(way.rows, **changes)
        body["credit_card"] |= {"token": await kept_card(servers), "verification_value": "123"}
        answer = await asked(servers, way.address, body)
        assert answer.status_code == 200, answer.text
        told = answer.json()["transaction"]
    rows = (await servers.ledger())["transactions"]
    row = next(row for row in rows if row["facts"].get("description") == own["description"])
    return Paid(way, own, row, told)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def payments(shared_servers: Servers) -> dict[str, Paid]:
    return {name: await paid_by(shared_servers, name) for name in WAYS}


EACH_ROW: Final = [
    pytest.param(name, row, id=f"{name}: {row.said} > {row.upstream}")
    for name, way in WAYS.items()
    for row in way.rows
]


@pytest.mark.parametrize(("way", "row"), EACH_ROW)
async def test_it_arrives(payments: dict[str, Paid], way: str, row: Row) -> None:
    paid = payments[way]
    arrived = found_at(paid.row["facts"]["request"], row.upstream)
    wanted = paid.own.get(row.upstream, row.value if row.arrives is ... else row.arrives)
    if isinstance(wanted, re.Pattern):
        assert wanted.fullmatch(arrived)
    else:
        assert (type(arrived), arrived) == (type(wanted), wanted)


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_else_arrives(payments: dict[str, Paid], way: str) -> None:
    """Each field of the request is some row's: nothing is sent that no row looks at."""
    paid = payments[way]

    def leaves(value: Any, path: str) -> set[str]:
        if path in {row.upstream for row in paid.way.rows}:
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


@pytest.mark.parametrize("way", WAYS)
async def test_the_card_and_the_code_arrive_and_stay_out_of_books(
    payments: dict[str, Paid], way: str
) -> None:
    """Visa, that ends so; and the bank found the code right."""
    paid = payments[way]
    facts = paid.row["facts"]
    assert (facts["brand"], facts["last_4"]) == ("visa", "0000")
    assert facts["by_token"] is (paid.way.address is not None)
    assert "4200000000000000" not in str(paid.row)
    said = paid.told["gateway_response"]["payment"] if paid.way.address is None else paid.told
    assert said["avs_cvc_verification"] == {
        "avs_verification": {"result_code": "M"},
        "cvc_verification": {"result_code": "Y"},
    }
    kind = paid.way.asked
    assert (said if paid.way.address is None else said[kind])["bank_code"] == "77"


@pytest.mark.parametrize("fault", ["ok", "hang_after"])
async def test_a_charge_that_the_gateway_splits(shared_servers: Servers, fault: str) -> None:
    """Paid by the capture, whether the answer says where that is or it has to be found by our key;
    sent back from it."""
    notifications = "normal" if fault == "ok" else "lost"
    await shared_servers.behave(charges="authorization", notifications=notifications)
    await shared_servers.break_next(fault)
    order = {"amount": 4711, "currency": "EUR", "description": f"Split, {fault}"}
    token, page = await made(shared_servers, {"transaction_type": "charge", "order": order})
    await shared_servers.post(f"{page}/pay", await shared_servers.form(page))
    auth = (SHOP, shared_servers.shop_secret)
    address = f"{shared_servers.checkout}/ctp/api/checkouts/{token}"

    async def paid() -> bool:
        said = (await shared_servers.client.get(address, auth=auth)).json()["checkout"]
        return bool(said["status"] == "successful")

    await until(paid)
    uid = page.split("/")[5]
    url = f"{shared_servers.checkout}/transactions/refunds"
    body = {"request": {"parent_uid": uid, "amount": 700, "reason": "broken cup"}}
    refunded = await shared_servers.client.post(url, json=body, auth=auth)
    assert refunded.json()["transaction"]["status"] == "successful", refunded.text
    rows = [
        row
        for row in (await shared_servers.ledger())["transactions"]
        if row["facts"].get("description") == order["description"]
    ]
    assert [row["type"] for row in rows] == ["charge", "capture", "refund"]
    assert rows[2]["facts"]["parent_uid"] == rows[1]["uid"]
    assert sum(row["charged"] for row in rows) == 1
    await shared_servers.calm()


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
    shared_servers: Servers, kind: str, path: str, status: str, charged: bool
) -> None:
    name = f"A {kind}"
    order = {"amount": 100, "currency": "EUR", "description": name}
    token, page = await made(shared_servers, {"transaction_type": kind, "order": order})
    answer = await shared_servers.post(f"{page}/pay", await shared_servers.form(page))
    shown = await shared_servers.client.get(shared_servers.checkout + answer.headers["location"])
    assert ("Card saved" in shown.text) is (kind == "tokenization")
    rows = (await shared_servers.ledger())["transactions"]
    row = next(row for row in rows if row["facts"].get("description") == name)
    assert (row["type"], row["status"], row["charged"]) == (kind, status, charged)
    calls = (await shared_servers.ledger())["calls"]
    assert [call["path"] for call in calls if call["uid"] == row["uid"]] == [path]
    auth = (SHOP, shared_servers.shop_secret)
    said = await shared_servers.client.get(
        f"{shared_servers.checkout}/ctp/api/checkouts/{token}", auth=auth
    )
    told = said.json()["checkout"]
    assert (told["status"], list(told["gateway_response"])) == (status, [kind])
    kept = told["credit_card"]
    assert (len(kept["token"] or "") == 64) is (kind == "tokenization")
    assert (kept["brand"], kept["last_4"]) == ("visa", "0000")


# Money to the card has few words: what they don't say is refused by name, one parameter at a time.
PERSON: Final = ("customer.ip", "customer.email", "customer.birth_date", "customer.external_id")
OUT: Final[dict[str, tuple[str, ...]]] = {
    "/transactions/credits": (),
    "/transactions/payouts": (*PERSON, "billing_address"),
}
OURS: Final = (  # of every request; or nothing that anybody would miss
    "amount", "currency", "description", "tracking_id", "language", "notification_url",
    "return_url", "test", "duplicate_check", "credit_card.force_three_d_secure_verification",
)  # fmt: skip
RECIPIENTS: Final = {
    "credit_card": "recipient_credit_card",
    "customer": "recipient",
    "billing_address": "recipient_billing_address",
}


def named_for(address: str, path: str) -> str:
    head, dot, rest = path.partition(".")
    return (RECIPIENTS.get(head, head) if address.endswith("payouts") else head) + dot + rest


@pytest.mark.parametrize("address", OUT)
async def test_money_out_says_it_or_names_it(shared_servers: Servers, address: str) -> None:
    token = await kept_card(shared_servers, f"Kept for {address}")
    taken = (*OURS, *OUT[address])
    amounts = count(9000 + 500 * list(OUT).index(address))
    for row in BY_SERVER:
        body = {"currency": "EUR", "description": "Back", "test": True}
        placed(body, named_for(address, "credit_card.token"), token)
        placed(body, named_for(address, row.said), row.value)
        answer = await asked(shared_servers, address, body | {"amount": str(next(amounts))})
        if row.said.startswith(taken):
            assert answer.status_code == 200, (row.said, answer.text)
            continue
        assert answer.status_code == 422, (row.said, answer.text)
        assert "has no word for it" in answer.text
        assert list(answer.json()["errors"]) == [named_for(address, row.said).split(".")[0]]


async def test_to_the_bank_and_back(shared_servers: Servers) -> None:
    """3-D Secure on what the shop's server asked for: its answer leads to the bank, and the bank
    back to the shop."""
    back = f"{shared_servers.shop}/orders/7"
    request = {"amount": 8800, "currency": "EUR", "description": "Forced", "return_url": back}
    forced = {"force_three_d_secure_verification": True, "skip_three_d_secure_verification": True}
    request["credit_card"] = {"token": await kept_card(shared_servers, "Forced card")} | forced
    said = (await asked(shared_servers, CHARGES, request)).json()
    assert (said["status"], said["type"]) == ("incomplete", "charge")
    opened = await shared_servers.client.get(said["redirect_url"])
    page = await shared_servers.client.get(shared_servers.checkout + opened.headers["location"])
    (bank,) = set(re.findall(rf"{shared_servers.sandbox}/process/[0-9a-f-]+", page.text))
    answered = await shared_servers.client.post(bank, data={"password": "1111"})
    landing = answered.headers["location"]
    assert landing.startswith(f"{shared_servers.checkout}/return/")
    landed = await shared_servers.client.get(landing)
    result = await shared_servers.client.get(shared_servers.checkout + landed.headers["location"])
    wanted = f"{back}?token={said['token']}&amp;status=successful&amp;uid={said['uid']}"
    assert f'content="0;url={wanted}' in result.text
    auth = (SHOP, shared_servers.shop_secret)
    url = f"{shared_servers.checkout}/transactions/{said['uid']}"
    told = (await shared_servers.client.get(url, auth=auth)).json()["transaction"]
    assert (told["status"], told["charge"]["status"]) == ("successful", "successful")
