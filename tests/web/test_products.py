"""Products over HTTP: the shop's API and the buyer's page."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import pytest

from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import OURS, PAID, CreatedPayment, Customer, Server

TICKET: dict[str, Any] = {
    "name": "Ticket", "description": "Stalls, row 5", "currency": "EUR", "amount": 1250,
    "quantity": 5, "immortal": True, "language": "en",
}  # fmt: skip


async def api(
    server: Server, method: str, path: str = "/products", body: Any = None, *, shop: str = "361"
) -> tuple[int, Any]:
    async with server.customer() as http:
        answer = await http.request(method, path, json=body, headers=server.basic(shop))
    return answer.status_code, answer.json()


async def made(server: Server, **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in (TICKET | changes).items() if value is not ...}
    status, product = await api(server, "POST", body=body)
    assert status == 201, product
    found: dict[str, Any] = product
    return found


def path_of(product: dict[str, Any]) -> str:
    return str(product["pay_url"]).removeprefix("https://pay.example.com")


def form_of(page: Page) -> Any:
    return page.form(page.forms[0].action.rpartition("/")[2])


async def stock(server: Server, product: dict[str, Any]) -> tuple[Any, int, int]:
    _, now = await api(server, "GET", f"/products/{product['id']}")
    return now["available"], now["reserved"], now["sold"]


def payment_of(server: Server, location: str) -> CreatedPayment:
    _, _, kind, uid, secret = location.split("/")
    assert kind == "payment"
    return CreatedPayment(server, "361", "", uid, secret)


# --- The API -----------------------------------------------------------------------------------


async def test_create_read_list(server: Server) -> None:
    product = await made(server, tracking_id="summer", visible_fields=["email", "phone"])
    assert re.fullmatch(r"prd_[0-9a-f]{16}", product["id"])
    for name in ("pay_url", "payment_url", "confirm_url"):
        assert product[name] == f"https://pay.example.com/product/{product['id']}"
    shown = {name: product[name] for name in ("name", "amount", "currency", "quantity", "available",
                                              "reserved", "sold", "infinite", "immortal", "on_sale",
                                              "visible_fields", "expired_at", "test")}  # fmt: skip
    assert shown == {
        "name": "Ticket", "amount": 1250, "currency": "EUR", "quantity": 5, "available": 5,
        "reserved": 0, "sold": 0, "infinite": False, "immortal": True, "on_sale": True,
        "visible_fields": ["email", "phone"], "expired_at": None, "test": False,
    }  # fmt: skip
    assert await api(server, "GET", f"/products/{product['id']}") == (200, product)
    second = await made(server, name="Later")
    _, listed = await api(server, "GET", "/products?limit=2")
    assert [each["id"] for each in listed["products"]] == [second["id"], product["id"]]
    _, listed = await api(server, "GET", "/products?limit=1&offset=1")
    assert listed["products"] == [product]
    _, listed = await api(server, "GET", "/products?limit=1")
    _, listed = await api(server, "GET", f"/products?limit=1&after={listed['next']}")
    assert listed["products"] == [product]


async def test_as_existing_callers_send_it(server: Server) -> None:
    """Digit strings, nulls, unknown fields, a time with a zone."""
    product = await made(
        server, amount="1250", quantity=..., infinite="true", immortal=None, shop_id=361,
        expired_at="2039-01-31T12:00:00+03:00", visible_fields=None, return_url="", odd={"x": 1},
    )  # fmt: skip
    assert (product["amount"], product["infinite"], product["available"]) == (1250, True, None)
    assert product["expired_at"] == "2039-01-31T09:00:00.000Z"
    assert "odd" not in product


async def test_update(server: Server) -> None:
    product = await made(server)
    path = f"/products/{product['id']}"
    status, now = await api(server, "PUT", path, {"name": "Better ticket", "amount": 1500})
    assert status == 200
    same = set(product) - {"name", "amount", "updated_at"}
    assert {name: now[name] for name in same} == {name: product[name] for name in same}
    assert (now["name"], now["amount"]) == ("Better ticket", 1500)
    _, now = await api(server, "PUT", path, {"infinite": True})
    assert (now["quantity"], now["available"], now["infinite"]) == (None, None, True)
    _, now = await api(server, "PUT", path, {"quantity": 3})
    assert (now["quantity"], now["available"], now["infinite"]) == (3, 3, False)
    _, now = await api(server, "PUT", path, {"expired_at": "2039-01-31T12:00:00Z"})
    assert (now["immortal"], now["expired_at"]) == (False, "2039-01-31T12:00:00.000Z")
    _, whole = await api(server, "PUT", path, now)  # what was read is written back
    assert {n: v for n, v in whole.items() if n != "updated_at"} == {
        n: v for n, v in now.items() if n != "updated_at"
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"name": ...}, "name"), ({"name": " "}, "name"), ({"description": ...}, "description"),
     ({"currency": "XXX"}, "currency"), ({"currency": ...}, "currency"),
     ({"amount": ...}, "amount"),
     ({"amount": 0}, "amount"), ({"amount": 1.5}, "amount"), ({"amount": "1e3"}, "amount"),
     ({"quantity": ...}, "quantity"), ({"quantity": -1}, "quantity"),
     ({"quantity": "many"}, "quantity"), ({"max_quantity": 0}, "max_quantity"),
     ({"expired_at": "tomorrow", "immortal": False}, "expired_at"),
     ({"expired_at": "2020-01-01T00:00:00Z", "immortal": False}, "expired_at"),
     ({"return_url": "javascript:alert(1)"}, "return_url"),
     ({"notification_url": "ftp://x"}, "notification_url"), ({"test": "maybe"}, "test"),
     ({"transaction_type": "tokenization"}, "transaction_type"), ({"attempts": 11}, "attempts"),
     ({"amount": ..., "min_amount": 500, "max_amount": 100}, "min_amount"),
     ({"amount": 50, "min_amount": 100}, "amount"),
     ({"amount": ..., "min_amount": 100, "max_quantity": 2}, "max_quantity"),
     ({"amount": 10**14, "max_quantity": 2}, "max_quantity"),
     ({"payment_method": {"types": ["nothing"]}}, "currency")],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_refused(server: Server, changes: dict[str, Any], named: str) -> None:
    body = {name: value for name, value in (TICKET | changes).items() if value is not ...}
    status, answer = await api(server, "POST", body=body)
    assert status == 422
    assert set(answer["errors"]) == {named}
    assert answer["response"]["errors"] == answer["errors"]


async def test_an_update_empties_what_is_blank(server: Server) -> None:
    product = await made(server, tracking_id="shelf-1", inactive_text="Back in spring.")
    path = f"/products/{product['id']}"
    _, now = await api(server, "PUT", path, {"tracking_id": None, "infinite": "", "test": " "})
    assert now | {"updated_at": product["updated_at"]} == product
    _, now = await api(server, "PUT", path, {"tracking_id": "", "inactive_text": ""})
    assert not {"tracking_id", "inactive_text"} & set(now)
    status, answer = await api(server, "PUT", path, {"name": "", "quantity": ""})
    assert (status, list(answer["errors"])) == (422, ["name", "quantity"])


async def test_a_bad_update_changes_nothing(server: Server) -> None:
    product = await made(server)
    path = f"/products/{product['id']}"
    assert (await api(server, "PUT", path, {"name": "x", "amount": "1e3"}))[0] == 422
    assert await api(server, "GET", path) == (200, product)


async def test_whose_it_is(server: Server, customer: Customer) -> None:
    product = await made(server)
    path = f"/products/{product['id']}"
    assert (await api(server, "GET", path, shop="framing"))[0] == 404
    assert (await api(server, "PUT", path, {"name": "mine"}, shop="framing"))[0] == 404
    _, listed = await api(server, "GET", shop="framing")
    assert listed == {"products": [], "next": None}
    assert (await api(server, "GET", "/products/prd_0000000000000000"))[0] == 404
    for method, where in (
        ("POST", "/products"),
        ("GET", "/products"),
        ("GET", path),
        ("PUT", path),
    ):
        answer = await customer.request(method, where, json={})
        assert answer.status_code == 401
        assert answer.json()["message"] == "Access denied"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]x", b'"x"', b"1"])
async def test_no_json(server: Server, customer: Customer, body: bytes) -> None:
    answer = await customer.post("/products", content=body, headers=server.basic())
    assert answer.status_code in (400, 413, 422)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=1e1"])
async def test_a_list_that_can_not_be(server: Server, query: str) -> None:
    assert (await api(server, "GET", f"/products?{query}"))[0] == 422


# --- The page ----------------------------------------------------------------------------------


async def test_looking_makes_nothing(server: Server, customer: Customer) -> None:
    product = await made(server)
    before = server.books()
    for _ in range(3):
        await customer.open(path_of(product))
        assert (await customer.head(path_of(product))).status_code == 200
        await customer.open(f"/de/product/{product['id']}")
    assert server.books() == before
    assert await stock(server, product) == (5, 0, 0)
    page = await customer.open(path_of(product))
    for text in ("€12.50", "Ticket", "Stalls, row 5", "Demo shop", "Left 5"):
        assert text in page.text


async def test_buying(server: Server, customer: Customer) -> None:
    product = await made(server, visible_fields=["email"], test=True,
                         return_url="https://shop.example.com/thanks")  # fmt: skip
    page = await customer.open(path_of(product))
    assert "Test mode" in page.text
    answer = await customer.submit(form_of(page))
    assert answer.status_code == 303, answer.text
    payment = payment_of(server, answer.headers["location"])
    assert await stock(server, product) == (4, 1, 0)
    shown = await customer.open(payment.path())
    assert "€12.50" in shown.headline
    assert "email" in shown.form("pay").inputs
    paid = await customer.pay(payment, PAID, email="anna@example.com")
    assert paid.headers["location"] == payment.path("result")
    assert await stock(server, product) == (4, 0, 1)
    result = await customer.open(payment.path("result"))
    assert any(link.startswith("https://shop.example.com/thanks?token=") for link in result.links)


async def test_each_buyers_post_is_a_payment_of_its_own(server: Server) -> None:
    product = await made(server)
    found = set()
    for _ in range(2):
        async with server.customer() as buyer:
            page = await buyer.open(path_of(product))
            first, again = await asyncio.gather(
                buyer.submit(form_of(page)), buyer.submit(form_of(page))
            )
            assert first.headers["location"] == again.headers["location"]
            found.add(first.headers["location"])
    assert len(found) == 2
    assert await stock(server, product) == (3, 2, 0)


async def test_fifty_buyers_stock_five(server: Server) -> None:
    product = await made(server)

    async def buyer(n: int) -> tuple[int, str]:
        async with server.customer(f"198.51.100.{n}") as http:
            page = await http.open(path_of(product))
            answer = await http.submit(form_of(page))
            if answer.status_code != 303:
                return answer.status_code, Page(answer.text).headline
            paid = await http.pay(payment_of(server, answer.headers["location"]), PAID)
            return 303, paid.headers["location"].rpartition("/")[2]

    pages = await asyncio.gather(*(buyer(n) for n in range(50)), return_exceptions=True)
    said = [each for each in pages if not isinstance(each, BaseException)]
    # A buyer who came when all were gone found no form at all.
    assert all(isinstance(each, StopIteration | IndexError) for each in pages if each not in said)
    assert said.count((303, "result")) == 5
    assert {status for status, _ in said} <= {303, 409}
    assert await stock(server, product) == (0, 0, 5)
    async with server.customer() as late:
        page = await late.open(path_of(product))
        assert page.headline == "Sold out"
        assert not page.forms


async def test_the_last_one_is_in_other_hands(server: Server, customer: Customer) -> None:
    product = await made(server, quantity=1)
    page = await customer.open(path_of(product))
    await customer.submit(form_of(page))
    async with server.customer() as other:
        assert (
            await other.open(path_of(product))
        ).headline == "Someone else is buying the last one"
        page = await other.open(path_of(await made(server)))
        form = form_of(page)
        form.action = f"/en/product/{product['id']}"
        assert (await other.submit(form)).status_code == 403, "a form of another product"


async def test_sold_out_while_the_form_was_open(server: Server, customer: Customer) -> None:
    product = await made(server, quantity=1)
    async with server.customer() as other:
        form = form_of(await customer.open(path_of(product)))
        await other.submit(form_of(await other.open(path_of(product))))
        answer = await customer.submit(form)
    assert answer.status_code == 409
    assert Page(answer.text).headline == "Someone else is buying the last one"


async def test_gone_before_pay_was_pressed(server: Server) -> None:
    """One address has three reserved; what it buys beyond that is taken by Pay, and may be gone."""
    product = await made(server, quantity=4)
    async with server.customer("198.51.100.77") as customer, server.customer() as other:
        for _ in range(3):
            await customer.submit(form_of(await customer.open(path_of(product))))
        answer = await customer.submit(form_of(await customer.open(path_of(product))))
        late = payment_of(server, answer.headers["location"])
        assert await stock(server, product) == (1, 3, 0)
        await other.submit(form_of(await other.open(path_of(product))))
        answer = await customer.pay(late)
        assert answer.status_code == 409
        page = Page(answer.text)
        assert page.headline == "The last ones have just been sold"
        assert late.path() in page.links
        assert late.attempts() == []


async def test_many_from_one_address(opened: Opened) -> None:
    async with opened(openings="3") as server, server.customer() as customer:
        product = await made(server, quantity=1000)
        form = [form_of(await customer.open(path_of(product))) for _ in range(4)]
        statuses = [(await customer.submit(each)).status_code for each in form]
        assert statuses == [303, 303, 303, 429]
        async with server.customer("198.51.100.1") as other:
            shown = await other.open(path_of(product))
            assert (await other.submit(form_of(shown))).status_code == 303


async def test_several_at_once(server: Server, customer: Customer) -> None:
    product = await made(server, quantity=5, max_quantity=4)
    form = form_of(await customer.open(path_of(product)))
    assert form.fields["quantity"] == "1"
    answer = await customer.submit(form, quantity="3")
    shown = await customer.open(answer.headers["location"])
    assert "€37.50" in shown.headline
    assert "3 × Ticket" in shown.text
    assert await stock(server, product) == (2, 3, 0)
    few = await customer.submit(form, quantity="4")
    assert few.status_code == 422
    assert Page(few.text).errors() == {"quantity": "There are not that many left"}
    for wrong in ("0", "5", "-1", "x", "1e1", "", "99999999"):
        answer = await customer.submit(form, quantity=wrong)
        assert answer.status_code == 422
        assert Page(answer.text).errors() == {"quantity": "Choose how many"}
    assert await stock(server, product) == (2, 3, 0)


async def test_the_customers_own_amount(server: Server, customer: Customer) -> None:
    product = await made(
        server, amount=1000, min_amount=500, max_amount=100_000, quantity=..., infinite=True
    )
    page = await customer.open(path_of(product))
    assert page.headline == "Choose an amount"
    assert "From €5.00 to €1,000.00" in page.text
    form = form_of(page)
    assert form.fields["amount"] == "10.00"
    for typed, sentence in (
        ("4.99", "Enter €5.00 or more"), ("1000.01", "Enter €1,000.00 or less"),
        ("1e3", "Enter the amount in numbers, for example 10.00"),
        ("", "Enter the amount in numbers, for example 10.00"),
    ):  # fmt: skip
        answer = await customer.submit(form, amount=typed)
        assert answer.status_code == 422
        again = Page(answer.text)
        assert again.errors() == {"amount": sentence}
        assert form_of(again).fields["amount"] == typed
    answer = await customer.submit(form, amount="12,5")
    assert "€12.50" in (await customer.open(answer.headers["location"])).headline


async def test_an_amount_that_may_be_two_is_asked_about(server: Server, customer: Customer) -> None:
    product = await made(
        server, currency="KWD", amount=1500, min_amount=500, quantity=..., infinite=True
    )
    form = form_of(await customer.open(path_of(product)))
    assert form.fields["amount"] == "1.500"
    answer = await customer.submit(form, amount="1,234")
    question = "Did you mean KWD\u00a01.234 or KWD\u00a01,234.000?"
    assert Page(answer.text).errors() == {"amount": question}
    answer = await customer.submit(form, amount="KWD 1,234.000")
    assert "1,234.000" in (await customer.open(answer.headers["location"])).headline


async def test_what_ends_a_sale(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        product = await made(server, expired_at=ends, immortal=...)
        path = path_of(product)
        page = await customer.open(path)
        assert "On sale until" in page.text
        server.offset = 3601
        for answer in (await customer.get(path), await customer.submit(form_of(page))):
            assert answer.status_code == 410
            assert Page(answer.text).headline == "The sale is over"
        changes = {"immortal": True, "active": False, "inactive_text": "Back in spring."}
        await api(server, "PUT", f"/products/{product['id']}", changes)
        for answer in (await customer.get(path), await customer.submit(form_of(page))):
            assert answer.status_code == 410
            assert Page(answer.text).headline == "Not on sale right now"
            assert "Back in spring." in answer.text
        await api(server, "PUT", f"/products/{product['id']}", {"active": True})
        assert (await customer.submit(form_of(page))).status_code == 303


async def test_changed_while_the_form_was_open(server: Server, customer: Customer) -> None:
    product = await made(server, max_quantity=4)
    form = form_of(await customer.open(path_of(product)))
    await api(server, "PUT", f"/products/{product['id']}", {"max_quantity": 1, "min_amount": 500})
    answer = await customer.submit(form, quantity="1")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert set(page.errors()) == {"amount"}
    assert (await customer.submit(form_of(page), amount="6")).status_code == 303


async def test_from_another_site(server: Server, customer: Customer) -> None:
    product = await made(server)
    form = form_of(await customer.open(path_of(product)))
    strangers: list[dict[str, str]] = [
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    ]  # fmt: skip
    for headers in strangers:
        assert (await customer.submit(form, headers=headers)).status_code == 403
    for token in ("", "x", form.fields["form_token"][:-1]):
        answer = await customer.submit(form, form_token=token)
        assert answer.status_code == 403
    assert await stock(server, product) == (5, 0, 0)
    answer = await customer.post(form.action, json={}, headers=OURS)
    assert answer.status_code == 400


async def test_no_such_product(server: Server, customer: Customer) -> None:
    product = await made(server)
    for path in ("/product/prd_0000000000000000", "/product/x", f"/tlh/product/{product['id']}",
                 "/en/product/prd_0000000000000000"):  # fmt: skip
        answer = await customer.get(path)
        assert answer.status_code == 404, path
        assert "<h1" in answer.text


async def test_languages(server: Server, customer: Customer) -> None:
    product = await made(server, language=...)
    answer = await customer.get(path_of(product), headers={"Accept-Language": "ru"})
    page = Page(answer.text)
    assert 'lang="ru"' in answer.text
    assert "?languages#language" in page.links
    answer = await customer.get(f"{path_of(product)}?language=Deutsch")
    assert answer.headers["location"] == f"/de/product/{product['id']}"
    german = await customer.open(answer.headers["location"])
    bought = await customer.submit(form_of(german))
    assert bought.headers["location"].startswith("/de/payment/")


async def test_headers_and_frames(server: Server, customer: Customer) -> None:
    product = await made(server)
    answer = await customer.get(path_of(product))
    assert "set-cookie" not in answer.headers
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    body = TICKET | {"name": "Framed"}
    _, framed = await api(server, "POST", body=body, shop="framing")
    answer = await customer.get(path_of(framed), headers={"Sec-Fetch-Dest": "iframe"})
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors https://framing.example.com" in policy
    assert 'class="framed"' in answer.text
    assert "Framed" in Page(answer.text).text


async def test_what_the_shop_is_told(server: Server, customer: Customer) -> None:
    product = await made(server, notification_url="http://127.0.0.1:8009/told", tracking_id="t-1")
    answer = await customer.submit(form_of(await customer.open(path_of(product))))
    payment = payment_of(server, answer.headers["location"])
    await customer.pay(payment, PAID)
    await customer.open(payment.path("result"))
    webhooks = [each for _, each in server.mailbox.webhooks if payment.uid.encode() in each]
    assert len(webhooks) == 1
    assert b'"tracking_id":"t-1"' in webhooks[0]
    assert f'"product":{{"id":"{product["id"]}","quantity":1}}'.encode() in webhooks[0]
