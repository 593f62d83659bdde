"""Every way to pay at every gateway, with its notification lost and with nothing but its
notification: no browser, each of them once, all of them at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, NamedTuple

import pytest
import pytest_asyncio

from tests.journeys.shopper import CHALLENGE, PLAIN
from tests.journeys.two_servers import (
    SECONDS,
    Checkout,
    CreatedPayment,
    Row,
    Tab,
    TwoServers,
    open_two_servers,
)
from tests.support.databases import BACKENDS

SESSION: Final = pytest.mark.asyncio(loop_scope="module")


class Way(NamedTuple):
    """`act`: what the customer does where the payment leads. `unanswered`: the gateway's answer
    to the charge is lost, for otherwise nothing is left to settle."""

    method: str
    act: Callable[[TwoServers, Tab, Row], Awaitable[None]]
    number: str | None = None
    unanswered: bool = False


async def nothing(servers: TwoServers, tab: Tab, attempt: Row) -> None:
    """There is nothing to do."""


async def type_password(servers: TwoServers, tab: Tab, attempt: Row) -> None:
    await tab.leave()
    await tab.submit(tab.page.forms[0], password="1111", choice="confirm")


async def press_pay(servers: TwoServers, tab: Tab, attempt: Row) -> None:
    await tab.leave()
    await tab.submit(tab.page.forms[0], choice="pay")


async def pay_elsewhere(servers: TwoServers, tab: Tab, attempt: Row) -> None:
    """At a cash desk, or from a wallet."""
    await servers.settle(attempt)


async def say_so_there(servers: TwoServers, tab: Tab, attempt: Row) -> None:
    """On the gateway's own page, which then leads back once all is over."""
    await tab.leave()
    await tab.submit(next(form for form in tab.page.forms if form.action.endswith("/paid")))


WAYS: Final = {
    "overpay frictionless": Way("credit_card", nothing, PLAIN, unanswered=True),
    "overpay 3-D Secure": Way("credit_card", type_password, CHALLENGE),
    "overpay form": Way("sbp", press_pay),
    "overpay instructions": Way("erip", pay_elsewhere),
    "rest synchronous": Way("acquirer_card", nothing, PLAIN, unanswered=True),
    "rest asynchronous": Way("netbanking", press_pay),
    "rest voucher": Way("voucher", press_pay),
    "rest 3-D Secure": Way("acquirer_card", type_password, CHALLENGE),
    "exchanger own page": Way("crypto", pay_elsewhere),
    "exchanger's page": Way("wallet", say_so_there),
}


class Told(NamedTuple):
    """How it ended."""

    made: CreatedPayment
    checkout: Checkout
    attempt: Row
    shown: str  # the headline that the customer sees in the end, if any


Payment = Callable[[TwoServers, Way], Awaitable[Told]]


async def _begin(
    servers: TwoServers, checkout: Checkout, way: Way
) -> tuple[CreatedPayment, Tab, Row]:
    made, tab = await checkout.order(way.method), Tab(checkout)
    async with servers.till:  # faults are for the next charge, whosever it is
        if way.unanswered:
            await servers.control("faults", faults=["502_after"])
        await tab.pay(made, way.number)
    return made, tab, checkout.attempt(made)


async def _settled(
    servers: TwoServers, checkout: Checkout, made: CreatedPayment, shown: str = ""
) -> Told:
    end = time.monotonic() + SECONDS
    while await checkout.status(made) != "successful":
        assert time.monotonic() < end, checkout.happened(made)
        await asyncio.sleep(0.1)
    return Told(made, checkout, checkout.attempt(made), shown)


async def lost_and_stays(servers: TwoServers, way: Way) -> Told:
    """The customer goes all the way; nobody else tells or asks."""
    made, tab, attempt = await _begin(servers, servers.still, way)
    await way.act(servers, tab, attempt)
    if way.act is say_so_there:
        await _back_link(tab)
    if tab.home:
        await tab.come_home()
    await tab.watch()
    return await _settled(servers, servers.still, made, tab.page.headline)


async def lost_and_gone(servers: TwoServers, way: Way) -> Told:
    """The tab is closed at the gateway: only checkout itself can ask."""
    made, tab, attempt = await _begin(servers, servers.swept, way)
    await way.act(servers, tab, attempt)
    return await _settled(servers, servers.swept, made)


async def told_and_gone(servers: TwoServers, way: Way) -> Told:
    """The tab is closed at the gateway, and checkout doesn't ask: only the notification is left."""
    made, tab, attempt = await _begin(servers, servers.still, way)
    await way.act(servers, tab, attempt)
    return await _settled(servers, servers.still, made)


async def _back_link(tab: Tab) -> None:
    """The gateway's page is shown anew until it has the way back."""
    async with asyncio.timeout(SECONDS):
        while not (links := [href for href in tab.page.links if "/return/" in href]):
            await asyncio.sleep(0.2)
            await tab.go(tab.url)
        await tab.go(links[0])


PHASES: Final[tuple[tuple[str, tuple[Payment, ...]], ...]] = (
    ("lost", (lost_and_stays, lost_and_gone)),
    ("normal", (told_and_gone,)),
)
CASES: Final = [(name, payment.__name__) for name in WAYS for _, each in PHASES for payment in each]
Ends = dict[tuple[str, str], Told | BaseException]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BACKENDS)
async def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TwoServers]:
    folder = tmp_path_factory.mktemp("servers")
    async with open_two_servers(folder, "still", "swept", backend=request.param) as opened:
        await opened.control("exchanger/desk", delay=0.1)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ends(servers: TwoServers) -> Ends:
    """Every payment, told once."""
    found: Ends = {}
    for notifications, payments in PHASES:
        await servers.control("behaviour", notifications=notifications)
        cases = [(name, payment) for name in WAYS for payment in payments]
        told = await asyncio.gather(
            *(payment(servers, WAYS[name]) for name, payment in cases), return_exceptions=True
        )
        for (name, payment), end in zip(cases, told, strict=True):
            found[name, payment.__name__] = end
    return found


@SESSION
@pytest.mark.parametrize(("way", "payment"), CASES)
async def test_settled(servers: TwoServers, ends: Ends, way: str, payment: str) -> None:
    end = ends[way, payment]
    if isinstance(end, BaseException):
        raise end
    assert end.attempt["status"] == "paid"
    # One charge, which took money, and the shop is told of it once.
    (charge,) = await servers.transactions(end.attempt)
    assert charge["charged"] is True
    assert len(end.checkout.books(end.made)["outbox"]) == 1
    happened = end.checkout.happened(end.made)
    heard = [
        each["answer"]
        for each in (await servers.ledger())["notifications"]
        if each["uid"] == charge["uid"]
    ]
    if payment == "told_and_gone":
        assert "notified" in happened
        assert 200 in heard
    else:
        assert "notified" not in happened
        assert heard
        assert set(heard) == {"lost: never sent"}
    if payment == "lost_and_stays":
        assert end.shown == "Paid"
    else:
        assert "returned" not in happened


@SESSION
async def test_nothing_to_complain_about(servers: TwoServers, ends: Ends) -> None:
    """The answers that were lost on purpose are no alerts."""
    assert ends
    said = servers.log()
    for word in ('"alert": true', "Traceback", "Error:"):
        assert word not in said, word
