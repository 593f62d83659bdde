"""JavaScript off: buttons, and pages that ask again by themselves."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN

pytestmark = BROWSER


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_card(servers: Servers, enter: Enter, method: str) -> None:
    await servers.behave(return_method=method)
    customer = await enter(java_script_enabled=False)
    page = customer.page
    await page.goto(servers.shop)
    await page.locator("button[value=pay]").click()
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    if method == "POST":  # the bank's form posts itself by a script
        await customer.press("Back to the shop")
    await customer.at("result")
    await customer.reads("Paid")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")


async def test_errors_are_the_servers(servers: Servers, enter: Enter) -> None:
    order = await servers.order(settings={"customer_fields": {"visible": ["email"]}})
    customer = await enter(java_script_enabled=False)
    customer.expected = {422}
    page = await customer.open(order)
    await page.get_by_label("E-mail").fill("anna@example.com")
    await customer.pay("4012000000001098", code="")
    await expect(page.locator(".note.bad h2")).to_have_text("Check 2 fields")
    await expect(page.locator("#e-number")).to_have_text(
        "Check the card number: one of its digits is wrong"
    )
    await expect(page.locator("#f-number")).to_have_value("")
    await expect(page.get_by_label("E-mail")).to_have_value("anna@example.com")
    assert await servers.calls(order) == []
    # The page is now at .../pay: its address alone leads back to the form.
    await customer.type_card(DECLINED)
    await customer.press_pay()
    await customer.at("payment")
    await expect(page.locator(".note.bad h2")).to_have_text("Your bank declined the payment")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("method", ["bank_transfer", "sbp", "form_get"])
async def test_payment_system(servers: Servers, enter: Enter, method: str) -> None:
    order = await servers.order()
    customer = await enter(java_script_enabled=False)
    page = await customer.open(order)
    await customer.choose(method)
    await customer.press_pay()
    if method != "bank_transfer":  # a form is left by its button, an address by itself
        await customer.at("redirect")
        await customer.press("Continue")
    await customer.at_bank()
    await page.locator("button[value=pay]").click()
    await customer.at("result")
    await customer.reads("Paid")


async def test_instructions_move_by_themselves(servers: Servers, enter: Enter) -> None:
    order = await servers.order(payment_method={"types": ["erip"]})
    customer = await enter(java_script_enabled=False)
    await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    (bill,) = await servers.transactions(order)
    await servers.settle(bill["uid"])
    await customer.at("result")
    await customer.reads("Paid")


async def test_checking_moves_by_itself(servers: Servers, enter: Enter) -> None:
    await servers.behave(notifications="lost")
    order = await servers.order()
    customer = await enter(java_script_enabled=False)
    await customer.open(order)
    await servers.break_next("502_after")
    await customer.pay(PLAIN)
    await customer.reads("We are checking with the bank")
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_back_to_the_shop_by_itself(servers: Servers, enter: Enter) -> None:
    order = await servers.order(settings={"auto_return": 1})
    customer = await enter(java_script_enabled=False)
    await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at_shop()
    await customer.reads("Thank you, your order is paid")
