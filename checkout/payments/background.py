"""Background tasks of a worker: run again and again, whatever they raise.

A task is a function that does what is due now and returns. It is called every `every` seconds, at
once when `wake` is set, and cancelled after `longest`. What it raises is logged, and alerted unless
it is a CheckoutError; the next turn runs all the same. Only `stop` ends the tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

import structlog
from msgspec import Struct

from checkout.errors import CheckoutError
from checkout.payments.metrics import FAULTS, LAST_TURN

log = structlog.get_logger(__name__)

LONGEST: Final = 60.0  # seconds
CANCELS: Final = 10  # how often `stop` cancels a task, a second apart


class Task(Struct, frozen=True):
    """`name` is what the log, `/metrics` and `/health/ready` call it; times in seconds."""

    name: str
    turn: Callable[[], Awaitable[object]]
    every: float
    wake: asyncio.Event | None = None
    longest: float = LONGEST

    @property
    def overdue_after(self) -> float:
        """Seconds after its last turn from which on it counts as hanging."""
        return self.every + self.longest


class Background:
    """Runs the tasks of one worker. A turn that raised counts as a turn: bad data of one shop must
    not make the whole server unready. One that did not end in time does not count."""

    def __init__(
        self, tasks: Iterable[Task], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tasks = list(tasks)
        self._clock = clock
        self._turned: dict[str, float] = {}
        self._running: list[asyncio.Task[None]] = []
        self._stopping = False

    def add(self, task: Task) -> None:
        """Add a task; before `start`."""
        self._tasks.append(task)

    def start(self) -> None:
        for task in self._tasks:
            self._turned[task.name] = self._clock()
            FAULTS.labels(task.name)
            running = asyncio.create_task(self._run(task), name=task.name)
            running.add_done_callback(self._ended)
            self._running.append(running)

    async def stop(self) -> None:
        """Cancel all tasks; one that does not end after `CANCELS` cancellations is abandoned."""
        self._stopping = True
        for _ in range(CANCELS):
            waiting = [each for each in self._running if not each.done()]
            if not waiting:
                return
            for each in waiting:
                each.cancel()
            await asyncio.wait(waiting, timeout=1.0)  # a turn may have swallowed the cancellation

    def overdue(self) -> list[str]:
        """The names of the tasks whose last turn is too long ago."""
        now = self._clock()
        return [
            each.name
            for each in self._tasks
            if now > self._turned.get(each.name, now) + each.overdue_after
        ]

    async def _run(self, task: Task) -> None:
        while True:
            if task.wake is not None:
                task.wake.clear()
            if await self._turn(task):
                self._turned[task.name] = self._clock()
                LAST_TURN.labels(task.name).set_to_current_time()
            await _pause(task)

    async def _turn(self, task: Task) -> bool:
        """Whether it ended in time."""
        limit = asyncio.timeout(task.longest)
        try:
            async with limit:
                await task.turn()
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # also an exit, or the cancellation of what it awaited
            if _is_cancelled():
                raise
            _note(task, error, alert=not isinstance(error, CheckoutError))
            return not limit.expired()
        return True

    def _ended(self, running: asyncio.Task[None]) -> None:
        """A task that ended without `stop` is a fault: it is logged, and `overdue` names it."""
        if not self._stopping:
            with suppress(Exception):
                log.error("background.ended", task=running.get_name(), alert=True)


async def _pause(task: Task) -> None:
    if task.wake is None:
        await asyncio.sleep(task.every)
        return
    # Not `wait_for`, which may swallow a cancellation that comes with the event.
    with suppress(TimeoutError):
        async with asyncio.timeout(task.every):
            await task.wake.wait()


def _is_cancelled() -> bool:
    """Whether this task itself was cancelled, and not something that its turn awaited."""
    running = asyncio.current_task()
    return running is not None and running.cancelling() > 0


def _note(task: Task, error: BaseException, *, alert: bool) -> None:
    FAULTS.labels(task.name).inc()
    kind = type(error).__name__
    with suppress(Exception):  # a log that can't be written ends nothing
        if alert:
            log.error("background.fault", task=task.name, error=kind, alert=True)
        else:
            log.warning("background.failed", task=task.name, error=kind)
