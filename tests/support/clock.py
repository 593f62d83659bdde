"""Time that stands still until a test moves it."""

from __future__ import annotations

BEGINNING = 1_800_000_000.0  # January 2027


class Clock:
    """Seconds since 1970, for whatever takes a `clock`."""

    def __init__(self, now: float = BEGINNING) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds
