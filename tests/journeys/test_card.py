"""A card: typed, confirmed at the bank, paid, known to the shop."""

from __future__ import annotations

from tests.journeys.customer import Customer
from tests.journeys.house import House
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER


async def test_from_the_shop_to_the_bank_and_back(house: House, customer: Customer) -> None:
    page = customer.page
    await page.goto(house.shop)
    await page.locator("button[value=pay]").click()
    await customer.pay()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    print(page.url)
