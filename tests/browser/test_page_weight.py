"""What the first view costs, and that nothing moves on it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from checkout.local_servers import SHOP
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, Shopper

pytestmark = BROWSER

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries())
    shifts.push([each.value, each.hadRecentInput, each.sources.map(
      (source) => source.node?.outerHTML?.slice(0, 120))]);
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("visible", [[], ["email", "address", "city", "zip", "state", "country"]])
async def test_three_requests_and_25_kilobytes(
    servers: Servers, customer: Shopper, visible: list[str]
) -> None:
    wire = await customer.context.new_cdp_session(customer.page)
    await wire.send("Network.enable")
    got: dict[str, dict[str, Any]] = {}
    wire.on("Network.responseReceived", lambda e: got.update({e["requestId"]: e["response"]}))
    sizes: dict[str, int] = {}
    wire.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e}))
    fields = {"customer_fields": {"visible": visible}}
    order = await servers.order_of(SHOP, servers.shop_secret, settings=fields)
    address = await servers.page_of(order)
    await customer.page.goto(address, wait_until="networkidle")
    own = {key: r for key, r in got.items() if not r["url"].startswith("data:")}
    assert len(own) == 3, [response["url"] for response in own.values()]
    weights = {
        response["url"].rpartition("/")[2]: int(sizes[key]["encodedDataLength"])  # type: ignore[index]
        for key, response in own.items()
    }
    assert sum(weights.values()) <= 25_000, weights
    for response in own.values():
        assert response["url"].startswith(servers.checkout)


async def test_the_second_view_costs_one_request(servers: Servers, customer: Shopper) -> None:
    """What has a hash in its name is fetched once, for every later payment."""
    await customer.open(await servers.order())
    page = await customer.tab()
    wire = await customer.context.new_cdp_session(page)
    await wire.send("Network.enable")
    fetched: list[str] = []

    def note(event: dict[str, Any]) -> None:
        response = event["response"]
        if not response.get("fromDiskCache") and not response["url"].startswith("data:"):
            fetched.append(response["url"])

    wire.on("Network.responseReceived", note)
    address = await servers.payment_url(await servers.order())
    await page.goto(address, wait_until="networkidle")
    assert fetched == [address]


async def _shifts(page: Page) -> Any:
    """What browsers count: not what follows at once on what the customer did."""
    await page.wait_for_timeout(100)
    return await page.evaluate("window.shifts.filter(([, typed]) => !typed)")


async def test_nothing_moves(servers: Servers, enter: Enter) -> None:
    """Through loading, typing, and errors from the page and from the server, wide and narrow."""
    for width in (1280, 375):
        customer = await enter(viewport={"width": width, "height": 800})
        customer.expected = {422}
        await customer.context.add_init_script(SHIFTS)
        order = await servers.order(settings={"customer_fields": {"visible": ["email"]}})
        page = await customer.open(order)
        await page.locator("#f-number").press_sequentially("4012000000001098")
        await page.locator("#f-expiry").press_sequentially("1234")
        await page.locator("#f-code").press_sequentially("12")
        await page.locator("#f-email").press_sequentially("anna@gmial.com")
        await page.locator("#f-holder").press_sequentially("ANNA SMITH")
        await customer.press_pay()
        await expect(page.locator("#e-number")).not_to_be_empty()
        assert await _shifts(page) == []
        await page.locator("#f-email").fill("anna")
        await customer.type_card(CHALLENGE)
        await customer.press_pay()
        await expect(page.locator("#e-email")).not_to_be_empty()
        assert await _shifts(page) == []
        await page.locator("#f-email").fill("anna@example.com")
        await customer.press_pay()
        await customer.answer_bank()
        await customer.at("result")
        assert await _shifts(page) == []


async def test_nothing_moves_while_waiting(servers: Servers, enter: Enter) -> None:
    customer = await enter()
    await customer.context.add_init_script(SHIFTS)
    order = await servers.order(payment_method={"types": ["erip"]})
    page = await customer.open(order)
    await customer.press_pay()
    await customer.at("wait")
    said = await page.locator("#status .small").inner_text()
    await expect(page.locator("#status .small")).not_to_have_text(said)
    assert await _shifts(page) == []


async def test_motion(servers: Servers, customer: Shopper) -> None:
    """Short, and none for whoever asked for none."""
    page = await customer.open(await servers.order())
    longest = """() => Math.max(...[...document.querySelectorAll("*")].flatMap((each) => {
      const { transitionDuration, animationDuration } = getComputedStyle(each);
      return (transitionDuration + "," + animationDuration).split(",").map(parseFloat);
    }))"""
    assert 0 < await page.evaluate(longest) <= 0.15
    await page.emulate_media(reduced_motion="reduce")
    assert await page.evaluate(longest) == 0
