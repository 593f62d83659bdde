"""A browser that refuses every cookie: nothing is missing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, expect

from tests.journeys.plugin import BROWSER, launch_options
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper

pytestmark = BROWSER

REFUSED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@pytest_asyncio.fixture(loop_scope="session")
async def customer(
    servers: Servers, playwright: Playwright, tmp_path: Path
) -> AsyncIterator[Shopper]:
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(REFUSED))
    context = await playwright.chromium.launch_persistent_context(tmp_path, **launch_options())
    customer = await Shopper.enter(servers, context)
    yield customer
    assert await context.cookies() == []
    await context.close()
    assert customer.problems == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_card(servers: Servers, customer: Shopper, method: str) -> None:
    await servers.behave(return_method=method)
    order = await servers.order(attempts=2, settings={"customer_fields": {"visible": ["email"]}})
    page = await customer.open(order)
    assert await page.evaluate("document.cookie = 'a=1'; document.cookie") == ""
    await page.get_by_label("E-mail").fill("anna@example.com")
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad")).to_be_visible()
    await expect(page.locator("#f-email")).to_have_value("anna@example.com")
    # Whose the address is, nothing tells without a cookie: it is known, veiled, and used unseen.
    await page.goto(order.url)
    await expect(page.locator("#f-email")).to_have_value("")
    await expect(page.get_by_text("a•••@e•••.com").first).to_be_visible()
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    await page.goto(order.url)
    await customer.at("result")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    assert await servers.charges(order) == 1


async def test_waiting(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    await customer.open(order)
    await servers.break_next("reset_after")
    await customer.pay(PLAIN)
    await customer.reads("We are checking with the bank")
    await customer.at("result")
    await customer.reads("Paid")
