"""How many writes a second the ledger on SQLite takes of 1, 2, 4 and 8 processes, and the longest.

    python -m bench.ledger [--seconds 2] [--at-once 4] [--processes 1 2 4 8]

Each write is a payment with its first attempt. The baseline of the same run, in alternating turns,
is one transaction a write, synced by SQLite in its commit, where SQLite's own waiting decides who
is next.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from bench.figures import Figure, percentile
from checkout.errors import Unavailable
from checkout.ledger import attempts, payments
from checkout.ledger.migrate import migrate
from checkout.ledger.statements import driver
from checkout.ledger.store import open_ledger
from tests.support.ledger_rows import attempt, payment_row

PROCESSES: Final = 4
LEAST: Final = 2.0  # times the writes of a transaction each

Verb = Callable[[Connection], None]
Written = Callable[[Verb], Awaitable[None]]


def one_by_one(url: str) -> Written:
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": 5},
        isolation_level="AUTOCOMMIT",
    )
    thread = ThreadPoolExecutor(1)
    connection = engine.connect()
    transaction = driver(connection)
    transaction.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        transaction.execute(f"PRAGMA {setting}")

    def run(verb: Verb) -> None:
        transaction.execute("BEGIN IMMEDIATE")
        verb(connection)
        transaction.execute("COMMIT")

    async def write(verb: Verb) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, run, verb)

    return write


def synced(url: str) -> Written:
    return open_ledger(url).write


def unsynced(url: str) -> Written:
    return open_ledger(url).write_unsynced


WAYS: Final = {"one by one": one_by_one, "rounds": synced, "rounds, unsynced": unsynced}


async def worker(way: str, url: str, seconds: float, at_once: int) -> dict[str, Any]:
    """`at_once` writers of one process, each with one write at a time."""
    took: list[float] = []
    refused = 0
    write = WAYS[way](url)
    await write(lambda _: None)  # the connection is open
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began, cpu = time.monotonic(), time.process_time()

    async def writer() -> None:
        nonlocal refused
        while (now := time.monotonic()) < began + seconds:
            made = payment_row()

            def verb(conn: Connection, made: Any = made) -> None:
                payments.add(conn, made)
                attempts.add(conn, attempt(made))

            try:
                await write(verb)
            except (Unavailable, sqlite3.OperationalError):
                refused += 1
            took.append(time.monotonic() - now)

    await asyncio.gather(*(writer() for _ in range(at_once)))
    return {
        "rate": len(took) / (time.monotonic() - began),
        "took": took,
        "cpu": (time.process_time() - cpu) / len(took),
        "refused": refused,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def together(way: str, folder: Path, processes: int, seconds: float, at_once: int) -> list[Any]:
    """What each of so many workers on one database says."""
    url = f"sqlite:///{folder / f'{time.monotonic_ns()}.db'}"
    migrate(url)
    command = [sys.executable, "-m", "bench.ledger", "--worker", way, url]
    command += ["--seconds", str(seconds), "--at-once", str(at_once)]
    started = [Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(processes)]
    for each in started:
        assert each.stdout is not None
        each.stdout.readline()
    return [json.loads(each.communicate("go\n")[0]) for each in _all_told(started)]


def figures(seconds: float) -> list[Figure]:
    """Four processes that write at once, by rounds and by a transaction each."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for way in ("one by one", "rounds"):
            said = together(way, Path(name), PROCESSES, seconds, at_once=4)
            found[way] = _row(PROCESSES, way, said)
    ours, theirs = found["rounds"], found["one by one"]
    ratio = ours["writes a second"] / theirs["writes a second"]
    return [
        Figure("writes, 4 processes: a second", ours["writes a second"], "/s"),
        Figure("writes, 4 processes / a transaction each", ratio, least=LEAST),
        Figure("writes, 4 processes: longest", ours["longest ms"], "ms"),
        Figure("writes, 4 processes, a transaction each: longest", theirs["longest ms"], "ms"),
    ]


def _all_told(started: list[Popen[str]]) -> list[Popen[str]]:
    for each in started:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", nargs=2, metavar=("WAY", "URL"), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--at-once", type=int, default=4, help="writers in each process")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    if asked.worker:
        way, url = asked.worker
        print(json.dumps(asyncio.run(worker(way, url, asked.seconds, asked.at_once))))
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for processes in asked.processes:
            for way in WAYS:
                said = together(way, Path(name), processes, asked.seconds, asked.at_once)
                rows.append(_row(processes, way, said))
    if asked.as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


def _row(processes: int, way: str, said: list[Any]) -> dict[str, Any]:
    rates = sorted(each["rate"] for each in said)
    took = sorted(took for each in said for took in each["took"])
    return {
        "processes": processes,
        "way": way,
        "writes a second": round(sum(rates)),
        "of one, least": round(rates[0]),
        "most": round(rates[-1]),
        "p50 ms": round(statistics.median(took) * 1000, 1),
        "p99 ms": round(percentile(took, 0.99) * 1000, 1),
        "longest ms": round(took[-1] * 1000, 1),
        "CPU us": round(statistics.mean(each["cpu"] for each in said) * 1e6),
        "refused": sum(each["refused"] for each in said),
    }


if __name__ == "__main__":
    main()
