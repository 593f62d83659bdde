"""Writes by rounds: all that wait go into one transaction and share one sync.

A round takes whatever waits, each verb in a savepoint of its own, commits, gives the database to
other processes, syncs once, and only then answers. While it syncs the next one gathers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection

from checkout.errors import Unavailable

T = TypeVar("T")

MOST: Final = 32  # writes of a round, so that no round has the database for long
LATEST: Final = 0.1  # seconds until what was answered unsynced is synced
PATIENCE: Final = 5.0  # seconds that a write waits for its round to begin
END: Final = 10.0  # seconds for what is under way at the end


class Storage(Protocol):
    """The database under the rounds, which call all of this on their thread."""

    def take(self) -> Connection:
        """Have it for ourselves: no other process writes until `give`."""

    def give(self) -> None: ...

    def execute(self, statement: str) -> None: ...

    def in_transaction(self) -> bool: ...

    def sync(self) -> None:
        """What was committed is on disk from now on. Raises Unavailable."""

    def tend(self) -> None:
        """After each round, once all have their answers."""

    def close(self) -> None: ...


class Needs(Enum):
    SYNCED = "synced"  # answered once it is on disk
    COMMITTED = "committed"  # answered once all see it
    ALONE = "alone"  # between two rounds, outside a transaction


class Write:
    """A verb that waits for its round, and what came of it."""

    __slots__ = ("_unbegun", "error", "future", "loop", "needs", "result", "timer", "verb")

    def __init__(self, verb: Callable[[Connection], Any], needs: Needs, patience: float) -> None:
        self.verb = verb
        self.needs = needs
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None
        self.timer = self.loop.call_later(patience, self._give_up)
        self._unbegun = [True]

    def begin(self) -> bool:
        """Whether to run it; False where it was given up."""
        try:
            return self._unbegun.pop()  # atomic: either the thread gets it or the loop
        except IndexError:
            return False

    def _give_up(self) -> None:
        if self.begin():
            self.error = Unavailable(message="The ledger is busy")
            self.settle()

    def run(self, conn: Connection) -> bool:
        """False where it raised."""
        try:
            self.result = self.verb(conn)
        except StopIteration as error:  # which no future takes
            self.error = RuntimeError("StopIteration")
            self.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - raised to who waits
            self.error = error
        return self.error is None

    def settle(self) -> None:
        """On the loop: answer who waits, if anybody does."""
        self.timer.cancel()
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Rounds:
    """A thread that writes. Who cancels a write stops waiting for it, and no more."""

    def __init__(self, storage: Storage, name: str, *, patience: float = PATIENCE) -> None:
        self._storage = storage
        self._patience = patience
        self._given: SimpleQueue[Write | None] = SimpleQueue()
        self._following: Write | None = None  # the end of the last round's gathering
        self._ended = False
        self._unsynced_since: float | None = None
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, verb: Callable[[Connection], T], needs: Needs) -> asyncio.Future[T]:
        """Raises what the verb raises, what the commit raises, Unavailable."""
        write = Write(verb, needs, self._patience)
        self._given.put(write)
        return write.future

    def end(self) -> None:
        """Block until all is done that was given, unless the database is held by others."""
        self._given.put(None)
        self._thread.join(END)

    def _work(self) -> None:
        while (first := self._next()) is not None:
            if first.needs is Needs.ALONE:
                self._run_alone(first)
            else:
                self._run_round(first)
            del first  # else it would live until the next one
        if self._unsynced_since is not None:
            self._sync_late()
        self._storage.close()

    def _next(self) -> Write | None:
        """The first of the next round, None at the end. Meanwhile what has to be is synced."""
        if self._following is not None:
            following, self._following = self._following, None
            return following
        while not self._ended:
            try:
                return self._given.get(timeout=self._time_left())
            except Empty:
                self._sync_late()
        return None

    def _time_left(self) -> float | None:
        if self._unsynced_since is None:
            return None
        return max(self._unsynced_since + LATEST - time.monotonic(), 0.0)

    def _run_alone(self, write: Write) -> None:
        members: list[Write] = []

        def work(conn: Connection) -> None:
            if write.begin():
                members.append(write)
                write.run(conn)

        self._hold(work, write, members)
        _answer(members)

    def _run_round(self, first: Write) -> None:
        members: list[Write] = []

        def work(conn: Connection) -> None:
            for write in self._gather(first, members):
                self._run_in_round(conn, write)
            if self._storage.in_transaction():
                self._storage.execute("COMMIT")

        self._hold(work, first, members)
        self._answer_round(members)
        with suppress(Exception):  # whatever it is, writes will find it too
            self._storage.tend()

    def _hold(self, work: Callable[[Connection], None], first: Write, members: list[Write]) -> None:
        """Work while the database is ours; a fault is what each of the members comes to."""
        try:
            conn = self._storage.take()
            try:
                work(conn)
            finally:
                self._give()
        except BaseException as error:  # noqa: BLE001 - raised to who waits
            if first.begin():
                members.append(first)
            for write in members:
                write.error = error

    def _give(self) -> None:
        try:
            if self._storage.in_transaction():
                self._storage.execute("ROLLBACK")
        finally:
            self._storage.give()

    def _gather(self, first: Write, members: list[Write]) -> Iterator[Write]:
        """What waits and was not given up, into `members`, too."""
        write: Write | None = first
        while write is not None and write.needs is not Needs.ALONE:
            if write.begin():
                members.append(write)
                yield write
            if len(members) == MOST:
                return
            try:
                write = self._given.get_nowait()
            except Empty:
                return
        self._following, self._ended = write, write is None

    def _run_in_round(self, conn: Connection, write: Write) -> None:
        """Raises where the whole round is lost."""
        execute, in_transaction = self._storage.execute, self._storage.in_transaction
        alone = not in_transaction()  # then the transaction is its savepoint
        execute("BEGIN IMMEDIATE" if alone else "SAVEPOINT verb")
        done = write.run(conn)
        if not in_transaction():  # some faults end it, with all that was in it
            if done or not alone:
                raise Unavailable(message="The ledger has undone the transaction")
        elif alone and not done:
            execute("ROLLBACK")
        elif not alone:
            if not done:
                execute("ROLLBACK TO verb")
            execute("RELEASE verb")

    def _answer_round(self, members: list[Write]) -> None:
        if self._unsynced_since is None:
            self._unsynced_since = time.monotonic()
        _answer(write for write in members if write.needs is Needs.COMMITTED)
        synced = [write for write in members if write.needs is Needs.SYNCED]
        if synced or not self._time_left():
            try:
                self._sync()
            except BaseException as error:  # noqa: BLE001 - raised to who waits
                for write in synced:
                    write.error = error
            _answer(synced)

    def _sync_late(self) -> None:
        with suppress(Exception):  # nobody waits for it; the next write is told
            self._sync()

    def _sync(self) -> None:
        self._unsynced_since = None
        self._storage.sync()


def _answer(members: Iterable[Write]) -> None:
    """Wake each loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[Write]] = {}
    for write in members:
        loops.setdefault(write.loop, []).append(write)
    for loop, answered in loops.items():
        with suppress(RuntimeError):  # it is closed: nobody waits
            loop.call_soon_threadsafe(_settle, answered)


def _settle(answered: list[Write]) -> None:
    for write in answered:
        write.settle()
