"""Cards are tested through the whole server, as robots do it, while honest customers pay.

`make test` tries 500 cards from 1 and from 50 addresses; `make attack` 10,000 cards from 1 and from
1,000 (CHECKOUT_ATTACK=cards), and prints what came of them. The limits are the defaults, but for
the difficulty of the challenge: here a machine does it for thousands.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.model.order import Order, PageSettings
from checkout.payments import create
from checkout.payments.context import Context
from checkout.payments.limits import WINDOW
from checkout.settings import Limits, load
from tests.support import samples
from tests.support.asgi import asgi_transport
from tests.web.server import BROWSER, CARD, OURS, running
from tests.web.settings import PUBLIC, write_usual_settings

CARDS: Final = int(os.environ.get("CHECKOUT_ATTACK", "500"))
ADDRESSES: Final = CARDS // 10
HONEST: Final = max(20, CARDS // 50)
AT_ONCE: Final = 100
BITS: Final = 8
LIMITS: Final = {"challenge_bits": BITS, "slow_seconds": 1}
FIELD: Final = re.compile(r'name="(form_token|challenge)" value="([^"]+)"')

Answer = Callable[[str], dict[str, Any]]


def declined(_: str) -> dict[str, Any]:
    return {"status": "failed", "code": "F.0117"}


def challenged(_: str) -> dict[str, Any]:
    """The card lives, and its bank wants to see its holder."""
    return {"status": "incomplete", "redirect_url": "https://bank.example.com/acs"}


class Bank(httpx.AsyncBaseTransport):
    """The gateway: `tested` cards are answered by `answer`, `mistyped` ones declined, all others
    are good. `reached`: the numbers that came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.tested: set[str] = set()
        self.mistyped: set[str] = set()
        self.reached: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return httpx.Response(404, json={"message": "Record not found"})
        sent = json.loads(request.content)["request"]
        number = sent["credit_card"]["number"]
        self.reached.append(number)
        await asyncio.sleep(0.02)
        found = self.answer(number) if number in self.tested else {"status": "successful"}
        if number in self.mistyped:
            found = declined(number)
        about = {name: sent[name] for name in ("amount", "currency", "tracking_id")}
        values = {"uid": f"g-{len(self.reached)}-{sent['tracking_id']}", "type": "payment"}
        return httpx.Response(200, json={"transaction": values | about | found})

    @property
    def got(self) -> int:
        """How many of the tested cards came."""
        return sum(number in self.tested for number in self.reached)


@dataclass
class Site:
    app: Any
    context: Context
    bank: Bank
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def client(self, address: str) -> httpx.AsyncClient:
        if address not in self.clients:
            transport = asgi_transport(self.app, client=(address, 40000))
            self.clients[address] = httpx.AsyncClient(
                transport=transport, base_url=PUBLIC, headers=BROWSER, trust_env=False
            )
        return self.clients[address]

    async def payment(self, **changes: Any) -> str:
        """The address of a new one."""
        terms = {"expires_at": time.time() + 3600, "page_settings": PageSettings()} | changes
        order: Order = samples.order(**terms)
        made = await create.create(self.context, order, self.context.settings.shops["361"])
        return f"/en/payment/{made.uid}/{made.secret}"

    async def pay(self, address: str, number: str, *, solves: bool, path: str = "") -> int:
        """Opens a page, types the card, and does once more what is asked for. The last status."""
        path, http = path or await self.payment(), self.client(address)
        shown = await http.get(path)
        fields, status = fields_of(shown.text), 0
        for _ in range(2):
            if solves and "challenge" in fields:
                fields["proof"] = await asyncio.to_thread(solved, fields["challenge"])
            card = CARD | {"number": number, "method": "credit_card"}
            answer = await http.post(f"{path}/pay", data=fields | card, headers=OURS)
            status = answer.status_code
            if status != 422 or not solves:
                break
            fields = fields_of(answer.text)
        return status


@asynccontextmanager
async def open_site(folder: Path, pem: str, answer: Answer) -> AsyncIterator[Site]:
    settings = load(write_usual_settings(folder, pem, gateway=""), {}, OPTIONS)
    known: dict[str, Any] = {name: each for name, each in LIMITS.items() if hasattr(Limits(), name)}
    settings = msgspec.structs.replace(settings, limits=Limits(**known))
    bank = Bank(answer)
    app = create_app(settings, upstream=bank, downstream=httpx.MockTransport(_shop))
    async with running(app):
        site = Site(app, app.state.context.context, bank)
        yield site
        for client in site.clients.values():
            await client.aclose()


def fields_of(page: str) -> dict[str, str]:
    """Of the form that pays, which stands first."""
    return dict(reversed(FIELD.findall(page)))


def _shop(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def solved(token: str) -> str:
    numbers = []
    for place in range(16):
        for number in count():
            text = f"{token[-22:]}.{place}.{number}"
            if hashlib.sha256(text.encode()).digest()[0] >> (12 - BITS) == 0:
                numbers.append(str(number))
                break
    return ".".join(numbers)


def card_number(place: int, ranges: int) -> str:
    """Sound by Luhn's rule; `ranges`: of how many banks."""
    body = f"4{place % ranges:05d}{place:09d}"
    doubled = (int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(body))
    total = sum(n - 9 if n > 9 else n for n in doubled)
    return f"{body}{-total % 10}"


@dataclass
class Told:
    reached: int  # tested cards that the gateway was asked about
    robots: Counter[int]  # answers to them
    honest: float  # which share of the honest customers paid
    seconds: float


async def attack(
    site: Site, cards: int, addresses: int, *, ranges: int, solves: bool, honest: int = HONEST
) -> Told:
    """`cards` from `addresses` by turns, so many at once; honest customers come all the while, with
    cards of the same banks. One in ten mistypes, is declined and tries again."""
    begun, room = time.monotonic(), asyncio.Semaphore(AT_ONCE)
    numbers = [card_number(place, ranges) for place in range(cards)]
    site.bank.tested.update(numbers)
    said: Counter[int] = Counter()
    turns = [asyncio.Event() for _ in range(honest)]
    paid = 0

    async def robot(place: int, number: str) -> None:
        address = f"10.{place % addresses // 250}.0.{place % addresses % 250}"
        async with room:
            said[await site.pay(address, number, solves=solves)] += 1
        for turn in turns[: said.total() * honest // cards]:
            turn.set()

    async def customer(place: int) -> None:
        nonlocal paid
        await turns[place].wait()
        number, address = card_number(cards + place, ranges), f"192.0.2.{place % 250}"
        path = await site.payment(attempts=3)
        if place % 10 == 0:
            mistyped = card_number(2 * cards + place, ranges)
            site.bank.mistyped.add(mistyped)
            assert await site.pay(address, mistyped, solves=True, path=path) == 303
        status = await site.pay(address, number, solves=True, path=path)
        result = await site.client(address).get(f"{path}/result")
        paid += status == 303 and "Thank you" in result.text

    await asyncio.gather(
        *(robot(place, number) for place, number in enumerate(numbers)),
        *(customer(place) for place in range(honest)),
    )
    return Told(site.bank.got, said, paid / honest, time.monotonic() - begun)


ONE, MANY = 1, ADDRESSES


@pytest.mark.parametrize(
    ("name", "addresses", "ranges", "solves", "answer", "most"),
    [
        # What an address may fail at; the slow lane lets fewer through.
        ("one address", ONE, 1000, True, declined, 20),
        ("one address, cards with 3-D Secure", ONE, 1000, True, challenged, 20),
        # Each may fail once in a bank's range, and the first thirty before it is shut.
        ("many addresses, one bank", MANY, 1, True, declined, 30 + MANY),
        # Each may correct itself once; the first hundred, and a moment, before it is seen.
        ("many addresses, many banks", MANY, 1000, True, declined, 100 + AT_ONCE + 2 * MANY),
        # Who does not do the work is done when it is seen.
        ("many addresses, no work", MANY, 1000, False, declined, 100 + 2 * AT_ONCE),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
async def test_an_attack(
    tmp_path: Path,
    pem: str,
    name: str,
    addresses: int,
    ranges: int,
    solves: bool,
    answer: Answer,
    most: int,
) -> None:
    async with open_site(tmp_path, pem, answer) as site:
        told = await attack(site, CARDS, addresses, ranges=ranges, solves=solves)
    print(  # noqa: T201 - what `make attack` is for
        f"\n{name}: {CARDS} cards from {addresses}: {told.reached} reached the gateway,"
        f" answers {dict(sorted(told.robots.items()))}, honest customers paid {told.honest:.1%} of"
        f" {HONEST}, {told.seconds:.0f} s"
    )
    assert told.honest == 1.0
    windows = 1 + int(told.seconds // WINDOW)
    assert 0 < told.reached <= most * windows
