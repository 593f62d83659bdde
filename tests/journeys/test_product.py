"""A product: one link, a buyer, the last one sold; with and without a script."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import PLAIN
from tests.support.settings import SHOP

pytestmark = BROWSER


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_the_last_one(servers: Servers, enter: Enter, script: bool) -> None:
    made = await servers.client.post(
        f"{servers.checkout}/products",
        auth=(SHOP, servers.shop_secret),
        json={
            "name": "A seat for the chorus", "description": "Give what you like", "quantity": 1,
            "currency": "EUR", "min_amount": 500, "max_amount": 100_000, "immortal": True,
            "language": "en",
        },
    )  # fmt: skip
    assert made.status_code == 201, made.text
    customer = await enter(java_script_enabled=script)
    customer.expected = {422}
    page = customer.page
    await page.goto(made.json()["pay_url"])
    await customer.reads("Choose an amount")
    await page.get_by_label("Amount").fill("2")
    await page.get_by_label("Amount").press("Enter")
    await expect(page.locator("#e-amount")).to_have_text("Enter €5.00 or more")
    if script:
        await expect(page.locator(".note.bad")).to_be_focused()
    await page.get_by_label("Amount").fill("7,50")
    await customer.press("Continue to payment")
    await customer.at("payment")
    await expect(page.locator("h1")).to_contain_text("€7.50")
    other = await customer.tab()
    await other.goto(made.json()["pay_url"])
    await customer.reads("Someone else is buying the last one", other)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    await other.reload()
    await customer.reads("Sold out", other)
    await expect(other.locator("form")).to_have_count(0)
