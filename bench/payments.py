"""Whole payments a second: the shop creates one, its page is opened, Pay is pressed, the result is
seen. On 1, 2 and 4 workers over one SQLite file; on 1, 2 and 4 servers over one PostgreSQL.

In short turns, beside a baseline of the same run: the bare handler, one worker, SQLite. For each
worker 16 customers pay one after the other, and the gateway answers at once."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct, field

from bench.client import Requests
from bench.database import postgres
from bench.figures import Figure, by_cpu, crowded, median_ratio, percentile
from bench.load import Loads, loads, pay
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
        yield Figure(f"payments, {self.name}", statistics.median(self.rates), "/s")
        if any(self.cpu):
            yield Figure("  CPU of the workers for each", statistics.median(self.cpu) * 1000, "ms")
        yield Figure("  Pay, p50", percentile(self.pay, 0.5) * 1000, "ms")
        p99 = percentile(self.pay, 0.99) * 1000
        yield Figure("  Pay, p99", p99, "ms", most=PAY_P99, unjudged=self.crowded)


def over_sqlite(rounds: int, seconds: float, workers: Iterable[int] = WORKERS) -> list[Figure]:
    """`seconds` of each turn."""
    with ExitStack() as held:
        folder, upstream = _folder(held), held.enter_context(gateway())
        handler = held.enter_context(bare())
        baseline = Requests(handler, f"{handler.url}/")
        found = {count: _sqlite(held, folder, upstream, count) for count in workers}
        _take_turns(list(found.values()), rounds, seconds, baseline)
    return list(_of_sqlite(found, baseline))


def over_postgres(rounds: int, seconds: float, servers: Iterable[int] = SERVERS) -> list[Figure]:
    """The same, where there is a PostgreSQL (`database`)."""
    with ExitStack() as held:
        database = held.enter_context(postgres())
        if database is None:
            return []
        folder, upstream = _folder(held), held.enter_context(gateway())
        baseline = _sqlite(held, folder, upstream, workers=1)
        found = _postgres(held, folder, upstream, database, servers)
        _take_turns([baseline, *found.values()], rounds, seconds)
    return list(_of_postgres(found, baseline))


def _folder(held: ExitStack) -> Path:
    return Path(held.enter_context(TemporaryDirectory()))


def _sqlite(held: ExitStack, folder: Path, upstream: str, workers: int) -> Turns:
    server = checkout(folder / str(workers), upstream, workers=workers)
    return Turns(f"SQLite, workers: {workers}", [held.enter_context(server)], beside=2)


def _postgres(
    held: ExitStack, folder: Path, upstream: str, database: str, counts: Iterable[int]
) -> dict[int, Turns]:
    """One set of servers on one database; of it one is loaded, or more of them."""
    servers = [
        held.enter_context(checkout(folder / f"server{number}", upstream, database=database))
        for number in range(max(counts))
    ]
    return {
        count: Turns(f"PostgreSQL, servers: {count}", servers[:count], beside=3) for count in counts
    }


def _take_turns(
    setups: Sequence[Turns], rounds: int, seconds: float, baseline: Requests | None = None
) -> None:
    with loads(max(each.workers for each in setups)) as customers:
        for each in setups:
            pay(customers, each.servers, seconds)  # warm
        for _ in range(rounds):
            if baseline is not None:
                baseline.turn(seconds)
            for each in setups:
                each.turn(customers, seconds)


def _of_sqlite(found: Mapping[int, Turns], bare: Requests) -> Iterator[Figure]:
    yield Figure("bare handler: requests per second", statistics.median(bare.rates), "/s")
    for each in found.values():
        yield from each.figures()
    one = found[1]
    ratio = median_ratio(one.rates, bare.rates)
    yield Figure("payments, SQLite, 1 worker / bare", ratio, least=OF_BARE)
    yield from by_cpu(one.cpu, bare.cpu, OF_BARE)
    yield from _scaling("SQLite, workers:", found, WORKERS)


def _of_postgres(found: Mapping[int, Turns], sqlite: Turns) -> Iterator[Figure]:
    for each in (sqlite, *found.values()):
        yield from each.figures()
    ratio = median_ratio(found[1].rates, sqlite.rates)
    yield Figure("payments, PostgreSQL / SQLite, 1 worker", ratio, least=OF_SQLITE)
    yield from by_cpu(found[1].cpu, sqlite.cpu, OF_SQLITE)
    yield from _scaling("PostgreSQL, servers:", found, SERVERS)


def _scaling(name: str, found: Mapping[int, Turns], targets: Scale) -> Iterator[Figure]:
    for count, turns in found.items():
        if least := targets[count]:
            ratio = median_ratio(turns.rates, found[1].rates)
            yield Figure(
                f"payments, {name} {count} / 1", ratio, least=least, unjudged=turns.crowded
            )
