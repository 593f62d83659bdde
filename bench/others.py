"""How much of the machine others took while something was measured: a time says nothing on a busy
machine, and a ratio of two rates little. Bytes and the processor's time are `steady`."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bench.figures import CORES, Figure

MOST: Final = 0.1  # of the processors
_STAT: Final = Path("/proc/stat")
_BUSY: Final = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal


class Watch:
    """From its making on."""

    def __init__(self) -> None:
        self._began, self._busy, self._ours = time.monotonic(), _busy(), _ours()

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def share(self) -> float:
        """Of all processors, what others took; 0 where the system does not tell. Asked once our
        processes have ended, as the system counts them then."""
        others = (_busy() - self._busy) - (_ours() - self._ours)
        return max(others, 0.0) / (self.seconds() * CORES)

    def judged(self, figures: Iterable[Figure]) -> list[Figure]:
        """The same figures; where others took too much, only those that are steady are judged."""
        share = self.share()
        if share <= MOST:
            return list(figures)
        why = f"others took {share:.0%} of the machine"
        return [
            each if each.steady or not each.target else replace(each, unjudged=each.unjudged or why)
            for each in figures
        ]


def _busy() -> float:
    """Seconds in which a processor was not idle, of all together."""
    if not _STAT.exists():
        return 0.0
    counted = _STAT.read_text().splitlines()[0].split()[1:]
    return sum(int(counted[place]) for place in _BUSY) / os.sysconf("SC_CLK_TCK")


def _ours() -> float:
    """Seconds of this process, and of those that it started and that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)
