"""Metrics that all workers of a server share: whichever answers `/metrics` tells of all.

The process that starts the workers makes a folder of its own, in memory where the system has that.
Each worker takes the first free place in it and counts in that place's files (prometheus-client's
own format), mapped into memory: not even `kill -9` loses a count. A later worker that gets the
place counts on from there, so that no counter ever goes back and the files stay as many as the
workers that ran at once. What a worker says of itself (gauges) ends with the worker.

Only the standard library is loaded here before a worker asks for more: the process that starts the
workers imports this too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # of the environment; prometheus-client reads it too
PREFIX: Final = "checkout-metrics-"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it is made with mode 0700
OWNER: Final = "owner"  # the file that the server holds while it runs, with its process id
ALERTS: Final = "alerts"  # the file of those of the server's own process
MOST: Final = 256  # places
# Bytes of a place's files at the start. They are really there: a full disk must not end a worker
# that writes into its mapped memory.
SIZES: Final = {
    "counter": 256 * 1024,
    "histogram": 512 * 1024,
    "gauge_livesum": 64 * 1024,
    "gauge_livemin": 64 * 1024,
}

_held: list[IO[bytes]] = []  # of this worker: its place is taken as long as this is open


@contextmanager
def folder() -> Iterator[Path | None]:
    """A folder for the metrics of one server, named in the environment; away at its end. None
    where there can be none: then each worker tells of itself."""
    os.environ.pop(FOLDER, None)
    with ExitStack() as until_the_end:
        try:
            made = _made(until_the_end)
        except (ImportError, OSError):  # no Unix; nowhere to write
            yield None
            return
        os.environ[FOLDER] = str(made)
        try:
            yield made
        finally:
            os.environ.pop(FOLDER, None)


def home() -> Path:
    """Where the folders of servers are. Raises OSError."""
    return MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())


def _made(until_the_end: ExitStack) -> Path:
    import fcntl

    _remove_abandoned(home())
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home()))
    until_the_end.callback(shutil.rmtree, made, ignore_errors=True)
    owner = until_the_end.enter_context((made / OWNER).open("wb"))
    fcntl.flock(owner, fcntl.LOCK_EX)
    owner.write(b"%d\n" % os.getpid())
    owner.flush()
    return made


def _remove_abandoned(place: Path) -> None:
    """Folders of servers that were killed."""
    for each in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's
            if not is_held(each / OWNER):
                shutil.rmtree(each, ignore_errors=True)


def is_held(path: Path) -> bool:
    """Whether a living process holds the file. Raises OSError where it can't be opened."""
    import fcntl

    with path.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def count_alert(kind: str) -> None:
    """In the process that starts the workers: it has no metrics of its own. Its alerts are lines
    of a file, which workers add to theirs."""
    if named := os.environ.get(FOLDER):
        with suppress(OSError), (Path(named) / ALERTS).open("a") as told:
            told.write(f"{kind}\n")


def join() -> bool:
    """In a worker, before any metric is made: count in the server's folder. Whether it does."""
    named = os.environ.get(FOLDER)
    if named is None:
        return False
    try:
        place = _take_place(Path(named))
    except (ImportError, OSError):
        place = None
    if place is None:
        del os.environ[FOLDER]
        return False
    from prometheus_client import values

    made: Any = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]
    values.ValueClass = made
    return True


def _take_place(shared: Path) -> int | None:
    import fcntl

    for place in range(MOST):
        taken = (shared / f"{place}.place").open("ab")
        try:
            fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            taken.close()
            continue
        _held.append(taken)
        for gauges in _gauges(shared, place):
            gauges.unlink()
        for kind, size in SIZES.items():
            _reserve(shared / f"{kind}_{place}.db", size)
        return place
    return None


def _gauges(shared: Path, place: int) -> list[Path]:
    return list(shared.glob(f"gauge_*_{place}.db"))


def _reserve(path: Path, size: int) -> None:
    with path.open("ab") as opened:
        now = os.fstat(opened.fileno()).st_size
        # What exists is read by its size, which may have grown.
        os.posix_fallocate(opened.fileno(), 0, max(now, size))


def reserve() -> None:
    """Once all that is known in advance is there: what the files have grown to is really there."""
    if is_shared():
        place = Path(_held[0].name).stem
        for each in Path(os.environ[FOLDER]).glob(f"*_{place}.db"):
            with suppress(OSError):
                _reserve(each, 0)


def is_shared() -> bool:
    return bool(_held)


def registry() -> CollectorRegistry:
    """The metrics of all workers, those that ended included; of one alone where it is alone. It
    reads files: not for the event loop."""
    from prometheus_client import REGISTRY, CollectorRegistry

    if not is_shared():
        return REGISTRY
    found = CollectorRegistry()
    found.register(_Shared(Path(os.environ[FOLDER])))
    return found


class _Shared:
    """A collector over the folder."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily
        from prometheus_client.multiprocess import MultiProcessCollector

        places = list(self._shared.glob("*.place"))
        ended = {each.stem for each in places if not is_held(each)}
        files = [str(each) for each in self._shared.glob("*.db") if not _is_of(each, ended)]
        for metric in MultiProcessCollector.merge(files):  # type: ignore[no-untyped-call]
            if metric.name == "checkout_alerts":
                self._add_alerts(metric)
            yield metric
        alive = len(places) - len(ended)
        yield GaugeMetricFamily("checkout_workers", "Workers that run", value=alive)

    def _add_alerts(self, metric: Metric) -> None:
        """Those of the process that started the workers."""
        try:
            kinds = Counter((self._shared / ALERTS).read_text().split())
        except FileNotFoundError:
            return
        metric.samples = [
            each._replace(value=each.value + kinds[each.labels["kind"]]) for each in metric.samples
        ]


def _is_of(path: Path, ended: set[str]) -> bool:
    """Whether it holds the gauges of a worker that ended."""
    return path.stem.startswith("gauge_") and path.stem.rpartition("_")[2] in ended
