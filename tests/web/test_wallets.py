"""Wallets on the payment page: where their buttons are, what their browsers are told, and that what
they give is charged as a card is: once, and kept nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from checkout.payments.apple_pay import MerchantSessions
from tests.support.merchant import WALLETS, write_identity
from tests.support.settings import toml
from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Customer, Server, open_server

GOOGLE: Final = json.dumps({"protocolVersion": "ECv2", "signedMessage": "{}", "signature": "MEUC"})
APPLE: Final = json.dumps({"paymentData": {"version": "EC_v1", "data": "eHaJ" * 1000}})
SOLD: Final = {"wallet": "google_pay", "wallet_data": GOOGLE}
DOMAIN: Final = "/.well-known/apple-developer-merchantid-domain-association"
SESSION: Final = "https://apple-pay-gateway.apple.com/paymentservices/paymentSession"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shop(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server whose shop 361 has both wallets."""
    folder = tmp_path_factory.mktemp("wallets")
    write_identity(folder)
    top = 'apple_pay_domain = "7B22707370"\n' + toml({"shops": {"361": WALLETS}})
    async with open_server(folder, pem, top=top) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def buyer(shop: Server) -> AsyncIterator[Customer]:
    async with shop.customer() as found:
        yield found


def offered(page: Page) -> list[str]:
    return [each["data-wallet"] for each in page.all("button") if "data-wallet" in each]


async def sent(buyer: Customer, made: CreatedPayment, **values: str) -> httpx.Response:
    page = await buyer.open(made.path())
    return await buyer.submit(page.form("pay"), **values)


@pytest.mark.parametrize(
    ("name", "data"), [("google_pay", GOOGLE), ("apple_pay", APPLE)], ids=["google", "apple"]
)
async def test_it_is_charged(shop: Server, buyer: Customer, name: str, data: str) -> None:
    """Beside a method that takes no card, and with a card half typed: the wallet is what pays."""
    made = await shop.create()
    half = {"method": "sbp", "number": "4200", "wallet": name, "wallet_data": data}
    answer = await sent(buyer, made, **half)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == made.path("result")
    token = f"$begateway_{name}_1_0_0$" + base64.b64encode(data.encode()).decode()
    assert shop.line.sent()["credit_card"] == {"token": token}
    (attempt,) = made.attempts()
    assert (attempt["method"], attempt["status"]) == ("credit_card", "paid")


async def test_it_is_charged_once(shop: Server, buyer: Customer) -> None:
    made = await shop.create(order={"amount": 2001})
    page = await buyer.open(made.path())
    before = len(shop.line.charges)
    for _ in range(3):
        answer = await buyer.submit(page.form("pay"), **SOLD)
        assert answer.headers["location"] == made.path("result")
    assert len(shop.line.charges) == before + 1


async def test_what_it_gave_is_kept_nowhere(shop: Server, buyer: Customer) -> None:
    made = await shop.create(order={"amount": 2002})
    await sent(buyer, made, **SOLD)
    kept = json.dumps(await made.told()) + str(made.books())
    assert base64.b64encode(GOOGLE.encode()).decode()[:40] not in kept
    assert "signedMessage" not in kept


async def test_what_else_the_page_asks_for(shop: Server, buyer: Customer) -> None:
    made = await shop.create(
        order={"amount": 2003},
        settings={
            "customer_fields": {"visible": ["email"]},
            "agreement_toggle": {"url": "https://shop.example.com/terms"},
        },
    )
    before = len(shop.line.charges)
    answer = await sent(buyer, made, **SOLD)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert {"f-email", "f-agreed"} == {link[1:] for link in page.links if link.startswith("#")}
    assert "signedMessage" not in answer.text
    assert len(shop.line.charges) == before
    more = {"email": "anna@example.com", "agreed": "on"}
    assert (await buyer.submit(page.form("pay"), **SOLD, **more)).status_code == 303


async def test_a_decline_shows_the_page_again(shop: Server, buyer: Customer) -> None:
    made = await shop.create(order={"amount": 2004})
    refusal = {"transaction": {"status": "failed", "uid": "1-2", "code": "F.0114"}}
    shop.line.broken.append(lambda _: httpx.Response(200, json=refusal))
    answer = await sent(buyer, made, **SOLD)
    assert answer.headers["location"] == made.path()
    page = await buyer.open(made.path())
    assert offered(page) == ["apple_pay", "google_pay"]
    assert page.form("pay").fields["wallet_data"] == ""
    assert (await buyer.submit(page.form("pay"), **CARD)).status_code == 303


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["apple_pay", "google_pay"]),
        ({"payment_method": {"types": ["credit_card"]}}, ["apple_pay", "google_pay"]),
        ({"payment_method": {"excluded_types": ["google_pay"]}}, ["apple_pay"]),
        ({"payment_method": {"types": ["sbp"]}}, []),
        ({"payment_method": {"excluded_brands": ["visa"]}}, []),
        ({"transaction_type": "tokenization"}, []),
        ({"transaction_type": "authorization"}, ["apple_pay", "google_pay"]),
        ({"transaction_type": "authorization", "order": {"amount": 0}}, []),
    ],
    ids=["usual", "card", "excluded", "no card", "brands", "keep", "authorize", "nothing"],
)
async def test_where_they_are(
    shop: Server, buyer: Customer, changes: dict[str, Any], names: list[str]
) -> None:
    made = await shop.create(**changes)
    answer = await buyer.get(made.path())
    page = Page(answer.text)
    assert offered(page) == names
    assert ("wallets." in answer.text) is bool(names)
    policy, allowed = (
        answer.headers[name] for name in ("content-security-policy", "permissions-policy")
    )
    assert ("connect-src 'self' https://google.com/pay https://pay.google.com;" in policy) is (
        "google_pay" in names
    )
    assert ("payment=(self)" if names else "payment=()") in allowed
    if not names:
        refused = await buyer.submit(page.form("pay"), method="sbp", **SOLD)
        assert refused.status_code == 400
        assert made.attempts() == []


async def test_a_saved_card_that_must_be_used(shop: Server, buyer: Customer) -> None:
    contract = {"additional_data": {"contract": ["recurring"]}}
    first = await shop.create(order=contract | {"amount": 2005})
    await buyer.pay(first)
    token = (await first.told())["credit_card"]["token"]
    assert token
    for other in (True, False):
        made = await shop.create(
            order={"amount": 2006},
            settings={"another_card_toggle": {"display": other}},
            payment_method={"credit_card": {"token": token}},
        )
        assert bool(offered(await buyer.open(made.path()))) is other


async def test_what_the_browser_is_told(shop: Server, buyer: Customer) -> None:
    """Two payments with the same page have amounts of their own."""
    for amount, currency, total in (
        (1, "EUR", "0.01"),
        (123456, "EUR", "1234.56"),
        (5, "JPY", "5"),
    ):
        made = await shop.create(order={"amount": amount, "currency": currency})
        page = await buyer.open(made.path())
        (place,) = [each for each in page.all("div") if "data-wallets" in each]
        assert (place["data-total"], place["data-currency"]) == (total, currency)
        told = {
            each["data-wallet"]: {
                name: value
                for name, value in each.items()
                if name.startswith("data-") and name != "data-wallet"
            }
            for each in page.all("button")
            if "data-wallet" in each
        }
        assert told == {
            "apple_pay": {"data-country": "CY", "data-networks": "visa masterCard"},
            "google_pay": {
                "data-environment": "TEST",  # the sandbox
                "data-gateway": "examplegateway",
                "data-gateway-merchant": "361",
                "data-country": "CY",
                "data-networks": "VISA MASTERCARD",
            },
        }


@pytest.mark.parametrize(
    "values",
    [
        {"wallet": "other_pay", "wallet_data": GOOGLE},
        {"wallet": "google_pay", "wallet_data": ""},
        {"wallet": "", "wallet_data": GOOGLE},
        {"wallet": "google_pay", "wallet_data": "A" * 13_000},
    ],
)
async def test_what_no_page_sends(shop: Server, buyer: Customer, values: dict[str, str]) -> None:
    made = await shop.create()
    assert (await sent(buyer, made, **values)).status_code == 400
    assert made.attempts() == []


async def test_a_shop_without_them(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.get(made.path())
    assert "wallet" not in answer.text
    page = Page(answer.text)
    assert (await customer.submit(page.form("pay"), **SOLD)).status_code == 400
    assert (await customer.get(DOMAIN)).status_code == 404


# --- Apple ---------------------------------------------------------------------------------------


async def test_apple_finds_the_domains_file(buyer: Customer) -> None:
    for path in (DOMAIN, f"{DOMAIN}.txt"):
        answer = await buyer.get(path)
        assert (answer.text, answer.headers["content-type"]) == (
            "7B22707370", "text/plain; charset=utf-8",
        )  # fmt: skip


class Said(httpx.AsyncByteStream):
    """A body as it comes from the network."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


def said(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=Said(body))


class Apple:
    """Apple's server, asked by the one that shows the certificate."""

    def __init__(self, answer: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self.shown: list[str] = []
        self.answer = answer

    def connect(self, merchant: Any) -> httpx.AsyncBaseTransport:
        self.shown.append(merchant.certificate)
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer


async def session(
    shop: Server, buyer: Customer, apple: Apple, url: str, token: str | None = None
) -> httpx.Response:
    app = shop.app.state.context
    app.merchant_sessions._connect = apple.connect
    made = await shop.create()
    form = (await buyer.open(made.path())).form("pay")
    form.action = form.action.removesuffix("pay") + "apple-pay/session"
    return await buyer.submit(form, url=url, **({} if token is None else {"form_token": token}))


async def test_a_session(shop: Server, buyer: Customer) -> None:
    given = {"merchantSessionIdentifier": "SSH1", "nonce": "a1"}
    apple = Apple(said(200, json.dumps(given).encode()))
    answer = await session(shop, buyer, apple, SESSION)
    assert (answer.status_code, answer.json()) == (200, given)
    (asked,) = apple.asked
    assert json.loads(asked.content) == {
        "merchantIdentifier": "merchant.com.example",
        "displayName": "Demo shop",
        "initiative": "web",
        "initiativeContext": "pay.example.com",
    }
    assert apple.shown == [shop.settings.shops["361"].apple_pay.certificate]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "answer",
    [
        said(400, b'{"statusMessage": "no"}'),
        said(200, b"<html>"),
        said(200, b'["no object"]'),
        said(200, b'{"a": "' + b"A" * 40_000 + b'"}'),
        said(302, location="http://127.0.0.1/"),
    ],
)
async def test_apple_gives_none(shop: Server, buyer: Customer, answer: httpx.Response) -> None:
    assert (await session(shop, buyer, Apple(answer), SESSION)).status_code == 503


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://apple-pay-gateway.apple.com/paymentservices/paymentSession",
        "https://apple-pay-gateway.apple.com.example.org/paymentservices/paymentSession",
        "https://apple-pay-gateway.apple.com:8443/paymentservices/paymentSession",
        "https://apple-pay-gateway.apple.com@evil.example/paymentservices/paymentSession",
        "https://evil.example/apple-pay-gateway.apple.com/paymentservices/paymentSession",
        "https://apple-pay-gateway.apple.com/paymentservices/registerMerchant",
        "https://apple-pay-gateway.apple.com/paymentservices/paymentSession?x=1",
        "https://apple-pay-gateway.apple.com/paymentservices/../x/paymentSession",
        "https://169.254.169.254/paymentservices/paymentSession",
        "https://[::1",
    ],
)
async def test_nobody_but_apple_is_called(shop: Server, buyer: Customer, url: str) -> None:
    apple = Apple(said(200, b"{}"))
    assert (await session(shop, buyer, apple, url)).status_code == 422
    assert apple.asked == []


async def test_all_of_apples_hosts(shop: Server) -> None:
    sessions = MerchantSessions(shop.settings)
    for host in ("apple-pay-gateway", "cn-apple-pay-gateway", "apple-pay-gateway-cert",
                 "apple-pay-gateway-nc-pod4", "cn-apple-pay-gateway-sh-pod1-dr"):  # fmt: skip
        for path in ("paymentSession", "startSession"):
            assert sessions.is_apples(f"https://{host}.apple.com/paymentservices/{path}")


async def test_a_session_is_for_our_own_page(shop: Server, buyer: Customer) -> None:
    apple = Apple(said(200, b"{}"))
    assert (await session(shop, buyer, apple, SESSION, token="forged")).status_code == 403
    assert apple.asked == []


async def test_no_session_once_it_is_paid(shop: Server, buyer: Customer) -> None:
    shop.app.state.context.merchant_sessions._connect = Apple(said(200, b"{}")).connect
    made = await shop.create(order={"amount": 2007})
    form = (await buyer.open(made.path())).form("pay")
    await buyer.submit(form, **SOLD)
    form.action = form.action.removesuffix("pay") + "apple-pay/session"
    assert (await buyer.submit(form, url=SESSION)).status_code == 404


# --- Apps -----------------------------------------------------------------------------------------

INNER: Final = {"paymentData": {"version": "EC_v1", "data": "eHaJ", "header": {}, "signature": "M"}}
GOOGLES: Final = {
    "apiVersion": 2,
    "apiVersionMinor": 0,
    "paymentMethodData": {"type": "CARD", "tokenizationData": {"type": "PAYMENT_GATEWAY"}},
}


def from_google(token: Any) -> dict[str, Any]:
    """Google's PaymentData, as the SDKs send it on."""
    method = GOOGLES["paymentMethodData"]
    found = {"tokenizationData": {"type": "PAYMENT_GATEWAY", "token": token}, "type": "CARD"}
    assert isinstance(method, dict)
    return GOOGLES | {"paymentMethodData": method | found}


@pytest.mark.parametrize(
    ("path", "given", "data"),
    [
        ("google_pay", from_google(GOOGLE), GOOGLE),
        ("google_pay", from_google(json.loads(GOOGLE)), GOOGLE),  # Flutter
        ("apple_pay", {"token": INNER | {"transactionIdentifier": "1"}}, json.dumps(INNER)),
    ],
    ids=["android", "flutter", "ios"],
)
async def test_the_sdks_pay(
    shop: Server, buyer: Customer, path: str, given: dict[str, Any], data: str
) -> None:
    made = await shop.create(order={"amount": 2100})
    key = {"Authorization": f"Bearer {shop.settings.shops['361'].publishable_key}"}
    body = {"token": made.token, "request": given, "contract": False}
    for _ in range(2):  # a request that is sent twice charges once
        answer = await buyer.post(f"/ctp/api/{path}/payment", json=body, headers=key)
        assert answer.status_code == 200, answer.text
        assert answer.json()["response"]["status"] == "successful"
    sent = shop.line.sent()["credit_card"]["token"]
    assert sent.startswith(f"$begateway_{path}_1_0_0$")
    assert json.loads(base64.b64decode(sent.rpartition("$")[2])) == json.loads(data)
    (attempt,) = made.attempts()
    assert attempt["method"] == "credit_card"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"request": []},
        {"request": {"token": "text"}},
        {"request": {"paymentMethodData": {"tokenizationData": {"token": 5}}}},
        [],
        {"request": {"token": {"paymentData": "A" * 40_000}}},
    ],
)
async def test_what_an_sdk_can_not_pay_with(shop: Server, buyer: Customer, body: Any) -> None:
    made = await shop.create()
    key = {"Authorization": f"Bearer {shop.settings.shops['361'].publishable_key}"}
    for path in ("google_pay", "apple_pay"):
        known = {"token": made.token} | body if isinstance(body, dict) else body
        answer = await buyer.post(f"/ctp/api/{path}/payment", json=known, headers=key)
        assert answer.status_code == 422, answer.text
    assert (await buyer.post("/ctp/api/apple_pay/payment", json={})).status_code == 401
    assert made.attempts() == []


async def test_an_app_may_name_the_wallet(shop: Server, buyer: Customer) -> None:
    token = "$begateway_google_pay_1_0_0$" + base64.b64encode(GOOGLE.encode()).decode()
    key = {"Authorization": f"Bearer {shop.settings.shops['361'].publishable_key}"}
    for method, status in (("google_pay", 200), ("credit_card", 200), ("sbp", 422)):
        made = await shop.create(order={"amount": 2200})
        asked = {"payment_method": method, "credit_card": {"token": token}, "token": made.token}
        answer = await buyer.post("/ctp/api/payments", json={"request": asked}, headers=key)
        assert answer.status_code == status, answer.text


async def test_what_an_app_asks_google_with(
    shop: Server, server: Server, buyer: Customer, customer: Customer
) -> None:
    """Where the payment may be made so; else it shows no button."""
    cases: tuple[tuple[Server, Customer, dict[str, Any], Any], ...] = (
        (shop, buyer, {}, {"gateway_id": "examplegateway", "gateway_merchant_id": "361"}),
        (shop, buyer, {"payment_method": {"excluded_types": ["google_pay"]}}, None),
        (server, customer, {}, None),
    )
    for where, who, changes, told in cases:
        made = await where.create(**changes)
        key = {"Authorization": f"Bearer {where.settings.shops['361'].publishable_key}"}
        answer = await who.get(f"/ctp/api/checkouts/{made.token}", headers=key)
        found = answer.json()["checkout"].get("google_pay")
        assert found == (told and told | {"status": "active"})
        assert "google_pay" not in await made.told()
