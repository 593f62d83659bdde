"""The widget on a shop's page: another site, https, the strictest policy a shop can have."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Frame, Page, Playwright, Route, expect
from playwright.async_api import TimeoutError as TimedOut

from tests.browser.sites import Sites, open_sites
from tests.journeys.plugin import ARGS, BROWSER, launch_options
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, SECONDS, WATCH, picture
from tests.support.document_blocks import blocks
from tests.support.polling import until
from tests.support.servers import ROOT

pytestmark = BROWSER

ALLOWED: Final = {"profile": {"cookie_controls_mode": 0}}
REFUSED: Final = {"profile": {"default_content_setting_values": {"cookies": 2}}}
PREFERENCES: Final = {"cookies": ALLOWED, "no third-party cookies": None, "no cookies": REFUSED}


# As an open dialog keeps the focus: what has it, at the press of each key.
FOCUS: Final = "document.activeElement === document.body || !!document.activeElement.shadowRoot"
OUTSIDE: Final = "frame.shadowRoot.querySelector('iframe').offsetHeight"
SANDBOX: Final = (
    "allow-scripts allow-forms allow-same-origin allow-popups "
    "allow-top-navigation-by-user-activation"
)

Enter = Callable[..., Awaitable["Visitor"]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with open_sites(tmp_path_factory.mktemp("sites")) as found:
        yield found


@pytest.fixture
def sites(running: Sites) -> Sites:
    """Banks may be framed, and everything is quick."""
    running.behave(iframe=True, latency_ms=0)
    return running


class Visitor:
    """A browser of its own, with what went wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.problems: list[str] = []
        self.expected = "nothing"  # what the journey brings about on purpose
        context.set_default_timeout(SECONDS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning") and self.expected not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    async def page(self, url: str) -> Page:
        page = await self.context.new_page()
        await page.goto(url)
        return page


def launch() -> dict[str, Any]:
    return launch_options(args=[*ARGS, "--host-resolver-rules=MAP * 127.0.0.1"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """It finds every name on this machine. Playwright's contexts block third-party cookies."""
    async with await playwright.chromium.launch(**launch()) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def enter(browser: Browser, playwright: Playwright, tmp_path: Path) -> AsyncIterator[Enter]:
    """`await enter(preferences)`: with a profile of its own. Nobody may have seen an error."""
    made: list[Visitor] = []

    async def one(preferences: Any = None, **options: Any) -> Visitor:
        options |= {"ignore_https_errors": True, "locale": "en-GB"}
        if preferences is None:
            context = await browser.new_context(**options)
        else:
            (tmp_path / "Default").mkdir()
            (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
            start = playwright.chromium.launch_persistent_context
            context = await start(tmp_path, **launch(), **options)
        await context.add_init_script(WATCH)
        made.append(Visitor(context))
        return made[-1]

    yield one
    for each in made:
        await each.context.close()
    problems = [problem for each in made for problem in each.problems]
    assert not problems, "the browser's console:\n" + "\n".join(problems)


async def frame_of(page: Page, site: str) -> Frame:
    """The payment's frame, once it is there."""
    await until(lambda: [each for each in page.frames if each.url.startswith(site)])
    return next(each for each in page.frames if each.url.startswith(site))


async def fill(frame: Frame, number: str) -> None:
    await frame.locator("#f-number").fill(number)
    await frame.locator("#f-expiry").fill("12/34")
    await frame.locator("#f-code").fill("123")
    await frame.locator("#f-holder").fill("ANNA SMITH")


async def press(frame: Frame, css: str) -> None:
    """By the keyboard: a frame that grows just now moves away under a mouse."""
    await frame.locator(css).press("Enter")


async def part(frame: Frame) -> None:
    """Back to the shop; a frame that goes with the key takes the answer to it along."""
    with suppress(TimedOut):
        await frame.locator("[data-back]").press("Enter", timeout=5000)


async def escape(page: Page) -> None:
    """The same of a modal that has the focus."""
    with suppress(TimeoutError):
        await asyncio.wait_for(page.keyboard.press("Escape"), 5)


async def pay(frame: Frame, number: str) -> None:
    await fill(frame, number)
    await press(frame, ".pay .button")


async def answer(at: Frame | Page) -> None:
    await at.locator("#password").fill("1111")
    await at.locator("button[value=confirm]").press("Enter")


async def open_modal(page: Page, sites: Sites) -> Frame:
    await page.locator("#pay").click()
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    return frame


@pytest.mark.parametrize("cookies", PREFERENCES)
async def test_a_challenge_in_the_modal_and_one_outside(
    sites: Sites, enter: Enter, cookies: str
) -> None:
    """The bank in the frame, from a modal; in the whole window, from an inline frame."""
    visitor = await enter(PREFERENCES[cookies])
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
    await part(frame)
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&*")

    sites.behave(iframe=False)
    made = sites.order()
    await page.goto(sites.inline(made))
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await press(frame, "[data-leave]")
    await page.wait_for_url(f"{sites.bank}/**")
    await answer(page)
    await expect(page.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await page.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&*")
    assert sites.status(made) == "successful"


async def test_the_modal(sites: Sites, enter: Enter) -> None:
    """Labelled, alone in reach, closed by Escape and its button, and it tells what it knows."""
    visitor = await enter()
    made = sites.order(attempts=1)
    page = await visitor.page(sites.modal(made))
    await page.locator("#pay").focus()
    frame = await open_modal(page, sites)
    await page.evaluate("button.click(); widget.createWidget()")
    dialog = page.get_by_role("dialog", name="Payment")
    await expect(dialog).to_have_count(1)
    await expect(dialog.locator("iframe")).to_have_attribute("title", "Payment")
    await expect(dialog.locator("iframe")).to_be_focused()
    for _ in range(25):
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUS)
    await page.mouse.move(10, 300)
    await page.mouse.wheel(0, 800)
    await page.wait_for_timeout(200)
    assert await page.evaluate("scrollY") == 0

    await frame.locator("#f-number").focus()
    await escape(page)
    await expect(dialog).to_have_count(0)
    assert await page.evaluate("told") == [None]
    await expect(page.locator("#pay")).to_be_focused()
    await page.mouse.wheel(0, 800)
    await until(lambda: page.evaluate("scrollY > 0"))

    frame = await open_modal(page, sites)
    await dialog.get_by_role("button", name="Close").focus()
    await escape(page)
    await expect(dialog).to_have_count(0)

    frame = await open_modal(page, sites)
    await picture(page, "widget")
    await pay(frame, DECLINED)
    await expect(frame.locator("h1")).to_have_text("Your bank declined the payment")
    await page.evaluate("window.answer = false")
    await dialog.get_by_role("button", name="Close").click()
    assert await page.evaluate("told") == [None, None, "failed"]
    assert page.url == sites.modal(made)

    messages: Any = await page.evaluate("messages")
    assert {origin for origin, _ in messages} == {sites.pay}
    assert {each["event"] for _, each in messages} == {"ready", "resize", "status", "close", "logo"}
    assert {each["source"] for _, each in messages} == {"checkout"}
    assert len({each["uid"] for _, each in messages}) == 1
    assert [e["status"] for _, e in messages if e["event"] == "status"][-1] == "failed"


async def test_escape_asks_once_something_is_typed(sites: Sites, enter: Enter) -> None:
    """In the frame as around it; the question is left as it came, and the button just closes."""
    visitor = await enter()
    page = await visitor.page(sites.modal(sites.order()))
    frame = await open_modal(page, sites)
    question = page.get_by_role("alertdialog")
    await frame.locator("#f-number").fill("4200")
    await until(lambda: page.evaluate("messages.some(([, { typed }]) => typed)"))
    for ask in (frame.locator("#f-number"), page.get_by_role("button", name="Close")):
        await ask.press("Escape")
        await expect(question).to_have_accessible_name("What you typed is lost if you close now.")
        await expect(question.get_by_role("button", name="Stay here")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(question).to_have_count(0)
    assert await frame.locator("#f-number").input_value() == "4200"
    assert await page.evaluate("told") == []
    await frame.locator("#f-number").press("Escape")
    await question.get_by_role("button", name="Close").click()
    await expect(page.locator("dialog")).to_have_count(0)
    assert await page.evaluate("told") == [None]


async def test_the_modal_says_whom_and_how_much(sites: Sites, enter: Enter) -> None:
    """Above the bank's page as well, and a skeleton until there is a page. The logo comes as
    pixels, which the strictest policy allows."""
    visitor = await enter()
    made = sites.order()
    page = await visitor.page(sites.modal(made))
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route(f"{sites.pay}/widget/hpp.html*", hold)
    await page.locator("#pay").click()
    dialog = page.get_by_role("dialog", name="Payment")
    await expect(dialog.locator(".bars")).to_be_visible()
    held.set()
    await expect(dialog.locator(".bars")).to_have_count(0)
    header = dialog.locator("header")
    await expect(header).to_contain_text("Tea shop")
    await expect(header).to_contain_text(f"€{made.amount / 100}")
    await expect(header).to_contain_text(made.description)
    await expect(header.locator("canvas")).to_be_visible()
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await expect(header).to_contain_text("Tea shop")


@pytest.mark.parametrize(
    ("kind", "width", "height"),
    [("inline", 320, 568), ("modal", 320, 568), ("modal", 1280, 720)],
)
async def test_each_step_is_in_view(
    sites: Sites, enter: Enter, kind: str, width: int, height: int
) -> None:
    """On a small phone, however far down Pay is; in a modal Pay is never far down."""
    phone = {"has_touch": True, "is_mobile": True} if width < 600 else {}
    visitor = await enter(viewport={"width": width, "height": height}, **phone)
    fields = {"customer_fields": {"visible": ["email", "first_name", "last_name"]}}
    made = sites.order(settings={"return_url": f"{sites.shop}/thanks"} | fields)
    page = await visitor.page(getattr(sites, kind)(made))
    frame = await (open_modal(page, sites) if kind == "modal" else frame_of(page, sites.pay))

    async def in_view(css: str) -> None:
        async def seen() -> bool:
            box = await frame.locator(css).bounding_box()
            return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height

        await until(seen)

    if kind == "modal":
        await in_view(".pay .button")
    await fill(frame, DECLINED)
    for name, value in (("email", "a@example.com"), ("first_name", "Anna"), ("last_name", "Lee")):
        await frame.locator(f"#f-{name}").fill(value)
    await frame.locator(".pay .button").scroll_into_view_if_needed()
    await press(frame, ".pay .button")
    await in_view(".note")
    await fill(frame, CHALLENGE)
    await press(frame, ".pay .button")
    await frame.wait_for_url(f"{sites.bank}/**")
    for each in ("h1", "#password", "button[value=confirm]"):
        await in_view(each)
    await answer(frame)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await in_view("h1")


async def test_in_a_window_of_its_own(sites: Sites, enter: Enter) -> None:
    """`closed` is true only when it is; the shop's page hears as from a frame, and goes on."""
    visitor = await enter()
    page = await visitor.page(sites.modal(sites.order()))

    async def opened() -> Page:
        await page.evaluate("button.onclick = () => (window.popup = true)")
        async with visitor.context.expect_page() as found:
            await page.locator("#pay").click()
        window = await found.value
        await expect(window.locator("[data-pay]")).to_be_visible()
        return window

    window = await opened()
    dialog = page.get_by_role("dialog", name="Payment")
    await expect(dialog).to_contain_text("The payment opens in a window of its own.")
    await expect(window.locator(".order")).to_be_visible()
    await window.close()
    await expect(dialog).to_have_count(0)
    assert await page.evaluate("told") == [None]

    window = await opened()
    await pay(window.main_frame, PLAIN)
    await expect(window.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await window.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?order=7&**")
    assert window.is_closed()
    assert json.loads(await page.evaluate("sessionStorage.told")) == [None, "successful"]


async def test_closed_while_the_card_is_on_its_way(sites: Sites, enter: Enter) -> None:
    """Not "never begun": the shop would offer to pay again."""
    visitor = await enter()
    made = sites.order()
    page = await visitor.page(sites.modal(made))
    frame = await open_modal(page, sites)
    sites.behave(latency_ms=2000)
    await fill(frame, PLAIN)
    # Playwright's own click waits for the next page.
    await frame.evaluate("setTimeout(() => document.querySelector('.pay .button').click())")
    await until(lambda: page.evaluate("messages.some(([, { live }]) => live)"))
    await escape(page)  # not now
    await page.get_by_role("button", name="Close").click()
    assert await page.evaluate("told") == ["pending"]
    await until(lambda: sites.status(made) == "successful")


async def test_how_it_ends(sites: Sites, enter: Enter) -> None:
    """By itself to the return address; without one just closed; told before the bank takes over."""
    visitor = await enter()
    made = sites.order(settings={"auto_return": 1, "return_url": f"{sites.shop}/thanks"})
    page = await visitor.page(sites.modal(made))
    await pay(await open_modal(page, sites), PLAIN)
    await page.wait_for_url(f"{sites.shop}/thanks?token={made.token}&status=successful&*")
    assert json.loads(await page.evaluate("sessionStorage.told")) == ["successful"]

    made = sites.order(settings={})
    await page.goto(sites.modal(made))
    frame = await open_modal(page, sites)
    await pay(frame, PLAIN)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await part(frame)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await page.evaluate("told") == ["successful"]
    assert page.url == sites.modal(made)

    sites.behave(iframe=False)
    await page.goto(sites.modal(sites.order()))
    frame = await open_modal(page, sites)
    await pay(frame, CHALLENGE)
    await press(frame, "[data-leave]")
    await page.wait_for_url(f"{sites.bank}/**")
    await answer(page)
    await page.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?**")
    assert json.loads(await page.evaluate("sessionStorage.told")) == ["redirected"]


async def test_it_is_as_high_as_its_content(sites: Sites, enter: Enter) -> None:
    visitor = await enter()
    page = await visitor.page(sites.inline(sites.order(settings={"auto_return": 1})))
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    await page.locator("checkout-frame").scroll_into_view_if_needed()  # out of sight it rests

    async def fits() -> bool:
        inside = await frame.evaluate("document.documentElement.getBoundingClientRect().height")
        return bool(await page.evaluate(OUTSIDE) == math.ceil(inside))

    await until(fits)
    before = await page.evaluate(OUTSIDE)
    await frame.evaluate("document.querySelector('main').style.paddingTop = '300px'")
    await until(fits)
    assert await page.evaluate(OUTSIDE) > before + 250
    await frame.evaluate("document.querySelector('main').style.paddingTop = ''")
    await until(fits)
    assert await page.evaluate(OUTSIDE) == before
    await picture(page, "widget-inline")
    await page.evaluate("frame.addEventListener('close', (event) => event.preventDefault())")
    await pay(frame, PLAIN)
    await until(lambda: page.evaluate("heard.some(([name]) => name === 'close')"))
    heard: Any = await page.evaluate("heard")
    assert heard[0] == ["ready", "incomplete"]
    assert ["status", "successful"] in heard
    # Another payment in the same place, then none.
    await page.evaluate("frame.removeAttribute('src')")
    await until(lambda: len(page.frames) == 1)


async def test_on_a_strangers_site(sites: Sites, enter: Enter) -> None:
    """No frame there; a way to the payment page is."""
    visitor = await enter()
    visitor.expected = "frame-ancestors"
    made = sites.order()
    page = await visitor.page(sites.modal(made, sites.stranger))
    await page.locator("#pay").click()
    link = page.get_by_role("dialog").get_by_role("link", name="Open the payment page")
    await expect(link).to_be_visible(timeout=SECONDS)
    await expect(link).to_have_attribute("href", made.url)
    assert await page.evaluate("messages") == []
    await escape(page)
    assert await page.evaluate("told") == ["error"]


async def test_on_a_phone(sites: Sites, enter: Enter) -> None:
    """The whole screen; in the language of the shop's page."""
    size = {"width": 360, "height": 640}
    visitor = await enter(viewport=size, has_touch=True, is_mobile=True)
    page = await visitor.page(sites.modal(sites.order()))
    await page.evaluate("document.documentElement.lang = 'de-AT'")
    await page.locator("#pay").tap()
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    box = await page.get_by_role("dialog").bounding_box()
    assert box == {"x": 0, "y": 0, **size}
    inside: Any = await frame.evaluate("[innerWidth, document.documentElement.scrollWidth]")
    assert inside[0] >= 320
    assert inside[1] <= inside[0]
    await pay(frame, CHALLENGE)
    await frame.wait_for_url(f"{sites.bank}/**")
    await answer(frame)
    await expect(frame.locator("h1")).to_have_text("Paid", timeout=SECONDS)
    await part(frame)
    await page.wait_for_url(f"{sites.shop}/thanks?**")


async def test_in_a_sandboxed_frame_of_the_shops_own(sites: Sites, enter: Enter) -> None:
    """With the least that it needs; the bank takes the window after a click."""
    visitor = await enter()
    sites.behave(iframe=False)
    made = sites.order()
    page = await visitor.page(f"{sites.shop}/")
    await page.evaluate(
        """([src, sandbox]) => {
          const frame = document.createElement("iframe");
          frame.sandbox = sandbox;
          frame.src = src;
          document.body.append(frame);
        }""",
        [made.url, SANDBOX],
    )
    frame = await frame_of(page, sites.pay)
    await pay(frame, CHALLENGE)
    await press(frame, "[data-leave]")
    await page.wait_for_url(f"{sites.bank}/**")
    await answer(page)
    await page.locator("[data-back]").click()
    await page.wait_for_url(f"{sites.shop}/thanks?**")
    assert sites.status(made) == "successful"


async def test_the_documents_own_code(sites: Sites, enter: Enter) -> None:
    """What docs/widget.md shows a shop, word for word: the pinned script, both ways, the policy."""
    modal, inline = sites.order(), sites.order()
    said = {
        "https://pay.example.com": sites.pay,
        "the payment's token": modal.token,
        "token=...": f"token={inline.token}",
    }
    found: dict[str, list[str]] = {}
    for block in blocks(ROOT / "docs" / "widget.md"):
        code = block.code
        for written, real in said.items():
            code = code.replace(written, real)
        found.setdefault(block.language, []).append(code)
    _latest, pinned, element, _older = found["html"]
    (policy,) = found[""]
    script = "\n".join(found["js"])
    head = f"<!doctype html><html lang=en><title>A shop</title>{pinned}"
    sites.pages["/docs.js"] = ("text/javascript", script)
    body = f"<button id=pay>Pay</button>{element}<script src=/docs.js></script>"
    sites.pages["/docs"] = ("text/html", f"{head}<link rel=icon href=data:,>{body}")
    # The shop's own script besides.
    own = policy.partition(":")[2].strip().replace("script-src", "script-src 'self'")
    sites.pages["/docs.policy"] = ("", own)
    visitor = await enter()
    page = await visitor.page(f"{sites.shop}/docs")
    frame = await frame_of(page, sites.pay)
    await expect(frame.locator("[data-pay]")).to_be_visible()
    await page.locator("#pay").click()
    dialog = page.get_by_role("dialog", name="Payment")
    inside = dialog.frame_locator("iframe")
    await expect(inside.locator("[data-pay]")).to_be_visible()
    await escape(page)
    await expect(dialog).to_have_count(0)
