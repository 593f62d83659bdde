"""Writes by rounds: all that wait go into one transaction and share one sync.

A round takes whatever waits, each verb in a savepoint of its own, commits and gives the database to
other processes. What needs no sync is answered then, the rest after one that has begun since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from checkout.errors import Unavailable
from checkout.ledger.syncs import Syncs
from checkout.ledger.write import Needs, Write, answer

T = TypeVar("T")

MOST: Final = 32  # writes of a round, so that no round has the database for long
PATIENCE: Final = 5.0  # seconds that a write waits for its round to begin
END: Final = 10.0  # seconds for what is under way at the end


class Storage(Protocol):
    """The database under the rounds, which call all of this on their thread, but `sync`."""

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


class Rounds:
    """A thread that writes. Who cancels a write stops waiting for it, and no more."""

    def __init__(self, storage: Storage, name: str, *, patience: float = PATIENCE) -> None:
        self._storage = storage
        self._patience = patience
        self._given: SimpleQueue[Write | None] = SimpleQueue()
        self._following: Write | None = None  # the end of the last round's gathering
        self._ended = False
        self._syncs = Syncs(storage.sync, f"{name} syncs")
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
        self._syncs.end()
        self._storage.close()

    def _next(self) -> Write | None:
        """The first of the next round; None at the end."""
        if self._following is not None:
            following, self._following = self._following, None
            return following
        return None if self._ended else self._given.get()

    def _run_alone(self, write: Write) -> None:
        members: list[Write] = []

        def work(conn: Connection) -> None:
            if write.begin():
                members.append(write)
                write.run(conn)

        self._hold(work, write, members)
        answer(members)

    def _run_round(self, first: Write) -> None:
        members: list[Write] = []

        def work(conn: Connection) -> None:
            for write in self._gather(first, members):
                self._run_in_round(conn, write)
            if self._storage.in_transaction():
                self._storage.execute("COMMIT")

        if not self._hold(work, first, members):
            answer(members)
            return
        self._answer_round(members)
        with suppress(Exception):  # whatever it is, writes will find it too
            self._storage.tend()

    def _hold(self, work: Callable[[Connection], None], first: Write, members: list[Write]) -> bool:
        """Work while the database is ours. False: a fault, which is what all members come to."""
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
            return False
        return True

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
        answer(write for write in members if write.needs is Needs.COMMITTED)
        self._syncs.committed([write for write in members if write.needs is Needs.SYNCED])
