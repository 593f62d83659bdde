"""An exchange from end to end: what really came decides, whatever word stands beside it, and the
exchanger is heard wherever it signs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.journeys.two_servers import (
    SECONDS,
    CreatedPayment,
    Row,
    Tab,
    TwoServers,
    open_two_servers,
)

SESSION: Final = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoServers]:
    async with open_two_servers(tmp_path_factory.mktemp("exchanged"), "still", "swept") as opened:
        await opened.control("exchanger/desk", by_itself=False)
        yield opened


async def waiting(servers: TwoServers, name: str = "still") -> tuple[CreatedPayment, Row, Tab]:
    """A customer who is to send the money."""
    checkout = servers.checkouts[name]
    made, tab = await checkout.order("crypto"), Tab(checkout)
    await tab.pay(made, None)
    attempt = checkout.attempt(made)
    assert attempt["status"] == "action"
    return made, attempt, tab


async def move(servers: TwoServers, attempt: Row, status: str, **more: str) -> None:
    await servers.control(
        f"exchanger/orders/{await servers.uid(attempt)}/move", status=status, **more
    )


async def until(servers: TwoServers, made: CreatedPayment, name: str, kind: str) -> list[str]:
    checkout, end = servers.checkouts[name], time.monotonic() + SECONDS
    while kind not in (happened := checkout.happened(made)):
        assert time.monotonic() < end, happened
        await asyncio.sleep(0.1)
    return happened


@SESSION
@pytest.mark.parametrize("place", ["body", "header", "query"])
async def test_told_wherever_it_signs(servers: TwoServers, place: str) -> None:
    """Nobody else asks here: without the notification nothing would ever be known."""
    await servers.control("exchanger/desk", place=place)
    made, attempt, _ = await waiting(servers)
    await move(servers, attempt, "done")
    await until(servers, made, "still", "notified")
    end = time.monotonic() + SECONDS
    while await servers.still.status(made) != "successful":
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


@SESSION
@pytest.mark.parametrize("name", ["still", "swept"])
@pytest.mark.parametrize("status", ["done", "inProgressPayout"])
async def test_less_than_the_price_is_never_paid(
    servers: TwoServers, name: str, status: str
) -> None:
    """Told by a notification, and found by asking alone."""
    lost = "lost" if name == "swept" else "normal"
    await servers.control("behaviour", notifications=lost)
    made, attempt, _ = await waiting(servers, name)
    agreed = json.loads(attempt["facts"])["agreed"]
    await move(servers, attempt, status, in_amount="0.00000016")
    await until(servers, made, name, "mismatch")
    checkout = servers.checkouts[name]
    books = checkout.books(made)
    (event,) = [row for row in books["events"] if row["kind"] == "mismatch"]
    told: dict[str, Any] = json.loads(event["data"])["exchanged"]
    assert told["ours"] == agreed
    assert told["stated"]["gives"].split()[0] == "0.00000016"
    assert await checkout.status(made) != "successful"
    assert books["outbox"] == []
    await servers.control("behaviour", notifications="normal")


@SESSION
async def test_more_than_the_price_is_paid(servers: TwoServers) -> None:
    made, attempt, _ = await waiting(servers, "swept")
    await move(servers, attempt, "done", in_amount="0.5")
    end = time.monotonic() + SECONDS
    while await servers.swept.status(made) != "successful":
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    assert "mismatch" not in servers.swept.happened(made)


@SESSION
@pytest.mark.parametrize("desk", [{"captcha": True}, {"refuses": "wallet"}, {"slip": 5}])
async def test_an_order_that_is_not_made_leaves_the_form_open(
    servers: TwoServers, desk: dict[str, Any]
) -> None:
    await servers.control("exchanger/desk", **desk)
    checkout = servers.still
    made, tab = await checkout.order("crypto"), Tab(checkout)
    await tab.pay(made, None)
    await servers.control("exchanger/desk", captcha=False, refuses="", slip=0)
    assert checkout.attempt(made)["status"] == "lost"
    assert await checkout.status(made) == "incomplete"
    assert tab.page.form("pay").action
    # The same form, once more.
    await tab.pay(made, None)
    assert [row["status"] for row in checkout.books(made)["attempts"]] == ["lost", "action"]


EMAIL: Final = "euros-from.507f191e810c19729de860ea"
PHONE: Final = "euros-route.507f191e810c19729de860eb"
TERMS: Final = "euros-terms"


@SESSION
@pytest.mark.parametrize(
    ("sent", "email"),
    [({"email": "anna@example.com"}, "anna@example.com"), ({}, None), ({"email": "anna"}, None)],
)
async def test_what_the_route_requires_is_asked(
    servers: TwoServers, sent: dict[str, str], email: str | None
) -> None:
    """But an address that the shop has told, and that is one, needs no asking."""
    checkout = servers.still
    made = await checkout.order("euros", shop="362", customer=sent)
    typed = {PHONE: "+375291234567", TERMS: "1"} | ({} if email else {EMAIL: "b@example.com"})
    tab = Tab(checkout)
    await tab.go(made.url)
    assert {name for name in tab.page.form("pay").inputs if name.startswith("euros-")} == set(typed)
    assert tab.page.all("a", href=f"{servers.sandbox}/en/rules")
    for missing in typed:
        given = {name: each for name, each in typed.items() if name != missing}
        await tab.submit(tab.page.form("pay"), **{missing: ""}, **given)
        assert missing in tab.page.errors()
        assert checkout.books(made)["attempts"] == []
    # What we take for a telephone number the exchanger does not: the form names that field.
    await tab.submit(tab.page.form("pay"), **typed | {PHONE: "+37529"})
    assert list(tab.page.errors()) == [PHONE]
    assert checkout.attempt(made)["status"] == "lost"
    await tab.submit(tab.page.form("pay"), **typed)
    lost, attempt = checkout.books(made)["attempts"]
    assert (lost["status"], attempt["status"]) == ("lost", "action")
    (row,) = await servers.transactions(attempt)
    assert [each["value"] for each in row["facts"]["routeValues"]] == ["+375291234567"]
    assert [each["value"] for each in row["facts"]["fromValues"]] == [email or "b@example.com"]
    assert "+375291234567" not in json.dumps(checkout.books(made))
