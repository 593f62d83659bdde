"""A clock that a test sets for processes that run: the machine's, and so many seconds."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path
from typing import Final

SECONDS: Final = struct.Struct("d")


class SteppedClock:
    """Of all processes that open the same file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), SECONDS.size)

    def __call__(self) -> float:
        return time.time() + self.ahead

    @property
    def ahead(self) -> float:
        found: float = SECONDS.unpack(self._ahead[: SECONDS.size])[0]
        return found

    def step(self, seconds: float) -> None:
        """Forward, or back where it is negative."""
        self._ahead[: SECONDS.size] = SECONDS.pack(self.ahead + seconds)
