"""The payment page in a frame of the shop's page, on another site, third-party cookies blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Frame, Page, expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import CHALLENGE, PLAIN, SECONDS, Shopper
from tests.support.http_server import Handler, http_server
from tests.support.polling import until

pytestmark = BROWSER

SHOP_PAGE = """<!doctype html><html lang="en"><title>A shop</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<h1>A shop</h1>
<script>
messages = [];
addEventListener("message", ({ origin, data }) => messages.push([origin, data]));
</script>
"""
WAYS = {"types": ["credit_card", "bank_transfer", "sbp", "erip"]}

# As the shop's page does: the frame grows with what is in it.
GROW = """() => {
  const frame = document.querySelector("iframe");
  Object.assign(frame.style, { width: "100%", border: "0" });
  addEventListener("message", ({ data }) => { if (data.height) frame.height = data.height; });
}"""


class ShopPage(Handler):
    def get(self) -> None:
        self.answer(SHOP_PAGE.encode(), Content_Type="text/html; charset=utf-8")


@pytest.fixture
def shop_page(servers: Servers) -> Iterator[str]:
    """A page on an origin that the shop has registered, another site than checkout's."""
    with http_server(ShopPage, int(servers.frame.rpartition(":")[2])):
        yield f"{servers.frame}/"


@pytest.fixture
def stranger() -> Iterator[str]:
    with http_server(ShopPage) as port:
        yield f"http://localhost:{port}/"


async def framed(customer: Shopper, shop_page: str, order: Order, sandbox: str = "") -> Frame:
    """The shop's page with the payment in a frame."""
    page = customer.page
    await page.goto(shop_page)
    await page.evaluate(
        """([src, sandbox]) => {
          const frame = document.createElement("iframe");
          Object.assign(frame, { src, title: "Payment", width: 420, height: 700 });
          if (sandbox) frame.sandbox = sandbox;
          document.body.append(frame);
        }""",
        [order.url, sandbox],
    )
    frame = await (await page.query_selector("iframe")).content_frame()  # type: ignore[union-attr]
    assert frame
    return frame


async def _pay(frame: Frame, number: str) -> None:
    await frame.locator("#f-number").fill(number)
    await frame.locator("#f-expiry").fill("12/34")
    await frame.locator("#f-code").fill("123")
    await frame.locator("#f-holder").fill("ANNA SMITH")
    await frame.locator(".pay .button").click()


async def _told(page: Page) -> list[Any]:
    found: list[Any] = await page.evaluate("messages")
    return found


async def test_paid_in_the_frame(servers: Servers, customer: Shopper, shop_page: str) -> None:
    order = await servers.order(iframe=True)
    frame = await framed(customer, shop_page, order)
    await expect(frame.locator("html.framed")).to_be_attached()
    await expect(frame.locator(".order")).to_have_count(0)
    # Third-party cookies are blocked; ours is kept for this shop's pages alone.
    assert await frame.evaluate("document.cookie = 'a=1; SameSite=None; Secure'")
    assert await frame.evaluate("document.cookie") == ""
    cookies: Any = await customer.context.cookies()
    assert [(c["name"], c["partitionKey"]) for c in cookies] == [
        ("__Host-checkout", "http://localhost")
    ]
    await _pay(frame, PLAIN)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    assert customer.page.url == shop_page
    # The page shows it before its script has said so.
    await customer.page.wait_for_function(
        "messages.some(([, said]) => said.status == 'successful')"
    )
    messages = await _told(customer.page)
    assert {origin for origin, _ in messages} == {servers.checkout}
    uid = (await servers.sold(order))["notifications"][0]["uid"]
    assert {each["uid"] for _, each in messages} == {uid}
    assert {each["source"] for _, each in messages} == {"checkout"}
    assert messages[0][1]["event"] == "ready"
    assert ["status", "successful"] in [[each["event"], each["status"]] for _, each in messages]
    heights = [each["height"] for _, each in messages if each["event"] == "resize"]
    assert heights
    assert all(100 < height < 1500 for height in heights)
    # The way back is for the whole window.
    await frame.locator("[data-back]").click()
    await customer.at_shop()
    await customer.reads("Thank you, your order is paid")


async def test_the_bank_in_the_frame(servers: Servers, customer: Shopper, shop_page: str) -> None:
    order = await servers.order(iframe=True)
    frame = await framed(customer, shop_page, order)
    await _pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{servers.sandbox}/**")
    await frame.locator("#password").fill("1111")
    await frame.locator("button[value=confirm]").click()
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    assert customer.page.url == shop_page
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_bank_that_is_not_to_be_framed(
    servers: Servers, customer: Shopper, shop_page: str, method: str
) -> None:
    """Leaving a frame needs a click: a button that takes the whole window."""
    await servers.behave(iframe=False, return_method=method)
    order = await servers.order(iframe=True)
    frame = await framed(customer, shop_page, order)
    await _pay(frame, CHALLENGE)
    button = frame.locator("[data-leave]")
    await expect(button).to_have_attribute("target", "_top")
    await expect(button).to_have_text("Continue")
    await button.click()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    await customer.back_to_shop()
    assert await servers.charges(order) == 1


async def test_waiting_in_the_frame(servers: Servers, customer: Shopper, shop_page: str) -> None:
    order = await servers.order(iframe=True, payment_method={"types": ["erip"]})
    frame = await framed(customer, shop_page, order)
    await frame.locator(".pay .button").click()
    await expect(frame.locator("h1")).to_have_text("How to pay", timeout=SECONDS)
    (bill,) = await servers.transactions(order)
    await servers.settle(bill["uid"])
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)


async def test_auto_return_asks_to_be_closed(
    servers: Servers, customer: Shopper, shop_page: str
) -> None:
    """A frame does not take the window away by itself: the shop's page closes it."""
    order = await servers.order(iframe=True, settings={"auto_return": 1})
    frame = await framed(customer, shop_page, order)
    await _pay(frame, PLAIN)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)

    async def closed() -> bool:
        return any(each["event"] == "close" for _, each in await _told(customer.page))

    await until(closed)
    assert customer.page.url == shop_page


async def test_not_in_a_strangers_frame(servers: Servers, customer: Shopper, stranger: str) -> None:
    frame = await framed(customer, stranger, await servers.order())
    await until(lambda: customer.problems)
    assert any("frame-ancestors" in each for each in customer.problems)
    customer.problems.clear()
    await expect(frame.locator("[data-pay]")).to_have_count(0)


async def test_a_sandboxed_frame(servers: Servers, customer: Shopper, shop_page: str) -> None:
    """Without allow-same-origin a form can't be told from a stranger's: nothing is sent, and the
    payment opens in a tab of its own."""
    order = await servers.order(iframe=True)
    sandbox = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox"
    frame = await framed(customer, shop_page, order, sandbox)
    link = frame.get_by_text("Open in a new tab")
    await expect(link).to_be_visible()  # before anything is typed
    await expect(frame.locator("#f-number")).to_be_hidden()
    async with customer.context.expect_page() as opened:
        await link.click()
    own = await opened.value
    await customer.pay(PLAIN, own)
    await customer.reads("Paid", own)
    assert await servers.charges(order) == 1


async def test_a_sandboxed_frame_without_scripts(
    servers: Servers, customer: Shopper, shop_page: str
) -> None:
    """The form can be sent, and is refused: the same way out is there."""
    customer.expected = {403}
    order = await servers.order(iframe=True)
    frame = await framed(customer, shop_page, order, "allow-forms allow-popups")
    await _pay(frame, PLAIN)
    await expect(frame.get_by_text("Open in a new tab")).to_be_visible()
    assert await servers.calls(order) == []
    assert all("'allow-scripts' permission is not set" in each for each in customer.problems)
    customer.problems.clear()


async def test_how_it_looks(servers: Servers, customer: Shopper, shop_page: str) -> None:
    """The form alone, as high as its content says that it is."""
    frame = await framed(customer, shop_page, await servers.order(iframe=True, payment_method=WAYS))
    await customer.page.evaluate(GROW)
    await expect(frame.locator("html.framed")).to_be_attached()
    await look(customer.page, "framed", frame)
    await until(lambda: frame.evaluate("document.documentElement.scrollHeight <= innerHeight"))
    await _pay(frame, PLAIN)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await look(customer.page, "framed-paid", frame)
