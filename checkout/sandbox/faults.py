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
from typing import NamedTuple

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from checkout.sandbox.call_log import annotate_scope
from checkout.sandbox.connection import reset_connection
from checkout.sandbox.state import SandboxState

LONGEST_HANG = 60.0
"""Seconds until a hanging call is torn down, should the client not give up first."""

DRIP = 0.5
"""Seconds between two bytes of a dripping response."""

_JSON = b"application/json"
_HTML = b"<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"


@dataclass(slots=True)
class CapturedResponse:
    """The handler's response: captured whole, so that it can be broken."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def capture(self, message: Message) -> None:
        """An ASGI `send` that keeps what it is given."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message["body"]


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """The connection to one client, and the ways to break it."""

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
        reset_connection(self.scope.get("client"))

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
            await self.begin(200, _JSON, len(body))
            for position in range(len(body)):
                await self.write(body[position : position + 1], position + 1 < len(body))
                await asyncio.wait([leaving], timeout=DRIP)
                if leaving.done():
                    return
        finally:
            leaving.cancel()


Break = Callable[[ClientConnection, CapturedResponse], Awaitable[None]]


async def _reset(connection: ClientConnection, _: CapturedResponse) -> None:
    connection.reset()


async def _hang(connection: ClientConnection, _: CapturedResponse) -> None:
    await connection.hang()


async def _truncated(connection: ClientConnection, response: CapturedResponse) -> None:
    await connection.begin(response.status, _JSON, len(response.body))
    # "More" never comes: the server then closes the connection, as one that crashed would.
    await connection.write(response.body[: len(response.body) // 2], more=True)


async def _drip(connection: ClientConnection, response: CapturedResponse) -> None:
    await connection.drip(response.body)


async def _wrong_amount(connection: ClientConnection, response: CapturedResponse) -> None:
    await connection.whole(response.status, _JSON, one_more(response.body))


def _says(status: int, media: bytes, body: bytes) -> Break:
    async def answer(connection: ClientConnection, _: CapturedResponse) -> None:
        await connection.whole(status, media, body)

    return answer


class Fault(NamedTuple):
    """`before`: nothing is recorded; otherwise the transaction is made, charged and recorded, and
    only the answer is broken. `description` is for people."""

    before: bool
    act: Break | None
    description: str


_ERROR = _says(500, _JSON, b'{"message": "Internal server error"}')
_TOO_MANY = _says(429, _JSON, b'{"message": "Too many requests"}')
_BAD_GATEWAY = _says(502, b"text/html", _HTML % (b"502 Bad Gateway", b"502 Bad Gateway"))
_MAINTENANCE = _says(200, b"text/html", _HTML % (b"Maintenance", b"We'll be back soon"))

FAULTS: dict[str, Fault] = {
    "ok": Fault(False, None, "Nothing is broken."),
    "reset_before": Fault(True, _reset, "The connection is torn down; nothing was recorded."),
    "hang_before": Fault(True, _hang, "No answer until the client gives up; nothing was recorded."),
    "500_before": Fault(True, _ERROR, "Status 500; nothing was recorded."),
    "429": Fault(True, _TOO_MANY, "Status 429 with Retry-After: 1; nothing was recorded."),
    "hang_after": Fault(False, _hang, "The money moves, then no answer until the client gives up."),
    "reset_after": Fault(False, _reset, "The money moves, then the connection is torn down."),
    "502_after": Fault(
        False, _BAD_GATEWAY, "The money moves, then a proxy's page with status 502."
    ),
    "truncated_after": Fault(False, _truncated, "The money moves, then half of the answer."),
    "html_after": Fault(False, _MAINTENANCE, "The money moves, then a web page with status 200."),
    "drip_after": Fault(False, _drip, "The money moves, then one byte of the answer every 500 ms."),
    "wrong_amount": Fault(
        False, _wrong_amount, "The money moves, then an answer that states one minor unit more."
    ),
}


class Faults(ASGIMiddleware):
    """Stands before every call that creates a payment."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["route_handler"].opt.get("creates_payment"):
            await next_app(scope, receive, send)
            return
        name = self._state.next_fault()
        before, act, _ = FAULTS[name]
        annotate_scope(scope, fault=None if name == "ok" else name)
        if act is None:
            await next_app(scope, receive, send)
            return
        response = CapturedResponse()
        if not before:
            await next_app(scope, receive, response.capture)
        await act(ClientConnection(scope, receive, send), response)


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
