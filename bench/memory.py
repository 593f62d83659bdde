"""What the server holds while nobody pays, and after many have paid."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.figures import Figure
from bench.load import loads, pay
from bench.servers import checkout, gateway

IDLE: Final = 120.0  # MiB
SETTLE: Final = 1.0  # seconds after its first answer


def memory(seconds: float) -> list[Figure]:
    """Resident memory, as the system counts it for each process, of the parent and one worker;
    `seconds`: how long customers pay then."""
    with (
        TemporaryDirectory() as name,
        gateway() as upstream,
        checkout(Path(name), upstream) as server,
        loads(1) as customers,
    ):
        time.sleep(SETTLE)
        idle = server.memory()
        paid = pay(customers, [server], seconds)
        after = server.memory()
    if not idle:
        return []  # the system does not tell
    return [
        Figure("idle memory, parent and one worker", sum(idle), "MiB", most=IDLE, steady=True),
        Figure("  of that the parent", idle[0], "MiB"),
        Figure(f"the same after {paid.payments} payments", sum(after), "MiB"),
    ]
