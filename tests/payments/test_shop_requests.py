"""Calls to shops' servers over real sockets: every address of a host is tried, nothing is sent
twice, and a failure is said in words."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.app import _shops
from checkout.payments import call_failures
from checkout.payments.call_failures import ALL, CERTIFICATES, WORDS, CallFailed, in_words, label
from checkout.payments.concurrency import NoSlot
from checkout.payments.http_transport import HttpTransport
from checkout.payments.shop_requests import FAILURES, MOST, posted
from checkout.settings import Settings
from tests.payments.webhook_receiver import PUBLIC
from tests.support import samples
from tests.support.servers import ROOT, free_ports
from tests.support.tls import certificate

SHOP: Final = "shop.example.com"
SANDBOX: Final = samples.settings(sandbox=True)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def found(*hosts: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return hosts

    return resolve


async def answer_of(
    http: httpx.AsyncClient, url: str, *hosts: str, settings: Settings = SANDBOX
) -> str:
    """As the outbox has it: a status, or why there is none."""
    try:
        response = await posted(http, url, b"{}", {}, resolve=found(*hosts), settings=settings)
    except FAILURES as error:
        return in_words(error)
    await response.aclose()
    return str(response.status_code)


# --- Every address ------------------------------------------------------------------------------


class Hosts:
    """Servers by their address. `broken` ones raise."""

    def __init__(self, broken: Mapping[str, Exception]) -> None:
        self.broken = broken
        self.asked: list[str] = []
        self.seconds: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        self.seconds.append(request.extensions["timeout"]["connect"])
        assert request.headers["host"] == SHOP
        assert request.extensions["sni_hostname"] == SHOP
        if error := self.broken.get(request.url.host):
            raise error
        return httpx.Response(200)

    async def post(self, *hosts: str, networks: tuple[str, ...] = ()) -> str:
        named = tuple(ip_network(each) for each in networks)
        settings = samples.settings(sandbox=False, notify_networks=named)
        async with httpx.AsyncClient(transport=httpx.MockTransport(self), timeout=5) as http:
            return await answer_of(http, f"https://{SHOP}/n", *hosts, settings=settings)


FIRST, SECOND, THIRD = "2606:4700:4700::1111", PUBLIC, "8.8.8.8"
NOBODY: Final = httpx.ConnectError("nobody there")


@pytest.mark.parametrize("error", [NOBODY, httpx.ConnectTimeout("silence")])
async def test_the_next_address_is_tried_where_nobody_answers(error: Exception) -> None:
    hosts = Hosts({FIRST: error, SECOND: error})
    assert await hosts.post(FIRST, SECOND, THIRD) == "200"
    assert hosts.asked == [FIRST, SECOND, THIRD]
    assert sum(hosts.seconds) == pytest.approx(5), "all share the time to connect"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("silence"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.WriteTimeout("full"),
        httpx.RemoteProtocolError("junk"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_nothing_is_sent_twice(error: Exception) -> None:
    """Once there was a connection the shop may have got it."""
    hosts = Hosts({FIRST: error})
    assert await hosts.post(FIRST, SECOND) in ALL
    assert hosts.asked == [FIRST]


async def test_one_address_has_all_the_time() -> None:
    hosts = Hosts({})
    assert await hosts.post(FIRST, FIRST) == "200"
    assert (hosts.asked, hosts.seconds) == ([FIRST], [5.0])


async def test_so_many_addresses_and_no_more() -> None:
    many = [f"8.8.8.{number}" for number in range(1, 200)]
    hosts = Hosts(dict.fromkeys(many, NOBODY))
    assert await hosts.post(*many) == "no connection"
    assert hosts.asked == many[:MOST]
    assert sum(hosts.seconds) <= 8, "within the shortest of the deadlines, a charge's 10 s"


async def test_one_private_address_spoils_all() -> None:
    hosts = Hosts({})
    assert await hosts.post(FIRST, SECOND, "10.0.0.1") == "a private address"
    assert await hosts.post() == "name not found"
    assert hosts.asked == []


@pytest.mark.parametrize(
    ("hosts", "answer"),
    [
        (("10.1.2.3",), "200"),
        (("10.1.2.3", PUBLIC), "200"),
        (("10.1.2.3", "192.168.0.1"), "a private address"),
        (("127.0.0.1",), "a private address"),
        (("169.254.169.254",), "a private address"),
    ],
)
async def test_shops_in_a_network_of_the_operators(hosts: tuple[str, ...], answer: str) -> None:
    """`notify_networks`: what is named may be called, and nothing beside it."""
    assert await Hosts({}).post(*hosts, networks=("10.0.0.0/8",)) == answer
    assert await Hosts({}).post(*hosts) == "a private address"


async def test_of_several_failures_the_nearest_is_told() -> None:
    """A certificate that has expired says more than an address that does not answer."""
    expired = httpx.ConnectError("x")
    expired.__cause__ = ssl.SSLCertVerificationError()
    expired.__cause__.verify_code = 10
    for broken in (
        {FIRST: expired, SECOND: NOBODY},
        {FIRST: NOBODY, SECOND: expired},
    ):
        assert await Hosts(broken).post(FIRST, SECOND) == "certificate expired"


@pytest.mark.parametrize("hosts", [("127.0.0.2", "127.0.0.1"), ("::1", "127.0.0.1")])
async def test_over_real_sockets(hosts: tuple[str, ...]) -> None:
    """Nobody listens at the first."""
    async with serving(well) as port, _shops(None) as http:
        assert await answer_of(http, f"http://{SHOP}:{port}/n", *hosts) == "200"
        assert await answer_of(http, f"http://{SHOP}:{port}/n", hosts[0]) in (
            "connection refused",
            "no connection",  # a machine without IPv6
        )


# --- In words ------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    under_way = set[asyncio.Task[None]]()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.ensure_future(one(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        if under_way:
            await asyncio.wait(under_way, timeout=5)


async def well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.close()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def speaking_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1024):
        pass
    writer.close()


@pytest.mark.parametrize(
    ("serve", "scheme", "words"),
    [
        (well, "http", "200"),
        (closing, "http", "connection closed"),
        (resetting, "http", "connection closed"),
        (speaking_else, "http", "no HTTP answer"),
        (silent, "http", "no answer in time"),
        (closing, "https", "connection closed"),
        (speaking_else, "https", "no TLS"),
        (silent, "https", "no connection in time"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_a_failure_over_real_sockets(serve: Serve, scheme: str, words: str) -> None:
    async with serving(serve) as port, _shops(None) as http:
        http.timeout = httpx.Timeout(0.3)
        assert await answer_of(http, f"{scheme}://{SHOP}:{port}/n", "127.0.0.1") == words


async def test_nobody_listens() -> None:
    (port,) = free_ports(1)
    async with _shops(None) as http:
        assert await answer_of(http, f"http://{SHOP}:{port}/n", "127.0.0.1") == "connection refused"


@pytest.mark.parametrize(
    ("host", "since", "until", "trusted", "words"),
    [
        (SHOP, -1, 1, True, "200"),
        (SHOP, -1, 1, False, "certificate not trusted"),
        (SHOP, -2, -1, True, "certificate expired"),
        (SHOP, 1, 2, True, "certificate not valid yet"),
        ("other.example.com", -1, 1, True, "certificate of another name"),
    ],
)
async def test_a_certificate_over_real_sockets(
    tmp_path: Path, host: str, since: float, until: float, trusted: bool, words: str
) -> None:
    tls, file = certificate(tmp_path, host, since=since, until=until)
    verify = ssl.create_default_context(cafile=str(file) if trusted else None)
    async with serving(well, tls) as port, _shops(HttpTransport(verify)) as http:
        assert await answer_of(http, f"https://{SHOP}:{port}/n", "127.0.0.1") == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CallFailed(call_failures.TOO_LARGE), "the answer is too large"),
        (NoSlot(), "too many calls at once"),
        (TimeoutError(), "no answer in time"),
        (httpx.InvalidURL("x"), "no address"),
        (httpx.UnsupportedProtocol("x"), "no address"),
        (OSError("no thread"), "no connection"),
        (socket.gaierror(-2, "Name or service not known"), "name not found"),
        (KeyError("x"), "failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_other_failures(error: Exception, words: str) -> None:
    assert in_words(error) == words


async def test_a_lookup_has_its_own_words() -> None:
    async def slow(_host: str, _port: int) -> Sequence[str]:
        raise TimeoutError

    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(CallFailed) as raised:
            await posted(http, f"https://{SHOP}/", b"", {}, resolve=slow, settings=SANDBOX)
    assert in_words(raised.value) == "name not found in time"


def test_the_document_explains_each() -> None:
    """docs/notifications.md, for shops, and each once."""
    text = (ROOT / "docs" / "notifications.md").read_text()
    table = text[text.index("| answer | what is wrong |") : text.index("## Verify before")]
    named = re.findall(r"`([^`]+)`", "".join(re.findall(r"(?m)^(\|[^|]*\|)", table)))
    of_other_calls = {call_failures.TOO_LARGE, call_failures.NO_IMAGE, "too many calls at once"}
    assert sorted(named) == sorted(ALL - of_other_calls)


def test_words_fit_the_column_and_are_few() -> None:
    assert all(0 < len(words) <= 64 and words.isprintable() for words in ALL)
    assert {words for _, words in WORDS} | {*CERTIFICATES.values()} <= ALL
    assert len(ALL) < 40


@given(st.text())
def test_words_are_never_an_exceptions_text(text: str) -> None:
    for kind in (ValueError, OSError, httpx.ConnectError, httpx.ReadError, ssl.SSLError):
        outer = RuntimeError(text)
        outer.__cause__ = kind(text)
        assert in_words(outer) in ALL


def test_a_circle_of_causes_ends() -> None:
    first, second = KeyError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert in_words(first) == "failed"


@given(st.integers(0, 10**6).map(str) | st.text() | st.sampled_from(sorted(ALL)))
def test_labels_are_bounded(answer: str) -> None:
    assert label(answer) in ALL | call_failures.STATUSES | {"other"}
    assert len(call_failures.STATUSES) < 70
    if answer in ALL or answer in ("200", "410", "503"):
        assert label(answer) == answer


async def test_no_connection_is_used_for_another_host() -> None:
    """Two shops at one address: the second's answer is never read from a connection that was made
    under the first one's certificate, although the first was read to its end."""
    connections = 0

    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"}"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    async with serving(patient) as port, _shops(None) as http:
        for host in (SHOP, "other.example.com"):
            url = f"http://{host}:{port}/verify"
            answer = await posted(
                http, url, b"{}", {}, resolve=found("127.0.0.1"), settings=SANDBOX
            )
            assert await answer.aread() == b"OK"
            await answer.aclose()
    assert connections == 2
