"""The pool of connections and its bounds. What it says of failed charges: tests/gateways."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from checkout.payments.http_transport import HttpTransport
from tests.gateways import wire
from tests.gateways.wire import Gateway, Line

TRUSTED = ssl.create_default_context()


@asynccontextmanager
async def opened(gateway: Gateway, **how: float) -> AsyncIterator[HttpTransport]:
    async with gateway.open(), HttpTransport(TRUSTED, **how) as transport:  # type: ignore[arg-type]
        yield transport


async def post(transport: HttpTransport, url: str, **extensions: object) -> bytes:
    """The answer's body."""
    request = httpx.Request("POST", url, content=b"{}", extensions=extensions)
    response = await transport.handle_async_request(request)
    return await response.aread()


def at(gateway: Gateway, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{gateway.port}/pay"


async def test_what_is_sent_and_what_comes() -> None:
    got: list[bytes] = []

    async def play(line: Line) -> None:
        got.append(await line.reader.readuntil(b"}"))
        await line.say(wire.answer(b"ok", "Content-Length: 2", "X-One: a", "X-One: b"))

    gateway = Gateway(play)
    async with opened(gateway) as transport:
        request = httpx.Request(
            "POST", f"{at(gateway)}?a=%20b", headers={"X-Key": "k"}, content=b"{}"
        )
        response = await transport.handle_async_request(request)
        assert (response.status_code, response.http_version) == (200, "HTTP/1.1")
        assert response.reason_phrase == "OK"
        assert response.headers.get_list("x-one") == ["a", "b"]
        assert await response.aread() == b"ok"
    head, _, body = got[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /pay?a=%20b HTTP/1.1"
    assert sorted(lines[1:]) == [
        b"Content-Length: 2",
        f"Host: 127.0.0.1:{gateway.port}".encode(),
        b"X-Key: k",
    ]
    assert body == b"{}"


@pytest.mark.parametrize("value", [b"a\r\nX-More: b", b"a\nX-More: b", b"a\x00b"])
async def test_a_header_is_one_line(value: bytes) -> None:
    gateway = Gateway()
    async with opened(gateway, most=1) as transport:
        request = httpx.Request("POST", at(gateway), headers={b"X-Key": value}, content=b"{}")
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(request)
        assert await post(transport, at(gateway)) == wire.ANSWER
    assert gateway.sent == 1


async def test_no_other_scheme() -> None:
    async with HttpTransport(TRUSTED, most=1) as transport:
        for _ in range(2):
            with pytest.raises(httpx.UnsupportedProtocol):
                await post(transport, "ftp://127.0.0.1/")


# --- Addresses ---------------------------------------------------------------------------------


async def test_the_addresses_that_come_along_are_used() -> None:
    """And no name is looked up: this one has no address."""
    gateway = Gateway()
    async with opened(gateway) as transport:
        url = at(gateway, "gateway.invalid")
        assert await post(transport, url, addresses=["127.0.0.1"]) == wire.ANSWER


async def test_one_that_nobody_answers_at_is_not_waited_for() -> None:
    """Where nobody listens, and where nothing comes back."""
    gateway = Gateway()
    async with opened(gateway) as transport, full() as port:
        for dead in ("127.0.0.9", "::1"):
            assert (
                await post(transport, at(gateway, "x.invalid"), addresses=[dead, "127.0.0.1"])
                == wire.ANSWER
            )
        with pytest.raises(httpx.ConnectTimeout):
            await post(transport, f"http://127.0.0.1:{port}/", timeout={"connect": 0.1})


@asynccontextmanager
async def full() -> AsyncIterator[int]:
    """A port whose connections are never accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        await asyncio.sleep(0.05)
        yield port
        for each in waiting:
            each.close()


# --- The pool ----------------------------------------------------------------------------------


async def test_no_more_connections_than_it_may_have() -> None:
    """Also where the kept ones are to another port of the host."""
    open_lines: set[Line] = set()
    most = 0

    async def play(line: Line) -> None:
        nonlocal most
        open_lines.add(line)
        most = max(most, len(open_lines))
        try:
            await line.serve()
        finally:
            open_lines.discard(line)

    one, other = Gateway(*[play] * 99), Gateway(*[play] * 99)
    async with other.open(), opened(one, most=3, kept=3) as transport:
        for gateway in (one, other, one):
            found = await asyncio.gather(*(post(transport, at(gateway)) for _ in range(12)))
            assert found == [wire.ANSWER] * 12
            await asyncio.sleep(0.02)
    assert most == 3
    assert one.sent + other.sent == 36


async def test_a_connection_that_has_rested_too_long_is_not_used() -> None:
    gateway = Gateway()
    async with opened(gateway, most=5, kept=5, rest=0.05) as transport:
        for _ in range(2):
            await post(transport, at(gateway))
        assert len(gateway.lines) == 1
        await asyncio.sleep(0.06)
        await post(transport, at(gateway))
        assert len(gateway.lines) == 2


async def test_only_so_many_are_kept() -> None:
    gateway = Gateway()
    async with opened(gateway, most=5, kept=2) as transport:
        for _ in range(2):
            await asyncio.gather(*(post(transport, at(gateway)) for _ in range(5)))
        assert len(gateway.lines) == 5 + 3


async def test_an_answer_that_nobody_reads_stops_coming() -> None:
    said = 0

    async def play(line: Line) -> None:
        nonlocal said
        await line.request()
        await line.say(wire.answer(b"", "Content-Length: 100000000"))
        while True:
            line.writer.write(b"x" * 65_536)
            await line.writer.drain()
            said += 65_536

    gateway = Gateway(play)
    async with opened(gateway) as transport:
        request = httpx.Request("POST", at(gateway), content=b"{}")
        response = await transport.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        pieces = stream.__aiter__()
        await pieces.__anext__()
        await asyncio.sleep(0.3)
        before = said
        await asyncio.sleep(0.2)
        assert said == before < 30_000_000, "what the system's own buffers hold"
        began = time.monotonic()
        while said == before and time.monotonic() - began < 5:
            await pieces.__anext__()
        assert said > before, "it goes on where somebody reads"
        await response.aclose()


async def test_closing_closes_all() -> None:
    """Those that wait for a request, and those whose answer is being read."""
    gateway = Gateway()
    async with opened(gateway, most=5, kept=5) as transport:
        request = httpx.Request("POST", at(gateway), content=b"{}")
        unread = await transport.handle_async_request(request)
        await post(transport, at(gateway))
        await transport.aclose()
        assert await gateway.left()
        assert len(gateway.lines) == 2
        await unread.aclose()
