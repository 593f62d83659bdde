"""A gateway that hangs uses up its own connections, and a name that hangs its own threads."""

from __future__ import annotations

import asyncio
import threading
import time

import httpx
import pytest

from checkout.gateways.client import UNREACHABLE, GatewayClient, GatewayResponse
from checkout.payments.connections import HostConnections
from checkout.payments.dns import Resolver
from checkout.payments.http_transport import HttpTransport
from tests.support.hanging_names import HangingNames


def pool() -> HttpTransport:
    return HttpTransport(httpx.create_ssl_context(trust_env=False), most=5)


def wire(transport: httpx.AsyncBaseTransport, base: str, seconds: float = 2.0) -> GatewayClient:
    return GatewayClient(transport, base, {}, charge_seconds=seconds, query_seconds=seconds)


async def _hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass
    writer.close()


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    await writer.drain()
    writer.close()


async def test_a_gateway_that_hangs_leaves_the_others_their_connections() -> None:
    """Over real sockets: its own charges find no connection, which is known as nothing sent."""
    hanging = await asyncio.start_server(_hangs, "127.0.0.2", 0)
    well = await asyncio.start_server(_answers, "127.0.0.1", 0)
    ports = [each.sockets[0].getsockname()[1] for each in (hanging, well)]
    async with hanging, well, HostConnections(pool) as transport:
        bad = wire(transport, f"http://127.0.0.2:{ports[0]}")
        good = wire(transport, f"http://127.0.0.1:{ports[1]}")
        stuck = [asyncio.create_task(bad.query("/status")) for _ in range(50)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        found = await asyncio.gather(*(good.charge("/pay", {}) for _ in range(20)))
        assert time.monotonic() - began < 1
        assert all(isinstance(each, GatewayResponse) for each in found)
        assert await bad.charge("/pay", {}) == UNREACHABLE
        await asyncio.gather(*stuck)
    await asyncio.sleep(0.05)


async def test_a_name_that_hangs_is_nothing_sent_and_one_thread() -> None:
    names = HangingNames("127.0.0.1")
    well = await asyncio.start_server(_answers, "127.0.0.1", 0)
    port = well.sockets[0].getsockname()[1]
    before = threading.active_count()
    async with well, HostConnections(pool, Resolver("test", names, seconds=0.3)) as transport:
        bad = wire(transport, "https://hanging.example.com")
        charges = [asyncio.create_task(bad.charge("/pay", {})) for _ in range(50)]
        await asyncio.sleep(0.05)
        assert threading.active_count() - before == 1
        good = wire(transport, f"http://localhost:{port}")
        for _ in range(5):
            assert isinstance(await good.charge("/pay", {}), GatewayResponse)
        assert await asyncio.gather(*charges) == [UNREACHABLE] * 50
        names.let.set()
        assert names.looked == {"hanging.example.com": 1, "localhost": 1}
        assert await wire(transport, "https://wrong.example.com").charge("/pay", {}) == UNREACHABLE


@pytest.mark.parametrize("left", [True, False])
async def test_who_leaves_does_not_take_the_look_up_along(*, left: bool) -> None:
    names = HangingNames("127.0.0.1")
    async with HostConnections(pool, Resolver("test", names, seconds=5)) as transport:
        request = httpx.Request("GET", "https://hanging.example.com")
        waiting = [asyncio.create_task(transport.handle_async_request(request)) for _ in range(2)]
        await asyncio.sleep(0.05)
        if left:
            waiting[0].cancel()
        await asyncio.sleep(0.05)
        assert not waiting[1].done()
        for each in waiting:
            each.cancel()
        names.let.set()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_name_is_looked_up_once_and_again_where_nobody_answers() -> None:
    """What is found goes along to the connection: this name is none that the system knows."""
    names = HangingNames("127.0.0.1")
    well = await asyncio.start_server(_answers, "127.0.0.1", 0)
    port = well.sockets[0].getsockname()[1]
    async with HostConnections(pool, Resolver("test", names)) as transport:
        client = wire(transport, f"http://pay.example.invalid:{port}")
        async with well:
            for _ in range(3):
                assert isinstance(await client.charge("/pay", {}), GatewayResponse)
        assert names.looked["pay.example.invalid"] == 1
        assert await client.charge("/pay", {}) == UNREACHABLE
        assert names.looked["pay.example.invalid"] == 1
        assert await client.charge("/pay", {}) == UNREACHABLE, "it may have moved"
        assert names.looked["pay.example.invalid"] == 2
