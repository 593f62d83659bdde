"""What is measured, and what it should reach."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

# That we may use.
CORES: Final = (
    len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
)
HALF: Final = 2.0  # how much worse than its target a figure of `--quick` may be


class Figure(Struct, frozen=True):
    """One figure. `least` and `most` are what it has to reach; `unjudged`: why it is only shown on
    this machine. `steady`: it is the same on a busy one, as bytes and processor time are."""

    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    unjudged: str = ""
    steady: bool = False

    def met(self, slack: float = 1.0) -> bool:
        """Whether its target is reached, or missed by no more than `slack` times."""
        if self.unjudged:
            return True
        enough = self.least is None or self.value >= self.least / slack
        return enough and (self.most is None or self.value <= self.most * slack)

    @property
    def target(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}"
        return "" if self.most is None else f"<= {self.most:g}"

    def verdict(self, slack: float = 1.0) -> str:
        return self.unjudged or ("" if not self.target else "met" if self.met(slack) else "MISSED")


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of them are."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def median_ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios of single rounds: a machine that is slower for a while is slower for
    both sides."""
    return statistics.median(one / other for one, other in zip(of, to, strict=True))


def by_cpu(of: Sequence[float], to: Sequence[float], least: float) -> Iterator[Figure]:
    """The ratio of two rates, of what the workers' processors spent on each: `of` as much as `to`
    is 1. Nothing where the system does not tell."""
    if any(of):
        ratio = median_ratio(to, of)
        yield Figure("  the same by the workers' CPU", ratio, least=least, steady=True)


def crowded(processes: int) -> str:
    """Why a figure is not judged that needs so many processes at once; "" where each has a core."""
    return "" if processes <= CORES else f"needs {processes} cores, here {CORES}"
