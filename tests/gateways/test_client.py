"""The one way to send, without any gateway's words."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from checkout.gateways.client import (
    LARGEST,
    REFUSED_US,
    UNREACHABLE,
    GatewayClient,
    GatewayResponse,
)
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status
from tests.gateways.faults import Drip, silence
from tests.gateways.replay import Answerer, Chunks


@asynccontextmanager
async def client_of(answer: Answerer, seconds: float = 20.0) -> AsyncIterator[GatewayClient]:
    async with httpx.MockTransport(answer) as transport:
        yield GatewayClient(
            transport,
            "https://gateway.example/base/",
            {"Authorization": "Basic eDp5"},
            charge_seconds=seconds,
            query_seconds=seconds,
        )


def giving(status: int, body: bytes = b'{"a": 1}', **headers: str) -> Answerer:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, stream=Chunks([body]))

    return answer


async def test_what_is_sent() -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"a": [1]})

    async with client_of(answer) as client:
        assert await client.charge("/pay", {"b": "ü"}, {"RequestID": "1"}) == GatewayResponse(
            200, {"a": [1]}
        )
        assert await client.query("/status?x=1") == GatewayResponse(200, {"a": [1]})
    charge, query = seen
    assert (charge.method, str(charge.url)) == ("POST", "https://gateway.example/base/pay")
    assert charge.content == '{"b":"ü"}'.encode()
    assert charge.headers["RequestID"] == "1"
    assert (query.method, str(query.url)) == ("GET", "https://gateway.example/base/status?x=1")
    assert query.content == b""
    for request in seen:
        assert request.headers["Authorization"] == "Basic eDp5"
        assert request.headers["Accept-Encoding"] == "gzip"


async def test_connecting_ends_before_the_deadline() -> None:
    """Or a connection never made would look like an answer never given."""
    seen: list[dict[str, float]] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    async with client_of(answer, seconds=10) as client:
        await client.charge("/pay", {})
        await client.query("/status")
    for timeout in seen:
        assert timeout["pool"] + 2 * timeout["connect"] < 10  # TCP, then TLS
        assert timeout["read"] == timeout["write"] == 10


async def test_cookies_are_not_carried_over() -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={}, headers={"Set-Cookie": "session=1; Path=/"})

    async with client_of(answer) as client:
        await client.charge("/pay", {})
        await client.query("/status")
    assert [request.headers.get("cookie") for request in seen] == [None, None]


async def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://elsewhere.example/"})

    async with httpx.MockTransport(answer) as transport:
        client = GatewayClient(transport, "https://gateway.example", {})
        assert await client.charge("/pay", {"card": 1}) == UNKNOWN
        assert await client.query("/status") == UNKNOWN
    assert seen == ["gateway.example", "gateway.example"]


@pytest.mark.parametrize(
    ("status", "charged", "asked"),
    [
        (200, GatewayResponse(200, {"a": 1}), GatewayResponse(200, {"a": 1})),
        (201, GatewayResponse(201, {"a": 1}), GatewayResponse(201, {"a": 1})),
        (302, UNKNOWN, UNKNOWN),
        (400, GatewayResponse(400, {"a": 1}), GatewayResponse(400, {"a": 1})),
        (401, REFUSED_US, Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)),
        (403, REFUSED_US, Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)),
        (404, GatewayResponse(404, {"a": 1}), GatewayResponse(404, {"a": 1})),
        (408, UNKNOWN, UNKNOWN),
        (409, UNKNOWN, UNKNOWN),
        (422, GatewayResponse(422, {"a": 1}), GatewayResponse(422, {"a": 1})),
        (425, UNKNOWN, UNKNOWN),
        (429, UNREACHABLE, UNKNOWN),
        (500, UNKNOWN, UNKNOWN),
        (503, UNKNOWN, UNKNOWN),
    ],
)
async def test_statuses(status: int, charged: object, asked: object) -> None:
    async with client_of(giving(status)) as client:
        assert await client.charge("/pay", {}) == charged
        assert await client.query("/status") == asked


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_telling_status_is_not_waited_out(status: int) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=Drip())

    began = time.monotonic()
    async with client_of(answer) as client:
        outcome = await client.charge("/pay", {})
    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.NOT_SENT
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [401, 403])
async def test_our_account_refused_is_an_alert(status: int) -> None:
    with capture_logs() as logged:
        async with client_of(giving(status)) as client:
            await client.charge("/pay", {})
            await client.query("/status")
    assert [(line["log_level"], line["alert"]) for line in logged] == [("error", True)] * 2


async def test_deadline_is_total() -> None:
    async def drip(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    for answer in (drip, silence(b"")):
        began = time.monotonic()
        async with client_of(answer, seconds=0.2) as client:
            assert await client.charge("/pay", {}) == UNKNOWN
            assert await client.query("/status") == UNKNOWN
        assert 0.35 < time.monotonic() - began < 10


async def test_too_much_is_not_read_to_its_end() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    body = Chunks(endless())

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=body)

    async with client_of(answer) as client:
        assert await client.query("/status") == UNKNOWN
    assert body.given == LARGEST // 65_536 + 1


async def test_the_largest_answer_is_read() -> None:
    body = b'{"a": 1}'.ljust(LARGEST)
    async with client_of(giving(200, body)) as client:
        assert await client.query("/status") == GatewayResponse(200, {"a": 1})
    async with client_of(giving(200, body + b" ")) as client:
        assert await client.query("/status") == UNKNOWN


async def test_a_closed_response_frees_its_connection() -> None:
    closed: list[bool] = []

    class Watched(Chunks):
        async def aclose(self) -> None:
            closed.append(True)

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(int(request.url.path[-3:]), stream=Watched([b"{}"]))

    async with client_of(answer) as client:
        for status in (200, 302, 401, 422, 500):
            await client.query(f"/{status}")
    assert len(closed) == 5


async def test_other_bodies_than_json() -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text="a;b")

    async with httpx.MockTransport(answer) as transport:
        client = GatewayClient(
            transport,
            "https://gateway.example",
            {"Content-Type": "text/x-lines"},
            encode=lambda body: "\n".join(f"{name}={body[name]}" for name in body).encode(),
            decode=lambda raw: raw.decode().split(";"),
        )
        assert await client.charge("/pay", {"a": 1, "b": 2}) == GatewayResponse(200, ["a", "b"])
        assert await client.query(
            "/how", {"c": 3}, {"X-Token": "t"}, method="POST"
        ) == GatewayResponse(200, ["a", "b"])
    assert [request.content for request in seen] == [b"a=1\nb=2", b"c=3"]
    assert [request.method for request in seen] == ["POST", "POST"]
    assert seen[1].headers["X-Token"] == "t"
    assert {request.headers["content-type"] for request in seen} == {"text/x-lines"}


@pytest.mark.parametrize("status", [401, 403])
async def test_only_a_401_may_be_renewed(status: int) -> None:
    async with client_of(giving(status)) as client:
        charged = await client.charge("/pay", {}, renewable=True)
        asked = await client.query("/status", renewable=True)
    if status == 401:
        assert charged == asked == GatewayResponse(401, None)
    else:
        assert charged == REFUSED_US
        assert asked == Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)


async def test_a_call_may_have_less_time() -> None:
    began = time.monotonic()
    async with client_of(silence(b"")) as client:
        assert await client.charge("/pay", {}, seconds=0.1) == UNKNOWN
        assert await client.query("/status", seconds=0.1) == UNKNOWN
    assert 0.15 < time.monotonic() - began < 10
