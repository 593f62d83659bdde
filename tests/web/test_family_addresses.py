"""The addresses that clients of the family call: by the tracking id, by older names, with a slash
at the end, by HEAD; and what is said where there is nothing."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from checkout.web.api.family_addresses import NOT_SERVED, SAME
from tests.web.server import BROWSER, DECLINED, PAID, Customer, Server
from tests.web.test_transactions import done

V2: Final = "/v2/transactions/tracking_id"
OLDER: Final = "/transactions/tracking_id"
BEYAG: Final = "/beyag/transactions/tracking_id"
JSON: Final = {"Accept": "application/json", "Sec-Fetch-Mode": "cors"}


async def listed(
    server: Server, http: Customer, tracking_id: str, at: str = V2, shop: str = "361"
) -> list[dict[str, Any]]:
    address = f"{at}/{quote(tracking_id, safe='')}"
    answer = await http.get(address, headers=server.basic(shop))
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["transactions"]
    found: list[dict[str, Any]] = answer.json()["transactions"]
    return found


# --- By the tracking id ------------------------------------------------------------------------


async def test_the_php_sdk_s_own_test(server: Server, customer: Customer) -> None:
    """One of one payment; none, with 200, of an unknown name."""
    made = await server.create(order={"tracking_id": "sdk-1"})
    assert await listed(server, customer, "sdk-1") == [], "nobody has tried to pay"
    await customer.pay(made, PAID)
    (found,) = await listed(server, customer, "sdk-1")
    assert (found["uid"], found["amount"], found["tracking_id"]) == (made.uid, 1999, "sdk-1")
    assert found["status"] == "successful"
    read = await customer.get(f"/transactions/{made.uid}", headers=server.basic())
    assert read.json() == {"transaction": found}
    for at in (V2, BEYAG):
        assert await listed(server, customer, "1234567890qwerty", at) == []


async def test_newest_first_and_what_followed(server: Server, customer: Customer) -> None:
    older = await server.create(order={"tracking_id": "t-2"}, attempts=1)
    await customer.pay(older, DECLINED)
    newer = await server.create(order={"tracking_id": "t-2"})
    await customer.pay(newer, PAID)
    await server.create(order={"tracking_id": "t-2"})
    refund = await done(server, customer, "refund", newer.uid, amount=1)
    for at in (V2, BEYAG):
        found = await listed(server, customer, "t-2", at)
        assert [each["uid"] for each in found] == [refund["uid"], newer.uid, older.uid]
        assert [each["status"] for each in found] == ["successful", "successful", "failed"]
        assert {each["tracking_id"] for each in found} == {"t-2"}
        assert found[0] == refund


async def test_ten_at_most(server: Server, customer: Customer) -> None:
    made = await server.create(order={"tracking_id": "t-3"})
    await customer.pay(made, PAID)
    refunds = [
        (await done(server, customer, "refund", made.uid, amount=1))["uid"] for _ in range(11)
    ]
    found = await listed(server, customer, "t-3")
    assert [each["uid"] for each in found] == refunds[:0:-1]
    older = await customer.get(f"{OLDER}/t-3", headers=server.basic())
    assert older.json()["transaction"]["uid"] == made.uid, "the payment, not what followed it"


async def test_the_older_address(server: Server, customer: Customer) -> None:
    """The Ruby client reads `transaction.status` of it."""
    before, made = [await server.create(order={"tracking_id": "t-4"}, attempts=1) for _ in range(2)]
    await customer.pay(made, PAID)
    await customer.pay(before, DECLINED)
    answer = await customer.get(f"{OLDER}/t-4", headers=server.basic())
    said = answer.json()["transaction"]
    assert (answer.status_code, said["uid"], said["status"]) == (200, made.uid, "successful")
    answer = await customer.get(f"{OLDER}/nobody", headers=server.basic())
    assert (answer.status_code, answer.json()["message"]) == (404, "Record not found")


NAMES: Final = [
    "2026/11/27", "/7", "7/", "a//b", "a b", "7|42", "12:34", "заказ №7", "50%", "%2F", "a?b#c",
    "a+b", "../7", "x" * 255, "😀", "tracking_id/7",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_any_tracking_id(server: Server, customer: Customer, name: str) -> None:
    made = await server.create(order={"tracking_id": name})
    await customer.pay(made, PAID)
    for at in (V2, BEYAG):
        (found,) = await listed(server, customer, name, at)
        assert (found["uid"], found["tracking_id"]) == (made.uid, name)
    answer = await customer.get(f"{OLDER}/{quote(name, safe='')}", headers=server.basic())
    assert answer.json()["transaction"]["uid"] == made.uid


async def test_a_slash_that_is_not_encoded(server: Server, customer: Customer) -> None:
    """The PHP SDK encodes nothing; one more at the end belongs to the address."""
    made = await server.create(order={"tracking_id": "plain/7"})
    await customer.pay(made, PAID)
    for path in (f"{V2}/plain/7", f"{V2}/plain/7/", f"{V2}/plain/7?x=1"):
        answer = await customer.get(path, headers=server.basic())
        assert [each["uid"] for each in answer.json()["transactions"]] == [made.uid]


@pytest.mark.parametrize("raw", ["%00", "%ff%fe", "a%00b", "x" * 256, "%ED%A0%80", "%"])
async def test_what_no_tracking_id_is(server: Server, customer: Customer, raw: str) -> None:
    answer = await customer.get(f"{V2}/{raw}", headers=server.basic())
    assert (answer.status_code, answer.json()) == (200, {"transactions": []})
    answer = await customer.get(f"{OLDER}/{raw}", headers=server.basic())
    assert answer.status_code == 404


async def test_of_no_other_shop(server: Server, customer: Customer) -> None:
    made = await server.create(order={"tracking_id": "t-5"})
    await customer.pay(made, PAID)
    assert await listed(server, customer, "t-5", shop="framing") == []
    for at in (V2, OLDER, BEYAG):
        assert (await customer.get(f"{at}/t-5")).status_code == 401


# --- The same under another name ---------------------------------------------------------------


async def test_read_at_the_other_hosts_addresses(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, PAID)
    refund = await done(server, customer, "refund", made.uid, amount=1)
    for uid in (made.uid, refund["uid"]):
        usual = await customer.get(f"/transactions/{uid}", headers=server.basic())
        for at in ("/beyag/transactions", "/beyag/payments", "/beyag/refunds", "/v2/transactions"):
            answer = await customer.get(f"{at}/{uid}", headers=server.basic())
            assert (answer.status_code, answer.json()) == (200, usual.json())
            assert (await customer.get(f"{at}/{uid}")).status_code == 401
            gone = await customer.get(f"{at}/nobody", headers=server.basic())
            assert (gone.status_code, gone.json()["message"]) == (404, "Record not found")


@pytest.mark.parametrize("word", ["refund", "refunds"])
async def test_refunds_of_online_payment_systems(
    server: Server, customer: Customer, word: str
) -> None:
    made = await server.create()
    await customer.pay(made, PAID)
    body = {"request": {"parent_uid": made.uid, "amount": 50, "reason": "reason"}}
    answer = await customer.post(f"/beyag/transactions/{word}", json=body, headers=server.basic())
    said = answer.json()["transaction"]
    assert (said["type"], said["status"], said["amount"]) == ("refund", "successful", 50)


@pytest.mark.parametrize("path", ["/widget/hpp.html", "/checkout", "/v2/checkout"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_older_addresses_of_the_page(
    server: Server, customer: Customer, path: str, slash: str
) -> None:
    made = await server.create()
    address = f"{path}{slash}"
    for answer in (
        await customer.get(f"{address}?token={made.token}"),
        await customer.head(f"{address}?token={made.token}"),
        await customer.post(address, data={"token": made.token, "order_id": "7"}),
    ):
        assert (answer.status_code, answer.headers["location"]) == (303, made.path())
    for query in ("", "?token=", f"?token={'0' * 64}"):
        gone = await customer.get(address + query)
        assert gone.status_code == 404
        assert gone.headers["content-type"].startswith("text/html")


async def product(server: Server, http: Customer) -> str:
    body = {
        "name": "Tea", "description": "Green", "currency": "EUR", "amount": 500, "infinite": True,
    }  # fmt: skip
    made = await http.post("/products", json=body, headers=server.basic())
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def test_older_addresses_of_products(server: Server, customer: Customer) -> None:
    name = await product(server, customer)
    for path in (
        f"/v2/confirm_order/{name}/361",
        f"/products/{name}/pay",
        f"/products/{name}/pay/",
    ):
        for answer in (await customer.get(path), await customer.head(path)):
            assert (answer.status_code, answer.headers["location"]) == (303, f"/product/{name}")
        assert "Tea" in (await customer.get(f"/product/{name}")).text
    for path in (
        f"/v2/confirm_order/{name}/framing",
        f"/v2/confirm_order/{name}/nobody",
        "/v2/confirm_order/prd_0000000000000000/361",
        "/products/prd_0000000000000000/pay",
    ):
        gone = await customer.get(path)
        assert gone.status_code == 404
        assert gone.headers["content-type"].startswith("text/html"), "customers come here"


SLASHED: Final = [
    ("GET", "/transactions/{uid}/", 200), ("GET", "/ctp/api/checkouts/{token}/", 200),
    ("POST", "/transactions/refunds/", 422), ("POST", "/ctp/api/checkouts/", 422),
    ("POST", "/services/credit_cards/charges/", 422), ("POST", "/transactions/payments/", 422),
    ("GET", "/products/", 200), ("POST", "/products/", 422), ("GET", "/beyag/payments/{uid}/", 200),
    ("POST", "/ctp/api/payments/", 401),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), SLASHED)
async def test_a_slash_at_the_end(
    server: Server, customer: Customer, method: str, path: str, status: int
) -> None:
    made = await server.create()
    where = path.format(uid=made.uid, token=made.token)
    more: dict[str, Any] = {"json": {}} if method == "POST" else {}
    answer = await customer.request(method, where, headers=server.basic(), **more)
    assert answer.status_code == status, answer.text


async def test_head(server: Server, customer: Customer) -> None:
    made = await server.create(order={"tracking_id": "head"})
    for path in (
        f"/ctp/api/checkouts/{made.token}", f"/transactions/{made.uid}", f"{V2}/head",
        f"/beyag/transactions/{made.uid}", "/products", "/invoices",
    ):  # fmt: skip
        get = await customer.get(path, headers=server.basic())
        head = await customer.head(path, headers=server.basic())
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-length"] == get.headers["content-length"]
    assert (await customer.head(f"/transactions/{made.uid}")).status_code == 401


# --- What is not there -------------------------------------------------------------------------


def is_error(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["response"] == {
        "status": "error", "message": body["message"], "errors": body["errors"],
    }  # fmt: skip
    message: str = body["message"]
    return message


@pytest.mark.parametrize("path", NOT_SERVED)
async def test_what_is_not_served_says_why(customer: Customer, path: str) -> None:
    where = path.replace("{uid:str}", "u").replace("{token:str}", "t").replace("{name:str}", "n")
    for method in ("GET", "POST", "PUT"):
        if (method, path) == ("GET", "/transactions/tokenizations"):
            continue
        answer = await customer.request(method, where, headers=JSON, json={"request": {}})
        assert is_error(answer, 404) == NOT_SERVED[path]


def test_no_alias_is_not_served() -> None:
    assert not {*SAME} & {*NOT_SERVED}


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json"},
        {"Accept": "application/json, text/plain, */*"},
        {"Accept": "*/*", "Content-Type": "application/json"},
        {"Accept": "*/*", "Content-Type": "application/vnd.api+json; charset=utf-8"},
        {"Accept": "*/*", "Authorization": "Basic MzYxOng="},
        {"Accept": "*/*", "Authorization": "Bearer x"},
    ],
    ids=repr,
)
async def test_programs_get_json(server: Server, headers: dict[str, str]) -> None:
    async with server.customer() as http:
        http.headers = httpx.Headers(headers)
        for path in ("/nowhere", "/", "/v3/anything", "/en/payment/a/b", "/pay/x"):
            assert is_error(await http.get(path), 404) == "Record not found"
        assert is_error(await http.delete("/widget/hpp.html"), 405) == "Method not allowed"


@pytest.mark.parametrize(
    "headers",
    [
        BROWSER,
        {"Accept": BROWSER["Accept"]},
        {"Accept": "*/*"},
        {},
        {"Accept": "application/json", "Sec-Fetch-Mode": "navigate"},
        BROWSER | {"Authorization": "Basic MzYxOng="},  # the operator's proxy asks for it
    ],
    ids=repr,
)
async def test_browsers_get_a_page(server: Server, headers: dict[str, str]) -> None:
    async with server.customer() as http:
        http.headers = httpx.Headers(headers)
        for path in ("/nowhere", "/v3/anything", "/en/payment/a/b"):
            answer = await http.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")
        answer = await http.get("/transactions/x/y/z")
        assert answer.headers["content-type"].startswith("application/json"), "as ever"
