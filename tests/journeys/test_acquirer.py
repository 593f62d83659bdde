"""The other acquirer in the browser: cards with and without 3-D Secure, and ways without a card."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.customer import CHALLENGE, DECLINED, PLAIN, Customer
from tests.journeys.house import House
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER

CARD = {"types": ["acquirer_card"]}


async def test_declined_then_paid_at_once(house: House, customer: Customer) -> None:
    order = await house.order(payment_method=CARD, attempts=2)
    page = await customer.open(order)
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_contain_text("Nothing was charged")
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    await expect(page.locator(".rows")).to_contain_text("Visa •••• 0000")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    declined, paid = await house.transactions(order)
    assert (declined["charged"], paid["charged"]) == (False, True)


async def test_challenge_failed_then_passed(house: House, customer: Customer) -> None:
    """There by a posted form, every parameter as it was, and back by one from another site."""
    order = await house.order(payment_method=CARD, attempts=3)
    page = await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.answer_bank("2222")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("could not confirm that it is you")
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    await customer.press("Cancel")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("cancelled at the bank")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await house.charges(order) == 1
    assert len(await house.transactions(order)) == 3


@pytest.mark.parametrize("method", ["netbanking", "ewallet", "voucher"])
async def test_without_a_card(house: House, customer: Customer, method: str) -> None:
    """A page of a bank's, an answer without a status word, a form to post: there and back unpaid,
    there again, declined, and paid."""
    order = await house.order(payment_method={"types": [method]}, attempts=2)
    page = await customer.open(order)
    await expect(page.locator("#f-number")).to_have_count(0)
    await customer.press_pay()
    await customer.at_bank()
    if method == "netbanking":
        await customer.press("Back to the shop without paying")
        await customer.at("wait")
        await customer.press("Go to your bank again")
        await customer.at_bank()
        await customer.press("Decline")
        await customer.at("payment")
        await expect(page.locator(".note.bad")).to_contain_text("Nothing was charged")
        await customer.press_pay()
        await customer.at_bank()
    await page.locator("button[value=pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    assert await house.charges(order) == 1
    assert (await house.sold(order))["state"] == "paid"
