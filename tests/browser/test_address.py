"""The address as the chosen country has it, in place; without a script for any country at once."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import PLAIN

pytestmark = BROWSER

ASKED = {"customer_fields": {"visible": ["country", "address", "city", "state", "zip"]}}
SHOWN = """() => [...document.querySelectorAll("[data-field] label")]
    .filter((each) => each.offsetParent && each.closest("fieldset").querySelector("select"))
    .map((each) => each.textContent.trim().replace(/\\s+/g, " "))"""


async def labels(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(SHOWN)
    return found


@pytest.mark.parametrize(("locale", "country"), [("de-AT", "AT"), ("en-US", "")])
async def test_a_country_changes_its_fields(
    servers: Servers, enter: Enter, locale: str, country: str
) -> None:
    customer = await enter(locale=locale)
    page = await customer.open(await servers.order(settings=ASKED | {"language": "en"}))
    chosen = page.get_by_label("Country")
    await expect(chosen).to_have_value(country)
    at_first = await labels(page)
    assert at_first == (
        ["Country", "Address", "Postal code", "City"]
        if country
        else ["Country", "Address", "City", "State or region (optional)", "Postal code (optional)"]
    )
    await chosen.select_option("US")
    assert await labels(page) == ["Country", "Address", "City", "State", "ZIP code"]
    await page.get_by_label("State").fill("New York")
    await chosen.select_option("JP")
    assert await labels(page) == ["Country", "Postal code", "Prefecture", "Address"]
    await chosen.select_option("GB")
    assert await labels(page) == ["Country", "Address", "Town or city", "Postal code"]
    await page.get_by_label("Address").fill("1 High Street")
    await page.get_by_label("Town or city").fill("London")
    # A slip that the server alone sees: its words are this country's, and the card stays typed.
    await page.get_by_label("Postal code").fill("10001")
    customer.expected = {422}
    await customer.pay(PLAIN)
    await expect(page.locator("#e-zip")).to_have_text("Enter the postal code like EC1Y 8SY")
    await expect(page.locator("#f-number")).not_to_have_value("")
    await page.get_by_label("Postal code").fill("sw1a1aa")
    await customer.press_pay()
    await customer.reads("Paid")


async def test_without_a_script_any_country_can_be_chosen(servers: Servers, enter: Enter) -> None:
    customer = await enter(java_script_enabled=False, locale="de-AT")
    page = await customer.open(await servers.order(settings=ASKED | {"language": "en"}))
    await page.get_by_label("Country").select_option("US")
    await page.get_by_label("Address").fill("1 Main St")
    await page.get_by_label("City").fill("New York")
    await page.get_by_label("State or region (optional)").fill("new york")
    await page.get_by_label("Postal code").fill("10001")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
