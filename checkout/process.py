"""A server process: its memory and files are private, and a worker ends with its parent."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PR_SET_DUMPABLE: Final = 4  # of linux/prctl.h
PRIVATE: Final = 0o600  # the mode of a file
OTHERS: Final = 0o077  # what others than its owner may do to one
INTERVAL: Final = 1.0  # seconds between two checks of the parent
GRACE: Final = 35.0  # seconds for what is in flight, as the parent would have given


def keep_private() -> None:
    """Protects the process's memory, which may contain cards: a crash writes no core file, no other
    process of the same user reads it (ptrace, /proc/PID/mem), and new files are only for their
    owner. Children inherit all but the second, which each sets for itself."""
    try:
        import resource
    except ImportError:  # no Unix
        return
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def kept_out(*names: str) -> Iterator[None]:
    """Modules that are not loaded yet can't be until the block ends: for libraries that load others
    where they are installed. None in `sys.modules` is Python's own way to say that there is no such
    module."""
    out = [name for name in names if name not in sys.modules]
    try:
        for name in out:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in out:
            del sys.modules[name]


def write_private(path: Path, text: str) -> None:
    """Creates or replaces a file that is only for its owner from the beginning."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w") as made:
        made.write(text)


def make_private(path: Path) -> None:
    """Makes an existing or a new, empty file only for its owner. Raises OSError."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    except FileExistsError:
        if path.stat().st_mode & OTHERS:
            path.chmod(PRIVATE)


def end_with_parent(interval: float = INTERVAL, grace: float = GRACE) -> None:
    """In a worker that does not serve yet: end when the process that started it is gone, however
    that ended.

    A parent that was killed (out of memory, by an operator) can't stop its workers. They would keep
    the port and the old settings, and answer beside the next server.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        # Until it serves, a forked worker has its parent's handler, which would swallow the signal.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        watch = (parent.pid, interval, grace)
        threading.Thread(target=_watch, args=watch, name="parent", daemon=True).start()


def _watch(parent: int | None, interval: float, grace: float) -> None:
    """Ends the process when its parent changes: the system gives an orphan another one."""
    while os.getppid() == parent:
        time.sleep(interval)
    os.kill(os.getpid(), signal.SIGTERM)  # a graceful stop, as the parent would send it
    time.sleep(grace)
    os._exit(1)
