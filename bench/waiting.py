"""Customers who wait for their payments' end, all at one worker, while others pay.

    python -m bench waiting [--quick]

Every customer polls the fragment that the waiting page polls, when the last answer says so, over a
connection that is kept as browsers keep theirs. Each waits for a payment of their own, of which the
gateway says "pending", 0.3 s after it was asked; of a few it notifies that they are paid.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from random import random
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from bench.figures import Figure, crowded, percentile
from bench.gateway import Gateway, listening
from bench.line import Answer, Line
from bench.load import loads, pay
from bench.servers import checkout
from checkout.gateways import OPTIONS
from checkout.identifiers import new_attempt_key, new_ticket, new_uid
from checkout.ledger import attempts, payments
from checkout.ledger.rows import Attempt
from checkout.ledger.store import open_ledger
from checkout.listening import open_files
from checkout.model.money import Money
from checkout.model.order import Customer, Order
from checkout.model.outcome import GatewayFacts
from checkout.model.status import Status
from checkout.payments import create
from checkout.payments.context import Context
from checkout.payments.schedule import POLL_INTERVALS, RECOVERY_INTERVALS
from checkout.settings import Settings, load
from tests.support.servers import ROOT, free_port, running, wait_for
from tests.support.settings import SHOP

CUSTOMERS: Final = 10_000
FEW: Final = 500
P99: Final = 1000.0  # ms of a poll
MEMORY: Final = 40.0  # kB of one who waits
MEANWHILE: Final = 0.5  # of the payments without anybody who waits
ARRIVING: Final = 300  # customers a second: twice as many as a worker can take payments of
QUERY: Final = 0.3  # seconds until the gateway answers a query
NOTIFIED: Final = 100  # payments
BETWEEN: Final = 0.02  # seconds between two notifications
KNOWN: Final = 1.0  # seconds from the poll after it
DELAY: Final = re.compile(rb'"load delay:([0-9.]+)s')


class PendingGateway(Gateway):
    """Every payment is pending but those of `POST /paid`; `asked`: how often it was asked about
    each."""

    def __init__(self) -> None:
        super().__init__(query=QUERY)
        self.asked = Counter[str]()
        self.paid = set[str]()

    def answer(self, method: bytes, path: bytes, body: bytes) -> tuple[bytes, float]:
        if path == b"/paid":
            self.paid.update(msgspec.json.decode(body))
            return b"[]", 0.0
        if method == b"POST" or path == b"/told":
            return super().answer(method, path, body)
        if path == b"/asked":
            return msgspec.json.encode(self.asked), 0.0
        uid = path.rpartition(b"/")[2].decode()
        self.asked[uid] += 1
        return stated(uid, "successful" if uid in self.paid else "pending"), QUERY


def arriving(customers: int) -> float:
    """Seconds until all are there."""
    return max(customers / ARRIVING, 2.0)


def stated(uid: str, status: str) -> bytes:
    return msgspec.json.encode({"transaction": {"uid": uid, "type": "payment", "status": status}})


class Crowd(Struct):
    """What a crowd is asked to do: to poll these paths for so many seconds."""

    server: str
    paths: list[str]
    seconds: float


class Waited(Struct):
    """What it saw: the seconds of each poll that a customer waited for, the delays that the answers
    named, and how many answers had each status."""

    polls: list[float]
    delays: list[float]
    statuses: dict[int, int]
    broken: int = 0  # connections that ended before the answer
    ended: dict[str, list[float]] = {}  # path -> when it was polled, and when it was known at last


class _Kept(Line):
    closed = False

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        super().connection_lost(error)


class _Customer:
    def __init__(self, server: str, path: str, waited: Waited) -> None:
        parts = urlsplit(server)
        self._address = parts.hostname or "", parts.port or 80
        self._path = path.encode()
        self._waited = waited
        self._line: Line | None = None
        self._times: list[float] = []

    async def waits(self, until: float, arriving: float) -> None:
        await asyncio.sleep(random() * arriving)
        while time.monotonic() < until:
            self._times.append(time.time())
            began = time.perf_counter()
            answer = await self._poll()
            self._waited.polls.append(time.perf_counter() - began)
            statuses = self._waited.statuses
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            if answer.header(b"hx-redirect"):
                self._waited.ended[self._path.decode()] = [*self._times, time.time()]
                return
            found = DELAY.search(answer.body)
            delay = float(found[1]) if found else float(answer.header(b"retry-after") or 4)
            self._waited.delays.append(delay)
            await asyncio.sleep(delay)

    async def _poll(self) -> Answer:
        while True:
            if not isinstance(self._line, _Kept) or self._line.closed:
                self._line = await _Kept.to(*self._address)
            try:
                return await self._line.get(self._path, b"HX-Request: true\r\n")
            except ConnectionError:  # as it was sent; a browser asks again, too
                self._waited.broken += 1


async def crowd(asked: Crowd) -> Waited:
    open_files()
    waited = Waited([], [], {})
    until, coming = time.monotonic() + asked.seconds, arriving(len(asked.paths))
    async with asyncio.TaskGroup() as group:
        for path in asked.paths:
            group.create_task(_Customer(asked.server, path, waited).waits(until, coming))
    return waited


@contextmanager
def crowd_of(asked: Crowd) -> Iterator[subprocess.Popen[bytes]]:
    """The crowd, in a process of its own."""
    command = [sys.executable, "-m", "bench.waiting", "--crowd"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        process.stdin.write(msgspec.json.encode(asked))
        process.stdin.close()
        yield process


class Waiter(NamedTuple):
    """Whom a customer waits for: what the page polls, and the payment at the gateway."""

    path: str
    uid: str
    notified: str  # where the gateway notifies of it


def pending_payments(settings: Settings, count: int) -> list[Waiter]:
    """So many new payments, which are pending at the gateway."""
    return asyncio.run(_pending_payments(settings, count))


async def _pending_payments(settings: Settings, count: int) -> list[Waiter]:
    ledger = open_ledger(settings.database)
    try:
        return await ledger.write(_add, Context(settings, ledger, {}), count)
    finally:
        await ledger.close()


def _add(conn: Connection, context: Context, count: int) -> list[Waiter]:
    found = []
    for _ in range(count):
        now = time.time() + arriving(count) * random()
        order = Order(
            money=Money(1999, "EUR"),
            description="Two tickets",
            transaction_type="payment",
            expires_at=now + 3600,
        )
        payment = create.new_payment(context, order, context.settings.shops[SHOP])
        payments.add(conn, payment)
        attempt = _pending(payment.uid, now)
        attempts.add(conn, attempt)
        payments.change(conn, payment.uid, status=Status.PENDING)
        path = f"/en/payment/{payment.uid}/{payment.secret}/status"
        ticket = f"/notify/cards/{attempt.notify_ticket}"
        found.append(Waiter(path, attempt.gateway_id or "", ticket))
    return found


def _pending(payment: str, now: float) -> Attempt:
    return Attempt(
        payment=payment,
        number=1,
        key=new_attempt_key(1),
        account="cards",
        method="credit_card",
        status=Status.PENDING,
        gateway_id=new_uid(),
        next_action=None,
        reason=None,
        facts=GatewayFacts(),
        customer=Customer(),
        contract=(),
        language="en",
        return_ticket=new_ticket(),
        notify_ticket=new_ticket(),
        mismatch=False,
        absences=0,
        queries=0,
        next_query_at=now + POLL_INTERVALS[0],
        sweep_at=now + RECOVERY_INTERVALS[0],
        returned_at=None,
        address_mark=None,
        bin_mark=None,
        created_at=now,
        updated_at=now,
    )


async def notify(
    server: str, gateway: str, secret: str, waiters: Sequence[Waiter]
) -> dict[str, float]:
    """They are paid, and the gateway says so: when it did, by the path that is polled."""
    at = {}
    upstream, line = await _line_to(gateway), await _line_to(server)
    who = b64encode(f"{SHOP}:{secret}".encode())
    headers = b"Content-Type: application/json\r\nAuthorization: Basic %s\r\n" % who
    await upstream.post(b"/paid", msgspec.json.encode([each.uid for each in waiters]))
    for each in waiters:
        body = stated(each.uid, "successful")
        (await line.post(each.notified.encode(), body, headers)).expecting(200)
        at[each.path] = time.time()
        await asyncio.sleep(BETWEEN)
    return at


async def _line_to(url: str) -> Line:
    parts = urlsplit(url)
    return await Line.to(parts.hostname or "", parts.port or 80)


def until_known(at: dict[str, float], ended: dict[str, list[float]]) -> list[float]:
    """Seconds from the first poll after each notification until the page was told of its end;
    `inf` where it never was."""
    found = []
    for path, notified in at.items():
        *polls, known = ended.get(path, [math.inf])
        found.append(known - next((poll for poll in polls if poll > notified), notified))
    return found


def too_often(asked: dict[str, int], seconds: float) -> int:
    """How many payments were asked about more often than their intervals allow."""
    starts = list(accumulate(POLL_INTERVALS, initial=0))
    allowed = sum(at <= seconds for at in starts)
    return sum(count > allowed for count in asked.values())


def waiting(customers: int, seconds: float) -> list[Figure]:
    """What `customers` who wait see in so many seconds, and those who pay meanwhile."""
    with tempfile.TemporaryDirectory() as name, gateway() as origin:
        folder = Path(name)
        with checkout(folder, origin) as server, loads(1) as payers:
            settings = load(folder / "checkout.toml", os.environ, OPTIONS)
            beside_for = min(seconds * 0.15, 10.0)
            pay(payers, [server], beside_for / 2)  # warm
            alone = pay(payers, [server], beside_for)
            idle = server.memory()[-1]
            written = tomllib.loads((folder / "checkout.toml").read_text())
            secret = written["gateways"]["cards"]["secret_key"]
            waiters = pending_payments(settings, customers)
            paths = [each.path for each in waiters]
            began, used = time.monotonic(), server.cpu()
            with crowd_of(Crowd(server.url, paths, seconds)) as process:
                time.sleep(max(seconds * 0.4, arriving(customers) + 2))
                beside = pay(payers, [server], beside_for)
                few = waiters[:NOTIFIED]
                at = asyncio.run(notify(server.url, origin, secret, few))
                held = server.memory()[-1] - idle
                assert process.stdout
                waited = msgspec.json.decode(process.stdout.read(), type=Waited)
            spent = time.monotonic() - began
            used = (server.cpu() - used) / spent
            asked = told(origin)
    return [
        *_figures(customers, waited, asked, spent),
        *_of_notifications(at, waited.ended),
        Figure("the worker's processor meanwhile", used * 100, "%"),
        Figure("memory of one who waits", held * 1024 / customers, "kB", most=MEMORY, steady=True),
        Figure("payments alone", alone.payments / alone.seconds, "/s"),
        Figure(
            "payments meanwhile / alone",
            beside.payments / beside.seconds / (alone.payments / alone.seconds),
            least=MEANWHILE,
            unjudged=crowded(4),  # worker, crowd, payers, gateway
        ),
    ]


def _of_notifications(at: dict[str, float], ended: dict[str, list[float]]) -> list[Figure]:
    """A page that was to ask again after the end is not known of."""
    known = [each for each in until_known(at, ended) if each < math.inf]
    if not known:
        return []
    return [
        Figure("payments notified of", len(at)),
        Figure("of those, known to their page", len(known)),
        Figure("from the poll after it, p99", percentile(known, 0.99), "s", most=KNOWN),
    ]


def _figures(customers: int, waited: Waited, asked: dict[str, int], seconds: float) -> list[Figure]:
    others = sum(count for status, count in waited.statuses.items() if status != 200)
    return [
        Figure("customers who wait", customers),
        Figure("polls", len(waited.polls) / seconds, "/s"),
        Figure("a poll, p50", statistics.median(waited.polls) * 1000, "ms"),
        Figure("a poll, p99", percentile(waited.polls, 0.99) * 1000, "ms", most=P99),
        Figure("a poll, at most", max(waited.polls) * 1000, "ms"),
        Figure("polls that were not answered 200", others, most=0),
        Figure("connections that broke", waited.broken),
        Figure("delay named, median", statistics.median(waited.delays), "s"),
        Figure("delay named, p99", percentile(waited.delays, 0.99), "s"),
        Figure("queries to the gateway", sum(asked.values()) / seconds, "/s"),
        Figure("payments never asked about", customers - len(asked)),
        Figure("payments asked about too often", too_often(asked, seconds), most=0, steady=True),
    ]


@contextmanager
def gateway() -> Iterator[str]:
    port = free_port()
    with running("-m", "bench.waiting", "--gateway", str(port)) as process:
        wait_for(f"http://127.0.0.1:{port}/told", process)
        yield f"http://127.0.0.1:{port}"


def told(origin: str) -> dict[str, int]:
    return msgspec.json.decode(wait_for(f"{origin}/asked"), type=dict[str, int])


def main() -> None:
    """One of the processes that it needs."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--gateway", type=int, metavar="PORT")
    what.add_argument("--crowd", action="store_true", help="reads what to do")
    given = parser.parse_args()
    if given.gateway:
        asyncio.run(listening(given.gateway, PendingGateway()))
        return
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Crowd)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(crowd(asked))))


if __name__ == "__main__":
    main()
