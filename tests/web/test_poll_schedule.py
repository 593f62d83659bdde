"""When the pages that wait ask again: as they would like, and later the more there are."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from checkout.web.poll_schedule import FIRST, LEAST, LONGEST, STEP, PollSchedule


async def test_who_is_alone_comes_when_they_like() -> None:
    schedule = PollSchedule()
    assert [schedule.delay(wanted) for wanted in (0.5, 1.0, 4.0)] == [0.5, 1.0, 4.0]


async def test_a_crowd_comes_one_after_the_other() -> None:
    """Never more in a moment than there is room for, and nobody later than need be."""
    schedule = PollSchedule()
    schedule.rate = 100.0
    delays = [schedule.delay(1.0) for _ in range(1000)]
    comes = Counter(int(delay / STEP) for delay in delays)
    assert max(comes.values()) <= 3 * schedule.rate * STEP
    assert 9 < max(delays) < 13
    assert min(delays) >= 1.0


async def test_nobody_is_sent_away_however_many_there_are() -> None:
    schedule = PollSchedule()
    schedule.rate = LEAST
    delays = [schedule.delay(1.0) for _ in range(20_000)]
    assert max(delays) <= LONGEST + STEP
    late = Counter(int(delay) for delay in delays[-10_000:])
    assert max(late.values()) < 2000, "nor do they all come at once"


async def test_who_has_news_comes_soon() -> None:
    schedule = PollSchedule()
    schedule.rate = LEAST
    for _ in range(1000):
        schedule.delay(0.5)
    assert schedule.delay(0.5) > 4
    assert schedule.delay(0.5, soon=True) == 0.5


async def test_there_is_less_room_under_load_and_more_again_after_it() -> None:
    schedule = PollSchedule()
    schedule.delay(4.0)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        time.sleep(STEP + 0.15)  # noqa: ASYNC251 - a loop that has too much to do
        await asyncio.sleep(0)
    slow = schedule.rate
    assert slow < FIRST / 1.3, "by how late it was, and not by how often it was looked"
    for _ in range(4000):
        schedule.delay(0.1)
    await asyncio.sleep(8 * STEP)
    assert schedule.rate > slow


async def test_room_that_nobody_needs_is_not_given() -> None:
    """Else a crowd that comes at once would find more than the worker can do."""
    schedule = PollSchedule()
    for _ in range(8):
        schedule.delay(0.1)
        await asyncio.sleep(STEP)
    assert schedule.rate <= FIRST


async def test_nothing_runs_where_nobody_waits() -> None:
    schedule = PollSchedule()
    schedule.delay(0.1)
    await asyncio.sleep(4 * STEP)
    assert schedule.idle
