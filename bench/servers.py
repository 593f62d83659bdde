"""What is measured, as processes on loopback: the whole server as an operator starts it, the bare
handler on the same kind of server, the gateway. All end with the block, by their ids."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.support.servers import Process, free_port, running, wait_for
from tests.support.settings import SHOP, UNLIMITED, Table, overpay, shop, write_settings

START_SECONDS: Final = 120.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Server(Struct, frozen=True):
    """A server that runs: a parent and its workers. `secret`: of checkout's shop."""

    url: str
    process: Process
    secret: str = ""
    workers: int = 1

    def memory(self) -> list[float]:
        """MiB of the parent and of each worker; empty where the system does not tell."""
        return [_resident(pid) for pid in self._pids()]

    def cpu(self) -> float:
        """Seconds of the processor that its workers have used; 0 where the system does not tell."""
        return sum(map(_cpu, self._pids()[1:]))

    def _pids(self) -> list[int]:
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children")
        return [own, *map(int, children.read_text().split())] if children.exists() else []


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1024**2


def _cpu(pid: int) -> float:
    """Of its threads that are still there, which is all of a worker's: to the nanosecond, where the
    process's own count goes in hundredths of a second."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # it has ended, or the system does not count
            spent += int((thread / "schedstat").read_text().split()[0])
    return spent / 1e9


@contextmanager
def gateway(charge: float = 0.0, query: float = 0.0) -> Iterator[str]:
    """The gateway's origin; `charge` and `query`: seconds until it answers."""
    port = free_port()
    words = ("-m", "bench.gateway", str(port), "--charge", str(charge), "--query", str(query))
    with running(*words) as process:
        wait_for(f"http://127.0.0.1:{port}/told", process)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def bare() -> Iterator[Server]:
    """The bare handler on one worker."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    code = "from checkout.listening import listen; "
    code += f"listen('bench.server:bare', host='127.0.0.1', port={port})"
    with running("-c", code) as process:
        wait_for(url, process)
        yield Server(url, process)


@contextmanager
def checkout(
    folder: Path, gateway: str, *, workers: int = 1, database: str | None = None
) -> Iterator[Server]:
    """`checkout serve` with one shop that takes cards by `gateway`, behind a trusted proxy on
    loopback; its ledger is in `folder`, or `database`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    ours = shop(f"{url}/", {"credit_card": "cards"})
    tables: Table = {
        "trusted_proxies": ["127.0.0.0/8"],
        "gateways": {"cards": overpay(gateway)},
        "shops": {SHOP: ours},
        "limits": dict.fromkeys(UNLIMITED, 1_000_000)
        | {"requests_per_address": 100_000, "requests_per_shop": 100_000},
    }
    if database is not None:
        tables["database"] = database
    config = write_settings(folder, url, tables)
    serve = ("-m", "checkout", "serve", "--port", str(port), "--workers", str(workers))
    log = folder / "server.log"
    with running(*serve, log=log, CHECKOUT_CONFIG=str(config)) as process:
        wait_for(f"{url}/health/ready", process, START_SECONDS)
        yield Server(url, process, ours["secret_key"], workers)
