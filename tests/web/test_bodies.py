"""What a body says that it is, and a member that it says twice."""

from __future__ import annotations

import ast
import gzip
import inspect
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any, Final

import pytest

import checkout.web
from checkout.app import HANDLERS
from tests.web.server import CARD, OURS, Customer, Server
from tests.web.test_app_payments import bearer

CHECKOUTS: Final = "/ctp/api/checkouts"
JSONS: Final = ("application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json")
SIMPLE: Final = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "")
ORDER: Final = b'"order":{"amount":1999,"currency":"EUR","description":"Two tickets"}'


def typed(kind: str, **headers: str) -> dict[str, str]:
    return headers | ({"Content-Type": kind} if kind else {})


async def create(customer: Customer, headers: dict[str, str], body: bytes | None = None) -> int:
    raw = b'{"checkout":{"transaction_type":"payment",%b}}' % ORDER if body is None else body
    answer = await customer.post(CHECKOUTS, content=raw, headers=headers)
    if answer.status_code >= 400:
        assert answer.json()["response"]["status"] == "error"
    return answer.status_code


async def test_json_is_read_as_json(server: Server, customer: Customer) -> None:
    basic = server.basic()["Authorization"]
    for kind in JSONS:
        assert await create(customer, typed(kind, Authorization=basic)) == 201, kind
    for kind in ("text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x",
                 "application/jsonp", "application/json, text/plain", "*/*", "json",
                 "application/+json", "a" * 60_000):  # fmt: skip
        assert await create(customer, typed(kind, Authorization=basic)) == 415, kind


async def test_a_shops_server_may_leave_the_type_to_its_http_client(
    server: Server, customer: Customer
) -> None:
    """cURL, and by it PHP, writes a form's type unless it is told another."""
    basic = server.basic()["Authorization"]
    for kind in ("", "application/x-www-form-urlencoded"):
        assert await create(customer, typed(kind, Authorization=basic)) == 201, kind


BODY: Final = b'{"checkout":{"transaction_type":"payment",%b}}' % ORDER
CYRILLIC: Final = BODY.replace(b"Two tickets", "Два билета".encode())


async def test_a_byte_order_mark(server: Server, customer: Customer) -> None:
    """What editors and some .NET clients write before JSON. It is no other request."""
    headers = typed("application/json", **server.basic(), RequestID="bom-1")
    found = [
        await customer.post(CHECKOUTS, content=body, headers=headers)
        for body in (BOM_UTF8 + BODY, BODY)
    ]
    assert [answer.status_code for answer in found] == [201, 201]
    assert found[0].json() == found[1].json()
    for body in (BOM_UTF8 * 2 + BODY, BODY + BOM_UTF8, BOM_UTF8):
        assert await create(customer, typed("application/json", **server.basic()), body) == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "x"])
async def test_nothing_compressed(server: Server, customer: Customer, encoding: str) -> None:
    squeezed = {"Content-Encoding": encoding}
    for body in (gzip.compress(BODY), BODY):
        headers = typed("application/json", **server.basic(), **squeezed)
        answer = await customer.post(CHECKOUTS, content=body, headers=headers)
        assert answer.status_code == 415
        assert answer.json()["message"] == "Send the body as it is, without Content-Encoding"
    page = await customer.open((made := await server.create()).path())
    form = page.form("pay")
    answer = await customer.submit(form, headers=squeezed, **CARD)
    assert answer.status_code == 415
    assert (await made.told())["status"] is None


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
async def test_what_is_not_compressed(server: Server, customer: Customer, encoding: str) -> None:
    headers = typed("application/json", **server.basic(), **{"Content-Encoding": encoding})
    assert await create(customer, headers) == 201


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", '"utf-8"', "utf_8", "windows-1251", "iso-8859-1", "", "us-ascii"]
)
async def test_utf_8_whatever_it_is_called(
    server: Server, customer: Customer, charset: str
) -> None:
    for place in (f"; charset={charset}", f";charset = {charset};x=1", f"; x=1; Charset={charset}"):
        headers = typed("application/json" + place, **server.basic())
        assert await create(customer, headers, CYRILLIC) == 201


async def test_another_charset(server: Server, customer: Customer) -> None:
    for charset, status in (("windows-1251", 415), ("cp1251", 415), ("utf-8", 400)):
        headers = typed(f"application/json; charset={charset}", **server.basic())
        body = CYRILLIC.decode().encode("windows-1251")
        answer = await customer.post(CHECKOUTS, content=body, headers=headers)
        assert answer.status_code == status
        assert ("UTF-8" in answer.json()["message"]) is (status == 415)


@pytest.mark.parametrize("kind", SIMPLE)
async def test_a_browser_may_not(server: Server, customer: Customer, kind: str) -> None:
    """What any page can make a browser send: with the shop's password, where somebody once typed
    it into that browser; the app's key alone is in nobody's browser, and asked the same."""
    basic = server.basic()["Authorization"]
    for mark in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                 {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}):  # fmt: skip
        # A page's secret is refused before its body, where pages may call by key (test_cors.py).
        status = 403 if "Origin" in mark else 415
        assert await create(customer, typed(kind, Authorization=basic, **mark)) == status
    assert await create(customer, typed(kind, **bearer(server))) == 415
    answer = await customer.post(
        "/ctp/api/payments", content=b"{}", headers=typed(kind, **bearer(server))
    )
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path",
    ["/products", "/invoices", "/transactions/refunds", "/transactions/payments",
     "/services/credit_cards/charges"],
)  # fmt: skip
async def test_nor_anywhere_else(server: Server, customer: Customer, path: str) -> None:
    headers = server.basic() | {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    answer = await customer.post(path, content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["message"] == "Send the body as application/json"


async def test_forms_are_read_as_forms(server: Server, customer: Customer) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    answer = await customer.post(form.action, json=form.fields | CARD, headers=OURS)
    assert answer.status_code == 400
    assert not made.attempts()


# --- One way to read one ------------------------------------------------------------------------

WEB: Final = Path(checkout.web.__file__).parent
OTHER_WAYS: Final = {"json", "form", "body", "stream", "msgpack"}


def readings(path: Path) -> list[str]:
    """Where a file reads a request's body as Litestar offers it."""
    return [
        f"{path.name}: {node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in OTHER_WAYS
        and ast.unparse(node.func.value).endswith("request")
    ]


def test_bodies_are_read_in_one_place() -> None:
    """In time, in bounds, and kept in nobody's cache."""
    found = [reading for path in sorted(WEB.rglob("*.py")) for reading in readings(path)]
    assert found == ["security.py: stream"]
    for handler in HANDLERS:
        names = set(inspect.signature(handler.fn).parameters)
        assert names <= {"request"}, handler  # `data` would be parsed before the handler begins


# --- Twice --------------------------------------------------------------------------------------

TWICE: Final[dict[str, tuple[bytes, str]]] = {
    "an amount": (b'{"checkout":{"order":{"amount":1,"amount":1999}}}', "amount"),
    "the same amount": (b'{"checkout":{"order":{"amount":1,"amount":1}}}', "amount"),
    "the whole": (b'{"checkout":{},"checkout":{"transaction_type":"payment",%b}}' % ORDER,
                  "checkout"),
    "escaped": (b'{"checkout":{"test":true,"te\\u0073t":false,"transaction_type":"payment",%b}}'
                % ORDER, "test"),
    "with a colon that makes up for it": (
        b'{"checkout":{"test":true,"test":false,"version":"\\u003a","transaction_type":"payment",%b}}'
        % ORDER, "test"),
    "in what nobody reads": (b'{"checkout":{"x":[{"y":1,"y":2}],"transaction_type":"payment",%b}}'
                             % ORDER, "y"),
    "a name without end": (b'{"%b":1,"%b":2}' % (b"n" * 200, b"n" * 200), "n" * 64 + "…"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
async def test_a_member_twice(server: Server, customer: Customer, name: str) -> None:
    body, member = TWICE[name]
    headers = server.basic() | {"Content-Type": "application/json"}
    answer = await customer.post(CHECKOUTS, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["message"] == f'The JSON has "{member}" twice in one object'


async def test_the_same_name_in_several_objects(server: Server, customer: Customer) -> None:
    headers = server.basic() | {"Content-Type": "application/json"}
    body = (b'{"checkout":{"x":[{"y":"a:b","z":":"},{"y":"\\":","z":"\\\\"}],"y":"\\u003a","z":{},'
            b'"transaction_type" : "payment",%b}}' % ORDER)  # fmt: skip
    assert await create(customer, headers, body) == 201


async def test_an_app_too(server: Server, customer: Customer) -> None:
    made = await server.create()
    body = b'{"request":{"token":"%b","token":"x"}}' % made.token.encode()
    headers: dict[str, Any] = bearer(server) | {"Content-Type": "application/json"}
    answer = await customer.post("/ctp/api/payments", content=body, headers=headers)
    assert answer.status_code == 400
    assert "token" in answer.json()["message"]
