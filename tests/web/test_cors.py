"""A shop's page calls by the publishable key, as its app does; never by the shop's secret."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from tests.web.conftest import Opened
from tests.web.server import Customer, Server, ordered
from tests.web.settings import PUBLIC
from tests.web.test_app_payments import CHECKOUTS, PAYMENTS, asked, bearer

PAGE: Final = {"Origin": "https://shop.example.com", "Sec-Fetch-Mode": "cors"}
READABLE: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Retry-After",
}
TOKEN: Final = f"{CHECKOUTS}/{'0' * 64}"


def of_pages(answer: httpx.Response) -> dict[str, str]:
    return {name: v for name, v in answer.headers.items() if name.startswith("access-control")}


async def preflight(http: Customer, path: str, method: str = "POST") -> httpx.Response:
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return await http.options(path, headers=PAGE | asked)


@pytest.mark.parametrize(
    "path", [CHECKOUTS, f"{CHECKOUTS}/", PAYMENTS, f"{PAYMENTS}/", TOKEN, f"{TOKEN}/"]
)
async def test_a_preflight(customer: Customer, path: str) -> None:
    answer = await preflight(customer, path)
    assert (answer.status_code, answer.content) == (204, b"")
    said = of_pages(answer)
    assert said == READABLE | {
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": said["access-control-allow-headers"],
        "access-control-max-age": "7200",
    }
    allowed = said["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "requestid", "x-api-version"} <= {*allowed}
    assert "access-control-allow-credentials" not in said


@pytest.mark.parametrize(
    "path",
    ["/transactions/refunds", "/transactions/x", "/products", "/invoices", "/widget/hpp.html",
     "/v2/transactions/tracking_id/7", "/ctp/api/checkouts/x/y", "/ctp/api/other",
     "/en/payment/a/b"],
)  # fmt: skip
async def test_no_preflight_for_anything_else(customer: Customer, path: str) -> None:
    assert of_pages(await preflight(customer, path)) == {}


async def test_none_while_apps_are_off(opened: Opened) -> None:
    async with opened(apps="", framing_apps="apps = false") as server, server.customer() as http:
        for path in (CHECKOUTS, PAYMENTS, TOKEN):
            assert of_pages(await preflight(http, path)) == {}
        made = await server.create()
        headers = server.basic() | {"Origin": "https://shop.example.com"}
        answer = await http.get(f"{CHECKOUTS}/{made.token}", headers=headers)
        assert (answer.status_code, of_pages(answer)) == (200, {})


async def test_what_a_page_reads(server: Server, customer: Customer) -> None:
    """Errors too, or nobody could tell the customer what is wrong."""
    key, stranger = PAGE | bearer(server), PAGE | {"Authorization": "Bearer pk_nobody"}
    made = await customer.post(CHECKOUTS, json={"checkout": ordered()}, headers=key)
    token = made.json()["checkout"]["token"]
    for status, answer in (
        (201, made),
        (200, await customer.get(f"{CHECKOUTS}/{token}", headers=key)),
        (200, await customer.post(PAYMENTS, json=asked(token), headers=key)),
        (401, await customer.get(f"{CHECKOUTS}/{token}", headers=stranger)),
        (401, await customer.post(PAYMENTS, json=asked(token), headers=PAGE)),
        (404, await customer.get(TOKEN, headers=key)),
        (415, await customer.post(CHECKOUTS, content=b"{}", headers=key)),
        (422, await customer.post(CHECKOUTS, json={"checkout": {}}, headers=key)),
        (405, await customer.put(CHECKOUTS, json={}, headers=key)),
    ):
        assert (answer.status_code, of_pages(answer)) == (status, READABLE), answer.text


async def test_too_many_can_be_read(opened: Opened) -> None:
    async with opened(app_payments="1") as server, server.customer() as http:
        key = PAGE | bearer(server)
        await http.post(CHECKOUTS, json={"checkout": ordered()}, headers=key)
        answer = await http.post(CHECKOUTS, json={"checkout": ordered()}, headers=key)
        assert (answer.status_code, of_pages(answer)) == (429, READABLE)
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("origin", ["https://shop.example.com", "null", "https://evil.example"])
async def test_no_page_uses_the_secret(server: Server, customer: Customer, origin: str) -> None:
    """The preflight lets a page send Authorization: what it may not say is refused, and unread."""
    made = await server.create()
    headers = server.basic() | {"Origin": origin}
    before = len(server.books()["payments"])
    for answer in (
        await customer.post(CHECKOUTS, json={"checkout": ordered()}, headers=headers),
        await customer.get(f"{CHECKOUTS}/{made.token}", headers=headers),
    ):
        assert (answer.status_code, of_pages(answer)) == (403, {})
        assert "publishable_key" in answer.json()["message"]
    assert len(server.books()["payments"]) == before


@pytest.mark.parametrize("headers", [{}, {"Origin": PUBLIC}], ids=repr)
async def test_a_server_does(server: Server, customer: Customer, headers: dict[str, Any]) -> None:
    answer = await customer.post(
        CHECKOUTS, json={"checkout": ordered()}, headers=server.basic() | headers
    )
    assert (answer.status_code, of_pages(answer)) == (201, {})


async def test_nothing_else_is_readable(server: Server, customer: Customer) -> None:
    made = await server.create()
    for path in (f"/transactions/{made.uid}", made.path(), "/health/live", "/nowhere"):
        answer = await customer.get(path, headers=PAGE | bearer(server))
        assert of_pages(answer) == {}, path
