"""The sample shop against a checkout that answers as told."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import RSAKey
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.shop.app import create_shop
from checkout.sandbox.shop.basket import CURRENCIES, PRODUCTS
from checkout.sandbox.shop.checkout_client import BUYER
from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.signed_result import key_id

Client = TestClient[Litestar]

BASIC = "Basic " + b64encode(b"361:secret").decode()


class FakeCheckout:
    """Takes every order; `lookups` is what it says of one when asked."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self.refusal: tuple[int, bytes] | None = None
        self.lookups: dict[str, Any] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fake.headers.append(self.headers["authorization"])
                if fake.refusal:
                    self.say(*fake.refusal)
                    return
                fake.created.append(json.loads(body)["checkout"])
                token = f"{len(fake.created):064x}"
                url = f"http://127.0.0.1:8001/widget/hpp.html?token={token}"
                self.say(
                    201, json.dumps({"checkout": {"token": token, "redirect_url": url}}).encode()
                )

            def do_GET(self) -> None:
                order = fake.created[int(self.path.rsplit("/", 1)[1], 16) - 1]["order"]
                said = {"order": order, "status": None, "gateway_response": None} | fake.lookups
                self.say(200, json.dumps({"checkout": said}).encode())

            def say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def checkout() -> Iterator[FakeCheckout]:
    fake = FakeCheckout()
    yield fake
    fake.close()


@pytest.fixture(scope="session")
def signer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def shop(checkout: FakeCheckout, signer: rsa.RSAPrivateKey) -> Iterator[Client]:
    der = signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    config = ShopConfig(
        shop_id="361",
        secret_key="secret",
        checkout_url=checkout.url,
        public_url="http://shop.test",
        public_key=b64encode(der).decode(),
    )
    with TestClient(create_shop(config), base_url="http://shop.test") as client:
        client.follow_redirects = False
        yield client


def order(shop: Client, **more: Any) -> str:
    answer = shop.post("/orders.json", json=more)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    return number


def state(shop: Client, number: str) -> dict[str, Any]:
    said: dict[str, Any] = shop.get(f"/orders/{number}.json").json()
    return said


def tell(
    shop: Client, signer: rsa.RSAPrivateKey, number: str, **given: Any
) -> tuple[int, dict[str, Any]]:
    """Send a notification; `headers` replaces some of its headers, None removes one."""
    headers = given.pop("headers", {})
    transaction = {
        "uid": "u1",
        "status": "successful",
        "amount": 1999,
        "currency": "EUR",
        "tracking_id": number,
        "token": state(shop, number).get("token"),
        "type": "payment",
        "test": True,
        "created_by": "shop",
    }
    body = given.pop("body", None) or json.dumps({"transaction": transaction | given}).encode()
    signature = b64encode(signer.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    sent = {"Content-Signature": signature, "Authorization": BASIC} | headers
    answer = shop.post(
        f"/notifications/{number}",
        content=body,
        headers={name: value for name, value in sent.items() if value is not None},
    )
    return answer.status_code, state(shop, number)


# Buying


def test_basket_to_checkout(shop: Client, checkout: FakeCheckout) -> None:
    page = shop.get("/")
    assert page.status_code == 200
    assert all(product.name in page.text for product in PRODUCTS)
    given = {"tea": "2", "cup": "0", "pot": "1", "currency": "KWD", "language": "de"}
    sent = shop.post("/orders", data=given | {"attempts": "5", "methods": "card"})
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("http://127.0.0.1:8001/widget/hpp.html?token=")
    asked = checkout.created[0]
    assert checkout.headers == [BASIC]
    number = asked["order"]["tracking_id"]
    assert asked == {
        "transaction_type": "payment",
        "test": True,
        "attempts": 5,
        "order": {
            "amount": 24600,
            "currency": "KWD",
            "description": "2 × Green tea, 1 × Cast-iron teapot",
            "tracking_id": number,
            "lines": [
                {"name": "Green tea", "quantity": 2, "amount": 8300},
                {"name": "Cast-iron teapot", "quantity": 1, "amount": 16300},
            ],
        },
        "settings": {
            "return_url": f"http://shop.test/orders/{number}",
            "notification_url": f"http://shop.test/notifications/{number}",
            "language": "de",
        },
        "customer": BUYER,
        "payment_method": {"types": ["credit_card"]},
    }
    assert "24.600 KWD" in shop.get(f"/orders/{number}").text
    assert "2 × Green tea" in shop.get("/orders").text


@pytest.mark.parametrize("currency", CURRENCIES)
def test_total_without_scripts(shop: Client, currency: str) -> None:
    page = shop.get("/", params={"currency": currency, "tea": "3", "cup": "0", "pot": "0"}).text
    expected = {"EUR": "37.50 EUR", "USD": "41.70 USD", "JPY": "6300 JPY", "KWD": "12.450 KWD"}
    assert f"<output data-total>{expected[currency]}</output>" in page


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tea": "x", "cup": "-1", "pot": "1e3"},
        {"currency": "XXX", "language": "xx", "attempts": "99", "methods": "none"},
        {"tea": "९९"},
        {"tea": "100000"},
    ],
    ids=str,
)
def test_nonsense_in_the_form_is_harmless(shop: Client, given: dict[str, str]) -> None:
    assert shop.get("/", params=given).status_code == 200
    assert shop.post("/orders", data=given).status_code == 303


def test_empty_basket(shop: Client) -> None:
    page = shop.post("/orders", data={"tea": "0", "cup": "0", "pot": "0"})
    assert page.status_code == 422
    assert "The basket is empty" in page.text


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (422, b'{"message": "amount <b> is wrong"}', "amount &lt;b&gt; is wrong"),
        (500, b"<html>", "checkout answered 500"),
        (200, b'{"checkout": {}}', "lacks token"),
        (201, b'{"checkout": {"token": "t", "redirect_url": "javascript:x"}}', "no web address"),
    ],
)
def test_refusals_are_shown(
    shop: Client, checkout: FakeCheckout, status: int, body: bytes, message: str
) -> None:
    checkout.refusal = (status, body)
    page = shop.post("/orders", data={"tea": "1"})
    assert page.status_code == 502
    assert message in page.text
    assert shop.post("/orders.json", json={}).status_code == 502
    assert shop.get("/orders.json").json() == {"orders": []}


def test_json_order_takes_overrides(shop: Client, checkout: FakeCheckout) -> None:
    number = order(
        shop,
        amount=5,
        currency="JPY",
        settings={"auto_return": 0},
        payment_method={"types": ["erip"], "erip": {"account_number": "1"}},
        customer={"email": "a@example.com"},
        transaction_type="authorization",
        expired_at="2099-01-01T00:00:00+00:00",
        additional_data={"contract": ["oneclick"]},
        attempts=1,
    )
    asked = checkout.created[0]
    assert asked["transaction_type"] == "authorization"
    assert asked["order"]["expired_at"] == "2099-01-01T00:00:00+00:00"
    assert asked["order"]["additional_data"] == {"contract": ["oneclick"]}
    assert asked["settings"]["auto_return"] == 0
    assert asked["settings"]["return_url"].endswith(number)
    assert asked["customer"] == {"email": "a@example.com"}
    assert asked["payment_method"]["erip"] == {"account_number": "1"}
    assert (asked["order"]["amount"], asked["order"]["currency"]) == (5, "JPY")


@pytest.mark.parametrize(
    ("ways", "asked"),
    [
        (None, ["erip"]),
        ({"types": None}, ["erip", "types"]),
        ({"types": ["credit_card"]}, ["types"]),
        ({"types": ["erip"], "erip": {"account_number": "1"}}, ["erip", "types"]),
    ],
    ids=str,
)
def test_erip_is_paid_under_the_order_number(
    shop: Client, checkout: FakeCheckout, ways: dict[str, Any] | None, asked: list[str]
) -> None:
    number = order(shop, payment_method=ways)
    section = checkout.created[0]["payment_method"]
    assert sorted(section) == asked
    if "erip" in asked:
        given = (ways or {}).get("erip", {"account_number": number})
        assert section["erip"] == given


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"amount": "5"}', b'{"surprise": 1}', b'"\xff"'])
def test_json_order_refuses_nonsense(shop: Client, body: bytes) -> None:
    assert shop.post("/orders.json", content=body).status_code == 422


# What is believed


def test_verified_notification_pays(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    status, said = tell(shop, signer, number, headers={"webhook-id": "e1"})
    assert (status, said["state"]) == (200, "paid")
    news = said["notifications"][0]
    assert (news["verified"], news["signature"], news["basic"]) == (True, "valid", "valid")
    assert (news["status"], news["uid"], news["amount"]) == ("successful", "u1", 1999)
    assert (news["webhook_id"], news["repeated"]) == ("e1", False)
    assert tell(shop, signer, number, headers={"webhook-id": "e1"})[1]["notifications"][1][
        "repeated"
    ]
    assert tell(shop, signer, number, status="failed")[1]["state"] == "paid"
    assert tell(shop, signer, number, status="refunded")[1]["state"] == "refunded"
    assert tell(shop, signer, number)[1]["state"] == "refunded"


@pytest.mark.parametrize("kind", ["refund", "chargeback", "void"])
def test_money_that_goes_back_is_told_as_what_it_is(
    shop: Client, signer: rsa.RSAPrivateKey, kind: str
) -> None:
    """A refund that succeeded is no payment; a part, or one that failed, leaves the order paid."""
    number = order(shop)
    assert tell(shop, signer, number, type=kind, status="failed")[1]["state"] == "unpaid"
    assert tell(shop, signer, number, type="payment")[1]["state"] == "paid"
    for left in ({"status": "failed"}, {"status": "pending"}, {"amount": 500}):
        assert tell(shop, signer, number, type=kind, **left)[1]["state"] == "paid"
    said = tell(shop, signer, number, type=kind)[1]
    assert (said["state"], said["fulfilled"]) == ("refunded", 1)
    assert said["notifications"][-1]["type"] == kind


def test_parts_that_go_back_add_up(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    """Each by its own uid, however often it is told; of a hold until all that was captured went."""
    number = order(shop, transaction_type="authorization")
    tell(shop, signer, number, type="authorization")
    assert tell(shop, signer, number, type="capture", uid="c", amount=1500)[1]["state"] == "paid"
    sums = []
    for uid, amount, state in (
        ("r1", 700, "paid"),
        ("r1", 700, "paid"),
        ("r2", 799, "paid"),
        ("r3", 1, "refunded"),
    ):
        said = tell(shop, signer, number, type="refund", uid=uid, amount=amount)[1]
        assert (said["state"], said["fulfilled"]) == (state, 1)
        sums.append(said["returned"])
    assert sums[-1] == 1500


def test_a_refund_that_is_told_before_the_payment(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    """The goods stay where they are."""
    number = order(shop)
    tell(shop, signer, number, type="refund", uid="r1")
    said = tell(shop, signer, number, type="payment")[1]
    assert (said["state"], said["fulfilled"]) == ("refunded", 0)


def test_signature_alone_is_enough(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    status, said = tell(shop, signer, number, headers={"Authorization": None})
    assert (status, said["state"]) == (200, "paid")
    assert said["notifications"][0]["basic"] == "absent"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Signature": None}, "signature absent"),
        ({"Content-Signature": "AAAA"}, "signature invalid"),
        ({"Content-Signature": "not base64!"}, "signature invalid"),
        ({"Authorization": "Basic AAAA"}, "Basic invalid"),
        ({"Authorization": "Bearer x"}, "Basic invalid"),
    ],
)
def test_forgeries_are_refused(
    shop: Client, signer: rsa.RSAPrivateKey, headers: dict[str, str | None], reason: str
) -> None:
    number = order(shop)
    status, said = tell(shop, signer, number, headers=headers)
    assert (status, said["state"]) == (401, "unpaid")
    assert said["notifications"][0]["verified"] is False
    assert said["notifications"][0]["reason"] == reason
    assert "Refused" in shop.get(f"/orders/{number}").text


def test_weaker_signatures_are_refused(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    body = json.dumps({"transaction": {"tracking_id": number}}).encode()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    for weak in (
        signer.sign(body, pss, hashes.SHA256()),
        signer.sign(body, padding.PKCS1v15(), hashes.SHA512()),
    ):
        headers = {"Content-Signature": b64encode(weak).decode()}
        assert tell(shop, signer, number, body=body, headers=headers)[0] == 401


@pytest.mark.parametrize("given", [{"amount": 1998}, {"amount": "1999"}, {"currency": "USD"}])
def test_wrong_money_is_not_believed(
    shop: Client, signer: rsa.RSAPrivateKey, given: dict[str, Any]
) -> None:
    number = order(shop)
    assert tell(shop, signer, number, **given)[1]["state"] == "unpaid"


def test_news_of_another_order_is_refused(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    status, said = tell(shop, signer, number, tracking_id=order(shop))
    assert (status, said["state"]) == (401, "unpaid")
    assert said["notifications"][0]["reason"] == "about another order"


@pytest.mark.parametrize(
    "given",
    [{"token": "0" * 64}, {"token": None}, {"type": "tokenization"}, {"type": "authorization"},
     {"test": False}, {"test": None}, {"created_by": "app"}, {"created_by": "link"},
     {"created_by": None}],
    ids=str,
)  # fmt: skip
def test_a_payment_that_the_shop_did_not_ask_for(
    shop: Client, signer: rsa.RSAPrivateKey, given: dict[str, Any]
) -> None:
    """Genuinely signed, of the same number and money: made with a key that customers have."""
    number = order(shop)
    status, said = tell(shop, signer, number, **given)
    assert (status, said["state"], said["fulfilled"]) == (401, "unpaid", 0)
    assert said["notifications"][0]["reason"] == "about another payment"
    refund = {"type": "refund"} if "type" not in given else {"type": "refund", "test": False}
    assert tell(shop, signer, number, **(given | refund))[0] == 401
    assert tell(shop, signer, number)[1]["state"] == "paid"


def test_expired_token_is_told_flat(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    flat = {
        "token": state(shop, number)["token"],
        "type": "payment",
        "test": True,
        "created_by": "shop",
        "status": "error",
        "expired": True,
        "message": "Token is expired.",
        "order": {"amount": 1999, "currency": "EUR", "tracking_id": number},
    }
    status, said = tell(shop, signer, number, body=json.dumps(flat).encode())
    assert (status, said["state"]) == (200, "expired")


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{", b"[" * 100_000])
def test_unreadable_news(shop: Client, signer: rsa.RSAPrivateKey, body: bytes) -> None:
    assert tell(shop, signer, order(shop), body=body)[0] == 401


def test_unknown_orders(shop: Client) -> None:
    assert shop.post("/notifications/none", content=b"{}").status_code == 404
    assert shop.get("/orders/none").status_code == 404
    assert shop.get("/orders/none.json").status_code == 404


def test_without_a_public_key_basic_decides(checkout: FakeCheckout) -> None:
    config = ShopConfig(
        shop_id="361", secret_key="secret", checkout_url=checkout.url, public_url="http://shop.test"
    )
    with TestClient(create_shop(config), base_url="http://shop.test") as shop:
        number = order(shop)
        body = json.dumps(
            {
                "transaction": {
                    "tracking_id": number,
                    "amount": 1999,
                    "currency": "EUR",
                    "status": "successful",
                    "token": state(shop, number)["token"],
                    "type": "payment",
                    "test": True,
                    "created_by": "shop",
                }
            }
        )
        path = f"/notifications/{number}"
        assert shop.post(path, content=body).status_code == 401
        assert state(shop, number)["state"] == "unpaid"
        assert shop.post(path, content=body, headers={"Authorization": BASIC}).status_code == 200
        assert state(shop, number)["state"] == "paid"


# Coming back


def test_address_is_only_a_hint(shop: Client, checkout: FakeCheckout) -> None:
    number = order(shop)
    page = shop.get(f"/orders/{number}?token=t&status=successful&uid=<u>")
    assert "not paid yet" in page.text
    assert "A hint only" in page.text
    assert "&lt;u&gt;" in page.text
    checkout.lookups = {
        "status": "successful",
        "finished": True,
        "gateway_response": {"payment": {"uid": "u7", "auth_code": "654321"}},
    }
    page = shop.get(f"/orders/{number}?status=failed")
    assert "your order is paid" in page.text
    assert "654321" in page.text
    assert state(shop, number)["state"] == "paid"


def signed(
    shop: Client, key: rsa.RSAPrivateKey, number: str, header: Any = None, **claims: Any
) -> str:
    """A result as checkout signs it; what is given replaces some of it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    names = {"alg": "RS256", "typ": "checkout-result", "kid": key_id(b64encode(der).decode())}
    says = {
        "token": state(shop, number)["token"],
        "uid": "u1",
        "status": "successful",
        "amount": 1999,
        "currency": "EUR",
        "tracking_id": number,
        "type": "payment",
        "test": True,
        "created_by": "shop",
        "iat": int(time.time()),
    }
    payload = json.dumps(says | claims)
    return jws.serialize_compact(
        names | (header or {}), payload, RSAKey.import_key(key), ["RS256", "PS256", "RS512"]
    )


def back(shop: Client, number: str, result: str) -> str:
    return shop.get(f"/orders/{number}", params={"result": result}).text


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        ("successful", "your order is paid"),
        ("failed", "The payment failed"),
        ("canceled", "The payment was cancelled"),
        ("expired", "time to pay is over"),
    ],
)
def test_a_signed_result_needs_no_call(
    shop: Client, checkout: FakeCheckout, signer: rsa.RSAPrivateKey, status: str, headline: str
) -> None:
    number = order(shop)
    result = signed(shop, signer, number, status=status)
    checkout.close()
    page = back(shop, number, result)
    assert headline in page
    assert "No call was needed" in page
    assert "can&#39;t be reached" not in page


def test_who_is_still_on_the_way_is_asked_about(
    shop: Client, checkout: FakeCheckout, signer: rsa.RSAPrivateKey
) -> None:
    number = order(shop)
    checkout.lookups = {"status": "successful", "finished": True}
    page = back(shop, number, signed(shop, signer, number, status="pending"))
    assert "your order is paid" in page
    assert "No call was needed" not in page


def test_an_old_result_takes_nothing_back(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    early = signed(shop, signer, number, status="failed")
    back(shop, number, signed(shop, signer, number))
    assert "your order is paid" in back(shop, number, early)
    assert state(shop, number)["state"] == "paid"


STRANGER = rsa.generate_private_key(65537, 2048)
LIES: dict[str, dict[str, Any]] = {
    "another order": {"tracking_id": "1001-x"},
    "another token": {"token": "0" * 64},
    "another type": {"type": "tokenization"},
    "no test payment": {"test": False},
    "another's payment": {"created_by": "app"},
    "less money": {"amount": 1},
    "other money": {"currency": "JPY"},
    "too old": {"iat": int(time.time()) - 3700},
    "from tomorrow": {"iat": int(time.time()) + 86400},
    "no time": {"iat": None},
    "amount in words": {"amount": "1999"},
    "another hash": {"header": {"alg": "RS512"}},
    "another padding": {"header": {"alg": "PS256"}},
    "another kind of text": {"header": {"typ": "JWT"}},
    "another key's name": {"header": {"kid": "x"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_other_results_are_not_believed(shop: Client, signer: rsa.RSAPrivateKey, lie: str) -> None:
    number = order(shop)
    page = back(shop, number, signed(shop, signer, number, **LIES[lie]))
    assert "None that can be believed" in page
    assert state(shop, number)["state"] == "unpaid"


def test_results_that_checkout_did_not_sign(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    number = order(shop)
    good = signed(shop, signer, number)
    head, claims, signature = good.split(".")
    named = b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    forged = [
        signed(shop, STRANGER, number, {"kid": json.loads(b64decode(head + "=="))["kid"]}),
        f"{named}.{claims}.",
        f"{head}.{claims}.",
        f"{head}.{claims[:-4]}AAAA.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        *("", ".", "..", "a.b.c", "x" * 5000, f"{good}.{good}", "\u0436.\u0436.\u0436"),
    ]
    for result in forged:
        assert "None that can be believed" in back(shop, number, result)
    assert state(shop, number)["state"] == "unpaid"
    assert "your order is paid" in back(shop, number, good)


def test_answer_about_other_money_is_not_believed(shop: Client, checkout: FakeCheckout) -> None:
    number = order(shop)
    checkout.lookups = {"status": "successful", "order": {"amount": 1, "currency": "EUR"}}
    shop.get(f"/orders/{number}")
    assert state(shop, number)["state"] == "unpaid"


def test_expired_by_answer(shop: Client, checkout: FakeCheckout) -> None:
    number = order(shop)
    checkout.lookups = {"status": "error", "expired": True}
    assert "time to pay is over" in shop.get(f"/orders/{number}").text


def test_checkout_away_on_return(shop: Client, checkout: FakeCheckout) -> None:
    number = order(shop)
    checkout.close()
    page = shop.get(f"/orders/{number}?status=successful")
    assert page.status_code == 200
    assert "reached" in page.text
    assert "not paid yet" in page.text
