"""A payment's link is opened by its customer, then by somebody it was forwarded to."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import PLAIN

pytestmark = BROWSER

ANNA = {"email": "anna.lee@canary.example", "first_name": "Annamaria", "address": "Canary street 7"}


async def test_a_forwarded_link(servers: Servers, enter: Enter) -> None:
    customer, friend = await enter(), await enter()
    order = await servers.order(
        customer=ANNA,
        payment_method={"types": ["credit_card"]},
        settings={
            "customer_fields": {"visible": [*ANNA], "read_only": ["email"]},
            "credit_card_fields": {"holder": "ANNA LEE"},
        },
    )
    page = await customer.open(order)
    await expect(page.locator("#f-first_name")).to_have_value("Annamaria")
    await page.reload()
    await expect(page.locator("#f-email")).to_have_value(ANNA["email"])

    page = await friend.open(order)
    await look(page, "stranger")
    for secret in (*ANNA.values(), "ANNA LEE"):
        assert secret not in await page.content()
    friend.expected = {422}
    await page.get_by_text("Show my details").click()
    await page.locator("#f-known_email").fill("somebody@example.com")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#e-known_email")).not_to_be_empty()
    await look(page, "stranger-wrong")
    # Without knowing anything a friend pays: what is empty is the customer's.
    await friend.type_card(PLAIN, holder="")
    await friend.press_pay()
    await friend.reads("Paid")
    assert "Annamaria" not in await page.content()

    other = await enter()
    again = await servers.order(customer=ANNA, settings={"customer_fields": {"visible": [*ANNA]}})
    await customer.open(again)
    page = await other.open(again)
    await page.get_by_text("Show my details").click()
    await page.locator("#f-known_email").fill("Anna.Lee@canary.example")
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-first_name")).to_have_value("Annamaria")
