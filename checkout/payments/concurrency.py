"""Concurrency limits for outgoing calls: slots in all, for each shop and for each host.

The more slots one holds, the fewer of the free ones it may take: a shop's calls to one host may
hold no more of the host's slots, nor of the shop's, than stay free there; and a shop no more than a
sixteenth of all that stay free. So a shop or host that hangs leaves slots for the others, and it
takes dozens of hanging ones to use all up. Only `enter` and `wait` wait for a slot.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from checkout.payments.metrics import SLOTS_FULL, SLOTS_HELD

K = TypeVar("K")

FREE_FOR_EACH: Final = 16  # slots of all that stay free for each that a shop holds
FREE_AT_HOST: Final = 1  # the same of a host's slots, and of a shop's


class NoSlot(Exception):
    """No slot became free in time: nothing was sent."""


class Slots:
    """The slots of one kind of calls in this worker. `name`: the label in `/metrics`; `waiting`:
    how many calls of one shop may wait for a slot."""

    def __init__(
        self, name: str, *, total: int = 256, shop: int = 16, host: int = 16, waiting: int = 64
    ) -> None:
        self._name = name
        for metric in (SLOTS_FULL, SLOTS_HELD):
            metric.labels(name)
        self._total, self._of_shop, self._at_host, self._waiting = total, shop, host, waiting
        self._held = 0
        self._shops = Counter[str]()
        self._hosts = Counter[str]()
        self._pairs = Counter[tuple[str, str]]()
        self._queued = Counter[str]()
        self._released = asyncio.Event()

    def held(self, shop: str) -> int:
        return self._shops[shop]

    def free(self, shop: str, host: str | None = None) -> int:
        """How many more calls the shop may make now, to a host or at all."""
        mine = self._shops[shop]
        found = min(self._of_shop - mine, _share(self._total - self._held, mine, FREE_FOR_EACH))
        if host is not None:
            here = self._pairs[shop, host]
            found = min(
                found,
                _share(self._at_host - self._hosts[host], here, FREE_AT_HOST),
                _share(self._of_shop - mine, here, FREE_AT_HOST),
            )
        return max(found, 0)

    def take(self, shop: str, host: str) -> bool:
        """Take a slot if one is free; `release` it after the call."""
        if not self.free(shop, host):
            SLOTS_FULL.labels(self._name).inc()
            return False
        self._count(shop, host, 1)
        return True

    def release(self, shop: str, host: str) -> None:
        self._count(shop, host, -1)
        self._released.set()
        self._released = asyncio.Event()

    @asynccontextmanager
    async def enter(self, shop: str, host: str, seconds: float) -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises NoSlot after so many seconds, or at once where too
        many calls of the shop wait already."""
        await self.wait(shop, host, seconds)
        try:
            yield
        finally:
            self.release(shop, host)

    async def wait(self, shop: str, host: str, seconds: float) -> None:
        """Wait for a slot and take it. Raises NoSlot."""
        if self.take(shop, host):
            return
        if self._queued[shop] >= self._waiting:
            raise NoSlot
        self._queued[shop] += 1
        try:
            async with asyncio.timeout(seconds):
                while not self.free(shop, host):
                    await self._released.wait()
        except TimeoutError:
            raise NoSlot from None
        finally:
            _add(self._queued, shop, -1)
        self._count(shop, host, 1)

    def _count(self, shop: str, host: str, change: int) -> None:
        self._held += change
        SLOTS_HELD.labels(self._name).inc(change)
        _add(self._shops, shop, change)
        _add(self._hosts, host, change)
        _add(self._pairs, (shop, host), change)


def _share(free: int, mine: int, part: int) -> int:
    """How many of `free` slots a holder of `mine` may take, so that `part` times as many as it then
    holds stay free."""
    more = 0
    while (mine + more) * part < free - more:
        more += 1
    return more


def _add(counts: Counter[K], key: K, change: int) -> None:
    """Change a count; a count of 0 is removed."""
    counts[key] += change
    if not counts[key]:
        del counts[key]
