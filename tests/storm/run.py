"""A storm: thousands of payments through two servers that are killed at random, then the calm in
which all must end well."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from random import Random
from typing import Final

import httpx
from sqlalchemy import Connection, func, select

from checkout.app import open_context
from checkout.errors import Unprocessable
from checkout.gateways import OPTIONS
from checkout.ledger.rows import Payment
from checkout.ledger.schema import attempts, outbox, payments
from checkout.model.status import FINAL
from checkout.payments import review, transitions
from checkout.payments.context import Context
from checkout.payments.schedule import DAY, HOUR
from checkout.settings import load
from checkout.settings.signing_keys import public_half
from tests.storm.customers import Crowd, Customer
from tests.storm.plans import PaymentPlan
from tests.storm.world import World
from tests.support.killable_server import KillableServer
from tests.support.polling import until
from tests.support.postgres import PostgresServer
from tests.support.samples import ANN, rsa_key
from tests.support.stepped_clock import SteppedClock

# Seconds. A charge is on its way for two at most: the settle window is several times that, as in
# production.
PACE: Final = {
    "charge_timeout": 4.0,
    "query_timeout": 2.0,
    "answer_timeout": 1.0,
    "settle_window": 10.0,
    "recovery_interval": 0.2,
    "webhook_timeout": 2.0,
    "webhook_lease": 4.0,
    "notify_wait": 0.3,
}
LONGEST: Final = 3600.0  # seconds of a storm
CROWD: Final = 120  # customers at once
CALM_STEPS: Final = (5, 30, 120, 300, 900, 3600, 2 * 3600)  # seconds; then a day
LATE_STEPS: Final = (HOUR,) * 12  # in which late money is asked about: many queries fail
ROUND: Final = 300.0  # seconds in which what is due at one time of the calm must be done
LEASE: Final = PACE["webhook_lease"] + 1
WORKERS: Final = (1, 2)  # of the two servers


@dataclass
class Storm:
    """`kills`: of a server or of `postgres`, one after the other; `pace`: another schedule than the
    usual one."""

    folder: Path
    seed: int
    plans: list[PaymentPlan]
    kills: int
    database: str
    postgres: PostgresServer | None = None
    pace: Mapping[str, float] = field(default_factory=lambda: PACE)
    killed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.fate = Random(self.seed + 2)  # of the servers
        self.customers = [Customer(number, each) for number, each in enumerate(self.plans)]
        self.world = World(self.plans, self.server, Random(self.seed + 1))
        self.clock = SteppedClock(self.folder / "clock")
        self.gone = False  # the customers
        self.servers: list[KillableServer] = []
        self.alive: list[KillableServer] = []

    def server(self) -> str:
        """The address of one that is not known to be dead."""
        return self.chance.choice(self.alive or self.servers).url

    async def rage(self) -> None:
        """Until each customer has had enough and every kill is done, and the calm after it."""
        began = time.monotonic()
        await self._open()
        with_kills = asyncio.create_task(self._kill_again_and_again())
        try:
            async with _client() as client:
                secret = self.servers[0].shop_secret
                self.crowd = Crowd(self.world, self.server, secret, client)
                await self._come()
                self.gone = True
                await with_kills
                await self._calm()
                for customer in self.customers:
                    await self.crowd.status(customer)
        finally:
            with_kills.cancel()
            await asyncio.gather(*(each.kill() for each in self.servers))
            await self.world.close()
        self.seconds = time.monotonic() - began

    async def _open(self) -> None:
        await self.world.open()
        first = KillableServer(
            self.folder,
            self.world.url,
            self.pace,
            options={"public_key": public_half(rsa_key())},
            top={"database": self.database},
            clock=self.folder / "clock",
        )
        self.servers = [first, first.another()]
        for server, workers in zip(self.servers, WORKERS, strict=True):
            await server.start(workers)
        self.alive = list(self.servers)

    async def _come(self) -> None:
        """All customers, so many at once."""
        waiting = iter(self.customers)

        async def one_after_another() -> None:
            for customer in waiting:
                await asyncio.sleep(customer.plan.begins)
                await self.crowd.visit(customer)

        await asyncio.gather(*(one_after_another() for _ in range(CROWD)))

    async def _kill_again_and_again(self) -> None:
        """While there are customers: after each so many of them."""
        for number in range(self.kills):
            due = len(self.plans) * (number + self.fate.random()) / (self.kills + 1)
            await until(partial(self._charged, due), seconds=LONGEST)
            if self.fate.random() < 0.3:
                await self.world.shut_for(self.fate.uniform(0.05, 0.4))
            if self.postgres is not None and number % 3 == 1:
                await self._kill_postgres(self.postgres)
            else:
                await self._kill_a_server()

    async def _kill_a_server(self) -> None:
        place = self.fate.randrange(len(self.servers))
        server = self.servers[place]
        await server.kill()
        self.killed["servers"] += 1
        await asyncio.sleep(self.fate.uniform(0.0, 0.5))  # whoever goes there is refused
        self.alive.remove(server)
        await server.start(WORKERS[place])
        self.alive.append(server)

    async def _kill_postgres(self, postgres: PostgresServer) -> None:
        await asyncio.to_thread(postgres.kill)
        self.killed["PostgreSQL"] += 1
        await asyncio.sleep(self.fate.uniform(0.0, 1.0))
        await asyncio.to_thread(postgres.start)

    def _charged(self, due: float) -> bool:
        """Whether so many customers have pressed Pay, or all have gone: some never get to it."""
        return self.gone or len(set(self.world.number_of.values())) >= due

    # The calm

    async def _calm(self) -> None:
        """All works, nobody dies, and time passes: what is left is found out, and sent."""
        await self.world.quiet()
        async with self.context() as context:
            await self._all_that_is_due(context)
            await self._judge_mismatches(context)
            await self._pass_time(context, *CALM_STEPS, DAY, *CALM_STEPS)  # open forms expire
            self._take_late(await context.ledger.read(payments_of, self.uids))
            await self.world.quiet()
            await self._pass_time(context, *CALM_STEPS, *LATE_STEPS)

    async def _pass_time(self, context: Context, *steps: float) -> None:
        await self._all_that_is_due(context)
        for seconds in steps:
            self.clock.step(seconds)
            await self._all_that_is_due(context)

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        settings = load(self.servers[0].config, {}, OPTIONS)
        async with open_context(settings, clock=self.clock) as context:
            yield context

    def number(self, payment: Payment) -> int:
        """Its customer's, which its order names."""
        return int(payment.order.description.split()[1])

    @property
    def uids(self) -> list[str]:
        return [each.page.split("/")[3] for each in self.customers if each.page]

    async def _all_that_is_due(self, context: Context) -> None:
        end = time.monotonic() + ROUND
        while due := await context.ledger.read(_due, self.clock()):
            assert time.monotonic() < end, f"never done: {due}"
            await asyncio.sleep(0.2)

    async def _judge_mismatches(self, context: Context) -> None:
        """The gateway stated other facts: a person looks, and accepts what it says now."""
        for payment in await context.ledger.read(payments_of, self.uids):
            while any(attempt.mismatch and attempt.live for attempt in payment.attempts):
                try:
                    payment = await review.resolve_mismatch(
                        context, payment.uid, accept=True, by=ANN, reason="seen"
                    )
                except Unprocessable:  # the gateway's answer is not final, or it had a fault
                    await asyncio.sleep(0.5)
                    payment = await context.ledger.read(transitions.read, payment.uid)

    def _take_late(self, found: Iterable[Payment]) -> None:
        """Of some that ended unpaid the bank takes the money after all."""
        bank = self.world.bank
        for payment in found:
            number = self.number(payment)
            if payment.status not in FINAL or number in self.world.money_at:
                continue
            declined = [t for a in payment.attempts for t in bank.by_key(a.key)]
            declined = [t for t in declined if t.state == "declined"]
            if declined and self.world.plans[number].late:
                self.world.take_late(declined[-1])


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=CROWD)
    client = httpx.AsyncClient(trust_env=False, timeout=15, limits=limits)
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def _due(conn: Connection, now: float) -> dict[str, int]:
    """How many rows wait for a server; nothing where none does."""

    def count(*where: object) -> int:
        query = select(func.count()).where(*where)  # type: ignore[arg-type]
        return int(conn.execute(query).scalar_one())

    # Who works on a row has moved its time for a moment.
    due = {
        "attempts": count(attempts.c.sweep_at <= now + LEASE),
        "webhooks": count(outbox.c.due_at <= now + LEASE),
        "payments": count(payments.c.status == "open", payments.c.expires_at <= now),
    }
    return {name: found for name, found in due.items() if found}


def payments_of(conn: Connection, uids: list[str]) -> list[Payment]:
    return [transitions.read(conn, uid) for uid in uids]
