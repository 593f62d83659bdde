"""An event loop and a ledger without time or threads of their own.

What happens in which order is decided by the test alone, so that a story that Hypothesis found
can be told again word for word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, delete, event
from sqlalchemy.pool import StaticPool

from checkout.errors import Unavailable
from checkout.ledger.schema import METADATA
from checkout.ledger.store import P, T, Verb

R = TypeVar("R")


class StillLoop(asyncio.SelectorEventLoop):
    """Timers go by the test's clock. `quiet()` runs until nothing more happens by itself."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock

    def time(self) -> float:
        return self._clock()

    def quiet(self) -> None:
        self.call_soon(self._stop_when_quiet)
        self.run_forever()

    def _stop_when_quiet(self) -> None:
        if self._ready:  # type: ignore[attr-defined]
            self.call_soon(self._stop_when_quiet)
        else:
            self.stop()

    def begin(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Start it; it is done, or waits for something, when this returns."""
        task = self.create_task(work)
        self.quiet()
        return task

    def end(self) -> None:
        """Drop all that is under way, as the death of the process would."""
        for task in asyncio.all_tasks(self):
            task.cancel()
        self.quiet()


class InlineLedger:
    """SQLite in memory; a write lets others go first and after. `faults` are used up by writes,
    one each: "away" (nothing is written), "unheard" (it is, but the answer gets lost)."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool)
        event.listen(self._engine, "connect", _ours_to_begin)
        event.listen(self._engine, "begin", _begin)
        METADATA.create_all(self._engine)
        self._conn = self._engine.connect()
        self.faults: list[str] = []
        self.writes = 0  # how many there were: who has seen as many has seen all

    def forget(self) -> None:
        self.faults.clear()
        with self._conn.begin():
            for table in reversed(METADATA.sorted_tables):
                self._conn.execute(delete(table))

    def now(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """For the test itself, which needs no loop."""
        with self._conn.begin():
            return verb(self._conn, *args, **kwargs)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self.now(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise Unavailable
        self.writes += 1
        done = self.now(verb, *args, **kwargs)
        await asyncio.sleep(0)
        if fault == "unheard":
            raise Unavailable
        return done

    async def close(self) -> None:
        self._conn.close()
        self._engine.dispose()


def _ours_to_begin(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")
