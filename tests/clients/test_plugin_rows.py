"""Each plugin of `plugin_rows`, played over HTTP: it creates, its customer pays on the page and
comes back, its notification is verified and read as the plugin does; then what it does next."""

from __future__ import annotations

import asyncio
import base64
import json
import textwrap
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from checkout.drill.customer import Customer
from checkout.local_servers import EXAMPLE_SHOP, SHOP, LocalServers
from tests.clients.plugin_rows import PLUGINS, SDK_HEADERS, Json, Plugin, Then
from tests.support.http_server import WebhookServer
from tests.support.polling import wait_until

CARD: Final = "4200000000000000"


class Sold:
    """An order of the plugin that was paid: what the plugin keeps of it."""

    def __init__(self, plugin: Plugin, name: str, token: str, said: Json) -> None:
        self.plugin, self.name, self.token, self.said = plugin, name, token, said
        self.parent = said["uid"]  # of the next capture, void or refund


def filled(value: Any, url: str, notify: str) -> Any:
    """`$URL` and `$NOTIFY` replaced wherever they stand."""
    if isinstance(value, dict):
        return {key: filled(each, url, notify) for key, each in value.items()}
    if isinstance(value, str):
        return value.replace("$URL", url).replace("$NOTIFY", notify)
    return value


def at(said: Json, path: str) -> Any:
    """What stands at `a.b.c`; as in PHP, reading on from nothing is an error."""
    found: Any = said
    for name in path.split("."):
        found = found[name]
    return found


def matches(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, type):
        return isinstance(found, wanted)
    if hasattr(wanted, "fullmatch"):
        return isinstance(found, str) and wanted.fullmatch(found) is not None
    return bool(found == wanted) and type(found) is type(wanted)


def verified(plugin: Plugin, headers: dict[str, str], body: bytes, local: LocalServers) -> None:
    """As the plugin does it: by the key that a person pasted in lines, or by HTTP Basic."""
    if plugin.proof == "basic":
        given = base64.b64decode(headers["authorization"][6:]).decode()
        assert given.split(":") == [SHOP, local.keys.secret_key]
        return
    pasted = "\n".join(textwrap.wrap(local.keys.public_key, 64))
    pem = f"-----BEGIN PUBLIC KEY-----\n{pasted}\n-----END PUBLIC KEY-----"
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(headers["content-signature"]), body, PKCS1v15(), SHA256())


class Arrival(NamedTuple):
    """How the shop's page sends the customer to the payment's: a link to `redirect_url` (no path)
    or to an address that it makes itself, or a form of its own that it posts there, with the token
    or with fields that mean nothing here."""

    path: str | None = None
    fields: tuple[str, ...] = ()


ARRIVALS: Final[dict[str, Arrival]] = {
    "link": Arrival(),
    "link to /v2/checkout": Arrival("/v2/checkout?token=$TOKEN"),
    # Without the query, which the plugin cuts off.
    "form": Arrival("/widget/hpp.html", ("token", "order_id")),
    "whole form": Arrival("/widget/hpp.html?token=$TOKEN", ("form_build_id", "op")),
    "form to /checkout": Arrival("/checkout", ("token",)),
}


async def arrive(browser: httpx.AsyncClient, arrival: Arrival, made: Json) -> str:
    """An address that leads to the payment page."""
    whole: str = made["redirect_url"]
    if arrival.path is None:
        return whole
    address = urljoin(whole, arrival.path.replace("$TOKEN", made["token"]))
    if not arrival.fields:
        return address
    form = dict.fromkeys(arrival.fields, "7") | (
        {"token": made["token"]} if "token" in arrival.fields else {}
    )
    headers = {"Origin": EXAMPLE_SHOP, "Sec-Fetch-Site": "cross-site"}
    answer = await browser.post(address, data=form, headers=headers)
    assert answer.status_code == 303, answer.text
    return urljoin(whole, answer.headers["location"])


async def buy(local: LocalServers, plugin: Plugin, made: Json) -> str:
    """Where the result page leads the customer who has paid."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        customer = Customer(browser, local.checkout)
        await customer.open_payment(await arrive(browser, ARRIVALS[plugin.arrives], made))
        await customer.pay(CARD)
        return await customer.return_address()


def came_back(back: str, wanted: str, token: str) -> Json:
    """What the return address says; the shop's own query stays."""
    shown, *_ = back.split("token=" + token)
    assert shown[:-1] == wanted
    query: Json = dict(parse_qsl(urlsplit(back).query))
    assert (query["token"], query["status"]) == (token, "successful")
    return query


@pytest.fixture(scope="module", params=PLUGINS, ids=lambda plugin: plugin.name)
def sold(
    request: pytest.FixtureRequest,
    http: httpx.Client,
    local: LocalServers,
    receiver: WebhookServer,
) -> Sold:
    plugin: Plugin = request.param
    name = f"row-{PLUGINS.index(plugin)}"
    body = filled(plugin.checkout, EXAMPLE_SHOP, f"{receiver.url}/{name}")
    # As PHP encodes it: no float loses a digit, slashes and letters beyond ASCII are escaped.
    content = json.dumps({"checkout": body} | plugin.beside).replace("/", "\\/")
    made = http.post(plugin.path, content=content, headers=dict(plugin.headers))
    assert made.status_code == 201, made.text
    assert list(made.json()) == ["checkout"]
    token = made.json()["checkout"]["token"]
    back = asyncio.run(buy(local, plugin, made.json()["checkout"]))
    headers, raw = receiver.webhook(told(receiver, name))
    verified(plugin, headers, raw, local)
    said = json.loads(raw)["transaction"]
    if plugin.returns is None:
        assert back == local.shop
    else:
        assert came_back(back, body["settings"][plugin.returns], token)["uid"] == said["uid"]
    return Sold(plugin, name, token, said)


def told(receiver: WebhookServer, name: str) -> str:
    """The address of the first notification: some plugins have a query of their own in it."""
    wait_until(lambda: any(each.startswith(name) for each in list(receiver.webhooks)))
    return next(each for each in receiver.webhooks if each.split("?")[0] == name)


def test_what_it_reads(sold: Sold) -> None:
    wrong = {
        path: (at(sold.said, path), wanted)
        for path, wanted in sold.plugin.reads.items()
        if not matches(at(sold.said, path), wanted)
    }
    assert wrong == {}


def test_what_it_does_next(sold: Sold, http: httpx.Client, receiver: WebhookServer) -> None:
    for step in sold.plugin.then:
        STEPS[step.what](sold, step, http, receiver)


def operate(sold: Sold, step: Then, http: httpx.Client, receiver: WebhookServer) -> None:
    """By the SDK: the parent's uid and the amount. The answer and the notification are the
    operation's own; a refund names the capture where there was one."""
    request: Json = {"parent_uid": sold.parent, "amount": step.amount}
    if step.what == "refund":
        request["reason"] = "Refunded from the shop"
    answer = http.post(
        f"/transactions/{step.what}s", json={"request": request}, headers=SDK_HEADERS
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()["transaction"]
    assert (done["type"], done["status"], done["amount"]) == (
        step.what,
        "successful",
        step.amount,
    )
    assert (done["parent_uid"], done["payment_method_type"]) == (sold.parent, "credit_card")
    assert done["uid"] != sold.said["uid"]
    assert isinstance(done["message"], str)
    assert isinstance(done["three_d_secure_verification"], dict)
    assert done["credit_card"]["last_4"] == "0000"
    wait_until(lambda: done["uid"] in uids(receiver, sold.name))
    if step.what == "capture":
        sold.parent = done["uid"]


def uids(receiver: WebhookServer, name: str) -> set[str]:
    """Of the transactions that the plugin was told of."""
    return {
        json.loads(body)["transaction"]["uid"]
        for address, webhooks in list(receiver.webhooks.items())
        if address.split("?")[0] == name
        for _, body in webhooks
    }


def renew(sold: Sold, step: Then, http: httpx.Client, receiver: WebhookServer) -> None:
    """The SDK's payment or authorization by the card's token: every field is there, most are
    null."""
    kind = sold.said["type"]
    nothing = dict.fromkeys(("meta", "fiscalization", "platform_data", "integration_data"))
    request = {
        "amount": step.amount,
        "currency": "EUR",
        "description": "Order # renewal",
        "tracking_id": f"{sold.name}-{step.amount}",
        "notification_url": f"{receiver.url}/{sold.name}",
        "return_url": None,
        "language": "en",
        "test": False,
        "duplicate_check": True,
        "customer": {"ip": None, "email": "anna@example.com", "birth_date": None},
        "billing_address": {
            "first_name": "Anna", "last_name": "Lee", "country": "DE", "city": "Berlin",
            "state": None, "zip": "10115", "address": "Example street 1", "phone": None,
        },
        "additional_data": {"receipt_text": [], "contract": []} | nothing,
        "credit_card": {
            "token": sold.said["credit_card"]["token"], "skip_three_d_secure_verification": False,
        },
    }  # fmt: skip
    charged(
        http.post(f"/transactions/{kind}s", json={"request": request}, headers=SDK_HEADERS), kind
    )


def charge(sold: Sold, step: Then, http: httpx.Client, receiver: WebhookServer) -> None:
    """By the gateway's unified request, as who keeps the token alone does it."""
    request = {
        "amount": step.amount,
        "currency": "EUR",
        "description": "Recurrent payment 318",
        "tracking_id": f"{sold.name}-{step.amount}",
        "credit_card": {"token": sold.said["credit_card"]["token"]},
        "additional_data": {"contract": ["recurring"]},
        "notification_url": f"{receiver.url}/{sold.name}",
    }
    answer = http.post(
        "/services/credit_cards/charges", json={"request": request}, headers=SDK_HEADERS
    )
    charged(answer, "charge")


def charged(answer: httpx.Response, kind: str) -> None:
    assert answer.status_code in (200, 201), answer.text
    done = answer.json()["transaction"]
    assert (done["type"], done["status"]) == (kind, "successful")
    assert isinstance(done["uid"], str)


def status(sold: Sold, step: Then, http: httpx.Client, _: WebhookServer) -> None:
    """As Bitrix, miniShop2 and OpenCart look again: by the token that they kept."""
    said = http.get(f"/ctp/api/checkouts/{sold.token}", headers=SDK_HEADERS).json()["checkout"]
    assert (said["status"], said["finished"], said["shop_id"]) == ("successful", True, int(SHOP))
    assert said["order"]["tracking_id"] == sold.said["tracking_id"]
    assert said["gateway_response"][said["transaction_type"]]["uid"] == sold.said["uid"]


def by_uid(sold: Sold, step: Then, http: httpx.Client, _: WebhookServer) -> None:
    said = http.get(f"/transactions/{sold.said['uid']}", headers=SDK_HEADERS).json()["transaction"]
    assert (said["uid"], said["status"]) == (sold.said["uid"], "successful")


def by_tracking_id(sold: Sold, step: Then, http: httpx.Client, _: WebhookServer) -> None:
    number = quote(sold.said["tracking_id"], safe="")
    found = http.get(f"/v2/transactions/tracking_id/{number}", headers=SDK_HEADERS).json()
    assert sold.said["uid"] in [each["uid"] for each in found["transactions"]]
    assert found["transactions"][0]["status"] == "successful"


STEPS: Final = {
    "capture": operate,
    "void": operate,
    "refund": operate,
    "renewal": renew,
    "charge": charge,
    "status": status,
    "uid": by_uid,
    "tracking": by_tracking_id,
}
