"""What a charge through us takes longer than the same call made by a shop itself."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from bench.figures import Figure, percentile
from bench.line import Line
from bench.payers import Job, Payer
from bench.servers import Server, checkout, gateway
from tests.support.settings import SHOP

P50: Final = 2.0  # ms
P99: Final = 10.0  # ms
WARM: Final = 20  # charges before those that count


def charges(count: int) -> list[Figure]:
    """One customer after the other, with nothing else under way; a direct call beside each."""
    with (
        TemporaryDirectory() as name,
        gateway() as upstream,
        checkout(Path(name), upstream) as server,
        _client() as http,
    ):
        direct, through = asyncio.run(_both(server, http, upstream, WARM + count))
    baseline = statistics.median(direct[WARM:])
    added = [(each - baseline) * 1000 for each in through[WARM:]]
    return [
        Figure("added to a charge, p50", percentile(added, 0.5), "ms", most=P50),
        Figure("added to a charge, p99", percentile(added, 0.99), "ms", most=P99),
    ]


async def _both(
    server: Server, http: httpx.Client, upstream: str, count: int
) -> tuple[list[float], list[float]]:
    payer = Payer(Job(server.url, SHOP, server.secret, 1, 0), 0)
    line = await Line.to(*payer.address)
    direct = []
    for number in range(count):
        direct.append(charge_directly(http, upstream, number))
        await payer.pays_once(line)
    line.close()
    return direct, payer.pay


def charge_of(number: int) -> dict[str, Any]:
    """A charge as Overpay is sent it."""
    return {
        "amount": 1999,
        "currency": "EUR",
        "description": "Two tickets",
        "tracking_id": f"direct-{number}",
        "language": "en",
        "test": True,
        "duplicate_check": False,
        "customer": {"ip": "127.0.0.1"},
        "credit_card": {
            "number": "4200000000000000",
            "verification_value": "123",
            "holder": "JANE DOE",
            "exp_month": 8,
            "exp_year": 2039,
        },
    }


def charge_directly(http: httpx.Client, upstream: str, number: int) -> float:
    """The seconds of the call that we make, made by a shop itself with httpx."""
    url, body = f"{upstream}/transactions/payments", {"request": charge_of(number)}
    began = time.perf_counter()
    answer = http.post(url, json=body, auth=(SHOP, "direct"))
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took


def _client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30, headers={"Accept-Encoding": "gzip"})
