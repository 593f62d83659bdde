"""The challenge in a browser: done while a customer types, and waited for without a script."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers, open_servers
from tests.journeys.shopper import DECLINED, PLAIN, SECONDS, Shopper

pytestmark = BROWSER

WAIT = 4
LIMITS = {
    "declines_per_address_10min": 8,
    "slow_seconds": 0,
    "challenge_wait_seconds": WAIT,
    "challenge_bits": 20,
}  # four times the usual work, so that one can be faster


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    with open_servers(tmp_path_factory.mktemp("watched"), LIMITS) as servers:
        async with servers.client:
            yield servers


async def _asked(servers: Servers, chromium: Browser, script: bool = True) -> Shopper:
    """A customer whose cards were declined until the page asks for more."""
    context = await chromium.new_context(locale="en-GB", java_script_enabled=script)
    customer = await Shopper.enter(servers, context)
    customer.expected = {422}
    for _ in range(7):
        await customer.open(await servers.order(attempts=1))
        await customer.pay(DECLINED)
        await customer.page.locator("#reason, #headline").wait_for()
        if await customer.page.locator("#reason").count():
            return customer
    raise AssertionError("nothing was asked")


async def test_it_is_done_while_the_card_is_typed(watched: Servers, chromium: Browser) -> None:
    customer = await _asked(watched, chromium)
    page = customer.page
    await expect(page.locator("#reason")).to_have_text("One more check")
    await expect(page.locator("#f-number")).to_have_value("")
    proof = re.compile(r"^\d+(\.\d+){15}$")
    await expect(page.locator("[name=proof]")).to_have_value(proof, timeout=SECONDS)
    await look(page, "one-more-check")
    await customer.type_card(PLAIN)
    await customer.press_pay()
    await customer.at("result")
    await customer.reads("Paid")
    assert customer.problems == []
    await customer.context.close()


async def test_a_form_that_is_sent_before_it_is_done(watched: Servers, chromium: Browser) -> None:
    """It waits, and is sent by itself, once."""
    customer = await _asked(watched, chromium)
    page = customer.page
    proof = await page.evaluate(
        """([number]) => {
          const type = (name, value) => (document.getElementById("f-" + name).value = value);
          type("number", number); type("expiry", "12/34"); type("code", "123");
          type("holder", "ANNA SMITH");
          document.querySelector("[data-pay]").requestSubmit();
          return document.querySelector("[name=proof]").value;
        }""",
        [PLAIN],
    )
    assert proof == "", "it was done already: the test is too easy"
    await expect(page.locator("[data-pay]")).to_have_class(re.compile("busy"))
    await customer.at("result")
    await customer.reads("Paid")
    assert customer.problems == []
    await customer.context.close()


async def test_without_a_script(watched: Servers, chromium: Browser) -> None:
    customer = await _asked(watched, chromium, script=False)
    page = customer.page
    begun = time.monotonic()
    assert f"wait {WAIT} seconds after this page has opened" in await page.content()
    await customer.type_card(PLAIN)
    await customer.press_pay()
    await expect(page.locator("#reason")).to_have_text("One more check")
    await customer.type_card(PLAIN)
    await page.wait_for_timeout(max(0.0, WAIT + 1 - (time.monotonic() - begun)) * 1000)
    await customer.press_pay()
    await customer.at("result")
    await customer.reads("Paid")
    assert customer.problems == []
    await customer.context.close()
