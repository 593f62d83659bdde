"""Syncs of what rounds have committed, on a thread of their own: commits go on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from checkout.ledger.write import Write, answer

LATEST: Final = 0.1  # seconds until what nobody waits for is synced


class Syncs:
    """At once where somebody waits, and one for all who do; else in time."""

    def __init__(self, sync: Callable[[], None], name: str) -> None:
        self._sync = sync
        self._given: SimpleQueue[list[Write] | None] = SimpleQueue()
        self._noted = False  # something is committed that no sync has begun for
        self._ended = False
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def committed(self, waiting: list[Write]) -> None:
        """What was committed is to be synced; these are answered then."""
        if waiting or not self._noted:
            self._noted = True
            self._given.put(waiting)

    def end(self) -> None:
        """Block until all is synced."""
        self._given.put(None)
        self._thread.join()

    def _work(self) -> None:
        while not self._ended:
            waiting = self._gather()
            if not (waiting or self._noted):
                continue
            self._noted = False  # before the sync: what is committed from now on needs another
            try:
                self._sync()
            except BaseException as error:  # noqa: BLE001 - raised to who waits
                for write in waiting:
                    write.error = error
            answer(waiting)
            del waiting  # else it would live until the next sync

    def _gather(self) -> list[Write]:
        """Who waits for a sync, once somebody does or it is time."""
        waiting: list[Write] = []
        until: float | None = None
        while not self._ended:
            try:
                given = self._given.get(timeout=0.0 if waiting else _left(until))
            except Empty:
                break
            if given is None:
                self._ended = True
            else:
                waiting += given
                until = until or time.monotonic() + LATEST
        return waiting


def _left(until: float | None) -> float | None:
    return None if until is None else max(until - time.monotonic(), 0.0)
