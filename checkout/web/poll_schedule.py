"""When the pages that wait ask again: as soon as they would like to where few wait, and later the
more of them there are, so that nobody who waits is ever turned away.

Each answer to a poll names its page a place: a quarter of a second that has room for one more. How
much room there is follows the measured load of the worker: a little more as long as all places are
taken and the worker keeps up, much less where it doesn't.
"""

from __future__ import annotations

import asyncio
import time
from random import random
from typing import Final

STEP: Final = 0.25  # seconds of one place, and between two looks at the load
LONGEST: Final = 60.0  # seconds: the last place; beyond it the places are filled above their room
FIRST: Final = 500.0  # polls a second, before anything is known of the load
MOST: Final = 2500.0  # 10,000 pages every 4 s
LEAST: Final = 50.0
LATE: Final = 0.05  # seconds that the event loop is late where the worker has too much to do
BUSY: Final = 0.8  # of a processor, the same
SLOWER, FASTER = 0.93, 1.01  # for each step: it takes a while until a place that was named is used


class PollSchedule:
    """The places of one worker."""

    def __init__(self) -> None:
        self.rate = FIRST  # polls a second that there is room for
        self._named: dict[int, int] = {}  # the place -> how many pages come then
        self._is_crowded = False  # a page was sent to a later place since the last look
        self._watching: asyncio.TimerHandle | None = None
        self._used = 0.0  # of the processor, at the last look

    @property
    def idle(self) -> bool:
        """Whether no page waits, so that nothing is measured."""
        return self._watching is None

    def delay(self, wanted: float, *, soon: bool = False) -> float:
        """Seconds after which a page is to ask again that would like to do so after `wanted`.
        `soon`: it does, whatever the load."""
        now = asyncio.get_running_loop().time()
        self._watch(now)
        first = int((now + wanted) / STEP)
        place = first if soon else self._free(first, int((now + LONGEST) / STEP))
        self._named[place] = self._named.get(place, 0) + 1
        if place == first:
            return wanted
        self._is_crowded = True
        return (place + random()) * STEP - now

    def _free(self, first: int, last: int) -> int:
        room, named = max(self.rate * STEP, 1.0), self._named
        for place in range(first, last):
            if named.get(place, 0) < room:
                return place
        return max(first, last - int(random() * (last - first) / 2))

    def _watch(self, now: float) -> None:
        if self._watching is None:
            self._used = time.process_time()
            loop = asyncio.get_running_loop()
            self._watching = loop.call_at(now + STEP, self._look, now + STEP)

    def _look(self, expected: float) -> None:
        """At the load, as long as pages wait."""
        now, used = asyncio.get_running_loop().time(), time.process_time()
        late = now - expected
        if late > LATE or used - self._used > BUSY * (STEP + late):
            self.rate = max(self.rate * SLOWER ** (1 + late / STEP), LEAST)
        elif self._is_crowded:
            self.rate = min(self.rate * FASTER, MOST)
        self._named = {at: pages for at, pages in self._named.items() if at >= int(now / STEP)}
        self._is_crowded = False
        self._watching = None
        if self._named:
            self._watch(now)
