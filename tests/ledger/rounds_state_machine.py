"""Hypothesis state machine: several ledgers on one database, any verbs, any fault, power cuts.

The model knows which values must be there, which may be (nobody was told, or told "unavailable" by
a sync that failed), and which were on disk for sure when a ledger was last synced.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import TooMany, Unavailable
from checkout.ledger.rounds import Rounds
from checkout.ledger.sqlite import SqliteStorage
from checkout.ledger.write import Needs, Write

LEDGERS: Final = 2
KEYS: Final = 12


class Asked(NamedTuple):
    key: int
    does: str
    synced: bool


ASKED: Final = st.lists(
    st.builds(
        Asked,
        st.integers(1, KEYS),
        st.sampled_from(("adds", "adds", "adds", "raises", "ends", "cancelled")),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
NUMBER: Final = st.integers(0, LEDGERS - 1)


class Storage(SqliteStorage):
    """Whose next commit fails, or whose disk, which is the machine's."""

    commit_fails = sync_fails = False

    def __init__(self, url: str, disk: Callable[[], None], still: Lock) -> None:
        super().__init__(url, self._write_to_disk)
        self._disk, self._still = disk, still

    def take(self) -> Connection:
        self._still.acquire()
        try:
            return super().take()
        except BaseException:
            self._still.release()
            raise

    def give(self) -> None:
        super().give()
        self._still.release()

    def execute(self, statement: str) -> None:
        if self.commit_fails and statement == "COMMIT":
            self.commit_fails = False
            raise sqlite3.OperationalError("disk I/O error")
        super().execute(statement)

    def _write_to_disk(self, _file: int) -> None:
        if self.sync_fails:
            raise OSError(5, "Input/output error")
        self._disk()


class Ledger(NamedTuple):
    storage: Storage
    rounds: Rounds


def rows(path: Path) -> set[int]:
    conn = sqlite3.connect(path)
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = {key for (key,) in conn.execute("SELECT key FROM kept")}
    conn.close()
    return found


class RoundsMachine(RuleBasedStateMachine):
    rounds_class: type[Rounds] = Rounds

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "x.db"
        conn = sqlite3.connect(self.path)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("CREATE TABLE kept (key INTEGER PRIMARY KEY)")
        conn.commit()
        conn.close()
        self.images, self.still = 0, Lock()
        self.must: set[int] = set()  # of what others see
        self.may: set[int] = set()
        self.safe: set[int] = set()  # of what outlives a power cut
        self._take_image()
        self.ledgers = [self._opened() for _ in range(LEDGERS)]

    def _opened(self) -> Ledger:
        storage = Storage(f"sqlite:///{self.path}", self._take_image, self.still)
        return Ledger(storage, self.rounds_class(storage, "ledger"))

    def _take_image(self) -> None:
        """What the disk has now."""
        with self.still:  # nobody writes meanwhile
            self.images += 1
            image = self.folder / f"{self.images}.image"
            for end in ("", "-wal"):
                if (of := Path(f"{self.path}{end}")).exists():
                    shutil.copyfile(of, f"{image}{end}")
            self.image = image

    @rule(number=NUMBER, asked=ASKED)
    def write(self, number: int, asked: list[Asked]) -> None:
        came = self.loop.run_until_complete(_written(self.ledgers[number].rounds, asked))
        for each, result in zip(asked, came, strict=True):
            self._learn(each, result)

    @rule(number=NUMBER, asked=ASKED)
    def write_where_the_commit_fails(self, number: int, asked: list[Asked]) -> None:
        storage = self.ledgers[number].storage
        storage.commit_fails = True
        self.write(number, asked)
        storage.commit_fails = False

    @rule(number=NUMBER, asked=ASKED)
    def write_where_the_sync_fails(self, number: int, asked: list[Asked]) -> None:
        storage, rounds = self.ledgers[number]
        storage.sync_fails = True
        self.write(number, asked)
        storage.sync_fails = False
        (came,) = self.loop.run_until_complete(_written(rounds, [Asked(KEYS + 1, "raises", True)]))
        # A round that is undone as a whole needs no sync; nobody waits for that of a cancelled one.
        waited = any(each.synced and each.does != "cancelled" for each in asked)
        if waited and not any(each.does == "ends" for each in asked):
            assert isinstance(came, Unavailable), "it is trusted no more"
        rounds.end()
        self.ledgers[number] = self._opened()

    def _learn(self, asked: Asked, result: Any) -> None:
        key, _does, synced = asked
        match result:
            case "added":
                assert key not in self.must, "it was there"
                self.must.add(key)
                if synced:
                    self.safe |= self.must
            case IntegrityError():
                assert key in self.must | self.may, "nobody has it"
                self.may.add(key)
            case asyncio.CancelledError() | Unavailable() | sqlite3.OperationalError():
                self.may.add(key)
            case _:
                assert isinstance(result, TooMany)

    @invariant()
    def others_see_it(self) -> None:
        found = rows(self.path)
        assert self.must <= found, "what was answered is there"
        assert found <= self.must | self.may, "what was refused is not"
        self.must, self.may = found, set()  # what may be is or is not from now on

    @rule()
    def the_power_goes(self) -> None:
        """What is on disk is what was synced last."""
        for each in self.ledgers:
            each.rounds.end()
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
            if (of := Path(f"{self.image}{end}")).exists():
                shutil.copyfile(of, f"{self.path}{end}")
        found = rows(self.path)
        assert self.safe <= found, "what was answered by a synced write is there"
        assert found <= self.must
        self.must, self.may = found, set()
        self.safe = set(found)
        self._take_image()
        self.ledgers = [self._opened() for _ in range(LEDGERS)]

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            for each in self.ledgers:
                each.rounds.end()
            self.loop.close()
            shutil.rmtree(self.folder)


async def _written(rounds: Rounds, asked: list[Asked]) -> list[Any]:
    given = []
    for key, does, synced in asked:
        needs = Needs.SYNCED if synced else Needs.COMMITTED
        given.append(rounds.run(_verb(key, does), needs))
        if does == "cancelled":
            given[-1].cancel()
    came = await asyncio.gather(*given, return_exceptions=True)
    # Once this is answered, those who were cancelled have been run, too.
    await asyncio.gather(rounds.run(lambda _: None, Needs.ALONE), return_exceptions=True)
    return came


def _verb(key: int, does: str) -> Any:
    def verb(conn: Connection) -> str:
        conn.exec_driver_sql("INSERT INTO kept VALUES (?)", (key,))
        if does == "raises":
            raise TooMany(1)
        if does == "ends":  # as SQLite does where the disk is full
            conn.exec_driver_sql("ROLLBACK")
        return "added"

    return verb


class HastyRounds(Rounds):
    """Wrong: it answers before the sync."""

    def _answer_round(self, members: list[Write]) -> None:
        for write in members:
            write.needs = Needs.COMMITTED
        super()._answer_round(members)


class CarelessRounds(Rounds):
    """Wrong: what a verb did before it raised stays."""

    def _run_in_round(self, conn: Connection, write: Write) -> None:
        if not self._storage.in_transaction():
            self._storage.execute("BEGIN IMMEDIATE")
        write.run(conn)


class ForgetfulRounds(Rounds):
    """Wrong: a commit that fails is nobody's."""

    def _hold(self, work: Any, first: Write, members: list[Write]) -> bool:
        held = super()._hold(work, first, members)
        for write in members:
            if isinstance(write.error, sqlite3.OperationalError):
                write.error, write.result = None, "added"
        return held


MUTANTS: Final = (HastyRounds, CarelessRounds, ForgetfulRounds)
