"""One running server for all tests here, in one event loop, seen through whoever may tamper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from checkout.pci.inventory import Inventory, of_settings
from checkout.pci.verify import Verdict, verify
from tests.support.asgi import asgi_transport
from tests.support.samples import pem as pem_of
from tests.web.server import ADDRESS, Server, open_server

HERE = Path(__file__).parent
Tamper = Callable[[httpx.Response], httpx.Response]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with open_server(tmp_path_factory.mktemp("server"), pem_of()) as found:
        yield found


@dataclass
class Proxy(httpx.BaseTransport):
    """Whoever stands between the server and the browser: keeps what was asked, and gives on what
    `tamper` makes of an answer."""

    server: Server
    loop: asyncio.AbstractEventLoop
    tamper: Tamper = lambda answer: answer
    asked: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        future = asyncio.run_coroutine_threadsafe(self._ask(request), self.loop)
        return self.tamper(future.result(20))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        inner = asgi_transport(self.server.app, client=(ADDRESS, 40000))
        async with httpx.AsyncClient(transport=inner) as client:
            answer = await client.send(
                client.build_request(request.method, request.url, headers=request.headers)
            )
        kept = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if name not in ("content-encoding", "content-length")
        ]
        return httpx.Response(
            answer.status_code, headers=kept, content=answer.content, request=request
        )


async def look(
    server: Server,
    path: str,
    tamper: Tamper = lambda answer: answer,
    *,
    wanted: Inventory | None = None,
    **how: Any,
) -> tuple[Verdict, Proxy]:
    """`checkout pci verify` of a path or an address, past somebody who tampers."""
    proxy = Proxy(server, asyncio.get_running_loop(), tamper)
    wanted = wanted or of_settings(server.settings)
    url = path if path.startswith("http") else server.settings.url(path)
    return await asyncio.to_thread(verify, url, wanted, transport=proxy, **how), proxy
