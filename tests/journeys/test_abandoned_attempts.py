"""The customer leaves the bank's page and pays another way; the old one may still be paid."""

from __future__ import annotations

from playwright.async_api import expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER


async def _back_unpaid(servers: Servers, customer: Shopper) -> Order:
    """At the payment system, and back without having paid."""
    order = await servers.order()
    await customer.open(order)
    await customer.choose("bank_transfer")
    await customer.press_pay()
    await customer.at_bank()
    await customer.press("Back to the shop without paying")
    await customer.at("wait")
    await customer.reads("Waiting for your bank's answer")
    return order


async def test_back_unpaid_and_there_again(servers: Servers, customer: Shopper) -> None:
    order = await _back_unpaid(servers, customer)
    await customer.press("Go to your bank again")
    await customer.at_bank()
    await customer.page.locator("button[value=pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    assert len(await servers.transactions(order)) == 1


async def test_another_way(servers: Servers, customer: Shopper) -> None:
    order = await _back_unpaid(servers, customer)
    await customer.press("Choose another way to pay")
    await customer.at("payment")
    # Only after the gateway has said that it is not paid.
    assert await servers.queries(order)
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    left, taken = await servers.transactions(order)
    assert (left["charged"], taken["charged"]) == (False, True)


async def test_another_way_by_the_back_button(servers: Servers, customer: Shopper) -> None:
    """Back out of the payment system's page to ours: a button there chooses another way."""
    order = await servers.order()
    page = await customer.open(order)
    await customer.choose("sbp")
    await customer.press_pay()
    await customer.at_bank()
    # Whoever comes back by the Back button is not sent away again at once.
    await page.go_back()
    await customer.at("redirect")
    await customer.reads("Taking you to the payment page")
    await page.wait_for_timeout(1000)  # the interval: within it, what was said last is fresh enough
    before = len(await servers.queries(order))
    await customer.press("Choose another way to pay")
    await customer.at("payment")
    assert len(await servers.queries(order)) > before, "left without asking the gateway"
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_paid_after_it_was_left(servers: Servers, customer: Shopper) -> None:
    """The old way is paid when the form is open again: shown, told, and nothing more is taken."""
    servers.allowed = ("late_success",)
    order = await _back_unpaid(servers, customer)
    await customer.press("Choose another way to pay")
    page = await customer.at("payment")
    await customer.choose("credit_card")
    await customer.type_card(PLAIN)
    (left,) = await servers.transactions(order)
    await servers.settle(left["uid"])

    async def paid() -> bool:
        return bool((await servers.sold(order))["state"] == "paid")

    await until(paid)
    await customer.press_pay()
    await customer.at("result")
    await customer.reads("Paid")
    await expect(page.locator(".rows")).to_contain_text("Bank transfer")
    assert await servers.charges(order) == 1
    assert "late_success" in servers.log()


async def test_both_paid(servers: Servers, customer: Shopper) -> None:
    """The old way is paid after the new one: recorded and raised; the customer still sees Paid."""
    servers.allowed = ("late_success",)
    order = await _back_unpaid(servers, customer)
    await customer.press("Choose another way to pay")
    await customer.at("payment")
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    alerts = servers.log().count("late_success")
    left, _ = await servers.transactions(order)
    await servers.settle(left["uid"])
    await until(lambda: servers.log().count("late_success") > alerts)
    await customer.page.reload()
    await customer.reads("Paid")
    assert (await servers.sold(order))["state"] == "paid"
