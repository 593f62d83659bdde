"""A fair turn among the processes that write to one SQLite database.

SQLite's own waiting is a lottery: who waits sleeps ever longer, and who has just written begins
again at once. Here whoever waits is next: it holds one lock (`next`) while it waits for the other
(`turn`), so that the process that gives the turn away comes after it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from checkout.process import PRIVATE

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_UN, flock
else:  # SQLite's own waiting decides
    LOCK_EX = LOCK_UN = 0

    def flock(fd: int, operation: int, /) -> None: ...


class Turn:
    """Two lock files beside the database. The system gives both away when a process dies."""

    def __init__(self, database: Path) -> None:
        """Raises OSError."""
        self._next = open_lock(database, "-next")
        try:
            self._turn = open_lock(database, "-turn")
        except OSError:
            os.close(self._next)
            raise

    def take(self) -> None:
        """Block until it is ours."""
        flock(self._next, LOCK_EX)
        try:
            flock(self._turn, LOCK_EX)
        finally:
            flock(self._next, LOCK_UN)

    def give(self) -> None:
        flock(self._turn, LOCK_UN)

    def close(self) -> None:
        os.close(self._next)
        os.close(self._turn)


def open_lock(database: Path, end: str) -> int:
    """A lock file beside the database, which stays: to remove it would let two hold it. Raises
    OSError."""
    found = os.open(f"{database}{end}", os.O_RDWR | os.O_CREAT, PRIVATE)
    # A command that root runs must not lock the server out.
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = database.stat()
        os.fchown(found, owner.st_uid, owner.st_gid)
    return found
