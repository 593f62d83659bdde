"""Every way that the sample shop shows, paid in Chromium."""

from __future__ import annotations

from contextlib import suppress

from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as TimedOut

from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, PLAIN, Shopper, picture
from tests.support.polling import until

pytestmark = BROWSER


async def press(customer: Shopper, way: str) -> Page:
    """The way's button on the page of all ways."""
    page = customer.page
    await page.goto(f"{customer.servers.shop}/ways")
    await page.locator(f"#{way} button").click()
    return page


async def newest(servers: Servers) -> dict[str, object]:
    orders = (await servers.client.get(f"{servers.shop}/orders.json")).json()["orders"]
    found: dict[str, object] = orders[0]
    return found


async def is_paid(servers: Servers) -> None:
    """The order made last is paid, by a notification that was verified."""

    async def told() -> bool:
        return (await newest(servers))["state"] == "paid"

    await until(told)


async def type_in_frame(page: Page, number: str = PLAIN) -> None:
    frame = page.frame_locator("iframe")
    for name, value in (("number", number), ("expiry", "12/34"), ("code", "123")):
        await frame.locator(f"#f-{name}").fill(value)
    await frame.locator("#f-holder").fill("ANNA SMITH")
    await frame.locator(".pay .button").click()


async def test_the_page_of_all_ways(customer: Shopper) -> None:
    """No violation of its policy, nothing wider than a phone, and the code that runs is shown."""
    page = customer.page
    await page.goto(f"{customer.servers.shop}/ways")
    for way in ("redirect", "modal", "inline", "popup", "link", "product", "saved"):
        await expect(page.locator(f"#{way} button")).to_be_visible()
    summaries = page.locator("summary")
    for number in range(await summaries.count()):
        await summaries.nth(number).click()
    shown = await page.locator("pre").all_text_contents()
    served = await (await page.request.get(f"{customer.servers.shop}/ways/modal.js")).text()
    assert served in shown
    assert any("URLSafeSerializer(" in text for text in shown)
    await picture(page, "ways-code")
    await page.set_viewport_size({"width": 320, "height": 640})
    wide = "document.documentElement.scrollWidth"
    assert await page.evaluate(wide) == 320
    for number in range(await summaries.count()):
        await summaries.nth(number).click()
    await picture(page, "ways")


async def test_redirect(customer: Shopper) -> None:
    await press(customer, "redirect")
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")


async def test_modal_with_a_challenge(customer: Shopper, servers: Servers) -> None:
    """The bank is in the frame, too; the way back ends at the shop's order."""
    page = await press(customer, "modal")
    await page.locator("dialog iframe").wait_for()
    await picture(page, "ways-modal")
    await type_in_frame(page, CHALLENGE)
    frame = page.frame_locator("iframe")
    await frame.locator("#password").fill("1111")
    await frame.locator("button[value=confirm]").click()
    await expect(frame.locator("h1")).to_have_text("Paid")
    with suppress(TimedOut):  # the frame goes with the click, and may take the answer to it along
        await frame.locator("[data-back]").click(timeout=5000)
    await customer.at_shop()
    await customer.reads("Thank you, your order is paid")
    await is_paid(servers)


async def test_a_window_of_its_own(customer: Shopper, servers: Servers) -> None:
    async with customer.context.expect_page() as opened:
        page = await press(customer, "popup")
    window = await opened.value
    await customer.pay(PLAIN, window)
    await customer.reads("Paid", window)
    await window.locator("[data-back]").click()
    await page.wait_for_url(f"{servers.shop}/orders/*")
    await customer.reads("Thank you, your order is paid")
    await is_paid(servers)
    # A window's page says that it is there to each of the shop's sites, as any may have opened it.
    assert all("does not match the recipient window's origin" in each for each in customer.problems)
    customer.problems.clear()


async def test_inline(customer: Shopper, servers: Servers) -> None:
    page = await press(customer, "inline")
    await page.locator("checkout-frame iframe").wait_for()
    await type_in_frame(page)
    frame = page.frame_locator("iframe")
    await expect(frame.locator("h1")).to_have_text("Paid")
    await picture(page, "ways-inline")
    await is_paid(servers)


async def test_link(customer: Shopper, servers: Servers) -> None:
    """What the code says is what the link says; opening it is a payment like any other."""
    page = await press(customer, "link")
    await picture(page, "ways-link")
    link = await page.locator("pre").text_content()
    await page.get_by_text("Open the link").click()
    await customer.pay(PLAIN)
    await customer.at("result")
    assert link
    assert link.startswith(f"{servers.checkout}/pay/")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")


async def test_product(customer: Shopper, servers: Servers) -> None:
    """One address, made once; each buyer's payment counts as one sale."""
    page = await press(customer, "product")
    await picture(page, "ways-product")
    address = page.url
    await page.locator("main form button").first.click()
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.back_to_shop()
    await expect(page.get_by_text("Sold so far: 1")).to_be_visible()
    await page.locator("#product button").click()
    await page.wait_for_url(address)


async def test_saved_card(customer: Shopper, servers: Servers) -> None:
    page = customer.page
    await page.goto(f"{servers.shop}/ways")
    forget = page.locator("#forget button")
    if await forget.count():  # of another test
        await forget.click()
        await expect(forget).to_have_count(0)
    await press(customer, "saved")
    await customer.at("payment")
    await customer.type_card(PLAIN)
    await page.locator("[name=remember]").check()
    await customer.press_pay()
    await customer.at("result")
    await is_paid(servers)
    await page.goto(f"{servers.shop}/ways")
    await expect(page.get_by_text("•••• 0000")).to_be_visible()
    await press(customer, "saved")
    await customer.at("payment")
    await expect(page.locator("#f-number:visible")).to_have_count(0)
    await page.locator("[name=saved_code], #f-saved_code, #f-code").first.fill("123")
    await customer.press_pay()
    await customer.at("result")
    await customer.reads("Paid")
