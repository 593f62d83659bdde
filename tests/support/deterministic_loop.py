"""An event loop without a time of its own.

What happens in which order is decided by the test alone, so that a payment that Hypothesis found
can be told again word for word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


class DeterministicLoop(asyncio.SelectorEventLoop):
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
