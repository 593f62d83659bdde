"""The widget on a shop's page: another site, https, the strictest policy a shop can have."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Frame, Page, Playwright, expect

from tests.browser.sites import Made, Sites, open_sites
from tests.journeys.customer import CHALLENGE, PLAIN, SECONDS, WATCH, picture
from tests.journeys.house import until
from tests.journeys.plugin import ARGS, BROWSER, launch_options

pytestmark = BROWSER

RESOLVE: Final = "--host-resolver-rules=MAP * 127.0.0.1"
ALLOWED: Final = {"profile": {"cookie_controls_mode": 0}}
REFUSED: Final = {"profile": {"default_content_setting_values": {"cookies": 2}}}
PREFERENCES: Final = {"cookies": ALLOWED, "no third-party cookies": None, "no cookies": REFUSED}

Visit = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with open_sites(tmp_path_factory.mktemp("sites")) as found:
        yield found


class Visitor:
    """A browser of its own, with what went wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.problems: list[str] = []
        context.set_default_timeout(SECONDS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    async def page(self, url: str) -> Page:
        page = await self.context.new_page()
        await page.goto(url)
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(playwright: Playwright, tmp_path: Path) -> AsyncIterator[Any]:
    """`await visitors(preferences, **options)`. None of them may have seen a violated policy."""
    made: list[Visitor] = []
    async with AsyncExitStack() as open_now:

        async def visitor(preferences: Any = None, **options: Any) -> Visitor:
            options |= {"ignore_https_errors": True, "locale": "en-GB"}
            launch = launch_options(args=[*ARGS, RESOLVE])
            if preferences is None:
                browser = await open_now.enter_async_context(
                    await playwright.chromium.launch(**launch)
                )
                context = await browser.new_context(**options)
            else:
                profile = tmp_path / str(len(made))
                (profile / "Default").mkdir(parents=True)
                (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
                context = await open_now.enter_async_context(
                    await playwright.chromium.launch_persistent_context(
                        profile, **launch, **options
                    )
                )
            await context.add_init_script(WATCH)
            made.append(Visitor(context))
            return made[-1]

        yield visitor
        problems = [problem for each in made for problem in each.problems]
    assert not problems, "the browser's console:\n" + "\n".join(problems)


async def frame_of(page: Page, site: str) -> Frame:
    """The payment's frame, once it is there."""
    await until(lambda: [each for each in page.frames if each.url.startswith(site)])
    return next(each for each in page.frames if each.url.startswith(site))


async def pay(frame: Frame, number: str) -> None:
    await frame.locator("#f-number").fill(number)
    await frame.locator("#f-expiry").fill("12/34")
    await frame.locator("#f-code").fill("123")
    await frame.locator("#f-holder").fill("ANNA SMITH")
    await frame.locator(".pay .button").click()


async def answer(at: Frame | Page) -> None:
    await at.locator("#password").fill("1111")
    await at.locator("button[value=confirm]").click()


async def open_modal(page: Page, sites: Sites) -> Frame:
    await page.locator("#pay").click()
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    return frame


@pytest.mark.parametrize("cookies", PREFERENCES)
async def test_a_challenge_in_the_modal_and_one_outside(
    sites: Sites, visitors: Any, cookies: str
) -> None:
    """The bank in the frame, from a modal; then the bank in the whole window, from an inline frame."""
    visitor = await visitors(PREFERENCES[cookies])
    sites.behave(iframe=True)
    made = sites.order()
    page = await visitor.page(sites.modal(made))
    frame = await open_modal(page, sites)
    kept = await frame.evaluate("document.cookie = 'a=1; SameSite=None; Secure'; document.cookie")
    assert kept == ("a=1" if cookies == "cookies" else "")
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await answer(frame)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    assert page.url == sites.modal(made)
    assert sites.status(made) == "successful"
    # The way back is for the whole window.
    await frame.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&*")

    sites.behave(iframe=False)
    made = sites.order()
    await page.goto(sites.inline(made))
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await frame.locator("[data-leave]").click()
    await page.wait_for_url(f"{sites.bank}/**")
    await answer(page)
    await expect(page.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await page.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&*")
    assert sites.status(made) == "successful"
