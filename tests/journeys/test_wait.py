"""The page that waits: who asks whom, how often, and when it stops."""

from __future__ import annotations

import re
import time
from itertools import pairwise

from playwright.async_api import Page, Request, Route, expect

from checkout.payments.schedule import POLL_INTERVALS
from tests.journeys.plugin import BROWSER, ON_EACH_DATABASE
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import Shopper
from tests.support.polling import until

pytestmark = [*BROWSER, ON_EACH_DATABASE]


async def _waiting(servers: Servers, customer: Shopper) -> tuple[Order, str]:
    """A customer who waits, and the gateway's id of what for."""
    order = await servers.order(payment_method={"types": ["erip"]})
    await customer.open(order)
    await customer.press_pay()
    await customer.at("wait")
    (bill,) = await servers.transactions(order)
    return order, bill["uid"]


def _questions(page: Page) -> list[str]:
    """What the page asks about its status, from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/status"):
            asked.append(request.url)

    page.on("request", note)
    return asked


async def test_one_question_however_many_look(servers: Servers, customer: Shopper) -> None:
    """Five tabs: the gateway is asked once an interval; each tab moves on by itself."""
    order, uid = await _waiting(servers, customer)
    others = [await customer.open(order, await customer.tab()) for _ in range(4)]
    tabs = [customer.page, *others]
    for tab in tabs:
        await customer.at("wait", tab)

    async def asked_often() -> bool:
        return len(await servers.queries(order)) >= 4

    await until(asked_often)
    times = [call["at"] for call in await servers.queries(order)]
    for wanted, (earlier, later) in zip(POLL_INTERVALS, pairwise(times), strict=False):
        assert later - earlier > wanted - 0.1
    await servers.settle(uid)
    for tab in tabs:
        await customer.at("result", tab)
        await customer.reads("Paid", tab)


async def test_the_server_sets_the_pace(servers: Servers, customer: Shopper) -> None:
    """Each answer says when to ask next: later and later, and never again at the end."""
    asked = _questions(customer.page)
    _, uid = await _waiting(servers, customer)
    status = customer.page.locator("#status")
    seen = set()

    async def slower() -> bool:
        trigger = await status.get_attribute("hx-trigger") or ""
        found = re.search(r"load delay:([\d.]+)s", trigger)
        assert found, trigger
        seen.add(float(found[1]))
        return max(seen) > 1.5

    await until(slower)
    await servers.settle(uid)
    await customer.at("result")
    count = len(asked)
    assert count >= 2
    await customer.page.wait_for_timeout(1500)
    assert len(asked) == count


async def test_the_same_as_json(servers: Servers, customer: Shopper) -> None:
    _, uid = await _waiting(servers, customer)
    address = customer.page.url.replace("/wait", "/status")
    answer = await servers.client.get(address, headers={"Accept": "application/json"})
    said = answer.json()
    assert said.keys() == {"uid", "status", "message", "next_check"}
    assert said["status"] == "incomplete"
    assert said["next_check"] > 0
    await servers.settle(uid)
    await customer.at("result")
    answer = await servers.client.get(address, headers={"Accept": "application/json"})
    assert (answer.json()["status"], answer.json()["next_check"]) == ("successful", None)


async def test_a_hidden_tab_asks_nothing(servers: Servers, customer: Shopper) -> None:
    await _waiting(servers, customer)
    page = customer.page
    asked = _questions(page)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    await page.wait_for_timeout(500)  # what was on its way has arrived
    asked.clear()
    await page.wait_for_timeout(3500)
    assert asked == []
    await page.evaluate(hide, False)
    await until(lambda: asked, 2)


async def test_whoever_is_turned_away_comes_when_the_server_says(
    servers: Servers, customer: Shopper
) -> None:
    """And not sooner, nor later by more than half as long again; the page stays as it is."""
    customer.expected = {503}
    _, uid = await _waiting(servers, customer)
    page, turned_away = customer.page, list[float]()

    async def full(route: Route) -> None:
        turned_away.append(time.monotonic())
        await route.fulfill(status=503, headers={"Retry-After": "2"}, body="We are very busy")

    await page.route("**/status", full)
    await until(lambda: len(turned_away) >= 3)
    await customer.reads("How to pay")
    for earlier, later in pairwise(turned_away):
        assert 1.9 < later - earlier < 4.5
    await servers.settle(uid)
    await page.unroute("**/status")
    await customer.at("result")


async def test_without_a_network(servers: Servers, customer: Shopper) -> None:
    """Offline for a while: it goes on by itself when the network is back."""
    _, uid = await _waiting(servers, customer)
    await customer.context.set_offline(True)
    await servers.settle(uid)
    await customer.page.wait_for_timeout(1500)
    await customer.reads("How to pay")
    await customer.context.set_offline(False)
    await customer.at("result")
    await customer.reads("Paid")


async def test_the_clock_and_the_words(servers: Servers, customer: Shopper) -> None:
    """The time passed, when it was last asked; only a new headline is read aloud."""
    await customer.open(await servers.order())
    await customer.choose("bank_transfer")
    await customer.press_pay()
    await customer.at_bank()
    await customer.press("Back to the shop without paying")
    page = await customer.at("wait")
    await expect(page.locator("#status")).to_contain_text("Last checked at")
    await expect(page.locator("[data-elapsed]")).to_have_text(re.compile(r"0:0[1-9]"))
    first = await page.locator("#status .small").inner_text()
    await expect(page.locator("#status .small")).not_to_have_text(first)
    await expect(page.locator("[data-announce]")).to_have_text("")
    assert await page.evaluate("document.activeElement.id") == "headline"
