"""Every language on the pages that matter most: nothing to scroll sideways at 320 px, no button
cut, and in some of them nothing for axe-core to find. `make pictures` looks at all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page

from checkout.i18n import LANGUAGES
from tests import gallery
from tests.browser.accessibility import NARROW, OVERFLOW, RUN
from tests.journeys.plugin import BROWSER
from tests.support.http_server import http_server

pytestmark = BROWSER

STATES = ("several-methods", "declined-retry", "paid")
LOOKED_AT = ("de", "ar", "ka", "ja")  # long words, from right to left, a script of its own, wide
CUT = """() => [...document.querySelectorAll("button, .button, label, h1")]
  .filter((each) => each.clientWidth > 1 && each.scrollWidth > each.clientWidth + 1)
  .map((each) => "cut: " + each.outerHTML.slice(0, 120))"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport=NARROW)  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


async def test_every_language_fits(page: Page) -> None:
    found = []
    with http_server(gallery._Handler) as port:
        for language in LANGUAGES:
            for name in STATES:
                await page.goto(f"http://127.0.0.1:{port}/{language}/{name}")
                said = [*await page.evaluate(OVERFLOW), *await page.evaluate(CUT)]
                if language in LOOKED_AT:
                    await page.evaluate(AXE_SCRIPT)
                    said += await page.evaluate(RUN, None)
                found += [f"{language} {name}: {each}" for each in said]
    assert not found
