"""Room for calls that others keep us waiting in: bounded in all, for each shop and for each host.

Whoever has more takes less of what is left: a shop's calls to one host may hold no more of the
host's room, nor of the shop's, than stays free there; and a shop of all the room a sixteenth of
that. So one that hangs leaves room for the next, and it takes dozens of them to use it up.
Nothing waits in here but for `enter`: what finds no room stays where it is kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from checkout.payments.metrics import HELD, NO_ROOM

K = TypeVar("K")

LEFT_OF_ALL: Final = 16  # places that stay free for each that a shop holds
LEFT_AT_HOST: Final = 1


class NoRoom(Exception):
    """There was none in time: nothing has been tried."""


class Rooms:
    """How many calls may be under way in this worker. `name`: as `/metrics` calls it; `waiting`:
    how many of one shop may wait in `enter`."""

    def __init__(
        self, name: str, *, total: int = 256, shop: int = 16, host: int = 16, waiting: int = 64
    ) -> None:
        self._name = name
        self._total, self._of_shop, self._at_host, self._waiting = total, shop, host, waiting
        self._held = 0
        self._shops = Counter[str]()
        self._hosts = Counter[str]()
        self._pairs = Counter[tuple[str, str]]()
        self._lines = Counter[str]()
        self._left = asyncio.Event()

    def held(self, shop: str) -> int:
        return self._shops[shop]

    def free(self, shop: str, host: str | None = None) -> int:
        """How many more calls the shop may make now, to a host or at all."""
        mine = self._shops[shop]
        found = min(self._of_shop - mine, _share(self._total - self._held, mine, LEFT_OF_ALL))
        if host is not None:
            here = self._pairs[shop, host]
            found = min(
                found,
                _share(self._at_host - self._hosts[host], here, LEFT_AT_HOST),
                _share(self._of_shop - mine, here, LEFT_AT_HOST),
            )
        return max(found, 0)

    def take(self, shop: str, host: str) -> bool:
        """Whether there was room; then `leave` gives it back."""
        if not self.free(shop, host):
            NO_ROOM.labels(self._name).inc()
            return False
        self._count(shop, host, 1)
        return True

    def leave(self, shop: str, host: str) -> None:
        self._count(shop, host, -1)
        self._left.set()
        self._left = asyncio.Event()

    @asynccontextmanager
    async def enter(self, shop: str, host: str, seconds: float) -> AsyncIterator[None]:
        """Wait for room and hold it. Raises NoRoom after so many seconds, or at once where too many
        of the shop wait already."""
        await self.wait(shop, host, seconds)
        try:
            yield
        finally:
            self.leave(shop, host)

    async def wait(self, shop: str, host: str, seconds: float) -> None:
        """`take` as soon as there is room. Raises NoRoom."""
        if self.take(shop, host):
            return
        if self._lines[shop] >= self._waiting:
            raise NoRoom
        self._lines[shop] += 1
        try:
            async with asyncio.timeout(seconds):
                while not self.free(shop, host):
                    await self._left.wait()
        except TimeoutError:
            raise NoRoom from None
        finally:
            _add(self._lines, shop, -1)
        self._count(shop, host, 1)

    def _count(self, shop: str, host: str, change: int) -> None:
        self._held += change
        HELD.labels(self._name).inc(change)
        _add(self._shops, shop, change)
        _add(self._hosts, host, change)
        _add(self._pairs, (shop, host), change)


def _share(free: int, mine: int, part: int) -> int:
    """How many more of `free` places somebody with `mine` may take, so that `part` times as many
    as they hold stay free."""
    more = 0
    while (mine + more) * part < free - more:
        more += 1
    return more


def _add(counts: Counter[K], key: K, change: int) -> None:
    """Without a trace of who has none."""
    counts[key] += change
    if not counts[key]:
        del counts[key]
