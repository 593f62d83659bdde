"""A card is remembered, and the next payment takes its code alone; what a shop may ask besides."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper

pytestmark = BROWSER

ONECLICK: dict[str, Any] = {"contract": ["oneclick"]}
BY_CARD: dict[str, Any] = {"types": ["credit_card"]}


async def remembered(servers: Servers, customer: Shopper, number: str = PLAIN) -> str:
    """Pay and let the card be remembered; the token that the shop is told."""
    order = await servers.order(additional_data=ONECLICK, payment_method=BY_CARD)
    page = await customer.open(order)
    await page.get_by_label("Remember this card").check()
    await customer.pay(number)
    if number == CHALLENGE:
        await customer.answer_bank()
    await customer.reads("Paid")
    token: str = (await servers.state(order))["credit_card"]["token"]
    assert token
    return token


async def again(servers: Servers, token: str, **changes: Any) -> Order:
    methods = BY_CARD | {"credit_card": {"token": token}}
    changes.setdefault("additional_data", ONECLICK)
    return await servers.order(payment_method=methods, **changes)


async def test_the_second_payment_takes_the_code_alone(servers: Servers, customer: Shopper) -> None:
    token = await remembered(servers, customer, CHALLENGE)
    order = await again(servers, token)
    page = await customer.open(order)
    saved, code = page.locator("[name=card][value=saved]"), page.locator("#f-code")
    await expect(page.locator(".cards")).to_contain_text("Visa •••• 1097 12/34")
    await expect(saved).to_be_checked()
    await look(page, "saved-card")
    for name in ("number", "expiry", "holder", "remember"):
        await expect(page.locator(f"#f-{name}")).to_be_hidden()
    # To another card and back again.
    await page.get_by_label("Use another card").check()
    await page.locator("#f-number").fill("371449635398431")
    await expect(page.locator("#h-code")).to_contain_text("4")
    await look(page, "another-card")
    await saved.check()
    await expect(page.locator("#f-number")).to_be_hidden()
    await expect(page.locator("#h-code")).to_contain_text("3")
    await customer.press_pay()
    await expect(page.locator("#e-code")).to_have_text("Enter the security code")
    await expect(code).to_be_focused()
    await page.keyboard.type("123")
    await page.keyboard.press("Enter")
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    (row,) = await servers.transactions(order)
    assert row["facts"]["by_token"] is True
    assert await servers.charges(order) == 1
    (webhook,) = (await servers.sold(order))["notifications"]
    assert webhook["verified"]


async def test_a_token_that_nobody_knows(servers: Servers, customer: Shopper) -> None:
    order = await again(servers, "no-such-token", attempts=3)
    page = await customer.open(order)
    await expect(page.locator(".cards")).to_contain_text("Your saved card")
    await page.locator("#f-code").fill("123")
    await customer.press_pay()
    await expect(page.locator(".note.bad h2")).to_have_text("The saved card can't be used any more")
    await expect(page.locator(".cards")).to_have_count(0)
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_without_scripts(servers: Servers, enter: Enter) -> None:
    customer = await enter(java_script_enabled=False)
    customer.expected = {422}
    token = await remembered(servers, customer)
    terms = {"agreement_toggle": {"url": f"{servers.shop}/", "text": "I take the [rules]"}}
    order = await again(servers, token, attempts=3, settings=terms)
    page = await customer.open(order)
    # Another card, without leaving the page; it is declined.
    await page.get_by_label("Use another card").check()
    await page.get_by_label("I take the rules").check()
    await customer.pay(DECLINED)
    await customer.at("payment")
    await expect(page.locator(".note.bad h2")).to_have_text("Your bank declined the payment")
    # The saved one again: nothing typed, nothing accepted, then both.
    await expect(page.locator("#f-number")).to_be_hidden()
    await customer.press_pay()
    await expect(page.locator(".note.bad h2")).to_have_text("Check 2 fields")
    await expect(page.locator("#e-agreed")).to_have_text("Accept the terms to pay")
    await page.locator("#f-code").fill("123")
    await page.get_by_label("I take the rules").check()
    await customer.press_pay()
    await customer.reads("Paid")
    rows = await servers.transactions(order)
    assert [(row["status"], row["facts"]["by_token"]) for row in rows] == [
        ("failed", False),
        ("successful", True),
    ]


async def test_paid_at_once(servers: Servers, customer: Shopper) -> None:
    """Opened, sent by the script, and back at the shop; the Back button pays nothing again."""
    token = await remembered(servers, customer)
    order = await again(servers, token, settings={"auto_pay": True}, additional_data={})
    page = await customer.tab()
    await page.goto(servers.shop)
    await page.goto(order.url)
    await customer.at_shop(page)
    await customer.reads("Thank you, your order is paid", page)
    await page.go_back()
    assert await servers.charges(order) == 1
    assert len(await servers.transactions(order)) == 1


async def test_terms_are_asked_for_before_anything_is_sent(
    servers: Servers, customer: Shopper
) -> None:
    order = await servers.order(settings={"agreement_toggle": {"url": f"{servers.shop}/"}})
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await expect(page.locator("#e-agreed")).to_have_text("Accept the terms to pay")
    await expect(page.locator("#f-agreed")).to_be_focused()
    await look(page, "agreement-error")
    assert await servers.calls(order) == []
    async with customer.context.expect_page() as opened:
        await page.get_by_text("terms (opens in a new tab)").click()
    terms = await opened.value
    assert terms.url == f"{servers.shop}/"
    await expect(page.locator("#f-agreed")).not_to_be_checked()  # the link is not the tick
    await page.locator("#f-agreed").check()
    await expect(page.locator("#e-agreed")).to_have_text("")
    await customer.press_pay()
    await customer.reads("Paid")
