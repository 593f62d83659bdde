"""What a call to a gateway costs the processor, over our transport and over httpx's own.

Both send the same charges in short turns, one after the other, to a gateway in a process of its
own; the time is the processor's, of this process alone."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import uvloop

from bench.charges import charge_of
from bench.figures import Figure, median_ratio
from checkout.gateways.client import GatewayClient, GatewayResponse
from checkout.payments.http_transport import HttpTransport
from tests.support.servers import START_SECONDS, free_port, running
from tests.support.tls import certificate

OF_HTTPX: Final = 0.6
CALLS: Final = 100  # of each turn and transport
HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Authorization": "Basic MTIzNDU6c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
    "X-API-Version": "3",
}


def transport(rounds: int) -> list[Figure]:
    """Of a call with plain HTTP, and with TLS."""
    with TemporaryDirectory() as folder:
        _, trusted = certificate(Path(folder))
        return [
            figure
            for scheme, more in (("http", ()), ("https", ("--tls", f"{folder}/server.pem")))
            for figure in _over(scheme, trusted, rounds, more)
        ]


def _over(scheme: str, trusted: Path, rounds: int, more: tuple[str, ...]) -> list[Figure]:
    port = free_port()
    with running("-m", "bench.gateway", str(port), *more):
        _until_listening(port)
        context = ssl.create_default_context(cafile=trusted)
        ours, theirs = uvloop.run(_turns(f"{scheme}://127.0.0.1:{port}", context, rounds))
    share = median_ratio(ours, theirs)
    return [
        Figure(f"a call by {scheme}, processor", min(ours) * 1e6, "us", steady=True),
        Figure(f"the same, of httpx's ({scheme})", share, most=OF_HTTPX, steady=True),
    ]


async def _turns(
    base: str, trusted: ssl.SSLContext, rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of a call, ours and httpx's, turn by turn."""
    opened: tuple[Callable[[], httpx.AsyncBaseTransport], ...] = (
        partial(HttpTransport, trusted, most=200, kept=200),
        partial(httpx.AsyncHTTPTransport, verify=trusted, trust_env=False),
    )
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, each in zip(spent, opened, strict=True):
            async with each() as carried:
                client = GatewayClient(carried, base, HEADERS)
                await _charge(client)  # opens the connection
                began = time.process_time()
                for _ in range(CALLS):
                    await _charge(client)
                times.append((time.process_time() - began) / CALLS)
    return spent


async def _charge(client: GatewayClient) -> None:
    answer = await client.charge("/transactions/payments", {"request": charge_of(1)})
    assert isinstance(answer, GatewayResponse), answer


def _until_listening(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError("the gateway does not listen")
