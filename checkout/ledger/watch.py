"""Waiting for a database's answers in the event loop.

The socket is watched all the time: to begin and to end that for each answer, as psycopg does, takes
as long as everything else of an exchange (90 us with it, 47 without).
"""

from __future__ import annotations

import asyncio
import select
from typing import TypeVar

from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

T = TypeVar("T")


class Watch:
    """Of one connection's socket, in the loop that runs. Whoever else waits for it calls `stop`
    first."""

    def __init__(self, socket: int) -> None:
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._on = False
        self._unread = select.poll()
        self._unread.register(socket, select.POLLIN)

    @property
    def unread(self) -> bool:
        """Whether there is something to read now."""
        return bool(self._unread.poll(0))

    async def wait(self, exchange: PQGen[T]) -> T:
        """What the exchange returns, which may wait many times."""
        try:
            wanted = next(exchange)
            while True:
                wanted = exchange.send(await self._ready(wanted))
        except StopIteration as done:
            found: T = done.value
            return found

    async def _ready(self, wanted: Wait) -> Ready:
        if not self._on:
            self._loop.add_reader(self._socket, self._readable)
            self._on = True
        self._waiting = self._loop.create_future()
        if not wanted & Wait.W:
            await self._waiting
            return Ready.R
        # What is sent has filled the socket: a rare thing.
        self._loop.add_writer(self._socket, self._wake)
        try:
            await self._waiting
        finally:
            self._loop.remove_writer(self._socket)
        return Ready.RW

    def stop(self) -> None:
        if self._on:
            self._loop.remove_reader(self._socket)
            self._on = False

    def _readable(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._wake()
        elif self.unread:  # nobody asked: the server has ended it, and that stays readable
            self.stop()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
