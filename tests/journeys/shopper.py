"""A customer in a browser: what a person sees, types and presses, and whatever went wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from playwright.async_api import BrowserContext, ConsoleMessage, Page, expect

from tests.journeys.servers import Order, Servers
from tests.support.servers import ROOT

PICTURES: Final = ROOT / "pictures" / "live"
SECONDS: Final = 15_000  # milliseconds until a wait is given up

CHALLENGE: Final = "4012000000001097"
FRICTIONLESS: Final = "4012000000001006"
PLAIN: Final = "4200000000000000"
DECLINED: Final = "4005550000000019"

# Violations by the browser's own event; they are in the console too, but not always with all.
WATCH: Final = """
addEventListener("securitypolicyviolation", (event) => console.error(
  "CSP", event.effectiveDirective, event.blockedURI, event.sourceFile, event.sample));
"""

# A page that is an error on purpose: the browser notes its status.
STATUS_NOTE: Final = re.compile(
    r"Failed to load resource: the server responded with a status of (\d+)"
)


class Shopper:
    """One browser context; `page` is its first tab. `expected` are HTTP statuses that the journey
    brings about on purpose."""

    def __init__(self, servers: Servers, context: BrowserContext, page: Page) -> None:
        self.servers = servers
        self.context = context
        self.page = page
        self.problems: list[str] = []
        self.expected: set[int] = set()
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))

    @classmethod
    async def enter(cls, servers: Servers, context: BrowserContext) -> Shopper:
        context.set_default_timeout(SECONDS)
        await context.add_init_script(WATCH)
        page = context.pages[0] if context.pages else await context.new_page()
        return cls(servers, context, page)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        note = STATUS_NOTE.match(message.text)
        if note and int(note[1]) in self.expected:
            return
        self.problems.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    # Where the customer is

    async def at(self, place: str, page: Page | None = None) -> Page:
        """Wait until the tab is at this page of a payment: "payment", or its path's last part."""
        page = page or self.page
        end = "" if place == "payment" else f"/{place}"
        address = rf"{re.escape(self.servers.checkout)}/[a-z]{{2}}/payment/[^/]+/[^/]+{end}"
        await page.wait_for_url(re.compile(address + r"(\?.*)?$"))
        return page

    async def at_bank(self, page: Page | None = None) -> Page:
        page = page or self.page
        await page.wait_for_url(f"{self.servers.sandbox}/**")
        return page

    async def at_shop(self, page: Page | None = None) -> Page:
        page = page or self.page
        await page.wait_for_url(f"{self.servers.shop}/**")
        return page

    async def reads(self, headline: str | re.Pattern[str], page: Page | None = None) -> None:
        """The page's one headline."""
        await expect((page or self.page).locator("h1")).to_have_text(headline, timeout=SECONDS)

    # What the customer does

    async def open(self, order: Order, page: Page | None = None) -> Page:
        page = page or self.page
        await page.goto(order.url)
        return page

    async def tab(self) -> Page:
        return await self.context.new_page()

    async def type_card(
        self,
        number: str = CHALLENGE,
        *,
        expiry: str = "12/34",
        code: str = "123",
        holder: str = "ANNA SMITH",
        page: Page | None = None,
    ) -> None:
        page = page or self.page
        await page.locator("#f-number").fill(number)
        await page.locator("#f-expiry").fill(expiry)
        await page.locator("#f-code").fill(code)
        await page.locator("#f-holder").fill(holder)

    async def choose(self, method: str, page: Page | None = None) -> None:
        page = page or self.page
        choice = page.locator(f"[name=method][value={method}]")
        closed = page.locator(".more:not([open]) > summary")
        if await closed.count() and not await choice.is_visible():
            await closed.click()
        await choice.check()

    async def press_pay(self, page: Page | None = None) -> None:
        await (page or self.page).locator(".pay .button").click()

    async def pay(self, number: str = CHALLENGE, page: Page | None = None, **card: Any) -> None:
        await self.at("payment", page)
        await self.type_card(number, page=page, **card)
        await self.press_pay(page)

    async def pay_again(self, number: str = CHALLENGE) -> None:
        """On the page that came back with errors: its address is the form's own."""
        await self.page.locator(".note.bad").wait_for()
        await self.type_card(number)
        await self.press_pay()

    async def answer_bank(self, password: str = "1111", page: Page | None = None) -> None:
        page = await self.at_bank(page)
        await page.locator("#password").fill(password)
        await page.locator("button[value=confirm]").click()

    async def press(self, text: str, page: Page | None = None) -> None:
        """A button or link by what it says."""
        page = page or self.page
        await page.locator("button, a").get_by_text(text, exact=True).first.click()

    async def back_to_shop(self, page: Page | None = None) -> None:
        await (page or self.page).locator("[data-back]").click()
        await self.at_shop(page)

    # What must be true

    async def no_form(self, page: Page | None = None) -> None:
        """No card can be typed here."""
        await expect((page or self.page).locator("[data-pay]")).to_have_count(0)


async def picture(page: Page, name: str, folder: Path = PICTURES) -> None:
    """The page as it is now, wide and narrow, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    before = page.viewport_size
    for width, height in ((1280, 900), (320, 640)):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            path = folder / f"{name}.{width}.{scheme}.png"
            await page.screenshot(path=path, full_page=True, animations="disabled")
    await page.emulate_media(color_scheme=None)
    if before:
        await page.set_viewport_size(before)
