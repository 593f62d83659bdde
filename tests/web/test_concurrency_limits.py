"""Everybody has their own room among the requests under way: addresses, shops, gateways."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from structlog.testing import capture_logs

from checkout.settings import Settings
from checkout.web.concurrency_limits import ConcurrencyLimits, count_as
from checkout.web.errors import on_error
from checkout.web.load_shedding import LoadShedder
from checkout.web.security import read_body
from tests.support import samples
from tests.support.asgi import asgi_transport
from tests.web.conftest import Opened
from tests.web.server import Server

SHOP: Final = samples.shop(link_keys=(samples.SECRET,))


class Hall:
    """An application whose handlers wait until they are told; `/known` knows its callers."""

    def __init__(self, *, most: int = 1000, **changes: Any) -> None:
        self.go = asyncio.Event()
        self.inside = 0
        base = samples.settings(SHOP)
        settings: Settings = msgspec.structs.replace(
            base, limits=msgspec.structs.replace(base.limits, **changes)
        )
        self.shares = ConcurrencyLimits(settings)
        self.slots = LoadShedder(most=most, most_new=most)

        @get("/ctp/wait")
        async def wait() -> str:
            return await self.wait()

        @get("/ctp/known/{name:str}")
        async def by_name(request: Request[Any, Any, Any]) -> str:
            count_as(request, request.path_params["name"])
            return await self.wait()

        @post("/ctp/body")
        async def body(request: Request[Any, Any, Any]) -> str:
            await read_body(request)
            return await self.wait()

        @get("/health/live")
        async def live() -> str:
            return "alive"

        self.app = Litestar(
            [wait, by_name, body, live],
            middleware=[self.shares, self.slots],
            exception_handlers={Exception: on_error},
            openapi_config=None,
            logging_config=None,
        )

    async def wait(self) -> str:
        self.inside += 1
        await self.go.wait()
        return "done"

    async def get(self, address: str, path: str = "/ctp/wait") -> httpx.Response:
        transport = asgi_transport(self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x.y") as http:
            return await http.get(path)

    async def send(self, address: str, body: Any) -> httpx.Response:
        transport = asgi_transport(self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x.y") as http:
            return await http.post("/ctp/body", content=body)

    async def enter(self, *calls: Any) -> list[asyncio.Task[httpx.Response]]:
        """Begun, and as far as they get."""
        tasks = [asyncio.create_task(call) for call in calls]
        await settled()
        return tasks


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def never() -> Any:
    """A body that doesn't come."""
    await asyncio.Event().wait()
    yield b""


async def later(event: asyncio.Event) -> Any:
    await event.wait()
    yield b"x"


async def test_others_are_served_while_one_crowds() -> None:
    hall = Hall(requests_per_address=3)
    crowd = await hall.enter(*(hall.get("192.0.2.1") for _ in range(10)))
    assert hall.inside == 3
    refused = [task.result() for task in crowd if task.done()]
    assert [answer.status_code for answer in refused] == [503] * 7
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert refused[0].json()["message"] == "Too many requests at once"
    others = await hall.enter(*(hall.get(f"192.0.2.{n}") for n in range(2, 40)))
    assert hall.inside == 3 + 38
    assert (await hall.get("192.0.2.1", "/health/live")).status_code == 200
    hall.go.set()
    assert {task.result().status_code for task in await gathered(others)} == {200}
    await gathered(crowd)
    assert not hall.shares.counts
    assert (await hall.get("192.0.2.1")).status_code == 200


async def gathered(
    tasks: list[asyncio.Task[httpx.Response]],
) -> list[asyncio.Task[httpx.Response]]:
    await asyncio.gather(*tasks)
    return tasks


async def test_a_network_of_ipv6_is_one_address() -> None:
    hall = Hall(requests_per_address=3)
    same = await hall.enter(*(hall.get(f"2001:db8:1:2::{n:x}") for n in range(1, 9)))
    assert hall.inside == 3
    other = await hall.enter(hall.get("2001:db8:1:3::1"), hall.get("::ffff:192.0.2.1"))
    assert hall.inside == 5
    hall.go.set()
    await gathered(same + other)


async def test_who_is_known_has_a_share_of_their_own() -> None:
    """The shop's server has one address for all its customers' orders."""
    hall = Hall(requests_per_address=3, requests_per_shop=8)
    calls = [hall.get("192.0.2.1", "/ctp/known/a") for _ in range(20)]
    tasks = await hall.enter(*calls)
    assert hall.inside == 8
    more = await hall.enter(hall.get("192.0.2.1", "/ctp/known/b"), hall.get("192.0.2.1"))
    assert hall.inside == 10
    hall.go.set()
    await gathered(tasks + more)
    assert not hall.shares.counts


async def test_a_name_is_no_address() -> None:
    hall = Hall(requests_per_address=1, requests_per_shop=1)
    tasks = await hall.enter(hall.get("a"), hall.get("b", "/ctp/known/a"))
    assert hall.inside == 2
    hall.go.set()
    await gathered(tasks)


async def test_a_request_counts_from_its_body_on() -> None:
    """Bodies that don't come take no slot, however many addresses they come from."""
    hall = Hall(most=4)
    waiting = await hall.enter(*(hall.send(f"192.0.2.{n}", never()) for n in range(1, 60)))
    assert hall.slots.under_way == 0
    assert sum(hall.shares.counts.values()) == 59
    paying = await hall.enter(*(hall.get(f"198.51.100.{n}") for n in range(1, 5)))
    assert hall.inside == 4
    for task in waiting:
        task.cancel()
    hall.go.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert {task.result().status_code for task in await gathered(paying)} == {200}
    assert hall.slots.under_way == 0
    assert not hall.shares.counts


async def test_bodies_that_come_all_at_once_take_no_more_than_there_is() -> None:
    hall, now = Hall(most=4), asyncio.Event()
    tasks = await hall.enter(*(hall.send(f"192.0.2.{n}", later(now)) for n in range(1, 11)))
    now.set()
    await settled()
    assert hall.inside == 4
    assert hall.slots.under_way == 4
    hall.go.set()
    found = [task.result().status_code for task in await gathered(tasks)]
    assert sorted(found) == [201] * 4 + [503] * 6
    assert hall.slots.under_way == 0


async def test_bodies_count_for_their_address() -> None:
    hall = Hall(requests_per_address=5)
    tasks = await hall.enter(*(hall.send("192.0.2.1", never()) for _ in range(20)))
    assert sum(task.done() for task in tasks) == 15
    assert (await hall.get("192.0.2.1")).status_code == 503
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not hall.shares.counts


# --- In the real application --------------------------------------------------------------------


def slots_of(server: Server) -> tuple[Any, Any]:
    shares = next(each for each in server.app.middleware if isinstance(each, ConcurrencyLimits))
    slots = next(each for each in server.app.middleware if isinstance(each, LoadShedder))
    return shares, slots


class Peer:
    """One request by bare ASGI, of whose body it is known whether anybody asked for it."""

    def __init__(self) -> None:
        self.status = 0
        self.asks = asyncio.Event()

    async def call(
        self, server: Server, method: str, path: str, headers: dict[str, str], address: str
    ) -> int:
        scope: Any = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "https", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "client": (address, 1), "server": ("pay.example.com", 443),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "state": {},
        }  # fmt: skip
        await server.app(scope, self.receive, self.send)
        return self.status

    async def receive(self) -> Any:
        self.asks.set()
        await asyncio.Event().wait()

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)


FORM: Final = {"content-type": "application/x-www-form-urlencoded", "content-length": "9"}
JSON: Final = {"content-type": "application/json", "content-length": "9"}
OURS: Final = {"origin": "https://pay.example.com", "sec-fetch-site": "same-origin"}
NOBODY: Final = {"authorization": "Basic " + base64.b64encode(b"361:wrong").decode()}
KEYLESS: Final = {"authorization": "Bearer nobodys"}
UID: Final = "8a8b6f2e-0c5c-4e0a-9d0a-2f1c7f1f5a10"

UNKNOWN: Final = [
    ("/notify/cards/nobodys", JSON, 404),
    ("/notify/nowhere/nobodys", JSON, 404),
    ("/return/nobodys", FORM, 404),
    *((f"/en/payment/{UID}/nobodys/{verb}", FORM | OURS, 404)
      for verb in ("pay", "cancel", "confirm")),
    (f"/xx/payment/{UID}/nobodys/pay", FORM | OURS, 404),
    ("/en/product/prd_0000000000000000", FORM | OURS, 404),
    *((path, JSON | NOBODY, 401)
      for path in ("/ctp/api/checkouts", "/products", "/invoices", "/invoices/x/send",
                   "/transactions/refunds", "/transactions/payments",
                   "/services/credit_cards/charges")),
    *((path, JSON | KEYLESS, 401) for path in ("/ctp/api/checkouts", "/ctp/api/payments")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "headers", "status"), UNKNOWN, ids=map(str, range(len(UNKNOWN))))
async def test_what_is_unknown_is_answered_without_its_body(
    server: Server, path: str, headers: dict[str, str], status: int
) -> None:
    peer = Peer()
    async with asyncio.timeout(5):
        assert await peer.call(server, "POST", path, headers, "198.51.100.7") == status
    assert not peer.asks.is_set()


async def test_what_can_not_be_read_is_answered_without_its_body(server: Server) -> None:
    """What is wrong with a known payment's form or a shop's call, its head says as well."""
    made, basic = await server.create(), {"authorization": server.basic()["Authorization"]}
    for path, headers, status in (
        (made.path("pay"), FORM | {"sec-fetch-site": "cross-site"}, 403),
        (made.path("pay"), JSON | OURS, 400),
        (made.path("cancel"), JSON | OURS, 400),
        (made.path("pay"), FORM | OURS | {"content-length": "70000"}, 413),
        ("/ctp/api/checkouts", basic | {"content-type": "text/plain"}, 415),
        ("/transactions/gifts", basic | JSON, 404),
    ):
        peer = Peer()
        async with asyncio.timeout(5):
            assert await peer.call(server, "POST", path, headers, "198.51.100.7") == status, path
        assert not peer.asks.is_set(), path


async def test_a_known_one_is_waited_for(server: Server) -> None:
    """The other side of it: the tests above would see a body that is asked for."""
    made, (shares, slots) = await server.create(), slots_of(server)
    paid = {"authorization": server.basic()["Authorization"]}
    async with server.customer() as customer:
        await customer.pay(made)
    (attempt,) = made.attempts()
    calls = [
        (f"/notify/cards/{attempt['notify_ticket']}", JSON),
        (made.path("pay"), FORM | OURS),
        ("/ctp/api/checkouts", JSON | paid),
    ]
    peers = [Peer() for _ in calls]
    tasks = [
        asyncio.create_task(peer.call(server, "POST", path, headers, "198.51.100.7"))
        for peer, (path, headers) in zip(peers, calls, strict=True)
    ]
    async with asyncio.timeout(5):
        for peer in peers:
            await peer.asks.wait()
    assert slots.under_way == 0
    assert dict(shares.counts) == {
        "known:gateway cards": 1, "198.51.100.7": 1, "known:shop 361": 1,
    }  # fmt: skip
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not shares.counts


@pytest.mark.parametrize(("peer", "shown"), [("8.8.8.8", None), ("172.17.0.1", "172.17.0.1")])
async def test_the_warning_about_a_proxy_without_a_name(
    opened: Opened, peer: str, shown: str | None
) -> None:
    """Once, and with the peer's address where that is no customer's."""
    async with opened() as server, server.customer(peer) as customer:
        with capture_logs() as lines:
            await customer.get("/pay/x")
            assert not lines
            for _ in range(3):
                await customer.get("/pay/x", headers={"X-Forwarded-For": "192.0.2.99"})
    (line,) = lines
    assert (line["event"], line["alert"]) == ("proxy.unnamed", True)
    assert line["peer"] == shown
    assert "192.0.2.99" not in str(line)


async def test_no_warning_about_one_that_is_named(proxied: Server) -> None:
    with capture_logs() as lines:
        for peer in ("10.0.0.1", "203.0.113.7"):
            async with proxied.customer(peer) as customer:
                await customer.get("/pay/x", headers={"X-Forwarded-For": "192.0.2.99"})
    assert not lines
