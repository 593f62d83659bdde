"""The gateway on a bad day: money moves at most once, and the customer is told the truth."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.customer import CHALLENGE, PLAIN, Customer
from tests.journeys.house import House, until
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER

AFTER = ("hang_after", "reset_after", "502_after", "truncated_after", "html_after", "drip_after")
CHECKING = "We are checking with the bank"


async def _checking(customer: Customer) -> None:
    await customer.at("wait")
    await customer.reads(CHECKING)
    await expect(customer.page.locator("#status")).to_contain_text("do not pay again")
    await customer.no_form()


@pytest.mark.parametrize("fault", AFTER)
async def test_the_money_has_moved(house: House, customer: Customer, fault: str) -> None:
    """No notification comes either: what the customer's page asks finds the payment."""
    await house.behave(notifications="lost")
    order = await house.order()
    await customer.open(order)
    await house.break_next(fault)
    await customer.pay(PLAIN)
    await _checking(customer)
    await customer.at("result")
    await customer.reads("Paid")
    assert len(await house.transactions(order)) == 1
    assert await house.charges(order) == 1
    assert (await house.sold(order))["state"] == "paid"


async def test_the_answer_was_the_way_to_the_bank(house: House, customer: Customer) -> None:
    """Lost with the answer: the bank's address. Looked up, it takes the customer there."""
    await house.behave(notifications="lost")
    order = await house.order()
    await customer.open(order)
    await house.break_next("reset_after")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await house.charges(order) == 1


async def test_the_customer_goes_away(house: House, customer: Customer) -> None:
    """The tab is closed while we check: the sweep finds the payment and the shop learns of it."""
    await house.behave(notifications="lost")
    order = await house.order()
    await customer.open(order)
    await house.break_next("reset_after")
    await customer.pay(PLAIN)
    await customer.at("wait")
    await customer.page.close()

    async def paid() -> bool:
        return bool((await house.sold(order))["state"] == "paid")

    await until(paid)
    assert await house.charges(order) == 1


@pytest.mark.parametrize("fault", ["reset_before", "hang_before", "500_before"])
async def test_nothing_was_taken_but_who_knows(
    house: House, customer: Customer, fault: str
) -> None:
    """Looked up by our key until it is sure; then the form opens again, and pays once."""
    order = await house.order(attempts=1)
    page = await customer.open(order)
    await house.break_next(fault)
    await customer.pay(PLAIN)
    await _checking(customer)
    assert (await house.state(order))["status"] == "pending"
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("Nothing was charged")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await house.charges(order) == 1


async def test_not_taken_for_sure(house: House, customer: Customer) -> None:
    """Too many requests: nothing was charged, the form stays, the try does not count."""
    order = await house.order(attempts=1)
    page = await customer.open(order)
    await house.break_next("429")
    await customer.pay(PLAIN)
    await customer.at("payment")
    await expect(page.locator(".note.bad")).to_contain_text("Nothing was sent")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await house.charges(order) == 1


async def test_another_amount_than_ours(house: House, customer: Customer) -> None:
    """Never success, however often it is asked; somebody is called to look."""
    house.allowed = ("mismatch",)
    order = await house.order()
    page = await customer.open(order)
    await house.break_next("wrong_amount")
    await customer.pay(PLAIN)
    await _checking(customer)

    async def asked_twice() -> bool:
        return len(await house.queries(order)) >= 2

    await until(asked_twice)
    assert page.url.endswith("/wait")
    await _checking(customer)
    assert (await house.state(order))["status"] == "pending"
    assert (await house.sold(order))["state"] == "unpaid"
    assert '"mismatch"' in house.log()
