"""What an operator does after the payment, and what the customer's page then tells."""

from __future__ import annotations

import asyncio
import sys

from tests.journeys.plugin import BROWSER, ON_EACH_DATABASE
from tests.journeys.servers import Servers
from tests.journeys.shopper import PLAIN, Shopper

pytestmark = [*BROWSER, ON_EACH_DATABASE]


async def _command(servers: Servers, *arguments: str) -> str:
    """What `checkout payments` says, beside the running server."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "checkout", "payments", *arguments),
        *("--config", str(servers.folder / "checkout.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_reserved_collected_and_sent_back(servers: Servers, customer: Shopper) -> None:
    """By `checkout payments capture` and `refund`, on a payment made in the browser."""
    order = await servers.order(
        transaction_type="authorization", payment_method={"types": ["credit_card"]}
    )
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Payment approved")
    uid = page.url.split("/")[5]
    assert "successful" in await _command(servers, "capture", uid)
    await page.reload()
    await customer.reads("Paid")
    assert "successful" in await _command(servers, "refund", uid)
    await page.reload()
    await customer.reads("Refunded")
    held, capture, refund = await servers.transactions(order)
    assert [row["type"] for row in (held, capture, refund)] == [
        "authorization",
        "capture",
        "refund",
    ]
    assert (capture["facts"]["parent_uid"], refund["facts"]["parent_uid"]) == (
        *(held["uid"], capture["uid"]),
    )
    assert capture["facts"]["refunded"] == order.amount


async def test_a_charge_that_the_gateway_splits(servers: Servers, customer: Shopper) -> None:
    """Authorized and captured by the gateway itself; the answer is lost, so that the capture has to
    be found, and money goes back from it."""
    await servers.behave(charges="authorization", notifications="lost")
    await servers.break_next("hang_after")
    order = await servers.order(
        transaction_type="charge", payment_method={"types": ["credit_card"]}
    )
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    uid = page.url.split("/")[5]
    assert "successful" in await _command(servers, "refund", uid)
    charge, capture, refund = await servers.transactions(order)
    assert [row["type"] for row in (charge, capture, refund)] == ["charge", "capture", "refund"]
    assert refund["facts"]["parent_uid"] == capture["uid"]
    assert await servers.charges(order) == 1


async def test_sent_back_by_an_online_payment_system(servers: Servers, customer: Shopper) -> None:
    """In two parts."""
    order = await servers.order(payment_method={"types": ["sbp"]})
    page = await customer.open(order)
    await customer.press_pay()
    await customer.at_bank()
    await page.locator("button[value=pay]").click()
    await customer.at("result")
    uid = page.url.split("/")[5]
    assert "successful" in await _command(servers, "refund", uid, "--amount", "4.00")
    await page.reload()
    await customer.reads("Paid")
    assert "successful" in await _command(servers, "refund", uid)
    await page.reload()
    await customer.reads("Refunded")
    paid, *parts = await servers.transactions(order)
    assert [row["amount"] for row in parts] == [400, order.amount - 400]
    assert {row["facts"]["parent_uid"] for row in parts} == {paid["uid"]}
