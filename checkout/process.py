"""A server process: its memory and files are private, and a worker ends with its parent."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

PR_SET_DUMPABLE: Final = 4  # of linux/prctl.h
PRIVATE: Final = 0o600  # the mode of a file
OTHERS: Final = 0o077  # what others than its owner may do to one
LOOK: Final = 1.0  # seconds between two looks at the parent
GRACE: Final = 35.0  # seconds for what is in flight, as the parent would have given


def keep_private() -> None:
    """What this process knows, cards and all, is for nobody else: a crash writes no memory to the
    disk, no other process of the same user reads it (ptrace, /proc/PID/mem), and its files are for
    their owner alone. Children inherit it but for the memory: each says so itself."""
    try:
        import resource
    except ImportError:  # no Unix
        return
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def write_private(path: Path, text: str) -> None:
    """A file for its owner alone from its first moment on, in the place of one that is there."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w") as made:
        made.write(text)


def make_private(path: Path) -> None:
    """An existing file likewise, or a new and empty one. Raises OSError."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    except FileExistsError:
        if path.stat().st_mode & OTHERS:
            path.chmod(PRIVATE)


def end_with_parent(look: float = LOOK, grace: float = GRACE) -> None:
    """In a worker: end when the process that started it is gone, however that ended.

    One that was killed outright (no memory left, an impatient operator) can't tell its workers.
    They would keep the port and the old settings, and answer beside the next start.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = (parent.pid, look, grace)
        threading.Thread(target=_watch, args=watch, name="parent", daemon=True).start()


def _watch(parent: int | None, look: float, grace: float) -> None:
    """The system gives an orphan another parent."""
    while os.getppid() == parent:
        time.sleep(look)
    os.kill(os.getpid(), signal.SIGTERM)  # what the parent says to end it: in peace
    time.sleep(grace)
    os._exit(1)
