"""A write: a verb that waits for its round, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from checkout.errors import Unavailable


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


def answer(members: Iterable[Write]) -> None:
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
