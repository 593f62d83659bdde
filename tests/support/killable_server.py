"""checkout in a process of its own, which a test may kill and start again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.support import servers
from tests.support.honest_gateway import GATEWAY_SECRET, GATEWAY_SHOP
from tests.support.settings import SHOP, UNLIMITED, overpay, shop, write_settings

STOP_SECONDS: Final = 40.0

# Seconds: all that waits for a dead process is short.
PACE: Final = {
    "answer_timeout": 0.5,
    "settle_window": 4.0,
    "recovery_interval": 0.1,
    "query_timeout": 2.0,
    "webhook_lease": 1.0,
}


class KillableServer:
    """Start it, kill it, start it again: the folder keeps its settings, and its ledger where
    `database` names no other."""

    def __init__(
        self,
        folder: Path,
        gateway: str,
        schedule: Mapping[str, float] = PACE,
        *,
        database: str | None = None,
        options: Mapping[str, Any] = MappingProxyType({}),
        top: Mapping[str, Any] = MappingProxyType({}),
        clock: Path | None = None,
    ) -> None:
        """`gateway`: its address; `options`: more of its account; `top`: more settings; `clock`:
        the file of a `SteppedClock`."""
        self.port = servers.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        ours = shop(f"{self.url}/", {"credit_card": "cards"})
        self.shop_secret: str = ours["secret_key"]
        self._log = folder / "server.log"
        self._schedule = dict(schedule)
        self._clock = None if clock is None else str(clock)
        self._process: servers.Process | None = None
        cards = overpay(gateway, shop_id=GATEWAY_SHOP, secret_key=GATEWAY_SECRET, **options)
        tables = dict(top) | {
            "gateways": {"cards": cards},
            "shops": {SHOP: ours},
            "limits": UNLIMITED | {"submits_per_payment": 1000},
        }
        if database:
            tables["database"] = database
        self.config = write_settings(folder, self.url, tables)

    def another(self) -> KillableServer:
        """A second one over the same settings and ledger, on a port of its own."""
        other = copy(self)
        other.port = servers.free_port()
        other.url = f"http://127.0.0.1:{other.port}"
        other._process = None
        other._log = self._log.with_stem(f"server-{other.port}")
        return other

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def pids(self) -> list[int]:
        """The process and its workers, where the system tells."""
        assert self._process is not None
        own = self._process.pid
        workers = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, workers)]

    async def start(self, workers: int = 1) -> None:
        how: dict[str, Any] = {"schedule": self._schedule, "workers": workers, "grace": 35}
        how["clock"] = self._clock
        self._process = servers.start_checkout(self.config, self.port, self._log, **how)
        ready = f"{self.url}/health/ready"
        await asyncio.to_thread(servers.wait_for, ready, self._process)

    async def kill(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(servers.kill, self._process)

    async def stop(self) -> int:
        """As an operator does; the exit code."""
        assert self._process is not None
        return await asyncio.to_thread(servers.stop, self._process, STOP_SECONDS)


@asynccontextmanager
async def open_killable_server(
    folder: Path, gateway: str, database: str | None = None
) -> AsyncIterator[KillableServer]:
    server = KillableServer(folder, gateway, database=database)
    try:
        yield server
    finally:
        await server.kill()
