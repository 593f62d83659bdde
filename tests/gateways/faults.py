"""What goes wrong between us and a gateway, each as an answerer made from a good answer's body."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache

import httpx

from tests.gateways.replay import Answerer, Chunks

Fault = Callable[[bytes], Answerer]


class Drip(httpx.AsyncByteStream):
    """One byte now and then, for ever."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)


class Reset(httpx.AsyncByteStream):
    """A connection that breaks in the middle of the body."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body[: len(self.body) // 2]
        raise httpx.ReadError("reset")


def raising(error: type[httpx.TransportError]) -> Fault:
    def fault(body: bytes) -> Answerer:
        async def answer(request: httpx.Request) -> httpx.Response:
            raise error("broken", request=request)

        return answer

    return fault


def answering(
    status: int,
    change: Callable[[bytes], bytes] = bytes,
    media_type: str = "application/json",
    packing: str = "identity",
) -> Fault:
    def fault(body: bytes) -> Answerer:
        headers = {"Content-Type": media_type, "Content-Encoding": packing}

        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, headers=headers, stream=Chunks([change(body)]))

        return answer

    return fault


def streaming(status: int, stream: Callable[[bytes], httpx.AsyncByteStream]) -> Fault:
    def fault(body: bytes) -> Answerer:
        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, stream=stream(body))

        return answer

    return fault


def silence(body: bytes) -> Answerer:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600)
        raise AssertionError

    return answer


def elsewhere(body: bytes) -> Answerer:
    async def answer(request: httpx.Request) -> httpx.Response:
        headers = {"Location": "https://elsewhere.example/"}
        return httpx.Response(307, headers=headers, stream=Chunks([body]))

    return answer


def html(body: bytes) -> bytes:
    return b"<!doctype html><title>Sorry</title><p>successful"


def cut(body: bytes) -> bytes:
    return body[:-3]


def no_utf8(body: bytes) -> bytes:
    return body.replace(b'"', b'"\xff\xfe', 1)


def deep(body: bytes) -> bytes:
    return b'{"a":' * 50_000 + body + b"}" * 50_000


def huge(body: bytes) -> Iterator[bytes]:
    yield body
    for _ in range(128):
        yield b" " * 65_536


@cache
def bomb(body: bytes) -> bytes:
    return gzip.compress(body + b" " * 8 * 1024 * 1024, compresslevel=1)


drip = streaming(200, lambda body: Drip())
ENDLESS = (silence, drip)  # these last as long as the deadline, so that has to be short

# Nothing was charged: the customer may try again at once.
NOT_CHARGED: dict[str, Fault] = {
    "could not connect": raising(httpx.ConnectError),
    "no time to connect": raising(httpx.ConnectTimeout),
    "no free connection": raising(httpx.PoolTimeout),
    "429": answering(429),
    "429 html": answering(429, html, "text/html"),
    "401": answering(401),
    "401 html": answering(401, html, "text/html"),
    "403": answering(403),
    "403 that never ends": streaming(403, lambda body: Drip()),
}

# The money may have moved.
UNKNOWN: dict[str, Fault] = {
    "read timeout": raising(httpx.ReadTimeout),
    "reset": raising(httpx.ReadError),
    "write failed": raising(httpx.WriteError),
    "write timeout": raising(httpx.WriteTimeout),
    "closed without an answer": raising(httpx.RemoteProtocolError),
    "reset in the body": streaming(200, Reset),
    "silence": silence,
    "slow drip": drip,
    "500 with a good body": answering(500),
    "502 html": answering(502, html, "text/html"),
    "503 nothing": answering(503, lambda body: b""),
    "204": answering(204, lambda body: b""),
    "redirect": elsewhere,
    "html": answering(200, html, "text/html"),
    "404 html": answering(404, html, "text/html"),
    "408": answering(408, lambda body: b'{"message": "Request timeout"}'),
    "409": answering(409, lambda body: b'{"message": "In progress"}'),
    "truncated": answering(200, cut),
    "bad utf-8": answering(200, no_utf8),
    "deep nesting": answering(200, deep),
    "null": answering(200, lambda body: b"null"),
    "a number": answering(200, lambda body: b"7"),
    "an empty object": answering(200, lambda body: b"{}"),
    "a list in a list": answering(200, lambda body: b"[[]]"),
    "someone else's json": answering(200, lambda body: b'{"status": "successful"}'),
    "huge": streaming(200, lambda body: Chunks(huge(body))),
    "gzip bomb": answering(200, bomb, packing="gzip"),
    "cut gzip": answering(200, lambda body: gzip.compress(body)[:-6], packing="gzip"),
    "no gzip": answering(200, packing="gzip"),
    "unasked packing": answering(200, packing="br"),
}
