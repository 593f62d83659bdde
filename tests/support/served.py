"""`checkout serve` as an operator starts it, with several workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.killable_server import KillableServer
from tests.support.metrics import TOKEN
from tests.support.servers import Process, start, stop, wait_for


class Served:
    """`settings`: what it was started with; it is not started by that."""

    def __init__(self, settings: KillableServer, process: Process, log: Path) -> None:
        self.settings, self.process, self.log = settings, process, log
        self.url = settings.url

    def workers(self) -> set[int]:
        own = self.process.pid
        return set(map(int, Path(f"/proc/{own}/task/{own}/children").read_text().split()))


@contextmanager
def served(folder: Path, gateway: str, workers: int = 2, **environment: str) -> Iterator[Served]:
    """One until the block ends, once it is ready; with the operator's token of `metrics`."""
    settings = KillableServer(folder, gateway, top={"operator_token": TOKEN})
    how = ("--config", str(settings.config), "--port", str(settings.port))
    log = folder / "server.log"
    process = start(
        "-m", "checkout", "serve", *how, "--workers", str(workers), log=log, **environment
    )
    try:
        try:
            wait_for(f"{settings.url}/health/ready", process)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{log.read_text()}") from None
        yield Served(settings, process, log)
    finally:
        stop(process)
