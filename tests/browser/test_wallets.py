"""Wallets in the shop's frame: only where its page lets it pay, by the browser's own rules."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.accessibility import look
from tests.browser.test_frames import ShopPage
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.support.http_server import http_server
from tests.support.wallet_browser import wallet_browser

pytestmark = BROWSER


async def test_the_buttons(servers: Servers, enter: Enter) -> None:
    """For axe, and at 320 px; and when a sheet does not open."""
    customer = await enter()
    customer.expected = {422}
    await customer.context.add_init_script(wallet_browser("google_pay", "apple_pay"))
    page = customer.page
    await page.goto((await servers.order_of("wallets", servers.wallets_secret)).url)
    await expect(page.locator("[data-wallet=google_pay]")).to_be_visible()
    await look(page, "wallets")
    await page.locator("[data-wallet=apple_pay]").click()
    await expect(page.locator(".wallets p")).to_contain_text("does not work just now")
    await look(page, "wallets-problem")


# The browser's own interface, before it is played: it refuses in its constructor.
OWN = """
  const total = { label: "x", amount: { currency: "EUR", value: "1" } };
  const OwnRequest = PaymentRequest;
  window.mayPay = () => {
    try {
      return !!new OwnRequest([{ supportedMethods: "https://google.com/pay" }], { total });
    } catch (error) {
      return error.name;
    }
  };
"""


MAKE = """([src, allow]) => {
  const frame = document.createElement("iframe");
  Object.assign(frame, { src, allow, title: "Payment", width: 420, height: 700 });
  document.body.append(frame);
}"""
# Google can't be reached from here, and a refusal is told.
SAID = ("Unable to download payment manifest", "payment is not allowed in this document")


@pytest.mark.parametrize(("allow", "may"), [("payment *", True), ("", "SecurityError")])
async def test_in_a_frame(servers: Servers, enter: Enter, allow: str, may: bool | str) -> None:
    customer = await enter()
    await customer.context.add_init_script(OWN + wallet_browser("google_pay"))
    order = await servers.order_of("wallets", servers.wallets_secret, iframe=True)
    page = customer.page
    with http_server(ShopPage, int(servers.frame.rpartition(":")[2])):
        await page.goto(servers.frame)
        await page.evaluate(MAKE, [order.url, allow])
        frame = page.frame_locator("iframe")
        await expect(frame.locator("[data-pay]")).to_be_visible()
        assert await frame.locator("body").evaluate("mayPay()") == may
        await frame.locator("[data-wallet=google_pay]").click()
        await expect(frame.locator("h1")).to_have_text("Paid")
    assert await servers.charges(order) == 1
    customer.problems[:] = [
        each for each in customer.problems if not any(said in each for said in SAID)
    ]


async def test_the_first_view(servers: Servers, enter: Enter) -> None:
    """With both wallets, as on any page: three requests and 25 kB."""
    customer = await enter()
    await customer.context.add_init_script(wallet_browser("google_pay"))
    wire = await customer.context.new_cdp_session(customer.page)
    await wire.send("Network.enable")
    sizes: list[int] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    order = await servers.order_of("wallets", servers.wallets_secret)
    address = await servers.page_of(order)
    await customer.page.goto(address, wait_until="networkidle")
    fetched = [size for size in sizes if size]
    assert len(fetched) == 3
    assert sum(fetched) <= 25_000, fetched
