"""Whether work grows no faster than what it is done on: at twice the size at most 2.2 times the
processor's time and the memory.

    check(lambda size: lambda: read("x" * size), 32_768)

Noise is no failure: times are the least of several runs, what takes next to nothing is let be, and
what looks too slow is measured again, also at other sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.support.cpu_and_memory import peak, seconds

Work = Callable[[], Any]
Prepare = Callable[[int], Work]  # of a size in bytes; what it takes to make the input is no part

RATIO: Final = 2.2
SHORT: Final = 0.008  # seconds: less is not worth a look
SLACK: Final = 0.001
SECONDS_A_KILOBYTE: Final = 0.002
SMALL: Final = 512 * 1024  # bytes
BYTES_A_BYTE: Final = 250  # of what is read: a percent sign of a form takes as many for a while
RUNS: Final = 3
SIZES: Final = (1.0, 0.7, 1.3)  # a table that doubles at one size doubles nothing at another


class TooMuch(AssertionError):
    pass


def check(prepare: Prepare, size: int, *, memory: bool = True) -> float:
    """`size`: of the larger input; without `memory` its time alone. Returns how long a kilobyte
    takes, in seconds. Raises TooMuch."""
    once = seconds(prepare(size), runs=1)
    if once > SHORT:
        _check_each("seconds", lambda work: seconds(work, RUNS), prepare, size, SLACK)
        _check_cost(seconds(prepare(size), RUNS), size)
    if memory and peak(prepare(size)) > SMALL:
        _check_each("bytes", lambda work: float(peak(work)), prepare, size, SMALL / 8)
        taken = peak(prepare(size))
        if taken > SMALL + BYTES_A_BYTE * size:
            raise TooMuch(f"{taken / 2**20:.0f} MB for {size} bytes")
    return once / (size / 1024)


def _check_each(
    unit: str, measure: Callable[[Work], float], prepare: Prepare, size: int, slack: float
) -> None:
    seen = []
    for half, whole in _pairs(size):
        one, two = measure(prepare(half)), measure(prepare(whole))
        if two <= RATIO * one + slack:
            return
        seen.append(f"{one:.6g} -> {two:.6g}")
    raise TooMuch(f"{unit} at twice the size: {', '.join(seen)}")


def _pairs(size: int) -> Iterator[tuple[int, int]]:
    for share in SIZES:
        yield int(size * share / 2), int(size * share)


def _check_cost(spent: float, size: int) -> None:
    if spent > SLACK + SECONDS_A_KILOBYTE * size / 1024:
        raise TooMuch(f"{spent * 1000:.0f} ms for {size} bytes")
