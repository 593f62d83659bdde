"""`checkout serve` whose own process is killed: its workers end too, and the port is free."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.support.killable_server import KillableServer
from tests.support.polling import wait_until
from tests.support.servers import Process, start
from tests.support.settings import NOBODY

PROC = Path("/proc/self/task")

pytestmark = pytest.mark.skipif(not PROC.exists(), reason="no /proc here")


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def is_alive(pid: int) -> bool:
    """Zombies are dead, though nobody may have buried them yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Process, str]]:
    settings = KillableServer(tmp_path, NOBODY)  # writes a settings file; is not started
    arguments = ["--config", str(tmp_path / "checkout.toml"), "--port", str(settings.port)]
    process = start("-m", "checkout", "serve", *arguments, "--workers", "2", log=tmp_path / "log")
    yield process, settings.url
    with suppress(ProcessLookupError):  # whoever is left of its session
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_workers_end_with_their_parent(served: tuple[Process, str]) -> None:
    process, url = served
    wait_until(lambda: answers(url) and len(children(process.pid)) >= 2)
    workers = children(process.pid)
    process.kill()  # as the kernel does when memory runs out: no handler runs
    process.wait()
    wait_until(lambda: not any(map(is_alive, workers)))
    with socket.socket() as found:  # no SO_REUSEADDR, as nobody listens any more
        port = int(url.rpartition(":")[2])
        wait_until(lambda: not answers(url))
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", port))


# A parent whose handler of SIGTERM its forked worker has too, until that serves.
STARTING = """
import multiprocessing, signal, time
from checkout.process import end_with_parent

def work(pipe):
    end_with_parent(interval=0.1, grace=60)
    pipe.send(multiprocessing.current_process().pid)
    time.sleep(60)

signal.signal(signal.SIGTERM, lambda *_: None)
ours, theirs = multiprocessing.Pipe()
multiprocessing.get_context("fork").Process(target=work, args=(theirs,)).start()
print(ours.recv(), flush=True)
time.sleep(60)
"""


def test_a_worker_that_is_still_starting_ends_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start("-c", STARTING, log=log)
    wait_until(lambda: log.read_text().endswith("\n"))
    worker = int(log.read_text())
    assert is_alive(worker)
    process.kill()
    process.wait()
    wait_until(lambda: not is_alive(worker))
