"""Memory with a ceiling: a sandbox that runs for weeks must not grow."""

from __future__ import annotations

from typing import TypeVar

CAP = 10_000
"""How many of anything are remembered; the oldest is forgotten first."""

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V]):
    """A dict of at most `CAP` entries; a new one beyond that pushes out the oldest."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > CAP:
            del self[next(iter(self))]
