"""Once paid, never again: the Back button, old tabs, old forms, reloads."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Playwright, expect

from tests.journeys.plugin import BROWSER, ON_EACH_DATABASE, Enter, launch_options
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, FRICTIONLESS, PLAIN, Shopper

pytestmark = [*BROWSER, ON_EACH_DATABASE]

# Notes when a page came from the back/forward cache; what it shows is replaced at once.
RESTORED = 'addEventListener("pageshow", (e) => e.persisted && (sessionStorage.restored = "yes"));'


@pytest.mark.parametrize("number", [FRICTIONLESS, CHALLENGE])
async def test_back_after_paying(servers: Servers, customer: Shopper, number: str) -> None:
    order = await servers.order()
    page = customer.page
    await page.goto(servers.shop)
    await customer.open(order)
    await customer.pay(number)
    if number == CHALLENGE:
        await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    await page.go_back()
    await customer.at("result")
    await customer.reads("Paid")
    await customer.no_form()
    assert await servers.charges(order) == 1


async def test_back_into_the_cache(servers: Servers, playwright: Playwright) -> None:
    """Browsers keep whole pages for Back; the payment form among them, with all that was typed."""
    options = launch_options(ignore_default_args=["--disable-back-forward-cache"])
    browser: Browser = await playwright.chromium.launch(**options)
    customer = await Shopper.enter(servers, await browser.new_context())
    await customer.context.add_init_script(RESTORED)
    order = await servers.order()
    page = await customer.open(order)
    await customer.type_card(FRICTIONLESS)
    await page.goto(servers.shop)
    other = await customer.open(order, await customer.tab())
    await customer.pay(FRICTIONLESS, other)
    await customer.at("result", other)
    await page.go_back(wait_until="commit")
    await customer.at("result")
    await customer.reads("Paid")
    await customer.no_form()
    assert await page.evaluate("sessionStorage.restored") == "yes"
    assert await servers.charges(order) == 1
    assert customer.problems == []
    await browser.close()


async def test_the_link_opened_again(servers: Servers, customer: Shopper, enter: Enter) -> None:
    order = await servers.order()
    page = await customer.open(order)
    form = page.url
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    for address in (order.url, form, f"{form}/pay", f"{form}/redirect", f"{form}/wait"):
        await page.goto(address)
        await customer.at("result")
        await customer.reads("Paid")
        await customer.no_form()
    elsewhere = await enter()
    await elsewhere.open(order)
    await elsewhere.at("result")
    await elsewhere.reads("Paid")


async def test_the_old_form_sent_again(servers: Servers, customer: Shopper) -> None:
    """Back, and the form resubmitted with all that it held."""
    order = await servers.order()
    page = await customer.open(order)
    old = await servers.form(page.url)
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    answer = await servers.post(f"{await servers.payment_url(order)}/pay", old)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/result")
    assert len(await servers.transactions(order)) == 1


async def test_reload_at_every_page(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    page = await customer.open(order)

    async def again(at: Page) -> None:
        await at.reload()

    await again(page)
    await customer.type_card()
    await again(page)
    await expect(page.locator("#f-code")).to_have_value("")
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    await again(page)
    await customer.reads("Confirm your payment")
    # Our page of the way there, opened by hand, leads there again: the same payment.
    await page.goto(f"{await servers.payment_url(order)}/redirect")
    await customer.answer_bank()
    await customer.at("result")
    await again(page)
    await customer.reads("Paid")
    await customer.back_to_shop()
    await again(page)
    await customer.reads("Thank you, your order is paid")
    assert len(await servers.transactions(order)) == 1
    (webhook,) = (await servers.sold(order))["notifications"]
    assert webhook["verified"]


async def test_reload_while_waiting(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(payment_method={"types": ["erip"]})
    page = await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    await page.reload()
    await customer.reads("How to pay")
    await customer.press("Check again")
    await customer.at("wait")
    await customer.reads("How to pay")
    assert len(await servers.transactions(order)) == 1


async def test_impatient_clicks(servers: Servers, customer: Shopper) -> None:
    """The button pressed twice, and Enter, while the gateway thinks."""
    await servers.behave(latency_ms=800)
    order = await servers.order()
    page = await customer.open(order)
    await customer.type_card(PLAIN)
    button = page.locator(".pay .button")
    await button.dblclick(no_wait_after=True)
    await page.keyboard.press("Enter", delay=10)
    await customer.at("result")
    await customer.reads("Paid")
    assert len(await servers.transactions(order)) == 1


@pytest.mark.parametrize("tokens", ["the same form", "two forms"])
async def test_sent_twice_at_once(servers: Servers, tokens: str) -> None:
    """Past any script: two POSTs on the way together."""
    await servers.behave(latency_ms=500)
    order = await servers.order()
    address = await servers.payment_url(order)
    first = await servers.form(address)
    second = first if tokens == "the same form" else await servers.form(address)
    assert (first["form_token"] == second["form_token"]) == (tokens == "the same form")
    answers = await asyncio.gather(
        *(servers.post(f"{address}/pay", f) for f in (first, second) * 3)
    )
    assert {answer.status_code for answer in answers} == {303}
    places = {answer.headers["location"].rpartition("/")[2] for answer in answers}
    assert places <= {"wait", "result"}
    assert len(await servers.transactions(order)) == 1
    assert await servers.charges(order) == 1
