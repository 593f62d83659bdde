"""Whole payments a second: the shop creates one, its page is opened, Pay is pressed, the result is
seen. On 1, 2 and 4 workers over one SQLite file, and on 1, 2 and 4 servers over one PostgreSQL; in
short turns, beside the bare handler and one worker of the same run. The gateway answers at once."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct, field

from bench.client import rate
from bench.figures import Figure, crowded, median_ratio, percentile
from bench.load import PAYERS, Loads, loads, pay
from bench.servers import Server, bare, checkout, gateway

Scale = Mapping[int, float | None]  # how many -> how many times the rate of one they have to reach

WORKERS: Final[Scale] = {1: None, 2: 1.7, 4: 2.5}  # over one SQLite file
SERVERS: Final[Scale] = {1: None, 2: 1.9, 4: 3.4}  # of one worker, over one PostgreSQL
OF_BARE: Final = 0.02
OF_SQLITE: Final = 0.6
PAY_P99: Final = 25.0  # ms


class Turns(Struct):
    """What the rounds of one set-up found; its `servers` are loaded together."""

    name: str
    servers: Sequence[Server]
    beside: int  # processes that need a core too: gateway, customers, database
    rates: list[float] = field(default_factory=list)
    pay: list[float] = field(default_factory=list)  # seconds of each Pay POST
    cpu: list[float] = field(default_factory=list)  # seconds of the workers for each payment

    @property
    def workers(self) -> int:
        return sum(each.workers for each in self.servers)

    @property
    def crowded(self) -> str:
        return crowded(self.workers + self.beside)

    def turn(self, loads: Loads, seconds: float) -> None:
        before = self._cpu()
        found = pay(loads, self.servers, seconds)
        self.rates.append(found.payments / found.seconds)
        self.pay += found.pay
        self.cpu.append((self._cpu() - before) / found.payments)

    def _cpu(self) -> float:
        return sum(each.cpu() for each in self.servers)

    def figures(self) -> Iterator[Figure]:
        cpu, p50, p99 = (
            each * 1000
            for each in (
                statistics.median(self.cpu),
                percentile(self.pay, 0.5),
                percentile(self.pay, 0.99),
            )
        )
        yield Figure(f"payments, {self.name}", statistics.median(self.rates), "/s")
        yield Figure("  CPU of the workers for each", cpu, "ms")
        yield Figure(f"  Pay, {PAYERS} payers a worker, p50", p50, "ms")
        yield Figure(
            f"  Pay, {PAYERS} payers a worker, p99", p99, "ms", most=PAY_P99, unjudged=self.crowded
        )


def payments(
    rounds: int, seconds: float, *, workers: Iterable[int] = WORKERS, database: str | None = None
) -> list[Figure]:
    """`database`: the URL of an empty one of a PostgreSQL, where there is one."""
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory()))
        upstream = held.enter_context(gateway())
        baseline = held.enter_context(bare())
        sqlite = {count: _sqlite(held, folder, upstream, count) for count in workers}
        postgres = _postgres(held, folder, upstream, database) if database else {}
        setups = [*sqlite.values(), *postgres.values()]
        customers = held.enter_context(loads(max(each.workers for each in setups)))
        for each in setups:
            pay(customers, each.servers, seconds)  # warm
        bares = []
        for _ in range(rounds):
            bares.append(asyncio.run(rate(f"{baseline.url}/", seconds)))
            for each in setups:
                each.turn(customers, seconds)
    return [*_of_sqlite(sqlite, bares), *_of_postgres(postgres, sqlite[1])]


def _sqlite(held: ExitStack, folder: Path, upstream: str, workers: int) -> Turns:
    server = checkout(folder / str(workers), upstream, workers=workers)
    return Turns(f"SQLite, workers: {workers}", [held.enter_context(server)], beside=2)


def _postgres(held: ExitStack, folder: Path, upstream: str, database: str) -> dict[int, Turns]:
    """One set of servers on one database; of it one is loaded, or more of them."""
    servers = [
        held.enter_context(checkout(folder / f"server{number}", upstream, database=database))
        for number in range(max(SERVERS))
    ]
    return {
        count: Turns(f"PostgreSQL, servers: {count}", servers[:count], beside=3)
        for count in SERVERS
    }


def _of_sqlite(found: Mapping[int, Turns], bares: Sequence[float]) -> Iterator[Figure]:
    yield Figure("bare handler: requests per second", statistics.median(bares), "/s")
    for each in found.values():
        yield from each.figures()
    ratio = median_ratio(found[1].rates, bares)
    yield Figure("payments, SQLite, 1 worker / bare", ratio, least=OF_BARE)
    yield from _scaling("SQLite, workers:", found, WORKERS)


def _of_postgres(found: Mapping[int, Turns], sqlite: Turns) -> Iterator[Figure]:
    for each in found.values():
        yield from each.figures()
    if found:
        ratio = median_ratio(found[1].rates, sqlite.rates)
        yield Figure("payments, PostgreSQL / SQLite", ratio, least=OF_SQLITE)
        yield from _scaling("PostgreSQL, servers:", found, SERVERS)


def _scaling(name: str, found: Mapping[int, Turns], targets: Scale) -> Iterator[Figure]:
    for count, turns in found.items():
        if least := targets[count]:
            ratio = median_ratio(turns.rates, found[1].rates)
            yield Figure(
                f"payments, {name} {count} / 1", ratio, least=least, unjudged=turns.crowded
            )
