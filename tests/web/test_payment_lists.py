"""The shop's lists over HTTP: `GET /ctp/api/checkouts` and `GET /transactions`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio

from checkout.shop_api.responses import moment
from tests.web.conftest import Opened
from tests.web.server import CHALLENGE, DECLINED, PAID, SHOP, Server, open_server

LISTS = {"/ctp/api/checkouts": "checkouts", "/transactions": "transactions"}
DAY = 24 * 3600


async def get(
    server: Server, path: str, query: Any = "", shop: str = "361", status: int = 200
) -> dict[str, Any]:
    written = query if isinstance(query, str) else urlencode(query)
    async with server.customer() as http:
        answer = await http.get(f"{path}?{written}", headers=server.basic(shop))
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(server: Server, path: str, **query: Any) -> list[dict[str, Any]]:
    body = await get(server, path, query)
    assert list(body) == [LISTS[path], "next"]
    found: list[dict[str, Any]] = body[LISTS[path]]
    return found


async def refund(server: Server, uid: str, amount: int) -> dict[str, Any]:
    async with server.customer() as http:
        answer = await http.post(
            "/transactions/refunds",
            json={"request": {"parent_uid": uid, "amount": amount, "reason": "returned"}},
            headers=server.basic(),
        )
    found: dict[str, Any] = answer.json()["transaction"]
    return found


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def filled(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server with a payment of each kind, an hour apart, the oldest first."""
    folder: Path = tmp_path_factory.mktemp("lists")
    async with open_server(folder, pem) as server, server.customer() as customer:
        kinds: dict[str, dict[str, Any]] = {
            "paid": {"order": {"tracking_id": "a", "amount": 1000}},
            "declined": {"attempts": 1, "order": {"tracking_id": "b"}},
            "bank": {"order": {"amount": 77, "tracking_id": "c"}},
            "over": {"order": {"tracking_id": "d"}},
            "left": {"order": {"tracking_id": "e"}},
            "again": {"order": {"tracking_id": "f"}},
            "open": {"order": {"tracking_id": "a"}},
        }
        cards = {"paid": PAID, "declined": DECLINED, "bank": CHALLENGE, "again": DECLINED}
        server.offset = -10 * 3600
        for name, changes in kinds.items():
            if name == "over":
                ends = moment(server.app.state.context.context.clock() + 1800)
                changes["order"]["expired_at"] = ends
            made = await server.create(**changes, settings={"notification_url": f"{SHOP}/notify"})
            if name in cards:
                await customer.pay(made, cards[name])
            if name == "left":
                page = await customer.open(made.path())
                await customer.submit(page.form("cancel"))
            if name == "paid":
                server.offset += 60
                await refund(server, made.uid, 300)
            server.offset += 3600
        server.offset = 0
        await server.create(shop="framing", settings={"return_url": None})
        yield server


STATUSES = {  # tracking id -> as a checkout, as a transaction
    "a": (None, "incomplete"),
    "f": ("incomplete", "incomplete"),
    "e": ("canceled", "canceled"),
    "d": ("error", "expired"),
    "c": ("incomplete", "incomplete"),
    "b": ("failed", "failed"),
}


async def test_all_the_newest_first(filled: Server) -> None:
    checkouts = await told(filled, "/ctp/api/checkouts")
    assert [each["order"]["tracking_id"] for each in checkouts] == list("afedcba")
    assert [each["status"] for each in checkouts] == [
        *(word for word, _ in STATUSES.values()),
        "successful",
    ]
    transactions = await told(filled, "/transactions")
    assert [each["type"] for each in transactions] == ["payment"] * 6 + ["refund", "payment"]
    assert [each["status"] for each in transactions] == [
        *(word for _, word in STATUSES.values()),
        "successful",
        "successful",
    ]
    created = [each["created_at"] for each in transactions]
    assert created == sorted(created, reverse=True)


async def test_items_are_what_their_addresses_answer(filled: Server) -> None:
    for each in await told(filled, "/transactions"):
        assert await get(filled, f"/transactions/{each['uid']}") == {"transaction": each}
    for each in await told(filled, "/ctp/api/checkouts"):
        assert await get(filled, f"/ctp/api/checkouts/{each['token']}") == {"checkout": each}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
async def test_pages(filled: Server, path: str, limit: int) -> None:
    whole, found, query = await told(filled, path), [], {"limit": limit}
    while True:
        page = await get(filled, path, query)
        found += page[LISTS[path]]
        if page["next"] is None:
            break
        assert len(page[LISTS[path]]) == limit
        query["after"] = page["next"]
    assert found == whole


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "successful"}, "a"),
        ({"status": "failed"}, "b"),
        ({"status": "incomplete"}, "fc"),
        ({"status": "expired"}, "d"),
        ({"status": "error"}, "d"),
        ({"status": "canceled"}, "e"),
        ({"status": "refunded"}, ""),
        ({"status": "pending"}, ""),
        ({"status": "open"}, "a"),
        ({"status": "null"}, "a"),
        ({"status": ""}, "afedcba"),
        ({"tracking_id": "a"}, "aa"),
        ({"tracking_id": "A"}, ""),
        ({"tracking_id": "\0"}, None),
        ({"amount": "77"}, "c"),
        ({"amount": "1000", "tracking_id": "a"}, "a"),
        ({"currency": "EUR"}, "afedcba"),
        ({"currency": "USD"}, ""),
        ({"type": "payment"}, "afedcba"),
        ({"type": "authorization"}, ""),
    ],
)
async def test_filters(filled: Server, query: dict[str, str], found: str | None) -> None:
    if found is None:
        await get(filled, "/ctp/api/checkouts", query, status=422)
        return
    shown = await told(filled, "/ctp/api/checkouts", **query)
    assert "".join(each["order"]["tracking_id"] for each in shown) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"type": "refund"}, [("refund", "a")]),
        ({"type": "capture"}, []),
        ({"tracking_id": "a"}, [("payment", "a"), ("refund", "a"), ("payment", "a")]),
        ({"amount": "300"}, [("refund", "a")]),
        ({"status": "successful"}, [("refund", "a"), ("payment", "a")]),
        ({"status": "open"}, [("payment", "a")]),
        ({"status": "incomplete"}, [("payment", "a"), ("payment", "f"), ("payment", "c")]),
    ],
)
async def test_filters_of_transactions(
    filled: Server, query: dict[str, str], found: list[tuple[str, str]]
) -> None:
    shown = await told(filled, "/transactions", **query)
    assert [(each["type"], each["tracking_id"]) for each in shown] == found


@pytest.mark.parametrize("path", LISTS)
async def test_times(filled: Server, path: str) -> None:
    """From then on, and before: what is in one is not in the other."""
    whole = await told(filled, path)
    payments = {e["token"]: e["created_at"] for e in await told(filled, "/transactions")}
    made = [each.get("created_at") or payments[each["token"]] for each in whole]
    for place, at in enumerate(made):
        assert await told(filled, path, created_from=at) == whole[: place + 1]
        assert await told(filled, path, created_to=at) == whole[place + 1 :]
    between = await told(filled, path, created_from=made[4], created_to=made[1])
    assert between == whole[2:5]
    zoned = made[0].replace("Z", "+00:00")  # its plus is a blank in a query
    for written in (zoned, quote(zoned)):
        assert (await get(filled, path, f"created_from={written}"))[LISTS[path]] == whole[:1]


@pytest.mark.parametrize("path", LISTS)
async def test_a_slash_at_the_end(filled: Server, path: str) -> None:
    assert await get(filled, f"{path}/") == await get(filled, path)


async def test_by_whom(filled: Server) -> None:
    for path, name in LISTS.items():
        assert len((await get(filled, path, shop="framing"))[name]) == 1
        async with filled.customer() as http:
            for headers in (
                {},
                {"Authorization": "Basic xx"},
                {"Authorization": "Bearer pk_" + "0" * 32},
            ):
                assert (await http.get(path, headers=headers)).status_code == 401


async def test_an_apps_key_lists_nothing(opened: Opened) -> None:
    key = "pk_" + "a" * 40
    shop = f'apps = true\npublishable_key = "{key}"'
    async with opened(shop=shop) as server, server.customer() as http:
        for path in LISTS:
            answer = await http.get(path, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 401


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=AAAAAAAAAAAAAAAAAAAA", "after"),
        ("after=" + "A" * 5000, "after"),
        ("status=paid", "status"),
        ("created_from=2026-11-01", "created_from"),
        ("amount=1.5", "amount"),
        ("currency=eur", "currency"),
        ("type=sale", "type"),
        ("offset=5", "offset"),
        ("trackingid=5", "trackingid"),
    ],
)
async def test_what_can_not_be(filled: Server, path: str, query: str, field: str) -> None:
    body = await get(filled, path, query, status=422)
    assert list(body["errors"]) == [field]


async def test_a_status_by_time_alone(filled: Server) -> None:
    """Before anybody has written down that its time is over: in the filter and in the item."""
    try:
        filled.offset = 30 * DAY
        over = await told(filled, "/ctp/api/checkouts", status="expired")
        assert [each["order"]["tracking_id"] for each in over] == ["a", "d"]
        assert {each["status"] for each in over} == {"error"}
        lost = await told(filled, "/transactions", status="failed")
        assert [each["tracking_id"] for each in lost] == ["f", "b"]
        assert await told(filled, "/transactions", status="open") == []
    finally:
        filled.offset = 0
