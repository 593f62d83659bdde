"""Breaking on demand: what a gateway does to those who call it on a bad day.

`POST /sandbox/faults` fills a queue; each call that would create a payment takes one. "before"
means that nothing was recorded; "after" means that the money has moved and only the answer is
broken, so whoever charges again charges twice.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from checkout.sandbox.calls import note_in
from checkout.sandbox.connection import tear_down
from checkout.sandbox.world import World

LONGEST_HANG = 60.0
"""Seconds until a hanging call is torn down, should the client not give up first."""

DRIP = 0.5
"""Seconds between two bytes of a dripping answer."""

_HTML = b"<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"


@dataclass(slots=True)
class Answer:
    """What the handler would have said: caught whole, so that it can be broken."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def catch(self, message: Message) -> None:
        """An ASGI `send` that keeps what it is given."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message["body"]


@dataclass(frozen=True, slots=True)
class Wire:
    """The line to one client, with the ways to misuse it."""

    scope: Scope
    receive: Receive
    send: Send

    async def begin(self, status: int, media: bytes, length: int) -> None:
        """The status line and headers."""
        headers = [(b"content-type", media), (b"content-length", str(length).encode())]
        if status == 429:
            headers.append((b"retry-after", b"1"))
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": status,
            "headers": headers,
        }
        await self.send(start)

    async def write(self, body: bytes, more: bool = False) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, status: int, media: bytes, body: bytes) -> None:
        await self.begin(status, media, len(body))
        await self.write(body)

    def reset(self) -> None:
        """Tear the connection down before any status line."""
        tear_down(self.scope.get("client"))

    async def hang(self) -> None:
        """Say nothing until the client gives up."""
        try:
            async with asyncio.timeout(LONGEST_HANG):
                await self.gone()
        except TimeoutError:
            self.reset()

    async def gone(self) -> None:
        """Return when the client has left."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return

    async def drip(self, body: bytes) -> None:
        """One byte at a time, slowly: a deadline per read never strikes."""
        leaving = asyncio.ensure_future(self.gone())
        try:
            await self.begin(200, b"application/json", len(body))
            for position in range(len(body)):
                await self.write(body[position : position + 1], position + 1 < len(body))
                await asyncio.wait([leaving], timeout=DRIP)
                if leaving.done():
                    return
        finally:
            leaving.cancel()


Before = Callable[[Wire], Awaitable[None]]
After = Callable[[Wire, Answer], Awaitable[None]]


async def _reset(wire: Wire, _: Answer | None = None) -> None:
    wire.reset()


async def _hang(wire: Wire, _: Answer | None = None) -> None:
    await wire.hang()


async def _error(wire: Wire) -> None:
    await wire.whole(500, b"application/json", b'{"message": "Internal server error"}')


async def _too_many(wire: Wire) -> None:
    await wire.whole(429, b"application/json", b'{"message": "Too many requests"}')


async def _bad_gateway(wire: Wire, _: Answer) -> None:
    await wire.whole(502, b"text/html", _HTML % (b"502 Bad Gateway", b"502 Bad Gateway"))


async def _html(wire: Wire, _: Answer) -> None:
    await wire.whole(200, b"text/html", _HTML % (b"Maintenance", b"We'll be back soon"))


async def _truncated(wire: Wire, answer: Answer) -> None:
    await wire.begin(answer.status, b"application/json", len(answer.body))
    # "More" never comes: the server then closes the connection, as one that crashed would.
    await wire.write(answer.body[: len(answer.body) // 2], more=True)


async def _drip(wire: Wire, answer: Answer) -> None:
    await wire.drip(answer.body)


async def _wrong_amount(wire: Wire, answer: Answer) -> None:
    await wire.whole(answer.status, b"application/json", one_more(answer.body))


BEFORE: dict[str, Before] = {
    "reset_before": _reset,
    "hang_before": _hang,
    "500_before": _error,
    "429": _too_many,
}
"""Nothing is recorded."""

AFTER: dict[str, After] = {
    "hang_after": _hang,
    "reset_after": _reset,
    "502_after": _bad_gateway,
    "truncated_after": _truncated,
    "html_after": _html,
    "drip_after": _drip,
    "wrong_amount": _wrong_amount,
}
"""The transaction is made, charged and recorded; only the answer is broken."""

KNOWN = ("ok", *BEFORE, *AFTER)

MEANINGS: dict[str, str] = {
    "ok": "Nothing is broken.",
    "reset_before": "The connection is torn down; nothing was recorded.",
    "hang_before": "No answer until the client gives up; nothing was recorded.",
    "500_before": "Status 500; nothing was recorded.",
    "429": "Status 429 with Retry-After: 1; nothing was recorded.",
    "hang_after": "The money moves, then no answer until the client gives up.",
    "reset_after": "The money moves, then the connection is torn down.",
    "502_after": "The money moves, then a proxy's page with status 502.",
    "truncated_after": "The money moves, then half of the answer.",
    "html_after": "The money moves, then a web page with status 200.",
    "drip_after": "The money moves, then one byte of the answer every 500 ms.",
    "wrong_amount": "The money moves, then an answer that states one minor unit more.",
}
"""What each fault does, for people."""


class Faults(ASGIMiddleware):
    """Stands before every call that creates a payment."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["route_handler"].opt.get("creates_payment"):
            await next_app(scope, receive, send)
            return
        fault = self._world.next_fault()
        note_in(scope, fault=None if fault == "ok" else fault)
        wire = Wire(scope, receive, send)
        if fault in BEFORE:
            await BEFORE[fault](wire)
        elif fault in AFTER:
            answer = Answer()
            await next_app(scope, receive, answer.catch)
            await AFTER[fault](wire, answer)
        else:
            await next_app(scope, receive, send)


def one_more(body: bytes) -> bytes:
    """The JSON answer with every `amount` one minor unit higher."""
    return json.dumps(_raised(json.loads(body))).encode()


def _raised(value: object) -> object:
    if isinstance(value, list):
        return [_raised(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _plus_one(item) if key == "amount" else _raised(item)
            for key, item in value.items()
        }
    return value


def _plus_one(amount: object) -> object:
    """An integer of minor units, or a decimal written as a string."""
    if isinstance(amount, int):
        return amount + 1
    if isinstance(amount, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount):
        decimals = len(amount.partition(".")[2])
        return str(Decimal(amount) + Decimal(1).scaleb(-decimals))
    return amount
