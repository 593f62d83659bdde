"""The page of docs/first-shop.md in a browser: the button, the widget, the order that is paid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from checkout.local_servers import SHOP, LocalServers, running
from tests.browser.test_widget import Enter, browser, enter, frame_of, pay
from tests.docs.test_first_shop import DEVELOPED, DOCUMENT, LISTENED, starts
from tests.journeys.plugin import BROWSER
from tests.journeys.shopper import PLAIN, picture
from tests.support.document_blocks import blocks
from tests.support.local_servers import local_servers
from tests.support.polling import wait_until
from tests.support.servers import free_ports

__all__ = ["browser", "enter"]  # fixtures
pytestmark = BROWSER


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; it is heard of by its own."""
    (port,) = free_ports(1)
    address, folder = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("shop")
    (program,) = filter(starts, blocks(DOCUMENT))
    code = program.code.replace(f"http://{DEVELOPED}", address).replace(
        LISTENED, LISTENED.replace("3000", str(port))
    )
    (folder / "shop.py").write_text(code)
    with (
        local_servers(tmp_path_factory.mktemp("demo"), return_origins=(address,)) as local,
        running() as processes,
    ):
        processes.append(started(folder, local, address))
        wait_until(lambda: answers(address))
        yield address


def started(folder: Path, local: LocalServers, address: str) -> subprocess.Popen[bytes]:
    given = {
        "CHECKOUT": local.checkout, "SHOP_ID": SHOP, "SHOP_SECRET": local.keys.secret_key,
        "NOTIFY": f"{address}/notifications",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([sys.executable, "shop.py"], cwd=folder, env=given, stderr=log)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).is_success
    except httpx.HTTPError:
        return False


async def test_a_chair_is_bought(enter: Enter, shop: str) -> None:
    visitor = await enter(viewport={"width": 1000, "height": 800})
    page: Page = await visitor.context.new_page()
    await page.goto(shop)
    await page.get_by_role("button", name="Buy").click()
    frame = await frame_of(
        page, await page.evaluate("document.querySelector('script').src.slice(0, -10)")
    )
    await expect(frame.locator("[data-pay]")).to_be_visible()
    await picture(page, "first-shop")
    await pay(frame, PLAIN)
    await frame.locator("[data-back]").press("Enter")
    await page.wait_for_url(f"{shop}/orders/1?**")
    wait_until(lambda: "paid, 0" in httpx.get(f"{shop}/orders/1", trust_env=False).text)
