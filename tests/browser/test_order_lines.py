"""What is bought, as a browser shows it: folded on phones, open where there is room."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import SHOP, Order, Servers

pytestmark = BROWSER

LINES = [{"name": "Socks", "quantity": 2, "amount": 1000}, {"name": "Shirt", "amount": 1500}]
ORDER = {"amount": 3000, "lines": LINES, "shipping": 500}
LONG = 1_250_000_000_00  # €1,250,000,000.00


async def ordered(servers: Servers, **order: Any) -> Order:
    return await servers.order_of(SHOP, servers.shop_secret, order=order)


async def _fits(page: Page) -> None:
    """No digit of the amount stands on a second line, and nothing is wider than the screen."""
    lines, beyond = await page.evaluate(
        """() => [document.querySelector(".amount > bdi").getClientRects().length,
                  document.documentElement.scrollWidth - innerWidth]"""
    )
    assert (lines, beyond) == (1, 0)


async def test_folded_on_a_phone_and_open_where_there_is_room(
    servers: Servers, enter: Enter
) -> None:
    """Without a script too."""
    address = await servers.payment_url(await ordered(servers, **ORDER))
    customer = await enter(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = customer.page
    await page.goto(address)
    socks, total = page.get_by_text("Socks"), page.locator(".order-lines .total")
    await expect(socks).not_to_be_visible()
    await page.get_by_text("3 items").click()
    await expect(socks).to_be_visible()
    await expect(total).to_have_text("Total €30.00")
    await page.goto(address)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await expect(socks).to_be_visible()
    await expect(page.get_by_text("3 items")).not_to_be_visible()


async def test_an_amount_never_breaks(servers: Servers, enter: Enter) -> None:
    customer = await enter(viewport={"width": 320, "height": 640})
    for amount in (1, 1999, 123_456_78, LONG):
        await customer.page.goto(await servers.payment_url(await ordered(servers, amount=amount)))
        await _fits(customer.page)
