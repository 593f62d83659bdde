"""Where a webhook may go: nowhere inside our network, and only to the address that was checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx
import pytest

from checkout.model.order import PageSettings
from checkout.payments.dns import Resolver
from checkout.payments.shop_requests import allowed
from checkout.payments.webhook_sender import WebhookSender
from tests.payments.webhook_receiver import PUBLIC, WebhookReceiver, open_webhook_receiver
from tests.support import samples
from tests.support.harness import Harness, open_harness

OUTSIDE = (
    "93.184.216.34",
    "8.8.8.8",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80e::200e",
    "64:ff9b::808:808",  # NAT64 of 8.8.8.8
    "::ffff:8.8.8.8",
)
INSIDE = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",  # the cloud's own data
    "172.16.0.1",
    "172.31.255.255",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a00:1::",  # 6to4 of 10.0.0.1
    "100::1",
    "5f00::1",
    "4000::1",
)
LOOPBACK = ("127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::")


@pytest.fixture
async def receiver(harness: Harness) -> AsyncIterator[WebhookReceiver]:
    async with open_webhook_receiver(harness) as opened:
        yield opened


@pytest.mark.parametrize("host", OUTSIDE)
def test_the_world_is_allowed(host: str) -> None:
    assert allowed(host, sandbox=False)
    assert allowed(host, sandbox=True)


@pytest.mark.parametrize("host", INSIDE)
def test_the_house_is_not(host: str) -> None:
    assert not allowed(host, sandbox=False)
    assert not allowed(host, sandbox=True)


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_in_the_sandbox_alone(host: str) -> None:
    assert not allowed(host, sandbox=False)
    assert allowed(host, sandbox=True)


@pytest.mark.parametrize("host", ["", "localhost", "example.com", "127.1", "0x7f000001"])
def test_only_addresses_are_asked_about(host: str) -> None:
    with pytest.raises(ValueError, match="address"):
        allowed(host, sandbox=True)


@pytest.mark.parametrize("found", [("10.0.0.1",), (PUBLIC, "10.0.0.1"), ("127.0.0.1",), ()])
async def test_a_webhook_to_a_private_host_is_not_sent(
    receiver: WebhookReceiver, found: tuple[str, ...]
) -> None:
    payment = await receiver.paid()
    receiver.addresses = [found]
    await receiver.deliver()
    assert receiver.requests == []
    webhook = await receiver.webhook(payment)
    assert webhook.answer == ("a private address" if found else "name not found")
    assert webhook.due_at is not None


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://shop.example.com/n", ("shop.example.com", 443)),
        ("https://shop.example.com:8443/n", ("shop.example.com", 8443)),
        ("https://xn--e1afmkfd.example/n", ("xn--e1afmkfd.example", 443)),
        ("https://10.0.0.1/n", ("10.0.0.1", 443)),
        ("https://[fd00::1]/n", ("fd00::1", 443)),
    ],
)
async def test_whatever_is_written_is_queried(
    receiver: WebhookReceiver, address: str, asked: object
) -> None:
    await receiver.paid(page_settings=PageSettings(notification_url=address))
    await receiver.deliver()
    assert receiver.asked == [asked]


async def test_ports_that_shops_are_not_called_at(receiver: WebhookReceiver) -> None:
    """Nobody scans or feeds another's services through us; also of payments that were made before
    there was this rule."""
    for port in (22, 25, 80, 3306, 6379, 8443):
        address = f"https://shop.example.com:{port}/n"
        await receiver.paid(page_settings=PageSettings(notification_url=address))
    await receiver.deliver()
    assert receiver.requests == []
    await receiver.paid(
        page_settings=PageSettings(notification_url="https://shop.example.com:443/n")
    )
    await receiver.deliver()
    assert len(receiver.requests) == 1


async def test_a_listed_http_site_is_called_at_its_own_port_alone(url: str) -> None:
    shop = samples.shop(return_origins=("http://shop.example.com", "http://shop.example.com:8080"))
    async with (
        open_harness(url, settings=samples.settings(shop)) as harness,
        open_webhook_receiver(harness) as receiver,
    ):
        for address in (
            "http://shop.example.com:8000/n",
            "http://other.example.com/n",
            "https://shop.example.com:8080/n",
            "https://shop.example.com:80/n",
        ):
            await receiver.paid(page_settings=PageSettings(notification_url=address))
        await receiver.deliver()
        assert receiver.requests == []
        for address in ("http://shop.example.com/n", "http://shop.example.com:8080/n"):
            await receiver.paid(page_settings=PageSettings(notification_url=address))
        await receiver.deliver()
        assert {str(each.url.copy_with(host="x")) for each in receiver.requests} == {
            "http://x/n",
            "http://x:8080/n",
        }
        assert {each.headers["Host"] for each in receiver.requests} == {
            "shop.example.com",
            "shop.example.com:8080",
        }
        receiver.addresses = [("10.0.0.1",)]
        await receiver.paid(page_settings=PageSettings(notification_url="http://shop.example.com/"))
        await receiver.deliver()
        assert len(receiver.requests) == 2, "listed or not, nothing goes into our network"


async def test_a_private_network_that_shops_live_in(url: str) -> None:
    """Named in the settings, and nothing beside it."""
    networks = (ip_network("10.1.2.0/24"), ip_network("fd12:3456::/32"))
    settings = samples.settings(notify_networks=networks)
    async with (
        open_harness(url, settings=settings) as harness,
        open_webhook_receiver(harness) as receiver,
    ):
        outside = ("10.1.3.3", "fd12:3457::9", "169.254.169.254", "127.0.0.1")
        for host in ("10.1.2.3", "fd12:3456::9", *outside):
            receiver.addresses = [(host,)]
            await receiver.paid()
            await receiver.deliver()
        assert [request.url.host for request in receiver.requests] == ["10.1.2.3", "fd12:3456::9"]


async def test_what_was_checked_is_connected_to(url: str) -> None:
    """DNS rebinding: the name is looked up once, and what it says later does not matter."""
    settings = samples.settings(egress_ports=frozenset({443, 8443}))
    async with (
        open_harness(url, settings=settings) as harness,
        open_webhook_receiver(harness) as receiver,
    ):
        await rebound(receiver)


async def rebound(receiver: WebhookReceiver) -> None:
    await receiver.paid(
        page_settings=PageSettings(notification_url="https://shop.example.com:8443/n?a=%20b#frag")
    )
    receiver.addresses = [(PUBLIC,), ("127.0.0.1",)]
    await receiver.deliver()
    (request,) = receiver.requests
    assert len(receiver.asked) == 1
    assert (request.url.host, request.url.port) == (PUBLIC, 8443)
    assert request.url.raw_path == b"/n?a=%20b"
    # The shop is still spoken to by its name, and its certificate has to be of that name.
    assert request.headers["host"] == "shop.example.com:8443"
    assert request.extensions["sni_hostname"] == "shop.example.com"


async def test_an_address_of_six(receiver: WebhookReceiver) -> None:
    await receiver.paid()
    receiver.addresses = [("2606:4700:4700::1111",)]
    await receiver.deliver()
    (request,) = receiver.requests
    assert request.url.host == "2606:4700:4700::1111"
    assert request.headers["host"] == "shop.example.com"


async def test_an_unknown_name_is_tried_again(receiver: WebhookReceiver) -> None:
    payment = await receiver.paid()

    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    await receiver.deliver(WebhookSender(receiver.harness.restarted(), receiver.http, unknown))
    webhook = await receiver.webhook(payment)
    assert (webhook.answer, receiver.requests) == ("name not found", [])
    assert webhook.due_at is not None


async def test_the_systems_resolver() -> None:
    resolved = Resolver("test").of("361")
    assert await resolved("127.0.0.1", 443) == ["127.0.0.1"]
    assert "127.0.0.1" in await resolved("localhost", 80)
    with pytest.raises(OSError):  # noqa: PT011 - the message is the system's
        await resolved("no-such-name.invalid", 443)


async def test_each_webhook_has_a_connection_of_its_own(url: str) -> None:
    """Shops may share an address and not a certificate: no connection made for one is used for
    another. Over a real socket, which the sandbox may reach."""
    seen: list[bytes] = []

    async def shop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        await writer.drain()
        seen.append(await reader.readuntil(b"}}"))
        assert await reader.read() == b"", "nothing more comes"
        writer.close()

    server = await asyncio.start_server(shop, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = samples.settings(sandbox=True)
    async with (
        open_harness(url, settings=settings) as harness,
        open_webhook_receiver(harness) as receiver,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        webhook_sender = WebhookSender(harness.context, http)
        for _ in range(2):
            payment = await receiver.paid(
                page_settings=PageSettings(notification_url=f"http://localhost:{port}/n")
            )
            await receiver.deliver(webhook_sender)
            assert (await receiver.webhook(payment)).answer == "200"
    server.close()
    heads = seen[::2]
    assert len(heads) == 2
    assert all(f"host: localhost:{port}".encode() in head.lower() for head in heads)
