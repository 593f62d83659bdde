"""The thread that writes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event, current_thread

import pytest

from checkout.ledger.thread import WorkThread


@pytest.fixture
def thread() -> Iterator[WorkThread]:
    thread = WorkThread("ledger")
    yield thread
    thread.end()


async def test_what_it_comes_to(thread: WorkThread) -> None:
    assert await thread.run(lambda: 1 + 1) == 2
    assert await thread.run(lambda: current_thread().name) == "ledger"


async def test_what_goes_wrong_is_the_callers(thread: WorkThread) -> None:
    def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await thread.run(work)
    assert await thread.run(lambda: "still there") == "still there"


async def test_one_after_the_other(thread: WorkThread) -> None:
    done: list[int] = []
    await asyncio.gather(*(thread.run(lambda n=n: done.append(n)) for n in range(100)))  # type: ignore[misc]
    assert done == list(range(100))


async def test_it_is_done_though_nobody_waits(thread: WorkThread) -> None:
    begun, go, done = Event(), Event(), Event()

    def work() -> None:
        begun.set()
        go.wait(10)
        done.set()

    waiting = thread.run(work)
    await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    go.set()
    assert await thread.run(done.is_set)


async def test_the_end_waits_for_what_was_given() -> None:
    thread, done = WorkThread("ledger"), []
    for number in range(10):
        thread.run(lambda number=number: done.append(number))  # type: ignore[misc]
    thread.end()
    assert len(done) == 10
    await asyncio.sleep(0)


def test_a_loop_that_is_closed(thread: WorkThread) -> None:
    go = Event()

    async def give() -> None:
        thread.run(go.wait)

    asyncio.run(give())
    go.set()

    async def later() -> str:
        return await thread.run(lambda: "alive")

    assert asyncio.run(later()) == "alive"
