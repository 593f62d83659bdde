"""One running house for all tests here, in one event loop; some tests open one of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from checkout.web.guesses import Guesses
from tests.web.house import Customer, House, open_house

HERE = Path(__file__).parent
Opened = Callable[..., AbstractAsyncContextManager[House]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def pem() -> str:
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def house(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The usual one, shared: a test looks at its own payments alone."""
    async with open_house(tmp_path_factory.mktemp("house"), pem) as found:
        yield found


@pytest.fixture(autouse=True)
def _nobody_has_guessed(request: pytest.FixtureRequest) -> None:
    """The houses are shared, and so is the address that all tests come from."""
    for name in ("house", "proxied"):
        if name in request.fixturenames:
            state = request.getfixturevalue(name).app.state
            state.web = replace(state.web, guesses=Guesses())


@pytest_asyncio.fixture(loop_scope="session")
async def customer(house: House) -> AsyncIterator[Customer]:
    async with house.customer() as found:
        yield found


@pytest.fixture
def opened(pem: str, tmp_path: Path) -> Opened:
    """`async with opened(top="...") as house`: a house of one's own."""

    def other(**changes: Any) -> AbstractAsyncContextManager[House]:
        return open_house(tmp_path, pem, **changes)

    return other


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def proxied(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One behind proxies of its own network."""
    top = 'trusted_proxies = ["10.0.0.0/8"]'
    async with open_house(tmp_path_factory.mktemp("proxied"), pem, top=top) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def canaries(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One whose line to the gateways keeps nothing of what is sent."""
    async with open_house(tmp_path_factory.mktemp("canaries"), pem, kept=False) as found:
        yield found
