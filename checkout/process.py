"""The process of a server's worker: what it leaves behind, and when it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import Final

LOOK: Final = 1.0  # seconds between two looks at the parent
GRACE: Final = 35.0  # seconds for what is in flight, as the parent would have given


def no_core_dumps() -> None:
    """A crash must not write the memory, cards and all, to the disk. The workers inherit it."""
    try:
        import resource
    except ImportError:  # no Unix
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


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
