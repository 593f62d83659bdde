"""After kill -9 all that was answered is there; after a power cut all that was answered by `write`.

The power cut is played on the files: at each sync the log is cut somewhere between its length at
the sync before and now, as a disk leaves it that was not told to write the rest.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

import pytest
from sqlalchemy import Connection

from checkout.ledger import payments
from checkout.ledger.rounds import Rounds
from checkout.ledger.sqlite import SqliteLedger, SqliteStorage
from checkout.ledger.write import Needs, Write
from tests.support.databases import sqlite
from tests.support.ledger_rows import payment_row
from tests.support.servers import ROOT

HEADER: Final = 32  # bytes of the log's header, which changes where the log begins anew
WRITES: Final = 400

# Writes as fast as it can, from several tasks, and says of each once it is answered.
WRITER = """
import asyncio, sys
from checkout.ledger import payments
from checkout.ledger.store import open_ledger
from tests.support.ledger_rows import payment_row

async def main(url):
    ledger = open_ledger(url)

    async def writer(write):
        while True:
            made = payment_row()
            await write(payments.add, made)
            sys.stdout.write(made.uid + "\\n")
            sys.stdout.flush()

    print("ready", flush=True)
    await asyncio.gather(*(writer(w) for w in 3 * (ledger.write, ledger.write_unsynced)))

asyncio.run(main(sys.argv[1]))
"""

# Dies between the commit of its first write and the answer, in the place of the sync.
DIES = """
import asyncio, os, sys
from checkout.ledger import payments
from checkout.ledger.sqlite import SqliteLedger
from tests.support.ledger_rows import payment_row

async def main(url):
    ledger = SqliteLedger(url, sync=lambda _: os.kill(os.getpid(), 9))
    print("ready", flush=True)
    await ledger.write(payments.add, payment_row(uid="unanswered"))
    print("answered", flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(sqlite(tmp_path).removeprefix("sqlite:///"))


def payments_in(path: Path) -> set[str]:
    """Of a database that is whole."""
    conn = sqlite3.connect(path)
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    found = {uid for (uid,) in conn.execute("SELECT uid FROM payments")}
    conn.close()
    return found


class Disk:
    """What is on it for sure, and what may be."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.log = path.with_name(path.name + "-wal")
        self.answered: set[str] = set()
        self.cuts = self.begun_anew = 0
        self.still = Lock()
        self._synced = b""
        self._random = random.Random(17)

    def sync(self, file: int) -> None:
        with self.still:
            self.cut()
            os.fdatasync(file)
            self._synced = self.log.read_bytes()

    def cut(self) -> None:
        """Before a sync: the power goes, and with it some of what came after the last one."""
        answered = set(self.answered)
        now = self.log.read_bytes()
        least = len(self._synced)
        if now[:HEADER] != self._synced[:HEADER]:  # SQLite has synced all before, and this
            least = HEADER
            self.begun_anew += 1
        least = min(least, len(now))
        rest = self._random.choice((b"", bytes(300)))
        left = now[: self._random.randint(least, len(now))] + rest
        self.cuts += 1
        image = self.folder / f"{self.cuts}.db"
        image.write_bytes(self.path.read_bytes())
        image.with_name(image.name + "-wal").write_bytes(left)
        found = payments_in(image)
        assert answered <= found, f"{len(answered - found)} that were answered are lost"
        image.unlink()


class Storage(SqliteStorage):
    """Of which a picture can be taken: nobody writes meanwhile."""

    def __init__(self, disk: Disk, sync: Callable[[int], None]) -> None:
        super().__init__(f"sqlite:///{disk.path}", sync)
        self._still = disk.still

    def take(self) -> Connection:
        self._still.acquire()
        return super().take()

    def give(self) -> None:
        super().give()
        self._still.release()

    def tend(self) -> None:
        with self._still:
            super().tend()


async def play(disk: Disk, rounds: Rounds, pause: float = 0.0) -> None:
    """Writes of both kinds; some at once."""

    async def write(number: int) -> None:
        made = payment_row(uid=f"p{number}")
        needs = Needs.COMMITTED if number % 3 == 0 else Needs.SYNCED
        await rounds.run(lambda conn: payments.add(conn, made), needs)
        if needs is Needs.SYNCED:
            disk.answered.add(made.uid)

    for number in range(0, WRITES, 4):
        await asyncio.gather(*(write(number + each) for each in range(4)))
        await asyncio.sleep(pause)


async def test_a_power_cut_loses_nothing_that_was_answered(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    disk = Disk(path, folder)
    rounds = Rounds(Storage(disk, disk.sync), "ledger")
    await play(disk, rounds)
    rounds.end()
    assert disk.cuts > 30
    assert disk.begun_anew > 1
    assert len(disk.answered) > WRITES / 2
    assert len(payments_in(path)) == WRITES


class HastyRounds(Rounds):
    """Wrong: it answers before the sync."""

    def _answer_round(self, members: list[Write]) -> None:
        for write in members:
            write.needs = Needs.COMMITTED
        super()._answer_round(members)


async def test_who_answers_before_the_sync_is_found_out(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    disk = Disk(path, folder)
    lost: list[str] = []

    def sync(file: int) -> None:
        try:
            disk.sync(file)
        except AssertionError as error:
            lost.append(str(error))

    rounds = HastyRounds(Storage(disk, sync), "ledger")
    await play(disk, rounds, pause=0.005)
    rounds.end()
    assert lost


async def started(url: str, code: str = WRITER) -> Process:
    command = (sys.executable, "-W", "error", "-c", code, url)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_kill_9_loses_nothing_that_was_answered(path: Path) -> None:
    """One after the other of several processes, at any moment; the others go on."""
    chance = random.Random(17)
    said: list[bytes] = []
    url = f"sqlite:///{path}"
    for each in await asyncio.gather(*(started(url) for _ in range(4))):
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        each.kill()
        out, _ = await each.communicate()
        said += out.splitlines()
    answered = {line.decode() for line in said}
    assert len(answered) > 100
    assert answered <= payments_in(path)
    ledger = SqliteLedger(url)
    await ledger.write(payments.add, payment_row(uid="after"))
    await ledger.close()
    assert "after" in payments_in(path)


async def test_kill_9_between_commit_and_answer(path: Path) -> None:
    """Others see what was committed, and nobody waits for who died."""
    url = f"sqlite:///{path}"
    dying = await started(url, DIES)
    out, _ = await dying.communicate()
    assert (dying.returncode, out) == (-9, b"")
    ledger = SqliteLedger(url)
    async with asyncio.timeout(2):
        await ledger.write(payments.add, payment_row(uid="after"))
    assert await ledger.read(payments.by_uid, "unanswered") is not None
    await ledger.close()
    assert payments_in(path) == {"unanswered", "after"}
