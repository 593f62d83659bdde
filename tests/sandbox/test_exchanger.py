"""The exchanger: its API, its pages, orders that move, and its notifications."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.exchanger import pages
from checkout.sandbox.exchanger.codes import AWAITING_PAYMENT, ORDER_STATUS, TRANSACTION_STATUS
from checkout.sandbox.exchanger.routes import EMAIL, PHONE, ROUTES
from checkout.sandbox.exchanger.settings import ExchangerSettings, settings_of
from checkout.sandbox.exchanger.signature import SIGNED, signature_of
from checkout.sandbox.state import SandboxState
from tests.sandbox.conftest import Mailbox

API = "/service/api/v1/public/exchanger/order"
BACK = "http://127.0.0.1:8001/return/ticket"
BITCOIN, MEMO, TEXT, PROVIDER, TEMPLATE, EURO, NEITHER = ROUTES

# What a customer gives for about 12.50 euros, in the currency of the route's beginning.
AMOUNTS = dict(
    zip(ROUTES, [0.0002015, 13.66375, 1233.13, 0.1703, 0.086375, 12.5, 0.0002], strict=True)
)

Client = TestClient[Litestar]


def request(route: str = BITCOIN, /, **more: Any) -> dict[str, Any]:
    """An order with everything that is required."""
    return {
        "routeId": route,
        "amount": AMOUNTS[route],
        "fromValues": [{"key": EMAIL, "value": "ann@example.com"}],
        "toValues": [{"key": "wallet", "value": "DE02"}],
        "routeValues": [{"key": PHONE, "value": "+375291234567"}],
        "lang": "eng",
        "agreement": True,
        "clientCallbackUrl": BACK,
        **more,
    }


def make(sandbox: Client, route: str = BITCOIN, /, **more: Any) -> dict[str, Any]:
    answer = sandbox.post(f"{API}/create", json=request(route, **more))
    assert answer.status_code == 200
    assert answer.json()["success"] is True, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def get(sandbox: Client, order: dict[str, Any], kind: str = "payment") -> dict[str, Any]:
    query = {"orderUID": order["uid"], "orderSecret": order["secret"], "type": kind}
    answer = sandbox.get(f"{API}/get", params=query)
    found: dict[str, Any] = answer.json()["data"]["order"]
    return found


def say(sandbox: Client, order: dict[str, Any], status: str | None) -> dict[str, Any]:
    body = {"orderUID": str(order["uid"]), "orderSecret": order["secret"], "status": status}
    answer: dict[str, Any] = sandbox.put(f"{API}/update-status", json=body).json()
    return answer


def path_of(order: dict[str, Any], kind: str = "payment", language: str = "en") -> str:
    return f"/{language}/{kind}/{order['uid']}/{order['secret']}"


def move(sandbox: Client, order: dict[str, Any], status: str, **more: str) -> Any:
    path = f"/sandbox/exchanger/orders/{order['uid']}/move"
    return sandbox.post(path, json={"status": status, **more})


def books(sandbox: Client) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.get("/sandbox/ledger").json()
    return found


def until(found: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


# The API


def test_create(sandbox: Client) -> None:
    order = make(sandbox)
    assert order.keys() >= {"_id", "uid", "secret", "inAmount", "outAmount", "route"}
    assert isinstance(order["uid"], int)
    assert len(order["secret"]) == 24
    # What the customer gives is what was asked for; what the shop gets follows by the rate.
    assert (order["inAmount"], order["outAmount"]) == (0.0002015, 12.5)
    assert order["route"] == {
        "from": {"name": "Bitcoin", "symbol": "BTC"},
        "to": {"name": "Bank EUR", "symbol": "EUR"},
    }
    [row] = books(sandbox)["transactions"]
    assert (row["amount"], row["currency"], row["status"]) == (1250, "EUR", "pending")
    assert (row["word"], row["in_amount"], row["charged"]) == ("new", "0.00020150", False)
    assert order["secret"] not in sandbox.get("/sandbox/ledger").text


@pytest.mark.parametrize(
    ("route", "given", "got", "books"),
    [
        (BITCOIN, "0.00020150", "12.50", (1250, "EUR")),
        (BITCOIN, "0.00020142", "12.50", (1250, "EUR")),  # 12.495 is rounded
        (BITCOIN, "0.00020141", "12.49", (1249, "EUR")),
        (TEXT, "98.65", "1.00", (100, "EUR")),
        (PROVIDER, "0.01310000", "0.50", (50, "EUR")),  # less a fee
        (EURO, "19.99", "0.00029584", (1999, "EUR")),
        (NEITHER, "0.00000147", None, None),  # less than one order may be
        (NEITHER, "0.00147000", "100.000000", (10000, "USDT")),
    ],
)
def test_amount_is_what_the_customer_gives(
    sandbox: Client, route: str, given: str, got: str | None, books: tuple[int, str] | None
) -> None:
    body = json.dumps(request(route, amount=0)).replace('"amount": 0', f'"amount": {given}')
    answer = sandbox.post(f"{API}/create", content=body)
    if got is None:
        assert answer.json()["error"]["object"]["fieldId"] == "amount"
        return
    assert f'"inAmount":{given},"outAmount":{got}' in answer.text
    [row] = sandbox.get("/sandbox/ledger").json()["transactions"]
    assert (row["amount"], row["currency"]) == books


def test_a_route(sandbox: Client) -> None:
    said = route_of(sandbox, EURO)
    assert said["from"] == {
        "name": "Bank EUR",
        "symbol": "EUR",
        "xml": "BANKEUR",
        "decimal": 2,
        "min": "10",
        "max": "5000",
        "fields": said["from"]["fields"],
    }
    assert said["rate"] == {
        "in": 1,
        "out": 0.0000158,
        "outFeeAmount": 0.00002,
        "amount": "1.5",
        "typeCalculate": "fix",
    }
    assert [(each["_id"], each["required"]) for each in said["from"]["fields"]] == [
        (EMAIL, True),
        ("nick", False),
    ]
    assert [each["_id"] for each in said["to"]["fields"]] == ["wallet"]
    assert [each["name"] for each in said["fields"]] == ["<b>Phone</b>"]
    assert [each["name"] for each in route_of(sandbox, EURO, "ru")["fields"]] == ["Телефон"]
    assert route_of(sandbox, MEMO)["fields"] == []


def route_of(sandbox: Client, route: str, language: str = "en") -> dict[str, Any]:
    query = {"id": route, "lang": language}
    answer = sandbox.get("/service/api/v1/public/exchanger/route/get/one", params=query)
    found: dict[str, Any] = answer.json()["data"]["route"]
    return found


@pytest.mark.parametrize("query", [{}, {"id": "507f1f77bcf86cd799439099"}, {"id": ""}])
def test_no_such_route(sandbox: Client, query: dict[str, str]) -> None:
    answer = sandbox.get("/service/api/v1/public/exchanger/route/get/one", params=query)
    assert (answer.status_code, answer.json()["success"]) == (404, False)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_takes_an_order(sandbox: Client, route: str) -> None:
    order = make(sandbox, route)
    assert order["inAmount"] == AMOUNTS[route]
    assert abs(order["outAmount"] - {EURO: 0.0001775, NEITHER: 13.605442}.get(route, 12.5)) < 0.01


def test_what_really_came_is_reckoned_anew(sandbox: Client, mailbox: Mailbox) -> None:
    order = make(sandbox, ipnUrl=mailbox.url, ipnSecret="s3cret")
    answer = move(sandbox, order, "done", in_amount="0.0001")
    assert (answer.json()["in_amount"], answer.json()["out_amount"]) == ("0.00010000", "6.20")
    assert (get(sandbox, order)["inAmount"], get(sandbox, order)["outAmount"]) == (0.0001, 6.2)
    [(_, body)] = mailbox.wait(1)
    fields = dict(parse_qsl(body.decode()))
    assert (fields["newStatus"], fields["inAmount"]) == ("done", "0.00010000")
    assert fields["outAmount"] == "6.20"
    assert move(sandbox, order, "done", in_amount="-1").status_code == 422


def test_a_captcha_is_no_servers(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"captcha": True})
    said = sandbox.post(f"{API}/create", json=request()).json()
    assert said["success"] is False
    assert "object" not in said["error"]
    assert books(sandbox)["transactions"] == []


def test_a_field_is_refused_on_demand(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"refuses": PHONE})
    said = sandbox.post(f"{API}/create", json=request(EURO)).json()
    assert said["error"]["object"]["fieldId"] == PHONE
    assert said["error"]["object"]["type"] == "routeValues"
    assert make(sandbox)


def test_the_rate_moves(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"slip": 2})
    order = make(sandbox)
    assert (order["inAmount"], order["outAmount"]) == (0.0002015, 12.25)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("routeId", {"routeId": "507f1f77bcf86cd799439099"}),
        ("routeId", {"routeId": None}),
        ("amount", {"amount": "12.5"}),
        ("amount", {"amount": 0}),
        ("amount", {"amount": -1}),
        ("amount", {"amount": 0.000201501}),  # more decimals than bitcoins have
        ("amount", {"amount": 0.000009}),
        ("amount", {"amount": 2.1}),
        ("amount", {"amount": True}),
        ("amount", {"amount": 10**13}),
        ("amount", {"routeId": EURO, "amount": 9.99}),
        ("amount", {"routeId": EURO, "amount": 5001}),
        ("amount", {"routeId": NEITHER, "amount": 1.9}),  # more than it has
        (PHONE, {"routeId": EURO, "amount": 12, "routeValues": []}),
        (PHONE, {"routeId": EURO, "amount": 12, "routeValues": [{"key": PHONE, "value": "12"}]}),
        ("wallet", {"toValues": []}),
        (EMAIL, {"fromValues": []}),
        (EMAIL, {"fromValues": [{"key": EMAIL, "value": "none"}]}),
        ("from", {"fromValues": [{"key": EMAIL}]}),
        ("to", {"toValues": "x"}),
        ("lang", {"lang": "en"}),
        ("agreement", {"agreement": False}),
        ("ipnUrl", {"ipnUrl": "http://example.com/"}),
        ("ipnSecret", {"ipnUrl": "http://127.0.0.1:1/"}),
        ("clientCallbackUrl", {"clientCallbackUrl": BACK + "?a=1"}),
    ],
)
def test_wrong_fields_are_named(sandbox: Client, field: str, change: dict[str, Any]) -> None:
    said = sandbox.post(f"{API}/create", json=request(**change)).json()
    assert said["success"] is False
    assert said["error"]["object"]["fieldId"].startswith(field)
    assert books(sandbox)["transactions"] == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"null"])
def test_unreadable(sandbox: Client, body: bytes) -> None:
    for method, path in (("POST", "create"), ("PUT", "update-status")):
        answer = sandbox.request(method, f"{API}/{path}", content=body)
        assert answer.status_code == 400
        assert answer.json()["success"] is False


def test_get(sandbox: Client) -> None:
    order = make(sandbox, hideOutData=True)
    shown = get(sandbox, order)
    assert (shown["status"], shown["toValues"]) == ("new", [])
    details = shown["route"]["from"]["paymentDetails"]
    assert details["linkPS"] == f"bitcoin:{details['account']}?amount=0.00020150"
    assert "paymentDetails" not in get(sandbox, order, "order")["route"]["from"]
    assert books(sandbox)["transactions"][0]["queries"] == 2


@pytest.mark.parametrize("change", [{"orderSecret": "x"}, {"orderUID": "1"}, {"orderSecret": None}])
def test_without_the_secret_there_is_no_order(sandbox: Client, change: dict[str, Any]) -> None:
    order = make(sandbox)
    query = {"orderUID": str(order["uid"]), "orderSecret": order["secret"], **change}
    given = {name: value for name, value in query.items() if value is not None}
    assert sandbox.get(f"{API}/get", params=given).status_code == 404
    answer = sandbox.put(f"{API}/update-status", json={**given, "status": "inProgress"})
    assert answer.status_code == 404
    for path in (path_of({**order, "secret": "x"}), path_of({**order, "uid": 1}, "order")):
        assert sandbox.get(path).status_code == 404
        assert sandbox.post(f"{path}/paid").status_code in (404, 405)


def test_kinds_of_details(sandbox: Client) -> None:
    told = {
        route: get(sandbox, make(sandbox, route))["route"]["from"]["paymentDetails"]
        for route in ROUTES
    }
    assert told[MEMO]["commentTemplate"] == "[[uid]]"
    assert "[[account]]" in told[TEXT]["manualPaymentText"]
    assert told[PROVIDER]["merchant"]["data"]["merchantData"]["walletAddr"]
    assert told[TEMPLATE]["merchant"].keys() == {"template"}
    assert get(sandbox, make(sandbox, TEXT))["status"] == "waitPayment"


# Moving


def test_confirmed_orders_move_by_themselves(sandbox: Client, mailbox: Mailbox) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"delay": 0.02})
    order = make(sandbox, TEXT, ipnUrl=mailbox.url, ipnSecret="s3cret")
    assert say(sandbox, order, "inProgress")["success"] is True
    until(lambda: get(sandbox, order)["status"] == "done")
    notifications = mailbox.wait(3)
    assert sorted(dict(parse_qsl(body.decode()))["newStatus"] for _, body in notifications) == [
        *("done", "inProgress", "inProgressPayout"),
    ]
    assert books(sandbox)["charges"] == 1


def test_or_wait_for_a_control(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"by_itself": False, "delay": 0})
    order = make(sandbox)
    say(sandbox, order, "inProgress")
    time.sleep(0.1)
    assert get(sandbox, order)["status"] == "inProgress"
    for status in ("hold", "inProgressPayout", "errorPayout", "done", "returned"):
        assert move(sandbox, order, status).json()["word"] == status
    [row] = books(sandbox)["transactions"]
    assert (row["status"], row["charged"]) == ("refunded", True)


def test_what_happens_meanwhile_wins(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"delay": 0.05})
    order = make(sandbox)
    say(sandbox, order, "inProgress")
    move(sandbox, order, "hold")
    time.sleep(0.2)
    assert get(sandbox, order)["status"] == "hold"


@pytest.mark.parametrize("status", sorted(TRANSACTION_STATUS))
def test_the_customer_speaks_only_while_the_order_waits(sandbox: Client, status: str) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"by_itself": False})
    order = make(sandbox)
    move(sandbox, order, status)
    waits = status in AWAITING_PAYMENT
    assert say(sandbox, order, "deleted")["success"] is waits
    assert get(sandbox, order)["status"] == ("deleted" if waits else status)


@pytest.mark.parametrize("status", ["done", "hold", "inProgressPayout", "returned", "x", None])
def test_the_customer_cannot_say_everything(sandbox: Client, status: str | None) -> None:
    order = make(sandbox)
    assert say(sandbox, order, status)["success"] is False
    assert get(sandbox, order)["status"] == "new"


def test_returned_without_ever_being_paid_out(sandbox: Client) -> None:
    order = make(sandbox)
    assert move(sandbox, order, "returned").json()["charged"] is False
    assert move(sandbox, order, "done").status_code == 409


def test_late_money(sandbox: Client) -> None:
    order = make(sandbox)
    move(sandbox, order, "deleted")
    assert move(sandbox, order, "new").status_code == 409
    assert move(sandbox, order, "done").json()["charged"] is True


def test_bad_moves(sandbox: Client) -> None:
    order = make(sandbox)
    assert sorted(move(sandbox, order, "paid").json()["known"]) == sorted(TRANSACTION_STATUS)
    assert move(sandbox, {"uid": 1}, "done").status_code == 404
    assert sandbox.post("/sandbox/exchanger/desk", json={"delay": -1}).status_code == 422
    assert sandbox.post("/sandbox/exchanger/desk", content=b"{").status_code == 400
    assert sandbox.post("/sandbox/exchanger/desk", content=b"[]").status_code == 422


def test_the_controls_of_all_protocols(sandbox: Client) -> None:
    first, second = make(sandbox), make(sandbox)
    page = sandbox.get("/sandbox/").text
    assert f'action="/sandbox/open/{first["uid"]}"' in page
    sandbox.post(f"/sandbox/open/{first['uid']}", data={"choice": "pay"})
    path = f"/sandbox/transactions/{second['uid']}/settle"
    assert sandbox.post(path, json={"status": "failed"}).json()["word"] == "errorPayment"
    assert get(sandbox, first)["status"] == "done"
    assert set(ORDER_STATUS.values()) <= set(TRANSACTION_STATUS)


def test_the_customers_time_runs_out(sandbox: Client, state: SandboxState) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"lifetime": 60, "by_itself": False})
    waiting, paid = make(sandbox), make(sandbox)
    say(sandbox, paid, "inProgress")
    now = state.now()
    state.now = lambda: now + 61
    assert get(sandbox, waiting)["status"] == "deleted"
    assert get(sandbox, paid)["status"] == "inProgress"


def test_reset_forgets_orders_on_their_way(sandbox: Client, state: SandboxState) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"delay": 0.05})
    say(sandbox, make(sandbox), "inProgress")
    sandbox.post("/sandbox/reset")
    time.sleep(0.2)
    assert books(sandbox)["transactions"] == []
    assert settings_of(state) == ExchangerSettings()


# Notifications


def notified(sandbox: Client, mailbox: Mailbox, **switches: str) -> tuple[dict[str, str], bytes]:
    sandbox.post("/sandbox/exchanger/desk", json=switches)
    order = make(sandbox, ipnUrl=mailbox.url, ipnSecret="s3cret")
    move(sandbox, order, "done")
    return mailbox.wait(1)[0]


def expected(fields: dict[str, str]) -> str:
    names = "orderId newStatus inAmount outAmount xml_from xml_to timestamp"
    signed = ":".join([*(fields[name] for name in names.split()), "s3cret"])
    return hashlib.sha256(signed.encode()).hexdigest()


@pytest.mark.parametrize("carrier", ["hash", "sign", "signature"])
def test_notification(sandbox: Client, mailbox: Mailbox, carrier: str) -> None:
    headers, body = notified(sandbox, mailbox, carrier=carrier)
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    fields = dict(parse_qsl(body.decode()))
    assert (fields["newStatus"], fields["inAmount"]) == ("done", "0.00020150")
    assert (fields["outAmount"], fields["toValues[0][key]"]) == ("12.50", "wallet")
    assert fields[carrier] == expected(fields)


def test_notification_signed_in_a_header(sandbox: Client, mailbox: Mailbox) -> None:
    headers, body = notified(sandbox, mailbox, carrier="sign", place="header")
    assert headers["sign"] == expected(dict(parse_qsl(body.decode())))


def test_notification_signed_in_the_query(sandbox: Client, mailbox: Mailbox) -> None:
    _, body = notified(sandbox, mailbox, place="query")
    [sent] = books(sandbox)["notifications"]
    assert sent["url"] == f"{mailbox.url}?hash={expected(dict(parse_qsl(body.decode())))}"


def test_the_documented_vector() -> None:
    values = "507f1f77bcf86cd799439011:inProgress:100:0.0015:CARDRUB:BTC:1700000000".split(":")
    assert signature_of(dict(zip(SIGNED, values, strict=True)), "s3cret") == (
        "12b82441c74ed0c6f2d27a0596b741a3110b68c0d4eaa4a58d9a41d943caae04"
    )


def test_notification_is_sent_once_whatever_the_answer(sandbox: Client, mailbox: Mailbox) -> None:
    mailbox.answers = [500]
    notified(sandbox, mailbox)
    time.sleep(0.3)
    assert len(mailbox.notifications) == 1


@pytest.mark.parametrize(("mode", "count"), [("lost", 0), ("doubled", 2)])
def test_notifications_go_astray(sandbox: Client, mailbox: Mailbox, mode: str, count: int) -> None:
    sandbox.post("/sandbox/behaviour", json={"notifications": mode})
    order = make(sandbox, ipnUrl=mailbox.url, ipnSecret="s3cret")
    move(sandbox, order, "done")
    until(lambda: len(books(sandbox)["notifications"]) == max(count, 1))
    assert len(mailbox.notifications) == count


# Faults


def test_a_fault_is_taken_by_a_new_order_alone(sandbox: Client) -> None:
    sandbox.post("/sandbox/faults", json={"faults": ["ok", "502_after", "wrong_amount"]})
    order = make(sandbox)
    get(sandbox, order)
    say(sandbox, order, "inProgress")
    assert sandbox.post(f"{API}/create", json=request()).status_code == 502
    assert make(sandbox)["inAmount"] == 0.00020151
    said = books(sandbox)
    assert [row["amount"] for row in said["transactions"]] == [1250] * 3
    assert [call["fault"] for call in said["calls"] if call["fault"]] == [
        *("502_after", "wrong_amount"),
    ]


# Pages


@pytest.mark.parametrize("route", list(ROUTES))
@pytest.mark.parametrize("language", ["en", "ru"])
def test_payment_page(sandbox: Client, route: str, language: str) -> None:
    order = make(sandbox, route)
    page = sandbox.get(path_of(order, language=language))
    assert page.status_code == 200
    assert "I have paid" in page.text
    assert ROUTES[route].source.symbol in page.text
    assert f'action="{path_of(order, language=language)}/paid"' in page.text
    assert "?status=" not in page.text
    assert "PAY-TEMPLATE" not in page.text
    assert "[[" not in page.text


def test_paying_on_its_page(sandbox: Client) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"delay": 0.02})
    order = make(sandbox)
    answer = sandbox.post(f"{path_of(order)}/paid")
    assert (answer.status_code, answer.headers["location"]) == (303, path_of(order))
    until(lambda: get(sandbox, order)["status"] == "done")
    for kind in ("payment", "order"):
        page = sandbox.get(path_of(order, kind)).text
        assert f'href="{BACK}?status=success"' in page
        assert "I have paid" not in page
    sandbox.post(f"{path_of(order)}/cancel")
    assert get(sandbox, order)["status"] == "done"


def test_giving_up_on_its_page(sandbox: Client) -> None:
    order = make(sandbox)
    sandbox.post(f"{path_of(order)}/cancel")
    assert get(sandbox, order)["status"] == "deleted"
    assert f'href="{BACK}?status=error"' in sandbox.get(path_of(order)).text


def test_the_order_page_has_no_buttons(sandbox: Client) -> None:
    assert "<form" not in sandbox.get(path_of(make(sandbox), "order")).text


@pytest.mark.parametrize("status", sorted(TRANSACTION_STATUS))
def test_every_status_has_its_words(sandbox: Client, status: str) -> None:
    sandbox.post("/sandbox/exchanger/desk", json={"by_itself": False})
    order = make(sandbox)
    move(sandbox, order, status)
    page = sandbox.get(path_of(order)).text
    assert pages.PAGE_TEXT[status].title in page
    moves = TRANSACTION_STATUS[status] == "pending" and status not in AWAITING_PAYMENT
    assert ('http-equiv="refresh"' in page) == moves


def test_the_secret_is_in_no_book(sandbox: Client) -> None:
    order = make(sandbox)
    sandbox.get(path_of(order))
    sandbox.post(f"{path_of(order)}/paid")
    get(sandbox, order)
    assert order["secret"] not in sandbox.get("/sandbox/ledger").text
    assert sandbox.get("/sandbox/exchanger/routes").json()["routes"].keys() == ROUTES.keys()


def test_other_addresses_stay_what_they_are(sandbox: Client) -> None:
    for path in ("/de/payment/1/x", "/en/payment/1", "/en", "/payment/1/x", "/transactions/x"):
        assert sandbox.get(path).status_code in (401, 404)
    assert re.search("exchanger/order/create", sandbox.get("/sandbox/").text)
