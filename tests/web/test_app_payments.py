"""Paying from the shop's own app, as the public Android, iOS and Flutter SDKs do it.

Each expectation of a client is named by the field that the client reads.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import textwrap
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.web.conftest import Opened
from tests.web.server import (
    ADDRESS,
    CHALLENGE,
    DECLINED,
    PAID,
    SHOP,
    CreatedPayment,
    Customer,
    Server,
    ordered,
)
from tests.web.settings import PUBLIC
from tests.web.test_gateway_return import at_gateway, due, ticket

CHECKOUTS = "/ctp/api/checkouts"
PAYMENTS = "/ctp/api/payments"
CARD = {
    "number": PAID,
    "verification_value": "123",
    "holder": "ANNA LEE",
    "exp_month": "12",
    "exp_year": "2039",
}
BROWSER = {
    "accept_header": "application/json, text/plain, */*",
    "screen_width": 412,
    "screen_height": 915,
    "screen_color_depth": 32,
    "window_width": 412,
    "window_height": 800,
    "language": "de",
    "java_enabled": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36",
    "time_zone": -180,
    "time_zone_name": "Europe/Minsk",
}


BY_PUBLIC_KEY = "apps_public_key = true"
CONTRACT = {"additional_data": {"contract": ["oneclick"]}}


def bearer(server: Server, shop: str = "361") -> dict[str, str]:
    return {"Authorization": f"Bearer {server.settings.shops[shop].publishable_key}"}


def asked(of_token: str, /, **changes: Any) -> dict[str, Any]:
    """`changes` of the card; those named `request_...` of the request."""
    request = {
        name.removeprefix("request_"): changes.pop(name)
        for name in list(changes)
        if name.startswith("request_")
    }
    usual = {
        "token": of_token,
        "payment_method": "credit_card",
        "credit_card": {k: v for k, v in (CARD | changes).items() if v is not ...},
        "browser": BROWSER,
        "customer": {"ip": "198.51.100.1", "device_id": "phone-1"},
    }
    return {"request": {k: v for k, v in (usual | request).items() if v is not ...}}


async def pay(http: Customer, made: CreatedPayment, **changes: Any) -> httpx.Response:
    return await http.post(PAYMENTS, json=asked(made.token, **changes), headers=bearer(made.server))


async def paid(http: Customer, made: CreatedPayment, **changes: Any) -> dict[str, Any]:
    answer = await pay(http, made, **changes)
    assert answer.status_code == 200, answer.text
    (response,) = answer.json().values()
    found: dict[str, Any] = response
    return found


async def read(http: Customer, made: CreatedPayment) -> dict[str, Any]:
    answer = await http.get(f"{CHECKOUTS}/{made.token}", headers=bearer(made.server))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["checkout"]
    return found


# --- The answers that SDKs read ----------------------------------------------------------------


async def test_response_status_successful(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=1)
    said = await paid(customer, made)
    assert said["status"] == "successful"
    assert said["message"] == "Successfully processed"
    assert (said["token"], said["uid"]) == (made.token, made.uid)
    assert said["transaction_type"] == "payment"
    assert said["finished"] is True
    assert said["url"] is None
    assert said["result_url"] == PUBLIC + made.path("result")
    assert said["auth_code"]
    assert "errors" not in said  # iOS reads nothing but null there
    assert (await made.told())["status"] == "successful"
    assert (await customer.open(made.path("result"))).text


async def test_response_credit_card(server: Server, customer: Customer) -> None:
    """Flutter reads brand, last_4 and token of it without asking whether it is there."""
    said = await paid(customer, await server.create())
    assert said["credit_card"]["brand"] == "visa"
    assert said["credit_card"]["last_4"] == "0000"
    assert said["credit_card"]["first_1"] == "4"
    assert "token" in said["credit_card"]
    made = await server.create(settings={"return_url": None}, payment_method={"types": ["sbp"]})
    said = await paid(customer, made, request_payment_method="sbp", request_credit_card=...)
    assert said["credit_card"] == {}


async def test_response_status_failed(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=1)
    said = await paid(customer, made, number=DECLINED)
    assert (said["status"], said["finished"], said["url"]) == ("failed", True, None)
    assert said["message"]
    assert (await read(customer, made))["status"] == "failed"


async def test_a_decline_with_attempts_left(server: Server, customer: Customer) -> None:
    """The app is told of its own attempt; another card may be tried."""
    made = await server.create(attempts=2)
    said = await paid(customer, made, number=DECLINED)
    assert (said["status"], said["finished"]) == ("failed", False)
    said = await paid(customer, made)
    assert (said["status"], said["finished"]) == ("successful", True)
    assert [each["status"] for each in made.attempts()] == ["declined", "paid"]


async def test_response_url_and_result_url(server: Server, customer: Customer) -> None:
    """The web view opens `url`, and is closed once its address contains `result_url`."""
    made = await server.create(attempts=1)
    said = await paid(customer, made, number=CHALLENGE)
    assert said["status"] == "incomplete"
    assert said["url"] == PUBLIC + made.path("redirect")
    assert said["result_url"] == PUBLIC + made.path("result")
    assert said["finished"] is False
    assert (await read(customer, made))["status"] == "incomplete"
    async with server.customer() as view:
        await view.open(made.path("redirect"))
        server.world.settle(at_gateway(made), "successful")
        await due(made)
        landed = await view.get(f"/return/{ticket(made)}")
        assert PUBLIC + landed.headers["location"] == said["result_url"]
    assert (await read(customer, made))["status"] == "successful"


async def test_nobody_knows(server: Server, customer: Customer) -> None:
    """To an SDK all words but its own are failures, after which the customer would pay again: it
    is sent to our waiting page."""
    made = await server.create(attempts=1)
    server.line.broken.append(httpx.ReadTimeout("slow"))
    said = await paid(customer, made)
    assert (said["status"], said["message"]) == ("incomplete", "Waiting")
    assert said["url"] == PUBLIC + made.path("wait")
    assert (await read(customer, made))["status"] == "incomplete"
    assert (await made.told())["status"] == "pending"  # to the shop's server
    again = await paid(customer, made)
    assert again["status"] == "incomplete"
    assert len(made.attempts()) == 1


async def test_never_sent(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=1)
    server.line.broken.append(httpx.ConnectError("no"))
    said = await paid(customer, made)
    assert (said["status"], said["finished"], said["url"]) == ("error", False, None)
    assert (await paid(customer, made))["status"] == "successful"


async def test_after_its_time(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made = await server.create()
        server.offset = 24 * 3600 + 1
        said = await paid(customer, made)
        assert (said["status"], said["message"]) == ("error", "Token is expired.")
        assert not made.attempts()


async def test_given_up(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path())
    await customer.submit(page.form("cancel"))
    assert (await paid(customer, made))["status"] == "canceled"


# --- One charge --------------------------------------------------------------------------------


async def test_sent_twice(server: Server, customer: Customer) -> None:
    made = await server.create()
    before = len(server.line.charges)
    first = await paid(customer, made)
    second = await paid(customer, made)
    assert second["status"] == "successful"
    assert second["credit_card"]["token"] is None  # told once, to the one who sent the card
    assert {**first, "credit_card": 0} == {**second, "credit_card": 0}
    assert len(server.line.charges) == before + 1


async def test_sent_together(server: Server, customer: Customer) -> None:
    made = await server.create()
    before = len(server.line.charges)
    answers = await asyncio.gather(*(paid(customer, made) for _ in range(5)))
    assert {each["status"] for each in answers} <= {"successful", "incomplete"}
    assert "successful" in {each["status"] for each in answers}
    assert len(server.line.charges) == before + 1
    assert len(made.attempts()) == 1


async def test_the_form_and_the_app(server: Server, customer: Customer) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    assert (await paid(customer, made))["status"] == "successful"
    late = await customer.submit(form, number=PAID, expiry="12/39", code="123", holder="A LEE")
    assert late.headers["location"] == made.path("result")
    assert len(made.attempts()) == 1


async def test_too_many(opened: Opened) -> None:
    """The limits of the form: by payment, and by the address that called, whatever the app says."""
    async with opened(submits="1", declines="2") as server, server.customer() as customer:
        made = await server.create(attempts=5)
        assert (await paid(customer, made, number=DECLINED))["status"] == "failed"
        answer = await pay(customer, made)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["response"]["status"] == "error"

        await paid(customer, await server.create(), number=DECLINED)
        made = await server.create()
        answer = await pay(customer, made, request_customer={"ip": "198.51.100.9"})
        assert answer.status_code == 429
        async with server.customer("198.51.100.9") as other:
            said = await paid(other, made, number="5555555555554444")
            assert said["status"] == "successful"


# --- What SDKs send ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp_month": 12, "exp_year": 39},
        {"exp_month": "1", "exp_year": "40"},
        {"exp_month": ..., "exp_year": ..., "exp_date": "12/39"},
        {"number": " 4200 0000 0000 0000 "},
        {"number": 4200000000000000, "verification_value": 123},
        {"save_card": False, "token": None, "stamp": None},
        {"request_payment_method": None, "request_browser": None, "request_customer": None},
        {"request_browser": [], "request_customer": [], "request_unknown": {"a": [1]}},
        {"request_browser": {"screen_width": "wide", "java_enabled": "no", "time_zone": 1e9}},
    ],
    ids=["android", "numbers", "short", "flutter", "blanks", "integers", "unused", "nulls",
         "lists", "nonsense"],
)  # fmt: skip
async def test_what_is_taken(server: Server, customer: Customer, changes: dict[str, Any]) -> None:
    said = await paid(customer, await server.create(), **changes)
    assert said["status"] == "successful"


async def test_request_browser(server: Server, customer: Customer) -> None:
    """3-D Secure is told of the device what the app says, and the address that called."""
    await paid(customer, await server.create())
    sent = server.line.sent()
    browser = sent["additional_data"]["browser"]
    assert {name: browser[name] for name in BROWSER} == BROWSER
    assert sent["customer"]["ip"] == ADDRESS
    assert sent["customer"]["device_id"] == "phone-1"


async def test_request_customer(server: Server, customer: Customer) -> None:
    """What the shop said and the page does not ask for stays; what is missing is taken."""
    made = await server.create(
        customer={"email": "anna@example.com", "first_name": "Anna"},
        settings={"customer_fields": {"read_only": ["email"]}},
    )
    wanted = {"email": "other@example.com", "first_name": "Ann", "last_name": "Lee", "city": ""}
    assert (await paid(customer, made, request_customer=wanted))["status"] == "successful"
    checkout = (await made.told())["customer"]
    assert (checkout["email"], checkout["first_name"], checkout["last_name"]) == (
        "anna@example.com", "Anna", "Lee",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ...}, "number"),
        ({"number": "4200000000000001"}, "number"),
        ({"number": ["4200000000000000"]}, "number"),
        ({"verification_value": ...}, "verification_value"),
        ({"verification_value": "12345"}, "verification_value"),
        ({"exp_month": "13"}, "exp_month"),
        ({"exp_year": "2001"}, "exp_month"),
        ({"exp_month": ..., "exp_year": ...}, "exp_month"),
        ({"exp_date": "99/99"}, "exp_date"),
        ({"holder": ""}, "holder"),
        ({"number": ..., "token": "x" * 256}, "token"),
        ({"number": ..., "token": "4200-0000 00000000"}, "token"),
        ({"number": ..., "token": "e8f9c1", "verification_value": "1"}, "token"),
    ],
    ids=["no number", "a digit wrong", "a list", "no code", "long code", "month",
         "past", "no date", "no such date", "no holder", "long token", "no token",
         "nobody's token"],
)  # fmt: skip
async def test_errors_credit_card(
    server: Server, customer: Customer, changes: dict[str, Any], field: str
) -> None:
    made = await server.create()
    answer = await pay(customer, made, **changes)
    assert answer.status_code == 422
    body = answer.json()
    assert field in body["errors"]["credit_card"]
    assert body["response"] == {
        "status": "error",
        "message": body["message"],
        "errors": body["errors"],
    }
    assert not made.attempts()


def naming(token: str, **more: Any) -> dict[str, Any]:
    """What a shop's order says that is to be paid with its customer's saved card."""
    return {"types": ["credit_card"], "credit_card": {"token": token}, **more}


async def kept(server: Server, customer: Customer) -> str:
    """The token of a card that the customer let the app keep."""
    made = await server.create(order=CONTRACT)
    said = await paid(customer, made, save_card=True)
    token: str = said["credit_card"]["token"]
    assert token
    assert token not in str(await read(customer, made))  # told once
    assert (await paid(customer, made))["credit_card"]["token"] is None
    return token


async def test_response_credit_card_token(server: Server, customer: Customer) -> None:
    """The card that the shop's order names is charged with its code."""
    token = await kept(server, customer)
    for order, auto_pay in ((CONTRACT, False), ({}, False), (CONTRACT, True)):
        made = await server.create(
            order=order, payment_method=naming(token), settings={"auto_pay": auto_pay}
        )
        answer = await pay(customer, made, request_credit_card={"token": token})
        assert answer.status_code == 422  # also where the page would ask for no code
        assert set(answer.json()["errors"]["credit_card"]) == {"verification_value"}
        card = {"token": token, "verification_value": "123"}
        said = await paid(customer, made, request_credit_card=card)
        assert (said["status"], said["credit_card"]["last_4"]) == ("successful", "0000")
        assert server.line.sent()["credit_card"] == card

    unsaved = await paid(customer, await server.create(order=CONTRACT), save_card=False)
    assert (unsaved["status"], unsaved["credit_card"]["token"]) == ("successful", None)


async def test_a_saved_card_that_the_shop_s_order_does_not_name(
    server: Server, customer: Customer
) -> None:
    """Whoever has heard of a token, or guessed one, charges nothing by it."""
    token = await kept(server, customer)
    plain = await server.create()
    other = await server.create(payment_method=naming("0" * 64))
    app_made = await created(customer, server)
    before = len(server.line.charges)
    for made in (plain, other, app_made):
        card = {"token": token, "verification_value": "123"}
        answer = await pay(customer, made, request_credit_card=card)
        assert answer.status_code == 422
        assert set(answer.json()["errors"]["credit_card"]) == {"token"}
        assert not made.attempts()
    assert len(server.line.charges) == before


async def test_a_token_that_is_no_good(server: Server, customer: Customer) -> None:
    card = {"token": "0" * 64, "verification_value": "123"}
    made = await server.create(attempts=1, payment_method=naming("0" * 64))
    said = await paid(customer, made, request_credit_card=card)
    assert (said["status"], said["finished"]) == ("failed", True)
    token = await kept(server, customer)
    made = await server.create(payment_method=naming(token, excluded_brands=["visa"]))
    card = {"token": token, "verification_value": "123"}
    answer = await pay(customer, made, request_credit_card=card)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]["credit_card"]) == {"token"}


async def test_errors_of_other_fields(server: Server, customer: Customer) -> None:
    made = await server.create(
        payment_method={"types": ["credit_card"]},
        settings={"customer_fields": {"visible": ["email"]}},
    )
    for changes, path in (
        ({"request_payment_method": "sbp"}, "payment_method"),
        ({"request_payment_method": ["credit_card"]}, "payment_method"),
        ({"request_customer": {"email": "nobody"}}, "customer"),
        ({"request_credit_card": "4200"}, "credit_card"),
        ({"request_token": ["x"]}, "token"),
        ({"request_token": ...}, "token"),
    ):
        answer = await pay(customer, made, **changes)
        assert answer.status_code == 422, changes
        assert path in answer.json()["errors"]
    for body, status in ((b"{", 400), (b"[]", 422), (b"{}", 422), (b" " * 70_000, 413)):
        headers = bearer(server) | {"Content-Type": "application/json"}
        answer = await customer.post(PAYMENTS, content=body, headers=headers)
        assert answer.status_code == status
        assert answer.json()["response"]["status"] == "error"
    assert not made.attempts()


async def test_excluded_brands(server: Server, customer: Customer) -> None:
    made = await server.create(payment_method={"excluded_brands": ["visa"]})
    answer = await pay(customer, made)
    assert answer.status_code == 422
    assert "number" in answer.json()["errors"]["credit_card"]


# --- Who asks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer ", "Bearer x", "Token x"], ids=repr)
async def test_strangers(server: Server, customer: Customer, given: str | None) -> None:
    made = await server.create()
    headers = {} if given is None else {"Authorization": given}
    for answer in (
        await customer.post(PAYMENTS, json=asked(made.token), headers=headers),
        await customer.post(CHECKOUTS, json={"checkout": ordered()}, headers=headers),
        await customer.get(f"{CHECKOUTS}/{made.token}", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.json()["message"] == "Access denied"
    assert not made.attempts()


async def test_the_shop_s_own_secret_is_not_for_apps(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.post(PAYMENTS, json=asked(made.token), headers=server.basic())
    assert answer.status_code == 401


async def test_the_key_opens_nothing_else(server: Server, customer: Customer) -> None:
    made = await server.create()
    await paid(customer, made)
    body = {"request": {"parent_uid": made.uid, "reason": "x"}}
    for kind in ("captures", "voids", "refunds"):
        answer = await customer.post(f"/transactions/{kind}", json=body, headers=bearer(server))
        assert answer.status_code == 401
    assert (await made.told())["status"] == "successful"


async def test_unknown_tokens(server: Server, customer: Customer) -> None:
    for token in ("0" * 64, "x", "\u0442"):
        answer = await customer.post(PAYMENTS, json=asked(token), headers=bearer(server))
        assert answer.status_code == 404
        assert answer.json()["message"] == "Record not found"


async def test_tokens_of_other_shops(server: Server, customer: Customer) -> None:
    made = await server.create(shop="framing", settings={"return_url": None})
    for answer in (
        await customer.post(PAYMENTS, json=asked(made.token), headers=bearer(server)),
        await customer.get(f"{CHECKOUTS}/{made.token}", headers=bearer(server)),
    ):
        assert answer.status_code == 404
    assert not made.attempts()
    ours = bearer(server, "framing")
    answer = await customer.post(PAYMENTS, json=asked(made.token), headers=ours)
    assert answer.json()["response"]["status"] == "successful"


async def test_a_key_of_two_shops(opened: Opened) -> None:
    """Their payments can be read and paid; for whom to make one it doesn't say."""
    both = {"apps": f"apps = true\n{BY_PUBLIC_KEY}", "framing_apps": BY_PUBLIC_KEY}
    async with opened(framing_key="shop.pem", **both) as server, server.customer() as customer:
        key = {"Authorization": f"Bearer {server.settings.shops['361'].public_key}"}
        body = {"checkout": ordered()}
        answer = await customer.post(CHECKOUTS, json=body, headers=key)
        assert answer.status_code == 422
        assert "several shops" in answer.json()["message"]
        for shop in ("361", "framing"):
            made = await server.create(shop=shop, settings={"return_url": None})
            found = await customer.get(f"{CHECKOUTS}/{made.token}", headers=key)
            assert found.json()["checkout"]["token"] == made.token
            response = await customer.post(PAYMENTS, json=asked(made.token), headers=key)
            assert response.json()["response"]["status"] == "successful"


def pasted(key: str) -> dict[str, str]:
    """A public key as people and SDKs put it into the header."""
    lines = textwrap.wrap(key, 64)
    pem = ("-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----")
    return {
        "Bearer": f"Bearer {key}",
        "bare": key,
        "in lines": " ".join(lines),
        "Bearer in lines": "Bearer " + " ".join(lines),
        "lines as an Android resource": "Bearer " + "\\n".join(lines) + "\\n",
        "as Windows": "\\r\\n".join(lines),
        "PEM": " ".join(pem),
        "Bearer PEM": "Bearer " + "\\n".join(pem),
        "without padding": key.rstrip("="),
    }


@pytest.mark.parametrize("form", pasted("MIIB"))
async def test_a_public_key_as_it_is_pasted(opened: Opened, form: str) -> None:
    async with opened(apps=f"apps = true\n{BY_PUBLIC_KEY}") as server, server.customer() as http:
        key = {"Authorization": pasted(server.settings.shops["361"].public_key)[form]}
        made = await http.post(CHECKOUTS, json={"checkout": ordered()}, headers=key)
        assert made.status_code == 201, made.text
        token = made.json()["checkout"]["token"]
        read = await http.get(f"{CHECKOUTS}/{token}", headers=key)
        assert read.json()["checkout"]["token"] == token
        paid = await http.post(PAYMENTS, json=asked(token), headers=key)
        assert paid.json()["response"]["status"] == "successful"


@pytest.mark.parametrize("scheme", ["", "Bearer "], ids=["Flutter", "the first Android"])
async def test_as_the_sdks_that_pay_by_the_token(opened: Opened, scheme: str) -> None:
    """By the bare public key Flutter makes a payment, by the payment's token it pays, with a slash
    at the end; by nothing it reads how it stands."""
    async with opened(apps=f"apps = true\n{BY_PUBLIC_KEY}") as server, server.customer() as http:
        key = {"Authorization": server.settings.shops["361"].public_key}
        made = await http.post(f"{CHECKOUTS}/", json={"checkout": ordered()}, headers=key)
        token = made.json()["checkout"]["token"]
        said = await http.post(
            f"{PAYMENTS}/", json=asked(token), headers={"Authorization": scheme + token}
        )
        assert said.json()["response"]["status"] == "successful"
        by_token = {"Authorization": scheme + token} if scheme else {}
        read = (await http.get(f"{CHECKOUTS}/{token}", headers=by_token)).json()["checkout"]
        assert (read["status"], read["customer"]) == ("successful", None)
        assert read["company"]["name"] == server.settings.shops["361"].name

        # A token opens its own payment and makes none.
        other = (await server.create()).token
        refused = await http.post(
            PAYMENTS, json=asked(other), headers={"Authorization": scheme + token}
        )
        assert (refused.status_code, refused.json()["message"]) == (404, "Record not found")
        for status, answer in (
            (
                404,
                await http.get(f"{CHECKOUTS}/{other}", headers={"Authorization": scheme + token}),
            ),
            (
                401,
                await http.post(
                    CHECKOUTS,
                    json={"checkout": ordered()},
                    headers={"Authorization": scheme + token},
                ),
            ),
            (
                401,
                await http.post(
                    PAYMENTS, json=asked("0" * 64), headers={"Authorization": scheme + "0" * 64}
                ),
            ),
            (401, await http.post(PAYMENTS, json=asked(other))),
            (401, await http.get(f"{CHECKOUTS}/{'0' * 64}")),
            (
                401,
                await http.get(f"/transactions/{token}", headers={"Authorization": scheme + token}),
            ),
        ):
            assert answer.status_code == status, answer.text
        assert not (await server.create()).attempts()


async def test_a_token_proves_nothing_unless_the_settings_say_so(
    server: Server, customer: Customer
) -> None:
    made = await server.create()
    for given in ({}, {"Authorization": made.token}, {"Authorization": f"Bearer {made.token}"}):
        for answer in (
            await customer.get(f"{CHECKOUTS}/{made.token}", headers=given),
            await customer.post(PAYMENTS, json=asked(made.token), headers=given),
        ):
            assert answer.status_code == 401
    assert not made.attempts()


# --- Payments made by the app ------------------------------------------------------------------


async def created(http: Customer, server: Server, /, **changes: Any) -> CreatedPayment:
    body = {"checkout": ordered(**changes)}
    answer = await http.post(CHECKOUTS, json=body, headers=bearer(server))
    assert answer.status_code == 201, answer.text
    token = answer.json()["checkout"]["token"]
    opened = await http.get(f"/widget/hpp.html?token={token}")
    _, _, _, uid, secret, *_ = opened.headers["location"].split("/")
    return CreatedPayment(server, "361", token, uid, secret)


async def test_the_whole_way_of_an_app(server: Server, customer: Customer) -> None:
    made = await created(customer, server, version=2.1, attempts=None)
    assert (await read(customer, made))["order"]["amount"] == 1999
    assert (await paid(customer, made))["status"] == "successful"
    assert (await read(customer, made))["status"] == "successful"


async def test_keys_of_repeated_requests_are_not_the_shop_s(
    server: Server, customer: Customer
) -> None:
    """Who guesses the shop's own keys learns no token by them and takes none away."""
    key, body = {"RequestID": secrets.token_hex(16)}, {"checkout": ordered()}
    answers = [
        await customer.post(CHECKOUTS, json=body, headers=headers | key)
        for headers in (bearer(server), server.basic(), bearer(server), server.basic())
    ]
    tokens = [answer.json()["checkout"]["token"] for answer in answers]
    assert tokens[0] == tokens[2] != tokens[1] == tokens[3]


async def test_long_keys_of_apps_are_as_good(server: Server, customer: Customer) -> None:
    """What differs behind the column's length is another key, of an app's too."""
    same, body = secrets.token_hex(150), {"checkout": ordered()}
    tokens = [
        (
            await customer.post(CHECKOUTS, json=body, headers=bearer(server) | {"RequestID": key})
        ).json()["checkout"]["token"]
        for key in (same + "1", same + "1", same + "2")
    ]
    assert tokens[0] == tokens[1] != tokens[2]


async def test_what_an_app_may_see(server: Server, customer: Customer) -> None:
    """What only the shop and its server share stays with them."""
    made = await server.create(
        order={"additional_data": {"contract": ["oneclick"], "meta": {"margin": "own-word"}}},
        settings={
            "notification_url": f"{SHOP}/n?key=own-word",
            "verification_url": f"{SHOP}/v?key=own-word",
            "language": "de",
            "save_card_toggle": {"customer_contract": False},
        },
        customer={"email": "own-word@example.com"},
        payment_method={"types": ["credit_card"], "credit_card": {"token": "own-word"}},
    )
    told = await read(customer, made)
    assert "own-word" not in str(told)
    assert told["settings"]["language"] == "de"
    assert told["settings"]["save_card_toggle"] == {"customer_contract": False}
    assert told["order"]["additional_data"] == {"contract": ["oneclick"]}
    assert told["payment_method"] == {"types": ["credit_card"]}
    assert "own-word" in str(await made.told())


async def test_checkout_of_typed_clients(server: Server, customer: Customer) -> None:
    """Swift decodes all or nothing: shop_id is an integer, version a text, company has these."""
    told = await read(customer, await server.create())
    assert told["shop_id"] == 361
    assert isinstance(told["version"], str)
    assert told["company"]["name"] == "Demo shop"
    assert told["company"]["site"] == "https://shop.example.com"
    assert "small_logo_url" in told["company"]
    assert isinstance(told["order"]["amount"], int)
    assert all(isinstance(told[name], bool) for name in ("finished", "expired", "test"))


# --- An encrypted card -------------------------------------------------------------------------


def sealed(server: Server, plain: str, mark: str = "$begatewaycsejs_1_0_0$") -> str:
    """As the public libraries encrypt it, with the public key that the shop was given."""
    key = load_der_public_key(base64.b64decode(server.settings.shops["361"].public_key))
    assert isinstance(key, RSAPublicKey)
    return mark + base64.b64encode(key.encrypt(plain.encode(), PKCS1v15())).decode()


def all_sealed(server: Server, mark: str = "$begatewaycsejs_1_0_0$", **of_card: str) -> Any:
    return {name: sealed(server, each, mark) for name, each in (CARD | of_card).items()}


async def test_a_card_that_the_app_has_encrypted(server: Server, customer: Customer) -> None:
    made = await server.create()
    card = all_sealed(server)
    said = await paid(customer, made, request_credit_card=..., request_encrypted_credit_card=card)
    assert (said["status"], said["credit_card"]["last_4"]) == ("successful", "0000")
    assert server.line.sent()["credit_card"] == {
        "number": PAID, "verification_value": "123", "holder": "ANNA LEE",
        "exp_month": 12, "exp_year": 2039,
    }  # fmt: skip


async def test_beside_what_is_not_encrypted(server: Server, customer: Customer) -> None:
    made = await server.create(order=CONTRACT)
    card = {name: sealed(server, CARD[name]) for name in ("number", "verification_value")}
    said = await paid(
        customer, made, number=..., verification_value=..., save_card=True,
        request_encrypted_credit_card=card,
    )  # fmt: skip
    assert (said["status"], bool(said["credit_card"]["token"])) == ("successful", True)


@pytest.mark.parametrize("mark", ["$begatewaycsejs_1_0_0$", "$begatewaycseios_2_0$", ""])
async def test_in_the_cards_own_fields(server: Server, customer: Customer, mark: str) -> None:
    """As the iOS SDK sends them, without a mark."""
    made = await server.create()
    said = await paid(customer, made, request_credit_card=all_sealed(server, mark))
    assert said["status"] == "successful"


async def test_what_was_encrypted_obeys_the_same_rules(server: Server, customer: Customer) -> None:
    made = await server.create()
    card = all_sealed(server, number="4200000000000001", exp_year="2001", holder="")
    answer = await pay(customer, made, request_credit_card=..., request_encrypted_credit_card=card)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]["credit_card"]) == {"number", "exp_month", "holder"}
    assert "4200000000000001" not in answer.text


def _another_shops(server: Server) -> str:
    other = generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return "$begatewaycsejs_1_0_0$" + base64.b64encode(other.encrypt(b"123", PKCS1v15())).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda server: sealed(server, "123")[:-8],
        lambda server: sealed(server, "1\n2"),
        lambda server: sealed(server, "1" * 65),
        lambda _: "$begatewaycsejs_1_0_0$AAAAAA",
        lambda _: "$begatewaycsejs_1_0_0$***",
        lambda _: "$begatewaycsejs_1_0_0$" + base64.b64encode(b"\xff" * 256).decode(),
        lambda _: "123",
        lambda _: "x" * 4096,
        lambda _: 123,
        lambda _: ["123"],
    ],
    ids=range(10),
)
async def test_what_cant_be_opened_is_one_error(
    server: Server, customer: Customer, wrong: Any
) -> None:
    """Whatever is wrong with it, and whichever field it is: nobody learns of a padding."""
    made = await server.create()
    for name in ("number", "verification_value"):
        card = all_sealed(server) | {name: wrong(server)}
        answer = await pay(
            customer, made, request_credit_card=..., request_encrypted_credit_card=card
        )
        assert answer.status_code == 422
        assert answer.json()["errors"] == {
            "encrypted_credit_card": ["can't be opened with the shop's key"]
        }
    for value in ("$begatewaycsejs_1_0_0$AAAA", "x" * 344):
        answer = await pay(customer, made, number=value)
        assert answer.json()["errors"] == {"credit_card": ["can't be opened with the shop's key"]}
    assert (await read(customer, made))["status"] is None


async def test_encrypted_for_another_shop(server: Server, customer: Customer) -> None:
    made = await server.create()
    card = all_sealed(server) | {"number": _another_shops(server)}
    answer = await pay(customer, made, request_credit_card=..., request_encrypted_credit_card=card)
    assert answer.status_code == 422
    assert (await read(customer, made))["status"] is None


# --- Wallets -----------------------------------------------------------------------------------

APPLE = "$begateway_apple_pay_1_0_0$" + base64.b64encode(b'{"paymentData": 1}' * 400).decode()
GOOGLE = "$begateway_google_pay_1_0_0$eyJ0ZXN0Ijp0cnVlfQ=="
DECRYPTED = "$begateway_samsung_pay_decrypted_1_0_0$eyJ0ZXN0Ijp0cnVlfQ=="


@pytest.mark.parametrize("token", [APPLE, GOOGLE, DECRYPTED], ids=["apple", "google", "samsung"])
async def test_what_a_wallet_gave(server: Server, customer: Customer, token: str) -> None:
    made = await server.create()
    said = await paid(customer, made, request_credit_card={"token": token})
    assert (said["status"], said["credit_card"]["last_4"]) == ("successful", "0000")
    assert said["credit_card"]["token"] is None
    assert server.line.sent()["credit_card"] == {"token": token}
    kept = json.dumps(await made.told()) + "".join(map(str, made.attempts()))
    assert token.rpartition("$")[2] not in kept


async def test_a_wallet_beside_the_shops_saved_card(server: Server, customer: Customer) -> None:
    """It is another card: taken where one is."""
    first = await server.create(order=CONTRACT)
    saved = (await paid(customer, first, save_card=True))["credit_card"]["token"]
    for other, status in ((True, 200), (False, 422)):
        made = await server.create(
            settings={"another_card_toggle": {"display": other}},
            payment_method={"credit_card": {"token": saved}},
        )
        answer = await pay(customer, made, request_credit_card={"token": GOOGLE})
        assert answer.status_code == status, answer.text
        if status == 422:
            assert list(answer.json()["errors"]["credit_card"]) == ["token"]


@pytest.mark.parametrize(
    ("changes", "token", "reason"),
    [
        ({"payment_method": {"types": ["sbp"]}}, GOOGLE, "no wallets"),
        ({"payment_method": {"excluded_brands": ["visa"]}}, GOOGLE, "excludes brands"),
        ({}, "$begateway_apple_pay_1_0_0$", "must be a wallet's"),
        ({}, "$begateway_apple_pay_1_0_0$***", "must be a wallet's"),
        ({}, "$begateway_other_1_0_0$AAAA", "must be a wallet's"),
        ({}, "$begateway_apple_pay_1_0_0$" + "A" * 16384, "must be a wallet's"),
    ],
)
async def test_what_is_no_wallet_or_has_no_gateway(
    server: Server, customer: Customer, changes: Any, token: str, reason: str
) -> None:
    made = await server.create(**changes)
    method = "sbp" if "types" in str(changes) else "credit_card"
    answer = await pay(
        customer, made, request_credit_card={"token": token}, request_payment_method=method
    )
    assert answer.status_code == 422
    assert reason in answer.json()["errors"]["credit_card"]["token"][0]
    assert (await read(customer, made))["status"] is None


async def test_nobody_else_sends_one(server: Server, customer: Customer) -> None:
    """A token that is kept is another thing: an order and a server can't name this one."""
    order = {"checkout": ordered(payment_method={"credit_card": {"token": GOOGLE}})}
    basic = server.basic()
    answer = await customer.post(CHECKOUTS, json=order, headers=basic)
    assert answer.status_code == 422
    assert "wallet" in answer.text
    alone = {
        "amount": 700, "currency": "EUR", "description": "May", "credit_card": {"token": GOOGLE},
    }  # fmt: skip
    answer = await customer.post("/transactions/payments", json={"request": alone}, headers=basic)
    assert answer.status_code == 422
    assert "wallet" in answer.text
