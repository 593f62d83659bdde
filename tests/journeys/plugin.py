"""The fixtures of journeys/ and browser/: one set of servers and one browser for both folders.

Everything runs on the session's event loop: mark test modules with `pytestmark = BROWSER`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from tests.journeys.servers import Servers, open_servers
from tests.journeys.shopper import Shopper
from tests.support.databases import BACKENDS

BROWSER: Final = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
# A module's mark: on each database. The other journeys run on SQLite alone, for there the database
# makes no difference that these would not show.
ON_EACH_DATABASE: Final = pytest.mark.parametrize(
    "shared_servers", BACKENDS, indirect=True, scope="session"
)
ARGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
FAULTS: Final = ('"level": "error"', "Traceback", "Error:", "Warning:")

Enter = Callable[..., Awaitable[Shopper]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Servers]:
    backend = getattr(request, "param", "sqlite")
    with open_servers(tmp_path_factory.mktemp("servers"), backend=backend) as servers:
        async with servers.client:
            yield servers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(**launch_options())
    yield browser
    await browser.close()


def launch_options(**more: Any) -> dict[str, Any]:
    return {"executable_path": os.environ["CHECKOUT_CHROMIUM"], "args": ARGS} | more


@pytest_asyncio.fixture(loop_scope="session")
async def servers(shared_servers: Servers) -> AsyncIterator[Servers]:
    """The shared ones, calm at the start; none of them may have failed in the test's time."""
    before = len(shared_servers.log())
    shared_servers.allowed = ()
    await shared_servers.calm()
    yield shared_servers
    await shared_servers.calm()
    said = [line for line in shared_servers.log()[before:].splitlines() if _has(line, FAULTS)]
    said = [line for line in said if not _has(line, shared_servers.allowed)]
    assert not said, "checkout's log:\n" + "\n".join(said)


def _has(line: str, words: Iterable[str]) -> bool:
    return any(word in line for word in words)


@pytest_asyncio.fixture(loop_scope="session")
async def enter(servers: Servers, chromium: Browser) -> AsyncIterator[Enter]:
    """`await enter()`: another customer, with a browser context made of the given options. At the
    end none of them may have seen an error in the console or a violated policy."""
    customers: list[Shopper] = []

    async def make(**options: Any) -> Shopper:
        options.setdefault("locale", "en-GB")
        context = await chromium.new_context(**options)
        customers.append(await Shopper.enter(servers, context))
        return customers[-1]

    yield make
    for each in customers:
        await each.context.close()
    problems = [problem for each in customers for problem in each.problems]
    assert not problems, "the browser's console:\n" + "\n".join(problems)


@pytest_asyncio.fixture(loop_scope="session")
async def customer(enter: Enter) -> Shopper:
    return await enter()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A folder for a browser profile of its own."""
    return tmp_path / "profile"
