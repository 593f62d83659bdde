"""The page and the polled status beside a bare handler, and what the first view weighs: the
demo's shop with all its methods, over the sandbox."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urljoin

import httpx
from msgspec import Struct

from bench.client import Requests
from bench.figures import Figure, by_cpu, median_ratio
from bench.servers import START_SECONDS, Server, bare
from checkout.i18n import LANGUAGES, SOURCE
from checkout.local_servers import SHOP, LocalServers, new_keys, sandbox_arguments
from tests.support.servers import free_ports, running, wait_for

OF_BARE: Final = {"page": 0.3, "status": 0.8}
BYTES: Final = 25.0  # kB of the first view
REQUESTS: Final = 3
LIMITS: Final = """
[limits]
payments_per_address_10min = 100000
"""  # all customers come from here


class Place(Struct, frozen=True):
    """What answers, and the shop's credentials."""

    checkout: Server
    bare: Server
    secret: str


def pages(rounds: int, seconds: float) -> list[Figure]:
    """`seconds` of each round and address."""
    with servers() as place:
        return [*throughput(place, rounds, seconds), *weight(place)]


@contextmanager
def servers() -> Iterator[Place]:
    """The sandbox, the whole server and the bare handler, each a process on loopback."""
    ports = free_ports(2)
    ours, sandbox = (f"http://127.0.0.1:{port}" for port in ports)
    with TemporaryDirectory() as name, running(*sandbox_arguments("127.0.0.1", ports[1])) as gates:
        wait_for(f"{sandbox}/sandbox/public_key", gates)
        local = LocalServers(
            folder=Path(name),
            shop="http://127.0.0.1:1",
            checkout=ours,
            sandbox=sandbox,
            keys=new_keys(),
        )
        config = str(local.write_settings(LIMITS))
        serve = ("-m", "checkout", "serve", "--port", str(ports[0]))
        with running(*serve, CHECKOUT_CONFIG=config) as process, bare() as baseline:
            wait_for(f"{ours}/health/ready", process, START_SECONDS)
            yield Place(Server(ours, process), baseline, local.keys.secret_key)


def throughput(place: Place, rounds: int, seconds: float) -> Iterator[Figure]:
    """Requests per second, in short turns."""
    with client() as http:
        page = new_payment(http, place)
        waiting = waiting_payment(http, place)
    found = {
        "bare": Requests(place.bare, f"{place.bare.url}/"),
        "page": Requests(place.checkout, page),
        "status": Requests(place.checkout, f"{waiting}/status", "application/json"),
    }
    for _ in range(rounds):
        for each in found.values():
            each.turn(seconds)
    for name, each in found.items():
        yield Figure(f"{name}: requests per second", statistics.median(each.rates), "/s")
    bare = found["bare"]
    for name, least in OF_BARE.items():
        ratio = median_ratio(found[name].rates, bare.rates)
        yield Figure(f"{name} / bare", ratio, least=least)
        yield from by_cpu(found[name].cpu, bare.cpu, least)


def new_payment(http: httpx.Client, place: Place) -> str:
    """The address of a fresh payment's page."""
    order = {"amount": 1999, "currency": "EUR", "description": "Two tickets"}
    body = {"checkout": {"transaction_type": "payment", "test": True, "order": order}}
    made = http.post(
        f"{place.checkout.url}/ctp/api/checkouts", json=body, auth=(SHOP, place.secret)
    ).raise_for_status()
    page = http.get(made.json()["checkout"]["redirect_url"])
    return place.checkout.url + page.headers["location"]


def waiting_payment(http: httpx.Client, place: Place) -> str:
    """A payment that waits for its customer to pay by instructions."""
    page = new_payment(http, place)
    token = re.search(r'name="form_token" value="([^"]+)"', http.get(page).text)
    assert token is not None
    form = {"form_token": token[1], "method": "erip"}
    sent = http.post(f"{page}/pay", data=form, headers={"Origin": place.checkout.url})
    if sent.status_code != 303:
        raise RuntimeError(f"pay answered {sent.status_code}")
    return page


def weight(place: Place) -> list[Figure]:
    """Bytes on the wire and requests of the first view, in the heaviest language: the page and what
    it names."""
    with client() as http:
        address = new_payment(http, place)
        found = {code: first_view(http, address, code) for code in LANGUAGES}
    heaviest = max(found, key=lambda code: sum(found[code]))
    bodies = found[heaviest]
    kilobytes = {code: sum(each) / 1000 for code, each in found.items()}
    return [
        Figure("first view: bytes", kilobytes[SOURCE], "kB", most=BYTES, steady=True),
        Figure(f"the same in {heaviest}", kilobytes[heaviest], "kB", most=BYTES, steady=True),
        Figure("first view: requests", len(bodies), most=REQUESTS, steady=True),
    ]


def first_view(http: httpx.Client, address: str, language: str) -> list[int]:
    page = http.get(re.sub(r"/[\w-]+(?=/payment/)", f"/{language}", address))
    bodies = [int(page.headers["content-length"])]
    for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        with http.stream("GET", urljoin(address, name)) as answer:
            bodies.append(sum(len(chunk) for chunk in answer.iter_raw()))
    return bodies


def client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30, headers={"Accept-Encoding": "gzip"})
