"""A worker thread that runs blocking work in order, for SQLite's writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
Work = tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Callable[[], Any]]


class WorkThread:
    """An executor of one thread, with half the overhead of `concurrent.futures`, whose futures have
    a lock and a chain of callbacks each. A charge uses it twice."""

    def __init__(self, name: str) -> None:
        self._given: SimpleQueue[Work | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """The result of `work`. It runs also where nobody waits for it any longer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._given.put((loop, future, work))
        return future

    def end(self) -> None:
        """Block until all work is done."""
        self._given.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (given := self._given.get()) is not None:
            loop, future, work = given
            try:
                result, error = work(), None
            except BaseException as caught:  # noqa: BLE001 - raised to the caller
                result, error = None, caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits for it
                loop.call_soon_threadsafe(_settle, future, result, error)
            del given, future, work, result, error  # else they would live until the next work


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
