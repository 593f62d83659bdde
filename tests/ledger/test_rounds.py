"""Writes by rounds: what shares a transaction, who is answered when, and what a fault undoes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import TooMany, Unavailable
from checkout.ledger import payments
from checkout.ledger.base import Ledger
from checkout.ledger.rounds import MOST, Rounds
from checkout.ledger.sqlite import SqliteLedger, SqliteStorage
from checkout.ledger.turn import Turn
from checkout.ledger.write import Needs
from tests.support.databases import sqlite
from tests.support.ledger_rows import payment_row

SOON = 10.0  # seconds that a test waits at most


class Disk:
    """The disk under a ledger: how often it was synced; `slow`: until `go`; `broken`: it fails."""

    def __init__(self) -> None:
        self.syncs: list[float] = []
        self.slow = self.broken = False
        self.begun, self.go = Event(), Event()

    def sync(self, file: int) -> None:
        self.begun.set()
        if self.slow:
            assert self.go.wait(SOON)
        if self.broken:
            raise OSError(5, "Input/output error")
        os.fdatasync(file)
        self.syncs.append(time.monotonic())

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, SOON)
        self.begun.clear()


class FaultyStorage(SqliteStorage):
    """Whose next COMMIT fails where `full`; `commits`: how many there were."""

    full = False
    commits = 0

    def execute(self, statement: str) -> None:
        self.commits += statement == "COMMIT"
        if self.full and statement == "COMMIT":
            self.full = False
            raise sqlite3.OperationalError("database or disk is full")
        super().execute(statement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(sqlite(tmp_path).removeprefix("sqlite:///"))


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def storage(path: Path, disk: Disk) -> FaultyStorage:
    return FaultyStorage(f"sqlite:///{path}", disk.sync)


@pytest.fixture
def rounds(storage: FaultyStorage, disk: Disk) -> Iterator[Rounds]:
    rounds = Rounds(storage, "ledger", patience=SOON)
    yield rounds
    disk.go.set()
    rounds.end()


@pytest.fixture
async def ledger(path: Path, disk: Disk) -> AsyncIterator[Ledger]:
    ledger = SqliteLedger(f"sqlite:///{path}", sync=disk.sync)
    yield ledger
    disk.go.set()
    await ledger.close()


def note(name: str) -> Callable[[Connection], str]:
    def verb(conn: Connection) -> str:
        payments.add(conn, payment_row(uid=name))
        return name

    return verb


def then(verb: Callable[[Connection], Any], error: Exception) -> Callable[[Connection], Any]:
    def raising(conn: Connection) -> None:
        verb(conn)
        raise error

    return raising


def seen(path: Path) -> set[str]:
    """What another process sees."""
    conn = sqlite3.connect(path)
    found = {uid for (uid,) in conn.execute("SELECT uid FROM payments")}
    conn.close()
    return found


async def together(rounds: Rounds, *verbs: Callable[[Connection], Any]) -> list[Any]:
    """Given while the thread has other work, so that they are one round; what each comes to."""
    begun, go = Event(), Event()

    def hold(_: Connection) -> None:
        begun.set()
        assert go.wait(SOON)

    held = rounds.run(hold, Needs.ALONE)
    assert await asyncio.to_thread(begun.wait, SOON)
    given = [rounds.run(verb, Needs.SYNCED) for verb in verbs]
    go.set()
    await held
    return await asyncio.gather(*given, return_exceptions=True)


# What a round is


async def test_what_a_verb_comes_to(rounds: Rounds) -> None:
    assert await rounds.run(lambda _: 1 + 1, Needs.SYNCED) == 2
    assert await rounds.run(lambda _: current_thread().name, Needs.COMMITTED) == "ledger"


async def test_all_that_wait_share_one_transaction_and_one_sync(
    rounds: Rounds, path: Path, disk: Disk
) -> None:
    names = [f"p{number}" for number in range(20)]
    assert await together(rounds, *map(note, names)) == names
    assert seen(path) == set(names)
    assert len(disk.syncs) == 1


async def test_they_are_run_in_the_order_that_they_came(rounds: Rounds) -> None:
    done: list[int] = []
    await together(rounds, *(lambda _, n=n: done.append(n) for n in range(250)))
    assert done == list(range(250))


async def test_a_round_has_an_end(rounds: Rounds, storage: FaultyStorage) -> None:
    await together(rounds, *(lambda _: None for _ in range(MOST + 1)))
    assert storage.commits == 2


async def test_while_one_syncs_the_next_one_gathers(rounds: Rounds, disk: Disk) -> None:
    disk.slow = True
    first = rounds.run(note("first"), Needs.SYNCED)
    await disk.has_begun()
    others = [rounds.run(note(f"p{number}"), Needs.SYNCED) for number in range(20)]
    disk.go.set()
    await asyncio.gather(first, *others)
    assert len(disk.syncs) == 2


# Who is answered when


async def test_nobody_is_answered_before_the_sync_and_others_write_meanwhile(
    rounds: Rounds, path: Path, disk: Disk
) -> None:
    disk.slow = True
    write = rounds.run(note("ours"), Needs.SYNCED)
    await disk.has_begun()
    other = SqliteLedger(f"sqlite:///{path}")
    async with asyncio.timeout(SOON):
        await other.write(payments.add, payment_row(uid="theirs"))
    await other.close()
    assert seen(path) == {"ours", "theirs"}
    assert not write.done()
    disk.go.set()
    assert await write == "ours"


async def test_who_needs_no_sync_does_not_wait_for_one(
    rounds: Rounds, path: Path, disk: Disk
) -> None:
    """Neither for that of others nor for that of its own round."""
    disk.slow = True
    slow = [rounds.run(note("before"), Needs.SYNCED)]
    await disk.has_begun()
    slow.append(rounds.run(note("beside"), Needs.SYNCED))
    async with asyncio.timeout(SOON):
        assert await rounds.run(note("unsynced"), Needs.COMMITTED) == "unsynced"
    assert not any(each.done() for each in slow)
    assert seen(path) == {"before", "beside", "unsynced"}
    disk.go.set()
    assert await asyncio.gather(*slow) == ["before", "beside"]


async def test_a_sync_that_had_begun_is_nobodys_who_came_after(rounds: Rounds, disk: Disk) -> None:
    disk.slow = True
    first = rounds.run(note("first"), Needs.SYNCED)
    await disk.has_begun()
    second = rounds.run(note("second"), Needs.SYNCED)
    await rounds.run(note("committed by now"), Needs.COMMITTED)
    disk.go.set()
    await first
    await second
    assert len(disk.syncs) == 2


async def test_the_unsynced_are_synced_soon(ledger: Ledger, disk: Disk) -> None:
    await ledger.write_unsynced(payments.add, payment_row())
    written = time.monotonic()
    assert disk.syncs == []
    await disk.has_begun()
    assert time.monotonic() - written < 1, "0.2 s on a machine that has time"


async def test_the_unsynced_are_synced_although_more_come(ledger: Ledger, disk: Disk) -> None:
    until = time.monotonic() + 1
    while time.monotonic() < until:
        await ledger.write_unsynced(payments.add, payment_row())
    assert 3 <= len(disk.syncs) <= 12


async def test_one_sync_is_for_all_that_came_before(ledger: Ledger, disk: Disk) -> None:
    await ledger.write_unsynced(payments.add, payment_row())
    await ledger.write(payments.add, payment_row())
    await asyncio.sleep(0.3)
    assert len(disk.syncs) == 1


async def test_the_end_syncs(path: Path, disk: Disk) -> None:
    ledger = SqliteLedger(f"sqlite:///{path}", sync=disk.sync)
    await ledger.write_unsynced(payments.add, payment_row())
    await ledger.close()
    assert len(disk.syncs) == 1


# What a fault undoes


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_a_verb_that_raises_undoes_its_own(rounds: Rounds, path: Path, position: int) -> None:
    names = ["a", "b", "c"]
    verbs = list(map(note, names))
    verbs[position] = then(verbs[position], TooMany(1))
    came = await together(rounds, *verbs)
    assert isinstance(came.pop(position), TooMany)
    undone = names.pop(position)
    assert came == names
    assert seen(path) == {"a", "b", "c"} - {undone}


async def test_two_of_one_round_claim_the_same(rounds: Rounds, path: Path) -> None:
    first, second, third = await together(rounds, note("same"), note("same"), note("other"))
    assert first == "same"
    assert isinstance(second, IntegrityError)
    assert third == "other"
    assert seen(path) == {"same", "other"}


async def test_a_commit_that_fails_is_all_of_the_rounds(
    rounds: Rounds, path: Path, storage: FaultyStorage
) -> None:
    storage.full = True
    refused = TooMany(1)
    came = await together(rounds, note("a"), then(note("b"), refused), note("b"), note("b"))
    assert {type(each) for each in came} == {sqlite3.OperationalError}, "what it saw is undone"
    assert seen(path) == set()
    assert await rounds.run(note("b"), Needs.SYNCED) == "b"


async def test_a_fault_that_ends_the_transaction_is_all_of_the_rounds(
    rounds: Rounds, path: Path
) -> None:
    def ends(conn: Connection) -> None:
        conn.exec_driver_sql("ROLLBACK")  # as SQLite does where the disk is full

    came = await together(rounds, note("a"), then(ends, TooMany(1)), note("c"))
    assert [type(each) for each in came[:2]] == [Unavailable, Unavailable]
    assert came[2] == "c", "the next round's"
    assert seen(path) == {"c"}
    came = await together(rounds, ends, note("d"))
    assert isinstance(came[0], Unavailable)
    assert seen(path) == {"c", "d"}


async def test_a_disk_that_fails_once_is_trusted_no_more(
    path: Path, ledger: Ledger, disk: Disk
) -> None:
    """The system may say "synced" of what it has thrown away."""
    disk.broken = True
    with pytest.raises(Unavailable):
        await ledger.write(payments.add, payment_row(uid="unknown"))
    disk.broken = False
    for write in (ledger.write, ledger.write_unsynced):
        with pytest.raises(Unavailable):
            await write(payments.add, payment_row(uid="later"))
    assert seen(path) == {"unknown"}, "committed, but nobody was told so"
    assert disk.syncs == []
    again = SqliteLedger(f"sqlite:///{path}", sync=disk.sync)
    await again.write(payments.add, payment_row(uid="again"))
    await again.close()


async def test_a_late_sync_that_fails_is_told_to_the_next(ledger: Ledger, disk: Disk) -> None:
    disk.broken = True
    await ledger.write_unsynced(payments.add, payment_row())
    await disk.has_begun()
    disk.broken = False
    with pytest.raises(Unavailable):
        await ledger.write(payments.add, payment_row())


async def test_what_no_future_takes(rounds: Rounds) -> None:
    def ends(_: Connection) -> None:
        raise StopIteration

    stopped, done = await together(rounds, ends, lambda _: "done")
    assert isinstance(stopped, RuntimeError)
    assert done == "done"


# Who waits


async def test_who_cancels_changes_nothing(rounds: Rounds, path: Path, disk: Disk) -> None:
    disk.slow = True
    hold = rounds.run(note("hold"), Needs.SYNCED)
    await disk.has_begun()
    cancelled, kept = (rounds.run(note(name), Needs.SYNCED) for name in ("cancelled", "kept"))
    cancelled.cancel()
    disk.go.set()
    assert await hold == "hold"
    assert await kept == "kept"
    assert seen(path) == {"hold", "cancelled", "kept"}


async def test_a_database_that_others_hold_is_unavailable(path: Path, disk: Disk) -> None:
    """What was given up is never done."""
    rounds = Rounds(SqliteStorage(f"sqlite:///{path}", disk.sync), "ledger", patience=0.2)
    await rounds.run(lambda _: None, Needs.SYNCED)
    turn = Turn(path)
    turn.take()
    first, second = (rounds.run(note(name), Needs.SYNCED) for name in ("a", "b"))
    for each in (first, second):
        with pytest.raises(Unavailable):
            await each
    turn.give()
    assert await rounds.run(note("c"), Needs.SYNCED) == "c"
    assert seen(path) == {"c"}
    turn.close()
    rounds.end()


async def test_the_end_waits_for_what_was_given(path: Path, disk: Disk) -> None:
    rounds = Rounds(SqliteStorage(f"sqlite:///{path}", disk.sync), "ledger")
    given = [rounds.run(note(f"p{number}"), Needs.SYNCED) for number in range(10)]
    rounds.end()
    assert len(seen(path)) == 10
    await asyncio.gather(*given)


def test_a_loop_that_is_closed(rounds: Rounds) -> None:
    go = Event()

    async def give() -> None:
        rounds.run(lambda _: go.wait(SOON), Needs.SYNCED)

    asyncio.run(give())
    go.set()

    async def later() -> str:
        return await rounds.run(lambda _: "alive", Needs.SYNCED)

    assert asyncio.run(later()) == "alive"


async def test_work_between_two_rounds(rounds: Rounds) -> None:
    def alone(conn: Connection) -> bool:
        return bool(conn.connection.driver_connection.in_transaction)  # type: ignore[union-attr]

    inside, between = rounds.run(alone, Needs.SYNCED), rounds.run(alone, Needs.ALONE)
    assert [await inside, await between] == [True, False]


async def test_the_log_does_not_grow_for_ever(path: Path, ledger: Ledger) -> None:
    log = path.with_name(path.name + "-wal")
    for _ in range(150):
        await ledger.write_unsynced(payments.add, payment_row())
    size = log.stat().st_size
    for _ in range(450):
        await ledger.write_unsynced(payments.add, payment_row())
    assert log.stat().st_size < 2 * size
