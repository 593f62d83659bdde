"""Overload: new work is refused before what is under way."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from litestar import Litestar, get

from checkout.web.errors import on_error
from checkout.web.load_shedding import LoadShedder
from tests.support.asgi import asgi_transport
from tests.web.page import Page
from tests.web.server import Server


class Slow:
    """An application whose handlers wait until they are told."""

    def __init__(self, **limits: int) -> None:
        self.go = asyncio.Event()
        self.entered = asyncio.Event()

        @get("/ctp/new")
        async def new() -> str:
            return await self.wait()

        @get("/ctp/other")
        async def other() -> str:
            return await self.wait()

        @get("/ctp/{uid:str}/pay")
        async def pay() -> str:
            return await self.wait()

        @get("/ctp/{uid:str}/status")
        async def status() -> str:
            return await self.wait()

        @get("/health/live")
        async def live() -> str:
            return "alive"

        self.app = Litestar(
            [new, other, pay, status, live],
            middleware=[LoadShedder(**limits)],
            exception_handlers={Exception: on_error},
            openapi_config=None,
            logging_config=None,
        )
        self.http = httpx.AsyncClient(transport=asgi_transport(self.app), base_url="http://x.y")

    async def wait(self) -> str:
        self.entered.set()
        await self.go.wait()
        return "done"

    async def begin(self, *paths: str) -> list[asyncio.Task[httpx.Response]]:
        found = []
        for path in paths:
            self.entered.clear()
            found.append(asyncio.create_task(self.http.get(path)))
            await asyncio.wait_for(self.entered.wait(), 5)
        return found


def refused(answer: httpx.Response) -> bool:
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
        return True
    assert answer.status_code == 200
    return False


async def test_new_work_is_refused_first() -> None:
    slow = Slow(most=4, most_new=2, most_polled=6)
    tasks = await slow.begin("/ctp/new", "/ctp/other")
    # Counted over all addresses together.
    for path in ("/ctp/new", "/ctp/other"):
        assert refused(await slow.http.get(path))
    tasks += await slow.begin("/ctp/1/pay", "/ctp/2/pay")
    assert refused(await slow.http.get("/ctp/3/pay"))
    # Whoever waits for the end of a payment is the last to be turned away.
    tasks += await slow.begin("/ctp/1/status", "/ctp/2/status")
    assert refused(await slow.http.get("/ctp/3/status"))
    slow.go.set()
    assert [answer.text for answer in await asyncio.gather(*tasks)] == ["done"] * 6
    for path in ("/ctp/new", "/ctp/other", "/ctp/3/pay", "/ctp/3/status", "/health/live"):
        assert not refused(await slow.http.get(path))


async def test_a_fault_frees_its_place() -> None:
    slow = Slow(most=1, most_new=1)
    for _ in range(5):
        (task,) = await slow.begin("/ctp/new")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    slow.go.set()
    assert not refused(await slow.http.get("/ctp/new"))


async def test_two_applications_count_apart() -> None:
    one, two = Slow(most=1, most_new=1), Slow(most=1, most_new=1)
    tasks = await one.begin("/ctp/new") + await two.begin("/ctp/new")
    assert refused(await one.http.get("/ctp/other"))
    for each in (one, two):
        each.go.set()
    await asyncio.gather(*tasks)


async def test_the_page_of_an_overloaded_server(server: Server) -> None:
    """As the real application shows it: the counter is set to full for a moment."""
    gates: Any = [each for each in server.app.middleware if hasattr(each, "under_way")]
    (gate,) = gates
    made = await server.create()
    gate.under_way += 10_000
    try:
        async with server.customer() as customer:
            page = await customer.get(made.path())
            api = await customer.get(f"/ctp/api/checkouts/{made.token}", headers=server.basic())
            alive = await customer.get("/health/live")
    finally:
        gate.under_way -= 10_000
    assert refused(page)
    assert Page(page.text).headline == "We are very busy right now"
    assert refused(api)
    assert api.json()["response"]["status"] == "error"
    assert not refused(alive)
