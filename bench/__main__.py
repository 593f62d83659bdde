"""`make bench`: every figure beside its baseline of the same run, and what it should reach.

    python -m bench [BENCH ...] [--quick] [--json]

Prints a table; `--json` for machines. Exit code 1 when a target is missed; with `--quick`, which is
shorter, only where a figure does not reach half of its target. What needs more cores than this
machine has is shown and not judged, nor is a time while others keep the machine busy.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from bench import ledger, shops, webhooks
from bench.charges import charges
from bench.figures import CORES, HALF, Figure
from bench.memory import memory
from bench.others import Watch
from bench.pages import pages
from bench.payments import SERVERS, WORKERS, over_postgres, over_sqlite
from bench.transport import transport
from bench.waiting import CUSTOMERS, FEW, waiting


class Effort(Struct, frozen=True):
    """How long is measured; `seconds` of each turn of a round."""

    page_rounds: int = 25
    page_seconds: float = 0.2
    charges: int = 400
    rounds: int = 7
    seconds: float = 3.0
    workers: tuple[int, ...] = tuple(WORKERS)
    servers: tuple[int, ...] = tuple(SERVERS)
    customers: int = CUSTOMERS  # who wait
    waiting_seconds: float = 90.0


QUICK: Final = Effort(
    page_rounds=7,
    page_seconds=0.15,
    charges=80,
    rounds=3,
    seconds=1.0,
    workers=tuple(count for count in (1, 2) if count == 1 or count + 2 <= CORES),
    servers=tuple(count for count in (1, 2) if count == 1 or count + 3 <= CORES),
    customers=FEW,
    waiting_seconds=10.0,
)

Bench = Callable[[Effort], Iterable[Figure]]

BENCHES: Final[Mapping[str, Bench]] = {
    "pages": lambda effort: pages(effort.page_rounds, effort.page_seconds),
    "charges": lambda effort: charges(effort.charges),
    "transport": lambda effort: transport(effort.rounds),
    "payments": lambda effort: over_sqlite(effort.rounds, effort.seconds, effort.workers),
    "postgresql": lambda effort: over_postgres(effort.rounds, effort.seconds, effort.servers),
    "ledger": lambda effort: ledger.figures(effort.seconds),
    "waiting": lambda effort: waiting(effort.customers, effort.waiting_seconds),
    "memory": lambda effort: memory(effort.seconds),
    "webhooks": lambda _: webhooks.figures(),
    "shops": lambda _: shops.figures(),
}
WIDTH: Final = 120  # of the table, where there is no terminal to tell
# Not for `--quick`: one waits a minute, one starts three servers, and both have tests.
LONG: Final = frozenset({"webhooks", "shops"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.benches) - set(BENCHES)):
        parser.error(f"no such bench: {', '.join(unknown)}")
    effort, slack = (QUICK, HALF) if asked.quick else (Effort(), 1.0)
    usual = [name for name in BENCHES if not (asked.quick and name in LONG)]
    figures: list[Figure] = []
    for name in asked.benches or usual:
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        watch = Watch()
        figures += watch.judged(BENCHES[name](effort))
        print(f"{watch.seconds():.0f} s", file=sys.stderr)
    (_as_json if asked.as_json else _as_table)(figures, slack)
    sys.exit(0 if all(figure.met(slack) for figure in figures) else 1)


def _as_json(figures: Iterable[Figure], slack: float) -> None:
    shown = [
        msgspec.structs.asdict(each) | {"target": each.target, "met": each.met(slack)}
        for each in figures
    ]
    print(json.dumps(shown, indent=2))


def _as_table(figures: Iterable[Figure], slack: float) -> None:
    table = Table("figure", "measured", "target", "")
    for each in figures:
        value = f"{each.value:.3g}" if each.value < 1 else f"{each.value:,.1f}"
        table.add_row(each.name, f"{value} {each.unit}", each.target, each.verdict(slack))
    wide = None if sys.stdout.isatty() else WIDTH
    Console(markup=False, width=wide).print(table)


if __name__ == "__main__":
    main()
