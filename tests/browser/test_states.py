"""Every state that a customer can see, on the real server: nothing for axe-core to find, nothing
to scroll sideways at 320 px, and a picture of it in pictures/live/."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers, open_servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER

WAYS = {"types": ["credit_card", "bank_transfer", "sbp", "erip"]}
ANNA = {"email": "anna@example.com"}
CARD = {"types": ["credit_card"]}
LINES = ["2 × Stalls, row 5", "Doors open at 19:00", "Bring this receipt", "No refunds"]


async def test_ready(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(payment_method=CARD, test=False))
    await look(page, "ready")


async def test_several_methods(servers: Servers, customer: Shopper) -> None:
    lines = {"receipt_text": LINES}
    page = await customer.open(await servers.order(payment_method=WAYS, additional_data=lines))
    await look(page, "several-methods")
    await customer.choose("bank_transfer")
    await look(page, "other-method")


async def test_no_card(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(payment_method={"types": ["sbp"]}))
    await look(page, "no-card")


async def test_errors(servers: Servers, customer: Shopper) -> None:
    """Slips that the page itself sees, then those that the server sees."""
    asked = {"visible": ["email", "first_name", "phone", "country"], "read_only": ["first_name"]}
    order = await servers.order(
        payment_method=CARD | {"excluded_brands": ["visa"]},
        customer={"first_name": "Anna"},
        settings={"customer_fields": asked},
    )
    customer.expected = {422}
    page = await customer.open(order)
    await look(page, "customer-fields")
    await customer.type_card("4111111111111112", code="12")
    await customer.press_pay()
    await expect(page.locator("#e-number")).not_to_be_empty()
    await look(page, "slips")
    await customer.type_card()
    await page.locator("#f-email").fill("anna@example.com")
    await page.locator("#f-phone").fill("00000")
    await customer.press_pay()
    summary = page.locator(".note.bad")
    await expect(summary).to_be_focused()
    # The browser's language has named a country, and nobody's phone is known.
    await expect(page.locator("#f-country")).to_have_value("GB")
    for name in ("number",):
        await expect(page.locator(f"#e-{name}")).not_to_be_empty()
    await look(page, "several-errors")
    # Each of the summary's links leads to its field.
    links = summary.locator("a")
    for place in range(await links.count()):
        link = links.nth(place)
        name = (await link.get_attribute("href") or "").removeprefix("#")
        await link.click()
        await expect(page.locator(f"[id={name}]")).to_be_focused()


async def test_paying(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(payment_method=WAYS))
    await page.route("**/pay", lambda route: None)  # no answer comes
    await customer.type_card()
    await customer.press_pay()
    await expect(page.locator("form.busy")).to_be_visible()
    await look(page, "paying")


async def test_offline(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(payment_method=WAYS))
    await customer.context.set_offline(True)
    await customer.type_card()
    await customer.press_pay()
    await expect(page.locator(".now")).to_contain_text("The connection broke")
    await look(page, "offline")
    customer.problems.clear()  # the browser notes that it is offline


async def test_declined_and_open_again(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(attempts=2, payment_method=WAYS))
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_be_focused()
    await look(page, "declined-retry")
    await customer.pay("4000000000000119")
    await customer.at("result")
    await look(page, "declined")


async def test_leaving(servers: Servers, customer: Shopper) -> None:
    """The page that leaves, as whoever comes back to it sees it."""
    page = await customer.open(await servers.order())
    await customer.choose("sbp")
    await customer.press_pay()
    await customer.at_bank()
    await page.go_back()
    await customer.at("redirect")
    await look(page, "leaving")


async def test_waiting(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order())
    await customer.choose("bank_transfer")
    await customer.press_pay()
    await customer.at_bank()
    await customer.press("Back to the shop without paying")
    await customer.at("wait")
    await look(page, "waiting-for-you")


async def test_checking(servers: Servers, customer: Shopper) -> None:
    servers.allowed = ("mismatch",)
    page = await customer.open(await servers.order())
    await servers.break_next("wrong_amount")
    await customer.pay(PLAIN)
    await customer.reads("We are checking with the bank")
    await look(page, "still-checking")


async def test_instructions(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(payment_method={"types": ["erip"]}))
    await customer.press_pay()
    await customer.reads("How to pay")
    await look(page, "instructions")


async def test_coins(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(payment_method={"types": ["crypto"]}, customer=ANNA)
    page = await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    await look(page, "instructions-coins")


async def test_paid(servers: Servers, customer: Shopper) -> None:
    lines = {"receipt_text": LINES}
    order = await servers.order(additional_data=lines, settings={"auto_return": 600}, test=False)
    page = await customer.open(order)
    await customer.pay(PLAIN)
    await customer.at("result")
    await expect(page.locator("#headline")).to_be_focused()
    await look(page, "paid")
    await customer.press("Printable receipt")
    await customer.reads("Paid")
    await look(page, "receipt")


async def test_approved(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(transaction_type="authorization"))
    await customer.pay(PLAIN)
    await customer.reads("Payment approved")
    await look(page, "authorized")


async def test_unpaid_receipt(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    address = (await servers.payment_url(order)).replace("/payment/", "/order/")
    await customer.page.goto(address)
    await customer.reads("Ready to pay")
    await look(customer.page, "receipt-unpaid")
    await customer.press("Go to the payment")
    await customer.at("payment")


async def test_expired(servers: Servers, customer: Shopper) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=2)
    order = await servers.order(expired_at=ends.isoformat())
    await until(lambda: datetime.now(UTC) > ends)
    page = await customer.open(order)
    await customer.reads("Time is up")
    await look(page, "expired")


async def test_cancelled(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order())
    await customer.press("Cancel payment")
    await customer.reads("Payment cancelled")
    await look(page, "cancelled")


async def test_not_found(servers: Servers, customer: Shopper) -> None:
    customer.expected = {404}
    page = customer.page
    await page.goto(f"{servers.checkout}/en/payment/0/0")
    await customer.reads("We can't find this payment")
    await look(page, "not-found")


async def test_too_many(servers: Servers, customer: Shopper) -> None:
    customer.expected = {429}
    order = await servers.order(attempts=10)
    page = await customer.open(order)
    for _ in range(5):
        await customer.pay(DECLINED)
        await expect(page.locator("#f-code")).to_have_value("")
    await customer.pay(DECLINED)
    await expect(page.locator(".now")).to_contain_text("Too many attempts. Nothing was charged.")
    await look(page, "too-many")
    assert len(await servers.transactions(order)) == 5


FEW = 4


@pytest_asyncio.fixture(loop_scope="session")
async def small(tmp_path: Path) -> AsyncIterator[Servers]:
    """It takes no new work above four requests under way, and its gateway may take its time."""
    with open_servers(
        tmp_path, load_at_once={"most_new": FEW}, schedule={"charge_timeout": 10}
    ) as servers:
        async with servers.client:
            yield servers


@asynccontextmanager
async def _crowd(servers: Servers) -> AsyncIterator[None]:
    """So many charges under way that no new work is taken."""
    urls = [await servers.payment_url(await servers.order()) for _ in range(FEW)]
    forms = [await servers.form(url) for url in urls]
    await servers.break_next(*["hang_before"] * FEW)
    paying = [
        asyncio.create_task(servers.post(f"{url}/pay", form))
        for url, form in zip(urls, forms, strict=True)
    ]
    yield
    await asyncio.gather(*paying)


async def test_overloaded(small: Servers, chromium: Browser) -> None:
    """New work is refused, with the way to try again; who has begun to pay goes on."""
    servers = small
    customer = await Shopper.enter(servers, await chromium.new_context(locale="en-GB"))
    customer.expected = {503}
    page = customer.page
    begun = await servers.order(payment_method={"types": ["erip"]})
    await customer.open(begun)
    await customer.press_pay()
    await customer.reads("How to pay")
    order = await servers.order()
    address = await servers.payment_url(order)
    async with _crowd(servers):

        async def full() -> bool:
            return (await servers.client.get(address)).status_code == 503

        await until(full)
        assert (await servers.client.get(address)).headers["retry-after"]
        waiting = page.url
        await page.reload()
        await customer.reads("How to pay")
        await page.goto(address)
        await customer.reads("We are very busy right now")
        await look(page, "overloaded")
        assert (await servers.client.get(waiting)).status_code == 200

    async def calm() -> bool:
        return (await servers.client.get(address)).status_code == 200

    await until(calm)
    await page.reload()
    await customer.at("payment")


async def test_from_another_site(servers: Servers, customer: Shopper) -> None:
    """A form of another site posts to ours: refused, with the way to do it right."""
    customer.expected = {403}
    order = await servers.order()
    address = await servers.payment_url(order)
    page = customer.page
    await page.goto(f"{servers.sandbox}/sandbox/")
    await page.evaluate(
        """(action) => {
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action });
          document.body.append(form);
          form.submit();
        }""",
        f"{address}/pay",
    )
    await customer.reads("This form can't be sent from here")
    await look(page, "other-site")


@pytest.mark.parametrize("language", ["de", "ru"])
async def test_other_languages(servers: Servers, enter: Enter, language: str) -> None:
    """Longer words: the same places."""
    order = await servers.order(language=language, payment_method=WAYS, attempts=2)
    customer = await enter(locale=language)
    page = await customer.open(order)
    await look(page, f"several-methods.{language}")
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_be_visible()
    await look(page, f"declined-retry.{language}")
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await look(page, f"paid.{language}")
