"""Ends without money: the customer cancels, or the time is up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER


async def test_cancel(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(settings={"cancel_url": f"{servers.shop}/?why=cancelled#basket"})
    page = await customer.open(order)
    await customer.press("Cancel payment")
    await customer.at("result")
    await customer.reads("Payment cancelled")
    assert (await servers.sold(order))["state"] == "canceled"
    await customer.back_to_shop()
    uid = (await servers.sold(order))["notifications"][0]["uid"]
    query = f"why=cancelled&token={order.token}&status=canceled&uid={uid}&result="
    assert page.url.startswith(f"{servers.shop}/?{query}")
    assert page.url.endswith("#basket")
    # Nothing can be paid afterwards.
    await page.goto(order.url)
    await customer.at("result")
    await customer.reads("Payment cancelled")
    assert await servers.calls(order) == []


async def test_cancel_without_telling(servers: Servers, customer: Shopper) -> None:
    """As plugins of the family know it: the customer comes back, nothing is notified."""
    back = f"{servers.shop}/?why=cancelled"
    order = await servers.order(settings={"cancel_url": back, "notify_canceled": False})
    page = await customer.open(order)
    await customer.press("Cancel payment")
    await customer.at("result")
    await customer.back_to_shop()
    assert page.url.startswith(f"{back}&token={order.token}&status=canceled&uid=")
    assert (await servers.state(order))["status"] == "canceled"
    assert (await servers.sold(order))["notifications"] == []


async def test_time_is_up(servers: Servers, customer: Shopper) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=4)
    order = await servers.order(expired_at=ends.isoformat())
    page = await customer.open(order)
    await customer.at("payment")
    await expect(page.locator("[data-countdown]")).to_have_text("0:00")
    # Time passes with the form open: what is sent too late is not charged.
    await until(lambda: datetime.now(UTC) > ends)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Time is up")
    assert await servers.transactions(order) == []
    state = await servers.state(order)
    assert (state["expired"], state["status"], state["message"]) == (
        True,
        "error",
        "Token is expired.",
    )

    async def told() -> bool:
        return bool((await servers.sold(order))["state"] == "expired")

    await until(told)
    (webhook,) = (await servers.sold(order))["notifications"]
    assert (webhook["verified"], webhook["status"]) == (True, "error")
    await customer.back_to_shop()
    await customer.reads("The time to pay is over")
