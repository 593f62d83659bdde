"""The shop's API, as Overpay's shop plugins speak it."""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import Any

import httpx
import pytest

from checkout.model.order import MONEY_OUT
from checkout.web.api.merchant_initiated import KINDS
from tests.web.conftest import Opened
from tests.web.server import CARD, DECLINED, PAID, Customer, Server, ordered, raw
from tests.web.settings import PUBLIC

CHECKOUTS = "/ctp/api/checkouts"
SHOP: dict[str, list[str]] = {"shop": []}
APP: dict[str, list[str]] = {"app": []}


async def post(server: Server, body: Any, shop: str = "361", **headers: str) -> httpx.Response:
    raw_body = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with server.customer() as http:
        return await http.post(
            CHECKOUTS,
            content=raw_body,
            headers={"Content-Type": "application/json"} | server.basic(shop) | headers,
        )


def both(answer: httpx.Response) -> dict[str, Any]:
    """The error's body, once it has said the same in both of the family's shapes."""
    assert answer.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = answer.json()
    older = body["response"]
    assert older == {"status": "error", "message": body["message"], "errors": body["errors"]}
    return body


# --- Creating ----------------------------------------------------------------------------------


async def test_create(server: Server) -> None:
    answer = await post(server, {"checkout": ordered()})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    (checkout,) = answer.json().values()
    assert set(checkout) == {"token", "redirect_url"}
    assert re.fullmatch("[0-9a-f]{64}", checkout["token"])
    assert checkout["redirect_url"] == f"{PUBLIC}/widget/hpp.html?token={checkout['token']}"


@pytest.mark.parametrize("version", ["2", "2.1", "3", "1", "", "what?"])
async def test_any_version_is_welcome(server: Server, version: str) -> None:
    answer = await post(server, {"checkout": ordered(version=2.1)}, **{"X-API-Version": version})
    assert answer.status_code == 201


async def test_a_slash_at_the_end(server: Server, customer: Customer) -> None:
    made = await customer.post(
        f"{CHECKOUTS}/", json={"checkout": ordered()}, headers=server.basic()
    )
    assert made.status_code == 201
    token = made.json()["checkout"]["token"]
    read = await customer.get(f"{CHECKOUTS}/{token}/", headers=server.basic())
    assert read.json()["checkout"]["token"] == token


async def test_what_plugins_really_send(server: Server, customer: Customer) -> None:
    """Nulls everywhere, [] for objects, digit strings, "" for what is left out, unknown fields."""
    body: dict[str, Any] = {
        "checkout": {
            "version": 2.1,
            "test": "true",
            "transaction_type": "payment",
            "attempts": "3",
            "iframe": None,
            "dynamic_billing_descriptor": None,
            "order": {
                "amount": "1999",
                "currency": "EUR",
                "description": "Two tickets",
                "tracking_id": 7,
                "expired_at": None,
                "additional_data": [],
                "who_knows": {"what": ["this", None, 1.5]},
            },
            "settings": {
                "return_url": None,
                "success_url": "",
                "notification_url": None,
                "auto_return": "5",
                "button_text": "",
                "language": "",
                "customer_fields": [],
                "credit_card_fields": {"holder": None, "read_only": []},
                "save_card_toggle": [],
                "style": {"widget": {"backgroundColor": None}},
            },
            "customer": [],
            "payment_method": [],
            "travel": None,
        },
        "other": None,
    }
    answer = await post(server, body)
    assert answer.status_code == 201, answer.text
    token = answer.json()["checkout"]["token"]
    read = (await customer.get(f"{CHECKOUTS}/{token}", headers=server.basic())).json()["checkout"]
    assert read["order"]["amount"] == 1999
    assert read["order"]["tracking_id"] == "7"
    assert read["test"] is True
    assert read["attempts"] == 3


@pytest.mark.parametrize("empty", [None, []], ids=["null", "[]"])
async def test_empty_sections(server: Server, empty: Any) -> None:
    sections = dict.fromkeys(("settings", "customer", "payment_method"), empty)
    answer = await post(server, {"checkout": ordered() | sections})
    assert answer.status_code == 201


# --- What is wrong -----------------------------------------------------------------------------


async def test_every_wrong_field_is_named_at_once(server: Server) -> None:
    body = ordered(
        transaction_type="gift",
        attempts=0,
        order={"amount": 0, "currency": "EURO", "description": " ", "expired_at": "tomorrow"},
        settings={"return_url": "javascript:alert(1)", "auto_return": "soon"},
        payment_method={"types": "credit_card"},
    )
    answer = await post(server, {"checkout": body})
    assert answer.status_code == 422
    said = both(answer)
    errors = said["errors"]
    assert set(errors) == {
        "transaction_type", "attempts", "order", "settings", "payment_method"
    }  # fmt: skip
    assert set(errors["order"]) == {"amount", "currency", "description", "expired_at"}
    assert set(errors["settings"]) == {"return_url", "auto_return"}
    assert errors["order"]["amount"] == [
        "must be more than 0: only an authorization or a tokenization can be of 0"
    ]
    assert errors["order"]["description"] == ["is required"]
    assert errors["payment_method"]["types"] == ["must be a list"]
    for name in ("order.amount", "order.currency", "settings.return_url"):
        assert name in said["message"]


async def test_what_is_missing_is_named(server: Server) -> None:
    errors = both(await post(server, {"checkout": {}}))["errors"]
    required = ["is required"]
    assert errors == {
        "order": {"amount": required, "currency": required, "description": required},
        "transaction_type": required,
    }
    assert both(await post(server, {}))["errors"]["checkout"] == required
    assert both(await post(server, {"checkout": "x"}))["errors"]


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", "[1]"])
async def test_json_that_is_no_object(server: Server, body: str) -> None:
    answer = await post(server, body.encode())
    assert answer.status_code == 422
    both(answer)


@pytest.mark.parametrize(
    "amount",
    ["1e3", 10.5, "10.5", 1998.999, "+10", "-10", -10, 0, "0", True, "١٠", "0x10", "", [10],
     {"a": 1}, 10**30, "1_000", "1,000"],
    ids=repr,
)  # fmt: skip
async def test_money_is_strict(server: Server, amount: Any) -> None:
    answer = await post(server, {"checkout": ordered(order={"amount": amount})})
    assert answer.status_code == 422
    assert set(both(answer)["errors"]["order"]) == {"amount"}


async def test_money_in_odd_json(server: Server) -> None:
    """Numbers that only look like integers once a parser has touched them."""
    body = json.dumps({"checkout": ordered(order={"amount": 77777})}).encode()
    for amount in (b"-0", b"1e-3", b"1e17", b"100000000000000000000000"):
        answer = await post(server, body.replace(b"77777", amount))
        assert answer.status_code == 422, amount
    for amount, kept in {b"1e3": 1000, b"1.0": 1, b"1998.9999999999998": 1999}.items():
        made = (await post(server, body.replace(b"77777", amount))).json()["checkout"]
        async with server.customer() as http:
            read = await http.get(f"{CHECKOUTS}/{made['token']}", headers=server.basic())
        assert f'"amount":{kept},'.encode() in read.content, "an integer again"
    answer = await post(server, body.replace(b"77777", b"NaN"))
    assert answer.status_code == 400
    answer = await post(server, body.replace(b"77777", b"007"))
    assert answer.status_code == 400


async def test_a_currency_without_money(server: Server) -> None:
    for currency in ("XXX", "XAU", "EUr", "", "EUR ", 978):
        answer = await post(server, {"checkout": ordered(order={"currency": currency})})
        assert answer.status_code == 422, currency


@pytest.mark.parametrize(
    "url",
    ["http://shop.example.com", "javascript:alert(1)", "data:text/html,x", "//shop.example.com",
     "https://user:pass@shop.example.com", "https://shop.example.com/\n/", "ftp://shop.example.com",
     "https://", "shop.example.com", "myshop://paid", "https:\\\\shop.example.com"],
    ids=repr,
)  # fmt: skip
async def test_addresses_of_shops(server: Server, url: str) -> None:
    names = ("return_url", "success_url", "decline_url", "fail_url", "cancel_url")
    answer = await post(server, {"checkout": ordered(settings=dict.fromkeys(names, url))})
    assert answer.status_code == 422
    assert set(both(answer)["errors"]["settings"]) == set(names)


async def test_addresses_off_the_shops_own_sites(server: Server) -> None:
    body = ordered(settings={"return_url": "https://elsewhere.example.com/"})
    errors = both(await post(server, {"checkout": body}, "framing"))["errors"]
    assert set(errors["settings"]) == {"return_url"}
    for fine in ("https://framing.example.com/thanks?x=1#y", "framing://paid"):
        answer = await post(server, {"checkout": ordered(settings={"return_url": fine})}, "framing")
        assert answer.status_code == 201, answer.text


async def test_a_shop_that_lists_no_site_sends_customers_to_its_own(server: Server) -> None:
    """It has `url` alone. A link to any https site would be a redirect for whoever makes links."""
    for name in ("return_url", "success_url", "decline_url", "fail_url", "cancel_url",
                 "client_callback_url"):  # fmt: skip
        for foreign in (
            "https://evil.example/",
            "https://shop.example.com.evil.example/",
            "https://shop.example.com:8443/",
            "https://sub.shop.example.com/",
        ):
            answer = await post(server, {"checkout": ordered(settings={name: foreign})})
            assert answer.status_code == 422, (name, foreign)
            (reason,) = both(answer)["errors"]["settings"][name]
            assert "return_origins (https://shop.example.com)" in reason
        own = ordered(settings={name: "https://shop.example.com/thanks"})
        assert (await post(server, {"checkout": own})).status_code == 201


async def test_ports_that_shops_are_not_called_at(server: Server) -> None:
    for name in ("notification_url", "verification_url"):
        for port in (22, 25, 80, 6379, 8443):
            body = ordered(settings={name: f"https://shop.example.com:{port}/"})
            answer = await post(server, {"checkout": body})
            assert answer.status_code == 422
            assert both(answer)["errors"]["settings"] == {name: ["must be at port 443"]}
        for fine in ("https://shop.example.com:443/x", "http://127.0.0.1:8009/x"):
            answer = await post(server, {"checkout": ordered(settings={name: fine})})
            assert answer.status_code == 201, "on loopback, in the sandbox, any"


async def test_no_method_can_take_it(server: Server) -> None:
    body = ordered(payment_method={"types": ["erip"]}, transaction_type="authorization")
    answer = await post(server, {"checkout": body})
    assert answer.status_code == 422
    assert "payment_method" in both(answer)["errors"]


async def test_a_time_that_is_over(server: Server) -> None:
    body = ordered(order={"expired_at": "2020-01-01T00:00:00+00:00"})
    errors = both(await post(server, {"checkout": body}))["errors"]
    assert errors == {"order": {"expired_at": ["must be in the future"]}}


# --- What can't be read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"checkout=1", b'{"checkout": \xff\xfe}', b'{"checkout": "\xc3\x28"}', b"\x00",
     b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 60_000, b'{"checkout": NaN}', b"\xef\xbb\xbf{",
     b'{"checkout": "\\ud800"', b"{}{}"],
    ids=["empty", "cut", "form", "no-utf8", "bad-utf8", "nul", "deep", "very-deep", "nan", "bom",
         "cut-surrogate", "two"],
)  # fmt: skip
async def test_what_is_no_json(server: Server, body: bytes) -> None:
    answer = await post(server, body)
    assert answer.status_code == 400
    both(answer)


async def test_half_a_surrogate_pair(server: Server) -> None:
    """JSON may spell what no text can hold."""
    raw_body = json.dumps({"checkout": ordered(order={"description": "\ud800"})}).encode()
    assert b"\\ud800" in raw_body
    answer = await post(server, raw_body)
    assert answer.status_code in (400, 422)
    both(answer)


async def test_ten_megabytes(server: Server) -> None:
    answer = await post(server, b'{"checkout": "' + b"x" * 10_000_000 + b'"}')
    assert answer.status_code == 413
    both(answer)


async def test_a_large_body_of_unknown_length(server: Server) -> None:
    async def drops() -> Any:
        for _ in range(80):
            yield b" " * 1024

    async with server.customer() as http:
        answer = await http.post(CHECKOUTS, content=drops(), headers=server.basic())
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    both(answer)


@pytest.mark.parametrize("length", [b"-1", b"x", b"\xb2", b"1_0", b""], ids=repr)
async def test_a_length_that_is_no_number(server: Server, length: bytes) -> None:
    """A server in front refuses them; if it does not, nothing breaks."""
    headers = [(b"authorization", server.basic()["Authorization"].encode())]
    answer = await raw(
        server.app, "POST", CHECKOUTS, headers=[*headers, (b"content-length", length)], body=b"{}"
    )
    assert 400 <= answer.status < 500


# --- Who asks ----------------------------------------------------------------------------------


def credentials(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "given",
    [None, "", "Basic", "Basic ", "Basic !!!!", "Bearer x", credentials(b":"),
     credentials(b"361"), credentials(b"361:"), credentials(b"361:wrong"), credentials(b":361"),
     credentials(b"nobody:x"), credentials(b"\xff\xfe:\xff"), "Basic MzYxOg", "Basic MzYx Og=="],
    ids=repr,
)  # fmt: skip
async def test_strangers_are_refused(server: Server, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    async with server.customer() as http:
        for answer in (
            await http.post(CHECKOUTS, json={"checkout": ordered()}, headers=headers),
            await http.get(f"{CHECKOUTS}/{'0' * 64}", headers=headers),
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith('Basic realm="')
            assert both(answer)["message"] == "Access denied"


@pytest.mark.parametrize("given", [b"Basic \xe9\xff", b"Basic \xc3\xa9", b"\xff"], ids=repr)
async def test_credentials_beyond_ascii(server: Server, given: bytes) -> None:
    answer = await raw(
        server.app, "GET", f"{CHECKOUTS}/{'0' * 64}", headers=[(b"authorization", given)]
    )
    assert answer.status == 401


async def test_strangers_learn_nothing_of_the_body(server: Server) -> None:
    async with server.customer() as http:
        for body in (b"{", b"x" * 70_000, json.dumps({"checkout": {}}).encode()):
            answer = await http.post(CHECKOUTS, content=body, headers={"Authorization": "Basic x"})
            assert answer.status_code == 401


async def test_the_scheme_is_written_in_any_case(server: Server) -> None:
    given = server.basic()["Authorization"].replace("Basic", "bASIC")
    answer = await post(server, {"checkout": ordered()}, Authorization=given)
    assert answer.status_code == 201


async def test_unknown_tokens_and_those_of_others_look_the_same(server: Server) -> None:
    made = await server.create(shop="framing", settings={"return_url": None})
    found = []
    async with server.customer() as http:
        for token in ("0" * 64, made.token, "x", "%00", "%ff", made.token.upper(), made.token[:-1]):
            answer = await http.get(f"{CHECKOUTS}/{token}", headers=server.basic())
            assert answer.status_code == 404
            assert both(answer)["message"] == "Record not found"
            found.append(answer.content)
    assert len(set(found)) == 1
    assert (await made.told())["token"] == made.token


# --- The same once more ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Idempotency-Key", "RequestID", "idempotency-key", "REQUESTID"])
async def test_a_repeated_key(server: Server, name: str) -> None:
    key, body = {name: secrets.token_hex(16)}, {"checkout": ordered()}
    first, second = await post(server, body, **key), await post(server, body, **key)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()

    other = await post(server, {"checkout": ordered(order={"amount": 2000})}, **key)
    assert other.status_code == 422
    assert "Idempotency-Key" in both(other)["errors"]
    assert (await post(server, body, **key)).json() == first.json()


@pytest.mark.parametrize("name", ["Idempotency-Key", "RequestID"])
async def test_long_keys_are_as_good(server: Server, name: str) -> None:
    """What differs behind the column's length is another key."""
    same, body = secrets.token_hex(150), {"checkout": ordered()}
    first, again, other, short = [
        (await post(server, body, **{name: key})).json()
        for key in (same + "1", same + "1", same + "2", same[:255])
    ]
    assert first == again
    assert len({each["checkout"]["token"] for each in (first, other, short)}) == 3


async def test_keys_are_a_shops_own(server: Server) -> None:
    key, body = (
        {"RequestID": secrets.token_hex(16)},
        {"checkout": ordered(settings={"return_url": None})},
    )
    first, second = await post(server, body, **key), await post(server, body, "framing", **key)
    assert second.status_code == 201
    assert first.json() != second.json()


async def test_without_a_key_each_call_is_another_payment(server: Server) -> None:
    body = {"checkout": ordered()}
    one, two, empty = (
        await post(server, body),
        await post(server, body),
        await post(server, body, **{"Idempotency-Key": ""}),
    )
    assert len({answer.json()["checkout"]["token"] for answer in (one, two, empty)}) == 3


async def test_a_wrong_body_uses_no_key_up(server: Server) -> None:
    key = {"Idempotency-Key": secrets.token_hex(16)}
    assert (await post(server, {"checkout": {}}, **key)).status_code == 422
    assert (await post(server, {"checkout": ordered()}, **key)).status_code == 201


async def test_a_key_is_free_again_after_a_day(opened: Opened) -> None:
    async with opened() as server:
        key, body = {"Idempotency-Key": "k"}, {"checkout": ordered()}
        first = await post(server, body, **key)
        server.offset = 24 * 3600 - 60
        assert (await post(server, body, **key)).json() == first.json()
        server.offset = 24 * 3600 + 60
        later = await post(server, body, **key)
        assert later.status_code == 201
        assert later.json() != first.json()


# --- Reading -----------------------------------------------------------------------------------

SHAPE = {
    "token", "shop_id", "transaction_type", "gateway_response", "order", "settings", "customer",
    "finished", "expired", "shop", "test", "status", "message", "version", "payment_method",
}  # fmt: skip


async def test_before_an_attempt(server: Server) -> None:
    made = await server.create(
        customer={"email": "anna@example.com"}, payment_method={"types": ["credit_card"]}
    )
    checkout = await made.told()
    assert checkout.keys() >= SHAPE
    assert checkout["token"] == made.token
    assert checkout["shop_id"] == 361
    assert checkout["transaction_type"] == "payment"
    assert checkout["gateway_response"] is None
    assert (checkout["status"], checkout["finished"], checkout["expired"]) == (None, False, False)
    assert checkout["order"] | {"expired_at": ""} == {
        "amount": 1999, "currency": "EUR", "description": "Two tickets",
        "tracking_id": "order-7", "expired_at": "",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", checkout["order"]["expired_at"])
    assert checkout["settings"] == {"return_url": "https://shop.example.com/thanks?order=7"}
    assert checkout["customer"]["email"] == "anna@example.com"
    assert checkout["payment_method"] == {"types": ["credit_card"]}
    assert checkout["shop"]["name"] == "Demo shop"
    assert not any("secret" in name or "key" in name for name in checkout["shop"])


async def test_after_payment(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, PAID)
    checkout = await made.told()
    assert checkout.keys() >= SHAPE
    assert (checkout["status"], checkout["finished"], checkout["expired"]) == (
        "successful",
        True,
        False,
    )
    assert checkout["message"] == "Successfully processed"
    bank = checkout["gateway_response"]["payment"]
    assert bank["uid"] == made.uid
    assert bank["status"] == "successful"
    assert bank["amount"] == 1999
    assert bank["currency"] == "EUR"
    assert re.fullmatch(r"\d{6}", bank["auth_code"])
    assert re.fullmatch(r"\d{12}", bank["rrn"])


async def test_after_an_authorization(server: Server, customer: Customer) -> None:
    made = await server.create(transaction_type="authorization")
    await customer.pay(made, PAID)
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"]) == ("successful", True)
    assert set(checkout["gateway_response"]) == {"authorization"}


async def test_after_a_decline(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=2)
    await customer.pay(made, DECLINED)
    checkout = await made.told()
    assert checkout["status"] == "incomplete"  # the form is open again
    assert (checkout["finished"], checkout["expired"]) == (False, False)
    await customer.pay(made, DECLINED)
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"], checkout["expired"]) == (
        "failed",
        True,
        False,
    )
    assert checkout["gateway_response"]["payment"]["status"] == "failed"


async def test_while_nobody_knows(server: Server, customer: Customer) -> None:
    made = await server.create()
    server.line.broken.append(httpx.ReadTimeout("slow"))
    await customer.pay(made, PAID)
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"], checkout["message"]) == (
        "pending",
        False,
        "Waiting",
    )


async def test_after_its_time(opened: Opened) -> None:
    async with opened() as server:
        made = await server.create(order={"expired_at": "2100-01-01T00:00:00Z"})
        early = await server.create()
        server.offset = 24 * 3600 + 1  # a day, where the shop names no time
        checkout = await early.told()
        assert checkout.keys() >= SHAPE
        assert (checkout["status"], checkout["finished"], checkout["expired"]) == (
            "error",
            True,
            True,
        )
        assert checkout["message"] == "Token is expired."
        assert checkout["gateway_response"] is None
        assert (await made.told())["expired"] is False


async def test_after_cancelling(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("cancel"))
    assert answer.status_code == 303
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"]) == ("canceled", True)


async def test_nothing_of_a_card_is_told(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, "4111111111111111", code="987", holder="CANARY HOLDER")
    checkout = json.dumps(await made.told())
    assert "4111111111111111" not in checkout
    assert "987" not in json.dumps(json.loads(checkout)["gateway_response"]["payment"]["message"])
    assert CARD["code"] != "987"


# --- OpenAPI -----------------------------------------------------------------------------------


async def test_the_schema(server: Server, customer: Customer) -> None:
    answer = await customer.get("/schema")
    assert answer.status_code == 200
    assert "json" in answer.headers["content-type"]
    assert answer.content == (await customer.get("/schema/openapi.json")).content
    for other in ("swagger", "redoc", "elements", "rapidoc", "scalar", "openapi.yml", "x"):
        assert (await customer.get(f"/schema/{other}")).status_code == 404, other

    schema = answer.json()
    assert schema["openapi"].startswith("3.")
    assert {CHECKOUTS, f"{CHECKOUTS}/{{token}}"} <= set(schema["paths"])
    for path, operations in schema["paths"].items():
        for operation in operations.values():  # shops' alone, and said to be
            assert operation["security"] in ([SHOP], [APP], [SHOP, APP]), path
            assert operation["summary"]
    assert PUBLIC in [server["url"] for server in schema["servers"]]


def named(schema: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    """The component that is meant."""
    name = reference["$ref"].removeprefix("#/components/schemas/")
    found: dict[str, Any] = schema["components"]["schemas"][name]
    return found


async def test_the_schema_describes_the_api(server: Server, customer: Customer) -> None:
    schema = (await customer.get("/schema")).json()
    create = schema["paths"][CHECKOUTS]["post"]
    read = schema["paths"][f"{CHECKOUTS}/{{token}}"]["get"]

    for operation in (create, read):
        assert operation["security"] == [SHOP, APP]
        assert operation["summary"]
    assert schema["paths"]["/ctp/api/payments"]["post"]["security"] == [APP]
    assert schema["components"]["securitySchemes"]["app"]["scheme"] == "bearer"
    assert schema["components"]["securitySchemes"]["shop"] == {
        "type": "http",
        "scheme": "basic",
    } | {"description": schema["components"]["securitySchemes"]["shop"]["description"]}

    body = create["requestBody"]["content"]["application/json"]
    assert create["requestBody"]["required"] is True
    properties = named(schema, body["schema"]["properties"]["checkout"])["properties"]
    assert {"transaction_type", "attempts", "order", "settings", "customer"} <= set(properties)
    assert {"Idempotency-Key"} <= {each["name"] for each in create["parameters"]}
    assert {"201", "400", "401", "413", "422"} <= set(create["responses"])

    for path, kind in KINDS.items():
        charge = schema["paths"][path]["post"]
        asked = charge["requestBody"]["content"]["application/json"]["schema"]["properties"]
        fields = set(named(schema, asked["request"])["properties"])
        assert {"amount", "duplicate_check"} <= fields, path
        assert ("travel" in fields) is (kind not in MONEY_OUT)
        assert {"200", "422", "429"} <= set(charge["responses"])

    (token,) = [each for each in read["parameters"] if each["in"] == "path"]
    assert (token["name"], token["required"]) == ("token", True)
    assert {"200", "401", "404"} <= set(read["responses"])


async def test_the_examples_of_the_schema_work(server: Server, customer: Customer) -> None:
    schema = (await customer.get("/schema")).json()
    create = schema["paths"][CHECKOUTS]["post"]
    examples = create["requestBody"]["content"]["application/json"]["examples"]
    assert examples
    for example in examples.values():
        answer = await post(server, example["value"])
        assert answer.status_code == 201, answer.text
        shown = create["responses"]["201"]["content"]["application/json"]["examples"]
        for each in shown.values():
            assert each["value"]["checkout"].keys() == answer.json()["checkout"].keys()
    wrong = create["responses"]["422"]["content"]["application/json"]["examples"]
    for each in wrong.values():
        assert each["value"].keys() == {"message", "errors", "response"}
