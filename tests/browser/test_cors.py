"""A page of another origin calls the API by the publishable key: a browser decides what it may."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, Playwright

from tests.browser.sites import Sites, open_sites
from tests.browser.test_widget import launch
from tests.journeys.plugin import BROWSER
from tests.support.settings import SHOP

pytestmark = BROWSER

# (status, body, Retry-After) of an answer, or what the browser says instead.
CALL: Final = """async ([url, authorization, body]) => {
  const headers = { Accept: "application/json", "X-API-Version": "2.1" };
  if (authorization) headers.Authorization = authorization;
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(url, {
      method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body),
    });
    return [answer.status, await answer.json(), answer.headers.get("retry-after")];
  } catch (error) {
    return [0, String(error), null];
  }
}"""
CARD: Final = {
    "number": "4200000000000000", "verification_value": "123", "holder": "ANNA LEE",
    "exp_month": "12", "exp_year": "2039",
}  # fmt: skip


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with open_sites(tmp_path_factory.mktemp("sites")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def context(playwright: Playwright) -> AsyncIterator[BrowserContext]:
    async with await playwright.chromium.launch(**launch()) as browser:
        yield await browser.new_context(ignore_https_errors=True, locale="en-GB")


async def call(page: Page, path: str, authorization: str, body: Any = None) -> Any:
    return await page.evaluate(CALL, [path, authorization, body])


def ordered(amount: int = 1999) -> dict[str, Any]:
    order = {"amount": amount, "currency": "EUR", "description": "Tea", "tracking_id": "7"}
    return {"checkout": {"transaction_type": "payment", "order": order}}


@pytest.mark.parametrize("origin", ["shop", "stranger"])
async def test_a_page_creates_reads_and_pays(
    sites: Sites, context: BrowserContext, origin: str
) -> None:
    """The key is public: the origin makes no difference, and no cookie goes along."""
    page, api = await context.new_page(), f"{sites.pay}/ctp/api"
    await page.goto(f"{getattr(sites, origin)}/")
    key = f"Bearer {sites.key}"
    status, made, _ = await call(page, f"{api}/checkouts", key, ordered())
    assert status == 201, made
    token = made["checkout"]["token"]
    status, read, _ = await call(page, f"{api}/checkouts/{token}", key)
    assert (status, read["checkout"]["order"]["amount"]) == (200, 1999)
    paid = {"request": {"token": token, "credit_card": CARD}}
    status, said, _ = await call(page, f"{api}/payments", key, paid)
    assert (status, said["response"]["status"]) == (200, "successful")
    _, read, _ = await call(page, f"{api}/checkouts/{token}", key)
    assert read["checkout"]["status"] == "successful"
    assert not [each for each in await context.cookies() if "pay." in str(each.get("domain"))]


async def test_a_page_can_read_what_is_wrong(sites: Sites, context: BrowserContext) -> None:
    page, api = await context.new_page(), f"{sites.pay}/ctp/api"
    await page.goto(f"{sites.shop}/")
    status, said, _ = await call(page, f"{api}/checkouts", f"Bearer {sites.key}", ordered(0))
    assert (status, list(said["errors"]["order"])) == (422, ["amount"])
    after: Any = None
    for _ in range(11):
        status, said, after = await call(page, f"{api}/checkouts", "Bearer pk_no", ordered())
        assert status in (401, 429), said
    assert (status, int(after) > 0) == (429, True), "it can tell how long to wait"


async def test_no_page_uses_the_secret(sites: Sites, context: BrowserContext) -> None:
    page, api = await context.new_page(), f"{sites.pay}/ctp/api"
    await page.goto(f"{sites.shop}/")
    made = sites.order()
    basic = "Basic " + base64.b64encode(f"{SHOP}:{sites.secret}".encode()).decode()
    for path, body in (
        (f"{api}/checkouts", ordered()),
        (f"{api}/checkouts/{made.token}", None),
        (f"{sites.pay}/transactions/refunds", {"request": {"parent_uid": "x"}}),
        (f"{sites.pay}/v2/transactions/tracking_id/7", None),
    ):
        assert await call(page, path, basic, body) == [0, "TypeError: Failed to fetch", None]
