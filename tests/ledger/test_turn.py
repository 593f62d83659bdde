"""Whose turn it is to write, among processes."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from threading import Event, Thread

from checkout.ledger.turn import Turn
from tests.support.servers import ROOT

# Takes the turn again and again until it is told to end; says how often it had it.
GREEDY = """
import sys, threading, time
from pathlib import Path
from checkout.ledger.turn import Turn

turn, had, ended = Turn(Path(sys.argv[1])), 0, threading.Event()
print("ready", flush=True)
sys.stdin.readline()
threading.Thread(target=lambda: (sys.stdin.readline(), ended.set()), daemon=True).start()
while not ended.is_set():
    turn.take()
    time.sleep(0.001)
    had += 1
    turn.give()
print(had)
"""
HOLDS = """
import sys, time
from pathlib import Path
from checkout.ledger.turn import Turn

Turn(Path(sys.argv[1])).take()
print("ready", flush=True)
time.sleep(60)
"""


async def started(code: str, database: Path) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", code, str(database), cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_nobody_has_it_much_oftener_than_others(tmp_path: Path) -> None:
    """Each would take it again the moment that it gave it away."""
    database = tmp_path / "x.db"
    database.touch()
    greedy = [await started(GREEDY, database) for _ in range(4)]
    for each in greedy:
        assert each.stdin
        each.stdin.write(b"\n")
    await asyncio.sleep(2)
    said = await asyncio.gather(*(each.communicate(b"\n") for each in greedy))
    had = sorted(int(out) for out, _ in said)
    assert had[0] > 10
    assert had[-1] < 3 * had[0]


async def test_a_process_that_dies_gives_it_away(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    database.touch()
    dying = await started(HOLDS, database)
    turn, ours = Turn(database), Event()

    def take() -> None:
        turn.take()
        ours.set()

    Thread(target=take, daemon=True).start()
    assert not await asyncio.to_thread(ours.wait, 0.2)
    dying.kill()
    await dying.wait()
    assert await asyncio.to_thread(ours.wait, 10)
    turn.give()
    turn.close()


def test_who_has_given_it_away_comes_after_who_waits(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    database.touch()
    ours, theirs = Turn(database), Turn(database)
    order: list[str] = []
    ours.take()

    def wait() -> None:
        theirs.take()
        order.append("theirs")
        theirs.give()

    waiting = Thread(target=wait)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    ours.give()
    ours.take()
    order.append("ours")
    ours.give()
    waiting.join(10)
    assert order == ["theirs", "ours"]
    ours.close()
    theirs.close()


def test_its_files_are_private_and_the_databases_owners(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    database.touch()
    if os.geteuid() == 0:
        os.chown(database, 12345, 12345)
    Turn(database).close()
    for end in ("-next", "-turn"):
        found = database.with_name(database.name + end).stat()
        assert found.st_mode & 0o777 == 0o600
        assert (found.st_uid, found.st_gid) == (database.stat().st_uid, database.stat().st_gid)
