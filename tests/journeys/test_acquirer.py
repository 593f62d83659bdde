"""The other acquirer in the browser: cards with and without 3-D Secure, and ways without a card."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.journeys.customer import CHALLENGE, DECLINED, PLAIN, Customer
from tests.journeys.house import House, Order, until
from tests.journeys.plugin import BROWSER

pytestmark = BROWSER

CARD = {"types": ["acquirer_card"]}


async def test_declined_then_paid_at_once(house: House, customer: Customer) -> None:
    order = await house.order(payment_method=CARD, attempts=2)
    page = await customer.open(order)
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_contain_text("Nothing was charged")
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    await expect(page.locator(".rows")).to_contain_text("Visa •••• 0000")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    declined, paid = await house.transactions(order)
    assert (declined["charged"], paid["charged"]) == (False, True)


async def test_challenge_failed_then_passed(house: House, customer: Customer) -> None:
    """There by a posted form, every parameter as it was, and back by one from another site."""
    order = await house.order(payment_method=CARD, attempts=3)
    page = await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.answer_bank("2222")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("could not confirm that it is you")
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    await customer.press("Cancel")
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("cancelled at the bank")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await house.charges(order) == 1
    assert len(await house.transactions(order)) == 3


@pytest.mark.parametrize("method", ["netbanking", "ewallet", "voucher"])
async def test_without_a_card(house: House, customer: Customer, method: str) -> None:
    """A page of a bank's, an answer without a status word, a form to post: there and back unpaid,
    there again, declined, and paid."""
    order = await house.order(payment_method={"types": [method]}, attempts=2)
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
    assert await house.charges(order) == 1
    assert (await house.sold(order))["state"] == "paid"


async def acquired(house: House, **wanted: Any) -> Order:
    """A payment of a shop whose cards are the acquirer's, made by its own call."""
    house.orders += 1
    order = {"amount": 1000 + house.orders, "currency": "EUR"}
    order |= {"description": f"Acquired {house.orders}"} | wanted.pop("order", {})
    asked = {"transaction_type": "payment", "order": order, "settings": {}} | wanted
    answer = await house.client.post(
        f"{house.checkout}/ctp/api/checkouts",
        json={"checkout": asked},
        auth=("acquired", house.acquired_secret),
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()["checkout"]
    return Order("", made["token"], made["redirect_url"], order["amount"], order["description"])


async def token_of(house: House, order: Order) -> str:
    answer = await house.client.get(
        f"{house.checkout}/ctp/api/checkouts/{order.token}",
        auth=("acquired", house.acquired_secret),
    )
    token: str = answer.json()["checkout"]["credit_card"]["token"]
    return token


@pytest.mark.parametrize("kind", ["tokenization", "payment"])
async def test_a_card_kept_then_paid_with_by_its_code(
    house: House, customer: Customer, kind: str
) -> None:
    """Kept by itself or with a payment; then the code alone is asked for, and the bank asks too."""
    contract = {"additional_data": {"contract": ["oneclick"]}}
    order = await acquired(
        house, transaction_type=kind, order=contract if kind == "payment" else {}
    )
    page = await customer.open(order)
    if kind == "payment":
        await page.get_by_label("Remember this card").check()
    await customer.pay(CHALLENGE)
    if kind == "payment":
        await customer.answer_bank()
    await customer.at("result")
    token = await token_of(house, order)
    again = await acquired(
        house, payment_method={"types": ["credit_card"], "credit_card": {"token": token}}
    )
    page = await customer.open(again)
    await expect(page.locator(".cards")).to_contain_text("Visa •••• 1097")
    await expect(page.locator("#f-number")).to_be_hidden()
    await page.locator("#f-code").fill("123")
    await customer.press_pay()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    (row,) = await house.transactions(again)
    assert (row["charged"], row["facts"]["by_token"]) == (True, True)


async def test_a_reversal_in_the_back_office(house: House, customer: Customer) -> None:
    """Told beside a short word that says "successful": the shop and the page learn of it."""
    house.allowed = ("by_gateway.refund",)
    order = await house.order(payment_method=CARD)
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads("Paid")
    (row,) = await house.transactions(order)
    await house.control(f"rest/payments/{row['uid']}/state", status="reversed")

    async def refunded() -> bool:
        return bool((await house.sold(order))["state"] == "refunded")

    await until(refunded)
    await page.reload()
    await customer.reads("Refunded")
