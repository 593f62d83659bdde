"""One running server for all tests here, in one event loop; some tests open one of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from checkout.web.api.password_throttle import PasswordThrottle
from tests.support.merchant import GOOGLE_PAY
from tests.support.settings import secret, toml
from tests.web.server import Customer, Server, open_server

HERE = Path(__file__).parent
Opened = Callable[..., AbstractAsyncContextManager[Server]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def server(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """The usual one, shared: a test looks at its own payments alone."""
    async with open_server(tmp_path_factory.mktemp("server"), pem) as found:
        yield found


@pytest.fixture(autouse=True)
def _nobody_has_guessed(request: pytest.FixtureRequest) -> None:
    """The servers are shared, and so is the address that all tests come from."""
    for name in ("server", "proxied"):
        if name in request.fixturenames:
            state = request.getfixturevalue(name).app.state
            state.context = replace(state.context, password_throttle=PasswordThrottle())


@pytest_asyncio.fixture(loop_scope="session")
async def customer(server: Server) -> AsyncIterator[Customer]:
    async with server.customer() as found:
        yield found


@pytest.fixture
def opened(pem: str, tmp_path: Path) -> Opened:
    """`async with opened(top="...") as server`: a server of one's own."""

    def other(**changes: Any) -> AbstractAsyncContextManager[Server]:
        return open_server(tmp_path, pem, **changes)

    return other


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def proxied(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One behind proxies of its own network."""
    top = 'trusted_proxies = ["10.0.0.0/8"]'
    async with open_server(tmp_path_factory.mktemp("proxied"), pem, top=top) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def canaries(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One whose line to the gateways keeps nothing of what is sent, with a wallet."""
    top = toml({"operator_token": secret(), "shops": {"361": {"google_pay": GOOGLE_PAY}}})
    folder = tmp_path_factory.mktemp("canaries")
    async with open_server(folder, pem, kept=False, top=top) as found:
        yield found
