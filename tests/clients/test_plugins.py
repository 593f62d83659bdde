"""What shops' plugins and other clients read from our answers and notifications, by the field.

Gathered from the sources of the official PHP SDK (on which most plugins stand), the Ruby client,
and the plugins for WooCommerce, OpenCart, Magento, PrestaShop, Bitrix, WHMCS, Easy Digital
Downloads, CS-Cart and Moodle. They are played here as they ask and read.
"""

from __future__ import annotations

import base64
import re
import textwrap
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from checkout.local_servers import SHOP, LocalServers
from tests.clients.conftest import pay
from tests.support.http_server import WebhookServer

Json = dict[str, Any]
DECLINED = "4005550000000019"


def php_sdk(**changes: Any) -> Json:
    """The body that the PHP SDK builds: every field, null where nothing was set."""
    nothing = dict.fromkeys(("meta", "fiscalization", "platform_data", "integration_data"))
    order: Json = {
        "amount": 1999,
        "currency": "EUR",
        "description": "Order 7",
        "tracking_id": "7",
        "expired_at": None,
        "additional_data": {"receipt_text": [], "contract": [], **nothing},
    }
    names = ("email", "first_name", "last_name", "country", "city", "state", "zip", "address",
             "phone", "birth_date")  # fmt: skip
    return {
        "checkout": {
            "transaction_type": "payment",
            "test": False,
            "order": order | changes.pop("order", {}),
            "settings": {
                "notification_url": None,
                "success_url": "https://shop.example.com/?wc-api=ok&order=7",
                "decline_url": "https://shop.example.com/no",
                "fail_url": "https://shop.example.com/fail",
                "cancel_url": "https://shop.example.com/cancel",
                "language": "en",
                "customer_fields": {"read_only": [], "visible": []},
            }
            | changes.pop("settings", {}),
            "customer": dict.fromkeys(names) | {"email": "anna@example.com"},
        }
        | changes
    }


def create(http: httpx.Client, **changes: Any) -> Json:
    answer = http.post(
        "/ctp/api/checkouts", json=php_sdk(**changes), headers={"X-Api-Version": "2"}
    )
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def read(http: httpx.Client, token: str) -> Json:
    found: Json = http.get(f"/ctp/api/checkouts/{token}").json()
    return found


# --- Answers -----------------------------------------------------------------------------------


def test_php_sdk_is_success(http: httpx.Client, app: httpx.Client) -> None:
    """`checkout` is there; `errors`, `response` and `message` are not, or it were an error."""
    made = create(http)
    token = made["checkout"]["token"]
    answers = [made, read(http, token)]
    assert pay(app, token) == "successful"
    answers.append(read(http, token))
    for answer in answers:
        assert list(answer) == ["checkout"]
        assert answer["checkout"].get("status") != "error"


def test_php_sdk_redirect_url_script_name(http: httpx.Client, local: LocalServers) -> None:
    """Plugins that send the token by a form of their own cut it off the address."""
    made = create(http)["checkout"]
    script = re.sub(r"(.+)\?token=(.+)", r"\1", made["redirect_url"])
    assert script == f"{local.checkout}/widget/hpp.html"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_url_by_a_form(http: httpx.Client, local: LocalServers, method: str) -> None:
    """OpenCart and Moodle post the token from the shop's page, WHMCS gets it, all with fields of
    their own beside."""
    token = create(http)["checkout"]["token"]
    given = {"params" if method == "GET" else "data": {"token": token, "order_id": "7"}}
    headers = {"Origin": "https://shop.example.com", "Sec-Fetch-Site": "cross-site"}
    with httpx.Client(base_url=local.checkout, trust_env=False) as browser:
        answer = browser.request(method, "/widget/hpp.html", headers=headers, **given)  # type: ignore[arg-type]
        assert answer.status_code == 303
        assert browser.get(answer.headers["location"]).status_code == 200
        for wrong in ({"token": "0" * 64}, {"token": ""}, {"order_id": "7"}):
            assert browser.post("/widget/hpp.html", data=wrong).status_code == 404


def test_bitrix_gateway_response_paid_at(http: httpx.Client, app: httpx.Client) -> None:
    """Bitrix reads the section named after `transaction_type`, and an own tracking id in parts."""
    token = create(http, order={"tracking_id": "12:34"})["checkout"]["token"]
    assert pay(app, token) == "successful"
    said = read(http, token)["checkout"]
    assert (said["status"], said["order"]["tracking_id"]) == ("successful", "12:34")
    section = said["gateway_response"][said["transaction_type"]]
    assert section["uid"]
    assert re.match(r"\d{4}-\d\d-\d\dT", section["paid_at"])


def test_ruby_query_transaction(http: httpx.Client, app: httpx.Client) -> None:
    """`client.query(id:)` reads `transaction.status`, `.type` and the section of that name."""
    token = create(http)["checkout"]["token"]
    pay(app, token)
    uid = read(http, token)["checkout"]["gateway_response"]["payment"]["uid"]
    said = http.get(f"/transactions/{uid}").json()["transaction"]
    assert (said["uid"], said["status"], said["type"]) == (uid, "successful", "payment")
    assert said[said["type"]]["status"] == "successful"
    assert http.get("/transactions/nobody").json()["message"] == "Record not found"


@pytest.mark.parametrize("name", ["order/7 №1", "plain-7", "a//b|c"])
def test_php_sdk_query_by_tracking_id(http: httpx.Client, app: httpx.Client, name: str) -> None:
    """`getResponse()->transactions`: one of one payment, an empty list of an unknown name. It needs
    `isValid()`, and `errors` or `response` would be an error."""
    token = create(http, order={"tracking_id": name})["checkout"]["token"]
    address = f"/v2/transactions/tracking_id/{quote(name, safe='')}"
    assert http.get(address).json() == {"transactions": []}
    pay(app, token)
    said = http.get(address, headers={"Accept": "application/json"}).json()
    assert list(said) == ["transactions"]
    (found,) = said["transactions"]
    assert (found["amount"], found["tracking_id"], found["status"]) == (1999, name, "successful")
    beyag = http.get(f"/beyag/transactions/tracking_id/{quote(name, safe='')}")
    assert beyag.json() == said
    ruby = http.get(f"/transactions/tracking_id/{quote(name, safe='')}").json()
    assert ruby == {"transaction": found}
    assert http.get(f"/beyag/transactions/{found['uid']}").json() == {"transaction": found}


def test_php_sdk_additional_data(
    http: httpx.Client, app: httpx.Client, receiver: WebhookServer
) -> None:
    """What it writes of shop and plugin comes back, and `vendor.token` of whoever keeps cards."""
    written = {
        "platform_data": "WooCommerce v9",
        "integration_data": "BeGateway v2",
        "fiscalization": {"items": [{"name": "Tea"}]},
        "vendor": {"name": "vault", "token": "t-1"},
        "request_id": "r-1",
    }
    extra: Json = {"receipt_text": [], "contract": [], "meta": None} | written
    settings = {"notification_url": f"{receiver.url}/plugins-additional"}
    token = create(http, order={"additional_data": extra}, settings=settings)["checkout"]["token"]
    assert pay(app, token) == "successful"
    _, body = receiver.webhook("plugins-additional")
    told = httpx.Response(200, content=body).json()["transaction"]["additional_data"]
    assert told == {"receipt_text": [], "contract": []} | written
    kept = read(http, token)["checkout"]["order"]["additional_data"]
    assert {name: kept[name] for name in written} == written


def test_php_sdk_product_links(http: httpx.Client, local: LocalServers) -> None:
    """`getPayLink` and `getPayUrl` are made of the product's id."""
    product = {"name": "Tea", "description": "Tea", "amount": 500, "currency": "EUR",
               "infinite": True, "immortal": True, "language": "en"}  # fmt: skip
    made = http.post("/products", json=product).json()
    with httpx.Client(base_url=local.checkout, trust_env=False) as browser:
        for link in (f"/v2/confirm_order/{made['id']}/{SHOP}", f"/products/{made['id']}/pay"):
            answer = browser.get(link)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/product/{made['id']}",
            )
            assert "Tea" in browser.get(answer.headers["location"]).text


def test_flutter_sdk(http: httpx.Client, local: LocalServers) -> None:
    """By the bare public key it makes a payment, by its token it pays, by nothing it reads."""
    with httpx.Client(base_url=local.checkout, trust_env=False, timeout=30) as phone:
        key = {"Authorization": local.keys.public_key}
        body = php_sdk()["checkout"]
        asked = {"transaction_type": "payment", "order": dict(body["order"], additional_data=None)}
        made = phone.post("/ctp/api/checkouts/", json={"checkout": asked}, headers=key)
        token = made.json()["checkout"]["token"]
        card = {"number": "4200000000000000", "exp_date": "12/39", "holder": "ANNA LEE",
                "verification_value": "123", "save_card": False}  # fmt: skip
        request = {"token": token, "payment_method": "credit_card", "credit_card": card}
        said = phone.post(
            "/ctp/api/payments/", json={"request": request}, headers={"Authorization": token}
        )
        assert said.json()["response"]["credit_card"]["brand"] == "visa"
        status = phone.get(f"/ctp/api/checkouts/{token}").json()["checkout"]
        assert status["status"] == "successful"
        assert status["company"]["name"]


# --- Errors ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def refusals(http: httpx.Client) -> list[Json]:
    wrong = php_sdk(order={"amount": 0, "description": ""})
    answers = [
        http.post("/ctp/api/checkouts", json=wrong),
        http.post("/ctp/api/checkouts", json=php_sdk(), auth=(SHOP, "wrong")),
        http.get(f"/ctp/api/checkouts/{'0' * 64}"),
        http.get("/transactions/nobody"),
    ]
    assert [answer.status_code for answer in answers] == [422, 401, 404, 404]
    return [answer.json() for answer in answers]


@pytest.mark.parametrize(
    "path",
    ["message", "response.message", "response.status", "response.errors", "errors"],
    ids=["PHP SDK", "OpenCart and older", "Android", "Ruby", "bepaid and PHP SDK"],
)
def test_errors_have(refusals: list[Json], path: str) -> None:
    for refusal in refusals:
        found: Any = refusal
        for name in path.split("."):
            found = found[name]
        assert found or path.endswith("errors")
        if path == "response.status":
            assert found == "error"


def test_errors_by_field_are_lists_or_objects(refusals: list[Json]) -> None:
    """PHP iterates over them, Ruby opens them attribute by attribute."""
    errors = refusals[0]["response"]["errors"]
    assert set(errors["order"]) == {"amount", "description"}
    assert all(isinstance(reasons, list) for reasons in errors["order"].values())


# --- Notifications -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def webhooks(
    http: httpx.Client, app: httpx.Client, receiver: WebhookServer
) -> dict[str, tuple[dict[str, str], bytes, Json]]:
    """By status: (headers, body, transaction)."""
    found = {}
    for status, number in (("successful", "4200000000000000"), ("failed", DECLINED)):
        name = f"plugins-{status}"
        contract = {"additional_data": {"contract": ["recurring", "card_on_file"]}}
        order = {"tracking_id": "7|42"} | (contract if status == "successful" else {})
        settings = {"notification_url": f"{receiver.url}/{name}"}
        made = create(http, order=order, settings=settings)["checkout"]
        assert pay(app, made["token"], number) == status
        headers, body = receiver.webhook(name)
        found[status] = (headers, body, httpx.Response(200, content=body).json()["transaction"])
    return found


def test_php_sdk_webhook_is_authorized(webhooks: Any, local: LocalServers) -> None:
    """The key comes in lines or in one, without a PEM header, as people paste it."""
    headers, body, _ = webhooks["successful"]
    for pasted in (local.keys.public_key, "\r\n".join(textwrap.wrap(local.keys.public_key, 76))):
        plain = "\n".join(textwrap.wrap(pasted.replace("\r\n", "").replace("\n", ""), 64))
        pem = f"-----BEGIN PUBLIC KEY-----\n{plain}\n-----END PUBLIC KEY-----"
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, RSAPublicKey)
        key.verify(base64.b64decode(headers["content-signature"]), body, PKCS1v15(), SHA256())


def test_php_sdk_webhook_basic(webhooks: Any, local: LocalServers) -> None:
    """`explode(':', ...)` into exactly two."""
    headers, _, _ = webhooks["successful"]
    scheme, _, encoded = headers["authorization"].partition(" ")
    assert scheme.lower() == "basic"
    assert base64.b64decode(encoded).decode().split(":") == [SHOP, local.keys.secret_key]


READ: dict[str, tuple[str, Any]] = {
    "uid": ("PHP SDK getUid, Magento's transaction id", re.compile(r"[0-9a-f-]{36}")),
    "tracking_id": ("PHP SDK; WHMCS splits it at a bar", "7|42"),
    "type": ("WooCommerce, EDD, Magento, PrestaShop", "payment"),
    "amount": ("WooCommerce, EDD, Magento, PrestaShop compare it", 1999),
    "currency": ("WooCommerce, EDD, Magento, PrestaShop compare it", "EUR"),
    "payment_method_type": ("PHP SDK getPaymentMethod", "credit_card"),
    "language": ("WooCommerce, for later charges", "en"),
    "test": ("PHP SDK isTest", False),
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("status", ["successful", "failed"])
def test_transaction_has(webhooks: Any, status: str, name: str) -> None:
    wanted = READ[name][1]
    found = webhooks[status][2][name]
    if isinstance(wanted, re.Pattern):
        assert wanted.fullmatch(found)
    else:
        assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize("status", ["successful", "failed"])
def test_transaction_status_and_message(webhooks: Any, status: str) -> None:
    """OpenCart, and the PHP SDK's isSuccess, isFailed, getMessage."""
    transaction = webhooks[status][2]
    assert transaction["status"] == status
    assert isinstance(transaction["message"], str)
    assert transaction[transaction["type"]]["status"] == status  # Ruby's section


def test_transaction_of_its_method_has_token(webhooks: Any) -> None:
    """WooCommerce and EDD save `transaction[payment_method_type].token` with these beside."""
    transaction = webhooks["successful"][2]
    card = transaction[transaction["payment_method_type"]]
    assert card["token"]
    assert (card["brand"], card["last_4"], card["first_1"]) == ("visa", "0000", "4")
    assert {"exp_month", "exp_year", "holder"} <= set(card)


def test_transaction_has_no_parent(webhooks: Any) -> None:
    """Magento takes a `parent_uid` for the payment that this one belongs to."""
    assert "parent_uid" not in webhooks["successful"][2]


@pytest.mark.parametrize("status", ["successful", "failed"])
def test_transaction_three_d_secure_verification(webhooks: Any, status: str) -> None:
    """OpenCart, VirtueMart and Bitrix open `pa_status` wherever it is set, Shop-Script without a
    look: PHP 8 ends where the object is missing, and warns where the field is."""
    said = webhooks[status][2]["three_d_secure_verification"]
    assert said == dict.fromkeys(("status", "message", "ve_status", "pa_status", "eci"))


def test_transaction_erip_account_number(
    http: httpx.Client, local: LocalServers, receiver: WebhookServer
) -> None:
    """WHMCS finds an order without tracking id by it."""
    erip = {"account_number": "1007", "order_id": 7, "service_no": "99999999",
            "service_info": ["Order 7"]}  # fmt: skip
    made = create(
        http,
        order={"tracking_id": None},
        settings={"notification_url": f"{receiver.url}/plugins-erip"},
        payment_method={"types": ["erip"], "erip": erip},
    )["checkout"]
    with httpx.Client(
        base_url=local.checkout,
        headers={"Authorization": f"Bearer {local.keys.public_key}"},
        trust_env=False,
    ) as app:
        request = {"token": made["token"], "payment_method": "erip"}
        said = app.post("/ctp/api/payments", json={"request": request}).json()["response"]
    assert said["status"] == "incomplete"
    transaction = http.get(f"/transactions/{said['uid']}").json()["transaction"]
    assert transaction["erip"]["account_number"] == "1007"
    assert (transaction["payment_method_type"], transaction["tracking_id"]) == ("erip", None)
    assert transaction["credit_card"] is None
