"""The one way to send to a gateway: a total deadline, a size cap, and one meaning for each failure.

What a failed charge means, on every gateway: could not connect, pool exhausted, 429, 401, 403:
NOT_SENT (nothing was charged). A well-formed refusal with 4xx is for the gateway's package to read.
All else is unknown, and unknown is PENDING. A failed query is always PENDING.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final, Generic, TypeVar

import httpx
import msgspec
import structlog
from msgspec import Struct

from checkout import __version__
from checkout.gateways.base import Capabilities, Gateway, Options, capabilities_of
from checkout.gateways.parsing import bounded, decode_json
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status

CHARGE_SECONDS: Final = 25.0
QUERY_SECONDS: Final = 6.0
LARGEST: Final = 1024 * 1024  # bytes of an answer, after decompression

AnyOptions = TypeVar("AnyOptions", bound=Options)

NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
UNREACHABLE: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE)
REFUSED_US: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)

# Shares of the deadline: a wait for a connection times out, as itself, before the whole call does.
POOL_SHARE: Final = 0.2
CONNECT_SHARE: Final = 0.3  # spent twice at most: for TCP and for TLS

# 4xx that are no refusal of the request: an earlier copy of it may be under way.
UNDECIDED: Final = frozenset({408, 409, 425})
DENIED: Final = frozenset({401, 403})
TELLING: Final = DENIED | {429}  # the status is enough: their body is not read

AGENT: Final = f"checkout/{__version__}"

Encode = Callable[[Mapping[str, Any]], bytes]
Decode = Callable[[bytes], Any]  # None for what can't be read; raises nothing

log = structlog.get_logger(__name__)


class GatewayResponse(Struct, frozen=True):
    """A readable answer: 2xx or 4xx with JSON. `data` is what the JSON says."""

    status: int
    data: Any


class Unreadable(Exception):
    """An answer too large, too slow, or not what its headers say."""


class GatewayClient:
    """Sends to one gateway account over connections that all accounts share. It calls httpx's
    transport directly: a client's cookies, redirects and proxies are not wanted here. `encode` and
    `decode` are for a gateway that speaks something else than JSON; its `headers` then say so."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        base_url: str,
        headers: Mapping[str, str],
        *,
        charge_seconds: float = CHARGE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
        encode: Encode = msgspec.json.encode,
        decode: Decode = decode_json,
    ) -> None:
        self._transport = transport
        self._base = base_url.rstrip("/")
        self._headers = {"User-Agent": AGENT, "Accept-Encoding": "gzip", **headers}
        self.charge_seconds = charge_seconds
        self.query_seconds = query_seconds
        self._encode = encode
        self._decode = decode

    async def charge(
        self,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float | None = None,
        renewable: bool = False,
        name: str | None = None,
    ) -> GatewayResponse | Outcome:
        """Send what may move money, once. An Outcome where the failure already has its meaning.

        `seconds`: what is left of the deadline, where other calls came before. `renewable`: a 401
        is returned as a response, for a caller that fetches a new token and tries again. `name`:
        for the log, where the path holds a secret.
        """
        shown = name or path
        limit = self.charge_seconds if seconds is None else seconds
        try:
            answer = await self._send(limit, "POST", path, body, headers or {})
        except NOT_SENT as error:
            log.warning("gateway.unreachable", path=shown, error=type(error).__name__)
            return UNREACHABLE
        except (httpx.HTTPError, TimeoutError, Unreadable) as error:
            log.warning("gateway.unknown", path=shown, error=type(error).__name__)
            return UNKNOWN
        if answer.status == 429:
            log.warning("gateway.too_many", path=shown)
            return UNREACHABLE
        if renewable and answer.status == 401:
            return answer
        if answer.status in DENIED:
            log.error("gateway.refused_us", path=shown, status=answer.status, alert=True)
            return REFUSED_US
        if answer.data is None or answer.status in UNDECIDED:
            log.warning("gateway.unknown", path=shown, status=answer.status)
            return UNKNOWN
        return answer

    async def query(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        seconds: float | None = None,
        renewable: bool = False,
    ) -> GatewayResponse | Outcome:
        """Send what moves no money, such as a status query; any failure means that we still don't
        know. `seconds` and `renewable` as for `charge`."""
        limit = self.query_seconds if seconds is None else seconds
        try:
            answer = await self._send(limit, method, path, body, headers or {})
        except (httpx.HTTPError, TimeoutError, Unreadable) as error:
            log.warning("gateway.query_failed", error=type(error).__name__)
            return UNKNOWN
        if renewable and answer.status == 401:
            return answer
        if answer.status in DENIED:
            log.error("gateway.refused_us", status=answer.status, alert=True)
            return Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)
        if answer.data is None or answer.status in UNDECIDED:
            log.warning("gateway.query_failed", status=answer.status)
            return UNKNOWN
        return answer

    async def _send(
        self,
        seconds: float,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> GatewayResponse:
        """Send once. The answer's data is None where there is nothing that can be read."""
        deadlines = httpx.Timeout(
            seconds, pool=seconds * POOL_SHARE, connect=seconds * CONNECT_SHARE
        )
        request = httpx.Request(
            method,
            _url(self._base + path),
            headers={**self._headers, **headers},
            content=None if body is None else self._encode(body),
            extensions={"timeout": deadlines.as_dict()},
        )
        async with asyncio.timeout(seconds):
            response = await self._transport.handle_async_request(request)
            try:
                status = response.status_code
                if status in TELLING or not (response.is_success or response.is_client_error):
                    return GatewayResponse(status, None)
                return GatewayResponse(status, bounded(self._decode(await _read(response))))
            finally:
                await response.aclose()


class HttpGateway(Gateway, Generic[AnyOptions]):
    """A gateway that is called over HTTP, and the one way to open an account: with its settings
    and a `client` for its calls. `transport` is shared by all accounts; the deadlines are total, in
    seconds. `encode` and `decode` are for one that speaks something else than JSON."""

    CAPABILITIES: ClassVar[Capabilities]
    encode: Encode = staticmethod(msgspec.json.encode)
    decode: Decode = staticmethod(decode_json)

    def __init__(
        self,
        options: AnyOptions,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = CHARGE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self.options = options
        self.capabilities = self.abilities()
        self.client = GatewayClient(
            transport,
            options.base_url,
            self.headers(),
            charge_seconds=charge_seconds,
            query_seconds=query_seconds,
            encode=self.encode,
            decode=self.decode,
        )
        self.set_up()

    def abilities(self) -> Capabilities:
        """`CAPABILITIES` with what the account's settings say of it."""
        return capabilities_of(self.CAPABILITIES, self.options)

    def headers(self) -> dict[str, str]:
        """Of every call: credentials, and what the bodies are."""
        return {"Content-Type": "application/json", "Accept": "application/json"}

    def set_up(self) -> None:
        """What the adapter keeps of its own, made once the account is open."""


@lru_cache(maxsize=64)
def _url(address: str) -> httpx.URL:
    return httpx.URL(address)


async def _read(response: httpx.Response) -> bytes:
    """The body, never more than `LARGEST` bytes of it, also when it comes compressed."""
    # The stream itself and not aiter_bytes(), which unpacks without any limit.
    stream = response.stream
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip") or not isinstance(stream, httpx.AsyncByteStream):
        raise Unreadable(packing)
    unzip = zlib.decompressobj(wbits=31) if packing == "gzip" else None
    body = bytearray()
    async for chunk in stream:
        try:
            body += unzip.decompress(chunk, LARGEST + 1) if unzip else chunk
        except zlib.error as error:
            raise Unreadable("gzip") from error
        if len(body) > LARGEST:
            raise Unreadable("too large")
    if unzip and not unzip.eof:
        raise Unreadable("cut gzip")
    return bytes(body)
