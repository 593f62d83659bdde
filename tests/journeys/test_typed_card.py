"""Nothing that was typed is lost: the form is sent behind the page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper

pytestmark = BROWSER

NUMBER = "4005 5500 0000 0019"


async def values(page: Page) -> dict[str, str]:
    names = ("number", "expiry", "code", "holder")
    return {name: await page.locator(f"#f-{name}").input_value() for name in names}


async def test_a_decline_leaves_the_card_but_its_code(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    page = await customer.open(order)
    address, title = page.url, await page.title()
    await customer.pay(DECLINED)
    note = page.locator(".note.bad")
    await expect(note).to_be_focused()
    await expect(note.locator("h2")).to_have_text("Your bank declined the payment")
    assert await page.title() == f"Your bank declined the payment · {title}"
    assert page.url == address
    kept = {"number": NUMBER, "expiry": "12/34", "code": "", "holder": "ANNA SMITH"}
    assert await values(page) == kept
    await page.locator("#f-number").fill(CHALLENGE)
    await page.locator("#f-code").fill("123")
    await customer.press_pay()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
    assert len(await servers.transactions(order)) == 2


async def test_a_slip_that_the_server_sees_leaves_all(servers: Servers, customer: Shopper) -> None:
    customer.expected = {422}
    order = await servers.order(
        payment_method={"types": ["credit_card"], "excluded_brands": ["visa"]}
    )
    page = await customer.open(order)
    await customer.pay(DECLINED)
    await expect(page.locator("#e-number")).to_have_text(
        "This shop does not accept this kind of card. Use another card"
    )
    await expect(page.locator("#f-number")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".note.bad")).to_be_focused()
    kept = {"number": NUMBER, "expiry": "12/34", "code": "123", "holder": "ANNA SMITH"}
    assert await values(page) == kept
    await page.locator("#f-number").fill("5204240000015003")
    await customer.press_pay()
    await customer.reads("Paid")


async def test_the_network_goes_before_the_form_is_sent(
    servers: Servers, customer: Shopper
) -> None:
    """`navigator.onLine` blocks nothing; what is not known is looked up."""
    customer.expected = {0}
    order = await servers.order()
    page = await customer.open(order)
    await customer.type_card(PLAIN)
    await customer.context.set_offline(True)
    await customer.press_pay()
    await expect(page.locator(".now")).to_contain_text("The connection broke. Do not pay again")
    await expect(page.locator("form.busy")).to_be_visible()
    await customer.context.set_offline(False)
    await expect(page.locator(".now")).to_contain_text("Your payment was not sent")
    assert (await values(page))["number"] != ""
    await customer.press_pay()
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
    customer.problems.clear()  # the browser notes each failure


async def test_the_answer_is_lost(servers: Servers, customer: Shopper) -> None:
    """The charge was made and nobody heard of it: the page finds out, and pays no second time."""
    order = await servers.order()
    page = await customer.open(order)

    async def lose(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    await page.route("**/pay", lose, times=1)
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1
    customer.problems.clear()


@pytest.mark.parametrize("method", ["credit_card", "bank_transfer", "sbp", "form_get"])
async def test_back_from_the_bank(servers: Servers, customer: Shopper, method: str) -> None:
    """Our page with both ways on, however the customer was sent there: by a link, by a form to post
    or to get."""
    order = await servers.order()
    page = await customer.open(order)
    if method == "credit_card":
        await customer.pay(CHALLENGE)
    else:
        await customer.choose(method)
        await customer.press_pay()
    await customer.at_bank()
    await page.go_back()
    await customer.at("redirect")
    await page.wait_for_timeout(500)  # and it stays there
    await customer.at("redirect")
    await expect(page.locator("[data-leave]")).to_be_visible()
    await customer.press("Continue")
    await customer.at_bank()
    await page.go_back()
    await customer.at("redirect")
    await customer.press("Choose another way to pay")
    await customer.at("payment")
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("page_of", ["wait", "redirect"])
async def test_scripts_that_do_not_come(servers: Servers, customer: Shopper, page_of: str) -> None:
    """Scripts are on, and the network brings none: the page moves by itself."""
    await customer.context.route(
        re.compile(rf"/static/{page_of}\.\w+\.js"), lambda route: route.abort()
    )
    order = await servers.order(payment_method={"types": ["erip", "bank_transfer"]})
    page = await customer.open(order)
    await customer.choose("erip" if page_of == "wait" else "bank_transfer")
    await customer.press_pay()
    await customer.at(page_of)
    late = page.locator("[data-late]")
    await expect(late).to_have_count(1)
    seconds, _, _ = (await late.get_attribute("content") or "").partition(";")
    assert 5 < int(seconds) <= 40
    if page_of == "redirect":
        await customer.at_bank()
    customer.problems.clear()  # the browser notes the file that did not come


async def test_another_language_keeps_what_was_typed(servers: Servers, customer: Shopper) -> None:
    asked = {"visible": ["email", "country"]}
    order = await servers.order(attempts=2, settings={"customer_fields": asked})
    page = await customer.open(order)
    await page.locator("#f-email").fill("anna@example")
    await page.locator("#f-country").select_option("DE")
    await customer.type_card(PLAIN)
    await customer.press_pay()
    await expect(page.locator("#e-email")).to_contain_text("Check the e-mail address")
    await page.locator("[data-languages]").click()
    for code, own, pay, country in (
        ("ru", "Русский", "Оплатить", "Германия"),
        ("de", "Deutsch", "bezahlen", "Deutschland"),
    ):
        await page.locator("[name=language]").select_option(own)
        await page.locator(".language button").click()
        await expect(page.locator(".pay .button")).to_contain_text(pay)
        assert await page.evaluate("document.documentElement.lang") == code
        assert f"/{code}/payment/" in page.url
        chosen = "document.getElementById('f-country').selectedOptions[0].text"
        assert await page.evaluate(chosen) == country
        assert (await values(page))["number"] == "4200 0000 0000 0000"
        wrong = await page.locator("#e-email").inner_text()
        assert wrong
        assert not wrong.startswith("Check")
    await page.locator("#f-email").fill("anna@example.com")
    await customer.press_pay()
    await customer.reads("Bezahlt")
    assert "/de/" in page.url
