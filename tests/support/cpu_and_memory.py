"""How much work something is: the processor's time, and memory at its peak.

The garbage collector is held meanwhile: what it takes depends on all that is in memory.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def uncollected() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(work: Callable[[], Any], runs: int = 3) -> float:
    """Of this process's time, the least of several runs: what others do meanwhile is no part."""
    with uncollected():
        return min(_once(work) for _ in range(runs))


def _once(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


async def seconds_of(work: Callable[[], Awaitable[T]], runs: int = 3) -> tuple[float, T]:
    """The same of a coroutine, with what it came to at last."""

    async def once() -> tuple[float, T]:
        began = time.process_time()
        answer = await work()
        return time.process_time() - began, answer

    with uncollected():
        found = [await once() for _ in range(runs)]
    return min(seconds for seconds, _ in found), found[-1][1]


def peak(work: Callable[[], Any]) -> int:
    """Bytes that Python has taken at once, beyond what it had before."""
    with uncollected():
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


async def peak_of(work: Callable[[], Awaitable[Any]]) -> int:
    with uncollected():
        tracemalloc.start()
        try:
            await work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
