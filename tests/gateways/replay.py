"""Recorded exchanges: what is sent and what is answered, one JSON file each.

    {"name": "...",
     "verb": "pay" | "status" | "notification" | "capture" | "void" | "refund" |
             "operation" (what became of one of these) | "confirm" | "withdraw",
     "given": changes to the sample charge or reference; beside them what a capture, void or refund
              is "ordered" by (money, key, reason), or what an operation is "asked" after by,
     "exchanges": [{"request": {"method", "path", "headers", "body", "without"},
                    "answer": {"status", "headers", "body"}}],
     "notification": the body that arrives,
     "outcome": what the adapter makes of it}

Expected headers, bodies and outcomes are subsets of the real ones, a null is also a missing
field, `without` lists dotted paths that must not be in the body. `{key}` stands for our key of the
payment, `{operation}` for that of a capture, void or refund.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

from checkout.model.outcome import Outcome
from tests.gateways.samples import KEY, OPERATION

Answerer = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


class Chunks(httpx.AsyncByteStream):
    """A body as it comes off the wire: httpx neither reads nor unpacks it beforehand."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = chunks
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.given += 1
            yield chunk


@dataclass
class RecordedExchange:
    """One recorded file."""

    file: str
    name: str
    verb: str
    outcome: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    notification: Any = None

    def body(self, place: int) -> bytes:
        """An answer's body; text is sent as it is, all else as JSON."""
        body = self.exchanges[place]["answer"].get("body", "")
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@cache
def recorded_exchanges(folder: Path) -> tuple[RecordedExchange, ...]:
    """What is recorded in a folder."""
    found = []
    for path in sorted(folder.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        text = text.replace("{key}", KEY).replace("{operation}", OPERATION)
        found.append(RecordedExchange(file=path.stem, **json.loads(text)))
    return tuple(found)


class Script:
    """Plays a story's answers in their order, and keeps the requests.

    `last`, where given, answers in place of the last exchange, or of the one at `place`, as often
    as it is asked.
    """

    def __init__(
        self,
        recorded: RecordedExchange,
        *,
        last: Answerer | None = None,
        place: int = -1,
        packed: bool = False,
    ) -> None:
        self.recorded = recorded
        self.last = last
        self.packed = packed
        self.paths = [exchange["request"]["path"] for exchange in recorded.exchanges]
        self.broken = self.paths[place] if last is not None else None
        self.requests: list[httpx.Request] = []
        self.played = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        if self.last is not None:
            # Once one is broken, an adapter may begin anew: with the token, say.
            path = _path(request)
            if path == self.broken or path not in self.paths:
                return await self.last(request)
            return self._answer(self.paths.index(path))
        assert self.played < len(self.paths), f"one too many: {request.method} {request.url}"
        self.played += 1
        return self._answer(self.played - 1)

    @property
    def charges(self) -> list[httpx.Request]:
        """The requests of the last exchange, which is the one that counts, and unexpected ones."""
        before = set(self.paths) - {self.paths[-1]}
        return [request for request in self.requests if _path(request) not in before]

    def _answer(self, place: int) -> httpx.Response:
        answer = self.recorded.exchanges[place]["answer"]
        headers = {"Content-Type": "application/json", **answer.get("headers", {})}
        body = self.recorded.body(place)
        if self.packed:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return httpx.Response(answer.get("status", 200), headers=headers, stream=Chunks([body]))


def check_requests(recorded: RecordedExchange, requests: list[httpx.Request]) -> None:
    assert len(requests) == len(recorded.exchanges)
    for exchange, request in zip(recorded.exchanges, requests, strict=True):
        expected = exchange["request"]
        assert (request.method, _path(request)) == (expected["method"], expected["path"])
        assert differences(_lower(expected.get("headers", {})), dict(request.headers)) == []
        body = body_of(request)
        assert differences(expected.get("body", {}), body) == []
        for path in expected.get("without", []):
            assert _at(body, path) is None, f"{path} is in the request"


def check_outcome(recorded: RecordedExchange, outcome: Outcome) -> None:
    assert differences(recorded.outcome, json.loads(msgspec.json.encode(outcome))) == []


def body_of(request: httpx.Request) -> Any:
    """A request's body: JSON, or the fields of a form."""
    if not request.content:
        return {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.content.decode(), keep_blank_values=True))
    return json.loads(request.content)


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where `actual` lacks something of `expected`."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            found
            for name, value in expected.items()
            for found in differences(value, actual.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            found
            for place, (one, other) in enumerate(zip(expected, actual, strict=True))
            for found in differences(one, other, f"{path}[{place}]")
        ]
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{path}: expected {expected!r}, got {actual!r}"]


def flat(body: Any, path: str = "") -> dict[str, Any]:
    """Every value by its dotted path."""
    inner: Mapping[str, Any] = {}
    if isinstance(body, dict):
        inner = body
    elif isinstance(body, list):
        inner = {str(place): each for place, each in enumerate(body)}
    found: dict[str, Any] = {} if isinstance(body, dict | list) else {path: body}
    for name, value in inner.items():
        found |= flat(value, f"{path}.{name}" if path else name)
    return found


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value in a JSON document."""
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(data, dict):
        inner = data.items()
    elif isinstance(data, list):
        inner = enumerate(data)
    found = [path] if path else []
    for name, value in inner:
        found += nodes(value, (*path, name))
    return found


def body_at(data: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of `nodes`."""
    for name in path:
        data = data[name]
    return data


def replaced(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the document with one value replaced."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(data[path[0]], path[1:], value)  # type: ignore[index]
    return copy


def _path(request: httpx.Request) -> str:
    return request.url.raw_path.decode()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data
