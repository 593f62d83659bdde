"""Ends without money: the customer cancels, or the time is up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.journeys.customer import PLAIN, Customer
from tests.journeys.house import House, until
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER


async def test_cancel(house: House, customer: Customer) -> None:
    order = await house.order(settings={"cancel_url": f"{house.shop}/?why=cancelled#basket"})
    page = await customer.open(order)
    await customer.press("Cancel payment")
    await customer.at("result")
    await customer.reads("Payment cancelled")
    assert (await house.sold(order))["state"] == "canceled"
    await customer.back_to_shop()
    uid = (await house.sold(order))["notifications"][0]["uid"]
    query = f"why=cancelled&token={order.token}&status=canceled&uid={uid}&result="
    assert page.url.startswith(f"{house.shop}/?{query}")
    assert page.url.endswith("#basket")
    # Nothing can be paid afterwards.
    await page.goto(order.url)
    await customer.at("result")
    await customer.reads("Payment cancelled")
    assert await house.calls(order) == []


async def test_time_is_up(house: House, customer: Customer) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=4)
    order = await house.order(expired_at=ends.isoformat())
    page = await customer.open(order)
    await customer.at("payment")
    await expect(page.locator("[data-countdown]")).to_have_text("0:00")
    # Time passes with the form open: what is sent too late is not charged.
    await until(lambda: datetime.now(UTC) > ends)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Time is up")
    assert await house.transactions(order) == []
    state = await house.state(order)
    assert (state["expired"], state["status"], state["message"]) == (
        True,
        "error",
        "Token is expired.",
    )

    async def told() -> bool:
        return bool((await house.sold(order))["state"] == "expired")

    await until(told)
    (letter,) = (await house.sold(order))["notifications"]
    assert (letter["verified"], letter["status"]) == (True, "error")
    await customer.back_to_shop()
    await customer.reads("The time to pay is over")
