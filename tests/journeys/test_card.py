"""A card: typed, confirmed at the bank, paid, known to the shop; and what can go wrong with it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, FRICTIONLESS, PLAIN, Shopper

pytestmark = BROWSER


async def test_from_the_shop_to_the_bank_and_back(servers: Servers, customer: Shopper) -> None:
    page = customer.page
    await page.goto(servers.shop)
    await page.locator("button[value=pay]").click()
    await customer.pay()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    # The shop's address has what a plugin reads, in the order in which it reads it.
    number, query = page.url.removeprefix(f"{servers.shop}/orders/").split("?")
    wanted = r"token=[0-9a-f]{64}&status=successful&uid=[0-9a-f-]{36}&result=[\w.-]+"
    assert re.fullmatch(wanted, query, re.ASCII)
    # And what the shop knows by itself: the result was signed, nobody had to be asked.
    await expect(page.get_by_text("Genuine: successful")).to_be_visible()
    await expect(page.get_by_text("No call was needed")).to_be_visible()
    sold = (await servers.client.get(f"{servers.shop}/orders/{number}.json")).json()
    assert sold["state"] == "paid"
    (webhook,) = sold["notifications"]
    assert (webhook["verified"], webhook["signature"], webhook["basic"]) == (True, "valid", "valid")
    assert (webhook["status"], webhook["amount"]) == ("successful", sold["amount"])


@pytest.mark.parametrize("number", [FRICTIONLESS, PLAIN, "5204240000015003"])
async def test_without_the_bank_page_one_call_does_it(
    servers: Servers, customer: Shopper, number: str
) -> None:
    order = await servers.order()
    await customer.open(order)
    await customer.pay(number)
    await customer.at("result")
    await customer.reads("Paid")
    assert (await servers.sold(order))["state"] == "paid"
    (call,) = await servers.calls(order)  # no status query besides
    assert (call["method"], call["path"]) == ("POST", "/transactions/payments")


async def test_declined_then_another_card(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(
        attempts=3, settings={"customer_fields": {"visible": ["email", "first_name"]}}
    )
    page = await customer.open(order)
    await page.get_by_label("E-mail").fill("anna@example.com")
    await page.get_by_label("First name").fill("Anna")
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad h2")).to_have_text("Your bank declined the payment")
    await customer.at("payment")
    await expect(page.locator("#f-code")).to_have_value("")  # alone: the rest may be right
    await expect(page.get_by_label("E-mail")).to_have_value("anna@example.com")
    await expect(page.get_by_label("First name")).to_have_value("Anna")
    # The shop is told of the end, not of every decline.
    assert (await servers.sold(order))["notifications"] == []
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert [row["status"] for row in await servers.transactions(order)] == ["failed", "successful"]
    assert (await servers.sold(order))["state"] == "paid"


async def test_declined_for_good(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(attempts=1)
    page = await customer.open(order)
    await customer.pay(DECLINED)
    await customer.at("result")
    await customer.reads("Your bank declined the payment")
    await customer.no_form()
    await page.goto(order.url)
    await customer.at("result")
    await customer.back_to_shop()
    await customer.reads("The payment failed")
    assert await servers.charges(order) == 0


async def test_wrong_password_then_again(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(attempts=3)
    page = await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.answer_bank("9999")
    await expect(page.locator(".note.bad h2")).to_have_text(
        "Your bank could not confirm that it was you"
    )
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_cancelled_at_the_bank(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(attempts=3)
    page = await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    await page.locator("button[value=cancel]").click()
    await expect(page.locator(".note h2")).to_have_text("The payment was cancelled at the bank")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_back_from_the_bank_across_sites(
    servers: Servers, customer: Shopper, method: str
) -> None:
    """By a link or by a form that posts itself: no cookie of ours has to travel with it."""
    await servers.behave(return_method=method)
    order = await servers.order()
    await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
