"""What an operator does after the payment, and what the customer's page then tells."""

from __future__ import annotations

import asyncio
import sys

from tests.journeys.customer import PLAIN, Customer
from tests.journeys.house import House
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER


async def _command(house: House, *arguments: str) -> str:
    """What `checkout payments` says, beside the running server."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "checkout", "payments", *arguments),
        *("--config", str(house.folder / "checkout.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_reserved_collected_and_sent_back(house: House, customer: Customer) -> None:
    """By `checkout payments capture` and `refund`, on a payment made in the browser."""
    order = await house.order(
        transaction_type="authorization", payment_method={"types": ["credit_card"]}
    )
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Payment approved")
    uid = page.url.split("/")[5]
    assert "successful" in await _command(house, "capture", uid)
    await page.reload()
    await customer.reads("Paid")
    assert "successful" in await _command(house, "refund", uid)
    await page.reload()
    await customer.reads("Refunded")
    taken, *after = [
        row
        for row in (await house.ledger())["transactions"]
        if row["amount"] == order.amount and row["protocol"] == "overpay_cards"
    ]
    assert [row["type"] for row in after] == ["capture", "refund"]
    assert taken["facts"]["refunded"] == order.amount
