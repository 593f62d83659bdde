"""One thread that does blocking work in the order in which it is given."""

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
    """Half the way there and back of `concurrent.futures`' executor, whose futures are a lock and
    a chain of callbacks each: a charge goes that way twice."""

    def __init__(self, name: str) -> None:
        self._given: SimpleQueue[Work | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What `work` comes to. It is done also where nobody waits for it any longer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._given.put((loop, future, work))
        return future

    def end(self) -> None:
        """Blocks until all that was given is done."""
        self._given.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (given := self._given.get()) is not None:
            loop, future, work = given
            try:
                result, error = work(), None
            except BaseException as caught:  # noqa: BLE001 - it is the caller's
                result, error = None, caught
            with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                loop.call_soon_threadsafe(_settle, future, result, error)
            del given, future, work, result, error  # or the last of them live until the next


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
