"""`make bench`: every figure beside its baseline of the same run, and what it should reach.

Prints a table; `--json` for machines; exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.client import rate
from bench.webhooks import WAITING, delays
from checkout.local_servers import (
    SHOP,
    LocalServers,
    new_keys,
    running,
    sandbox_arguments,
    start,
    wait_for,
)
from tests.support.servers import free_ports

CARD = {"number": "4200000000000000", "code": "123", "holder": "JANE DOE"}


class Figure(NamedTuple):
    name: str
    value: float
    unit: str
    target: str
    met: bool


class Place(NamedTuple):
    """Where everything answers, and the shop's credentials."""

    checkout: str
    sandbox: str
    bare: str
    secret: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each round and address")
    parser.add_argument("--charges", type=int, default=200)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    with servers() as place:
        figures = [
            *asyncio.run(throughput(place, asked.rounds, asked.seconds)),
            added_to_a_charge(place, asked.charges),
            *weight(place),
        ]
    figures += others_told()
    if asked.as_json:
        print(json.dumps([figure._asdict() for figure in figures], indent=2))
    else:
        table = Table("figure", "measured", "target", "")
        for figure in figures:
            value = f"{figure.value:.2f} {figure.unit}".strip()
            table.add_row(figure.name, value, figure.target, "met" if figure.met else "MISSED")
        Console().print(table)
    sys.exit(0 if all(figure.met for figure in figures) else 1)


LIMITS = """
[limits]
payments_per_address_10min = 100000
"""  # all customers come from here


@contextmanager
def servers() -> Iterator[Place]:
    """The sandbox, the whole application and the bare handler, each a process on loopback."""
    ports = free_ports(3)
    place = [f"http://127.0.0.1:{port}" for port in ports]
    with tempfile.TemporaryDirectory() as name, running() as children:
        children.append(start(*sandbox_arguments("127.0.0.1", ports[1])))
        wait_for(children, f"{place[1]}/sandbox/public_key")
        local = LocalServers(
            folder=Path(name),
            shop="http://127.0.0.1:1",
            checkout=place[0],
            sandbox=place[1],
            keys=new_keys(),
        )
        os.environ["CHECKOUT_CONFIG"] = str(local.write_settings(LIMITS))
        for target, port in (
            ("checkout.app:from_environment", ports[0]),
            ("bench.server:bare", ports[2]),
        ):
            serve = ["-m", "granian", "--interface", "asgi", "--factory", "--no-access-log"]
            children.append(start(*serve, "--port", str(port), target))
        wait_for(children, f"{place[0]}/health/ready")
        wait_for(children, place[2])
        yield Place(place[0], place[1], place[2], local.keys.secret_key)


def new_payment(http: httpx.Client, place: Place) -> str:
    """The address of a fresh payment's page."""
    order = {"amount": 1999, "currency": "EUR", "description": "Two tickets"}
    body = {"checkout": {"transaction_type": "payment", "test": True, "order": order}}
    made = http.post(
        f"{place.checkout}/ctp/api/checkouts", json=body, auth=(SHOP, place.secret)
    ).raise_for_status()
    page = http.get(made.json()["checkout"]["redirect_url"])
    return place.checkout + page.headers["location"]


async def throughput(place: Place, rounds: int, seconds: float) -> list[Figure]:
    """Requests per second in short turns; each ratio is the median of those of single rounds, so
    that a machine that is slower for a while is slower for both sides."""
    with client() as http:
        page = new_payment(http, place)
        waiting = pending_payment(http, place)
    asked = {
        "bare": (place.bare + "/", "text/html"),
        "page": (page, "text/html"),
        "status": (f"{waiting}/status", "application/json"),
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in track(range(rounds), "Requests per second", console=Console(stderr=True)):
        for name, (url, accept) in asked.items():
            found[name].append(await rate(url, seconds, accept))
    figures = [
        Figure(f"{name}: requests per second", statistics.median(rates), "/s", "", True)
        for name, rates in found.items()
    ]
    for name, target in (("page", 0.2), ("status", 0.5)):
        rounds_of = zip(found[name], found["bare"], strict=True)
        ratio = statistics.median(rate / bare for rate, bare in rounds_of)
        figures.append(Figure(f"{name} / bare", ratio, "", f">= {target}", ratio >= target))
    return figures


def pending_payment(http: httpx.Client, place: Place) -> str:
    """A payment that waits for its customer to pay by instructions."""
    page = new_payment(http, place)
    pay(http, place, page, {"method": "erip"})
    return page


def pay(http: httpx.Client, place: Place, page: str, fields: dict[str, str]) -> float:
    """Send the page's form; the seconds that the POST took. By the barest of clients, as what a
    browser does besides (cookies, redirects) is no part of the charge."""
    token = re.search(r'name="form_token" value="([^"]+)"', http.get(page).text)
    assert token is not None
    form = urlencode({"form_token": token[1], **fields}).encode()
    headers = {"Origin": place.checkout, "Content-Type": "application/x-www-form-urlencoded"}
    parts = urlsplit(f"{page}/pay")
    line = _line(parts.netloc)
    began = time.perf_counter()
    line.request("POST", parts.path, form, headers)
    answer = line.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 303:
        raise RuntimeError(f"pay answered {answer.status}")
    return took


@cache
def _line(netloc: str) -> HTTPConnection:
    """A connection that is kept."""
    return HTTPConnection(netloc)


def added_to_a_charge(place: Place, charges: int) -> Figure:
    """What a charge through us takes longer than the same call to the gateway, at the median."""
    card = {"method": "credit_card", "expiry": "08/39", **CARD}
    direct, through = [], []
    with client() as http:
        for number in track(range(charges), "Charges", console=Console(stderr=True)):
            direct.append(charge_directly(http, place, number))
            through.append(pay(http, place, new_payment(http, place), card))
    added = (statistics.median(through) - statistics.median(direct)) * 1000
    return Figure("added to a charge, p50", added, "ms", "<= 5", added <= 5)


def charge_directly(http: httpx.Client, place: Place, number: int) -> float:
    """The call that we make, made by a shop itself with the same HTTP library; the gateway notifies
    of it, too."""
    request = {
        "amount": 1999,
        "currency": "EUR",
        "description": "Two tickets",
        "tracking_id": f"direct-{number}",
        "expired_at": "2039-01-01T00:00:00+00:00",
        "language": "en",
        "notification_url": f"{place.bare}/told",
        "return_url": f"{place.bare}/back",
        "test": True,
        "duplicate_check": False,
        "customer": {"ip": "127.0.0.1"},
        "additional_data": {
            "browser": {
                "accept_header": "text/html",
                "screen_color_depth": 24,
                "java_enabled": False,
            }
        },
        "credit_card": {
            "number": CARD["number"],
            "verification_value": CARD["code"],
            "holder": CARD["holder"],
            "exp_month": 8,
            "exp_year": 2039,
        },
    }
    url, body = f"{place.sandbox}/transactions/payments", {"request": request}
    began = time.perf_counter()
    answer = http.post(url, json=body, auth=(SHOP, "direct"))
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took


def weight(place: Place) -> list[Figure]:
    """Bytes on the wire and requests of the first view: the page and what it names."""
    with client() as http:
        page = http.get(new_payment(http, place))
        names = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        bodies = [len(page.content)]
        for name in names:
            with http.stream("GET", place.checkout + name) as answer:
                bodies.append(sum(len(chunk) for chunk in answer.iter_raw()))
    total = sum(bodies) / 1000
    requests = len(bodies)
    return [
        Figure("first view: bytes", total, "kB", "<= 25", total <= 25),
        Figure("first view: requests", requests, "", "<= 3", requests <= 3),
    ]


def others_told() -> list[Figure]:
    """How late a shop is told by two workers, while a thousand webhooks to another hang."""
    figures = []
    for waiting, target in ((0, ""), (WAITING, "<= 2")):
        found, _ = asyncio.run(delays(workers=2, waiting=waiting))
        name = f"webhook, {waiting} of another shop waiting, at most"
        figures.append(Figure(name, max(found), "s", target, not target or max(found) <= 2))
    return figures


def client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30, headers={"Accept-Encoding": "gzip"})


if __name__ == "__main__":
    main()
