"""The gateway on a bad day: money moves at most once, and the customer is told the truth."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER

AFTER = ("hang_after", "reset_after", "502_after", "truncated_after", "html_after", "drip_after")
CHECKING = "We are checking with the bank"


async def _checking(customer: Shopper) -> None:
    await customer.at("wait")
    await customer.reads(CHECKING)
    await expect(customer.page.locator("#status")).to_contain_text("do not pay again")
    await customer.no_form()


@pytest.mark.parametrize("fault", AFTER)
async def test_the_money_has_moved(servers: Servers, customer: Shopper, fault: str) -> None:
    """No notification comes either: what the customer's page asks finds the payment."""
    await servers.behave(notifications="lost")
    order = await servers.order()
    await customer.open(order)
    await servers.break_next(fault)
    await customer.pay(PLAIN)
    await _checking(customer)
    await customer.at("result")
    await customer.reads("Paid")
    assert len(await servers.transactions(order)) == 1
    assert await servers.charges(order) == 1
    assert (await servers.sold(order))["state"] == "paid"


async def test_the_answer_was_the_way_to_the_bank(servers: Servers, customer: Shopper) -> None:
    """Lost with the answer: the bank's address. Looked up, it takes the customer there."""
    await servers.behave(notifications="lost")
    order = await servers.order()
    await customer.open(order)
    await servers.break_next("reset_after")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_the_customer_goes_away(servers: Servers, customer: Shopper) -> None:
    """The tab is closed while we check: the sweep finds the payment and the shop learns of it."""
    await servers.behave(notifications="lost")
    order = await servers.order()
    await customer.open(order)
    await servers.break_next("reset_after")
    await customer.pay(PLAIN)
    await customer.at("wait")
    await customer.page.close()

    async def paid() -> bool:
        return bool((await servers.sold(order))["state"] == "paid")

    await until(paid)
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("fault", ["reset_before", "hang_before", "500_before"])
async def test_nothing_was_taken_but_who_knows(
    servers: Servers, customer: Shopper, fault: str
) -> None:
    """Looked up by our key until it is sure; then the form opens again, and pays once."""
    order = await servers.order(attempts=1)
    page = await customer.open(order)
    await servers.break_next(fault)
    await customer.pay(PLAIN)
    await _checking(customer)
    assert (await servers.state(order))["status"] == "pending"
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("Nothing was charged")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_not_taken_for_sure(servers: Servers, customer: Shopper) -> None:
    """Too many requests: nothing was charged, the form stays, the try does not count."""
    order = await servers.order(attempts=1)
    page = await customer.open(order)
    await servers.break_next("429")
    await customer.pay(PLAIN)
    await customer.at("payment")
    await expect(page.locator(".note.bad")).to_contain_text("Nothing was sent")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_another_amount_than_ours(servers: Servers, customer: Shopper) -> None:
    """Never success, however often it is asked; somebody is called to look."""
    servers.allowed = ("mismatch",)
    order = await servers.order()
    page = await customer.open(order)
    await servers.break_next("wrong_amount")
    await customer.pay(PLAIN)
    await _checking(customer)

    async def asked_twice() -> bool:
        return len(await servers.queries(order)) >= 2

    await until(asked_twice)
    assert page.url.endswith("/wait")
    await _checking(customer)
    assert (await servers.state(order))["status"] == "pending"
    assert (await servers.sold(order))["state"] == "unpaid"
    assert '"mismatch"' in servers.log()
