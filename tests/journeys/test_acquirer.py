"""The other acquirer in the browser: cards with and without 3-D Secure, and ways without a card."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER

CARD = {"types": ["acquirer_card"]}


async def test_declined_then_paid_at_once(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(payment_method=CARD, attempts=2)
    page = await customer.open(order)
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_contain_text("Nothing was charged")
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    await expect(page.locator(".rows")).to_contain_text("Visa •••• 0000")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    declined, paid = await servers.transactions(order)
    assert (declined["charged"], paid["charged"]) == (False, True)


async def test_challenge_failed_then_passed(servers: Servers, customer: Shopper) -> None:
    """There by a posted form, every parameter as it was, and back by one from another site."""
    order = await servers.order(payment_method=CARD, attempts=3)
    page = await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.answer_bank("2222")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("could not confirm that it was you")
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    await customer.press("Cancel")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("cancelled at the bank")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
    assert len(await servers.transactions(order)) == 3


@pytest.mark.parametrize("method", ["netbanking", "ewallet", "voucher"])
async def test_without_a_card(servers: Servers, customer: Shopper, method: str) -> None:
    """A page of a bank's, an answer without a status word, a form to post: there and back unpaid,
    there again, declined, and paid."""
    order = await servers.order(payment_method={"types": [method]}, attempts=2)
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
        await expect(page.locator(".note.bad")).to_contain_text("The payment was declined")
        await customer.press_pay()
        await customer.at_bank()
    await page.locator("button[value=pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
    assert (await servers.sold(order))["state"] == "paid"


async def acquired(servers: Servers, **wanted: Any) -> Order:
    """A payment of a shop whose cards are the acquirer's."""
    return await servers.order_of("acquired", servers.acquired_secret, **wanted)


async def token_of(servers: Servers, order: Order) -> str:
    answer = await servers.client.get(
        f"{servers.checkout}/ctp/api/checkouts/{order.token}",
        auth=("acquired", servers.acquired_secret),
    )
    token: str = answer.json()["checkout"]["credit_card"]["token"]
    return token


@pytest.mark.parametrize("kind", ["tokenization", "payment"])
async def test_a_card_kept_then_paid_with_by_its_code(
    servers: Servers, customer: Shopper, kind: str
) -> None:
    """Kept by itself or with a payment; then the code alone is asked for, and the bank asks too."""
    contract = {"additional_data": {"contract": ["oneclick"]}}
    order = await acquired(
        servers, transaction_type=kind, order=contract if kind == "payment" else {}
    )
    page = await customer.open(order)
    if kind == "payment":
        await page.get_by_label("Remember this card").check()
    await customer.pay(CHALLENGE)
    if kind == "payment":
        await customer.answer_bank()
    await customer.at("result")
    token = await token_of(servers, order)
    again = await acquired(
        servers, payment_method={"types": ["credit_card"], "credit_card": {"token": token}}
    )
    page = await customer.open(again)
    await expect(page.locator(".cards")).to_contain_text("Visa •••• 1097")
    await expect(page.locator("#f-number")).to_be_hidden()
    await page.locator("#f-code").fill("123")
    await customer.press_pay()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    (row,) = await servers.transactions(again)
    assert (row["charged"], row["facts"]["by_token"]) == (True, True)


async def test_a_reversal_in_the_back_office(servers: Servers, customer: Shopper) -> None:
    """Told beside a short word that says "successful": the shop and the page learn of it."""
    servers.allowed = ("by_gateway.refund",)
    order = await servers.order(payment_method=CARD)
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    (row,) = await servers.transactions(order)
    await servers.control(f"rest/payments/{row['uid']}/state", status="reversed")

    async def refunded() -> bool:
        return bool((await servers.sold(order))["state"] == "refunded")

    await until(refunded)
    await page.reload()
    await customer.reads("Refunded")
