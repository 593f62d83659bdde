"""Load from processes of their own: so many customers each, who pay (`bench.payers`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

import msgspec

from bench.payers import Job, Paid
from bench.servers import Server
from tests.support.servers import ROOT
from tests.support.settings import SHOP

PAYERS: Final = 16  # for each worker

Loads = Sequence[subprocess.Popen[bytes]]


@contextmanager
def loads(count: int) -> Iterator[Loads]:
    """So many processes that wait for jobs."""
    command = [sys.executable, "-m", "bench.payers"]
    with ExitStack() as held:
        yield [
            held.enter_context(_ended(subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )))
            for _ in range(count)
        ]  # fmt: skip


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """It ends when nothing more is to be read."""
    try:
        yield process
    finally:
        process.communicate()


def pay(loads: Loads, servers: Sequence[Server], seconds: float, payers: int = PAYERS) -> Paid:
    """What `payers` for each worker of the servers pay in so many seconds, all together."""
    asked = [each for each in servers for _ in range(each.workers)]
    busy = loads[: len(asked)]
    for load, server in zip(busy, asked, strict=True):
        assert load.stdin
        job = Job(server.url, SHOP, server.secret, payers, seconds)
        load.stdin.write(msgspec.json.encode(job) + b"\n")
        load.stdin.flush()
    found = [_paid(load) for load in busy]
    return Paid(
        payments=sum(each.payments for each in found),
        seconds=max(each.seconds for each in found),
        pay=[one for each in found for one in each.pay],
    )


def _paid(load: subprocess.Popen[bytes]) -> Paid:
    assert load.stdout
    line = load.stdout.readline()
    if not line:
        raise RuntimeError("the customers did not get to the end of their payments")
    return msgspec.json.decode(line, type=Paid)
