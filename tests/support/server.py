"""checkout in a process of its own, which a test may kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import httpx

from checkout.cli.keys import new_pair
from tests.support.bank import GATEWAY_SECRET, GATEWAY_SHOP

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = "361"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 40.0

# Seconds: all that waits for a dead process is short.
PACE: Final = {"claim": 0.5, "settle": 4.0, "sweep": 0.1, "query": 2.0, "letter_lease": 1.0}

SETTINGS: Final = """\
public_url = "http://127.0.0.1:{port}"
database = "sqlite:///{folder}/checkout.db"
secrets = ["{secret}"]
sandbox = true

[gateways.cards]
adapter = "overpay_cards"
base_url = "{gateway}"
shop_id = "{gateway_shop}"
secret_key = "{gateway_secret}"

[shops.{shop}]
name = "Demo shop"
secret_key = "{shop_secret}"
private_key = "file:shop.pem"
url = "http://127.0.0.1:{port}/"

[shops.{shop}.methods]
credit_card = "cards"

[limits]
declines_per_address_10min = 100000
declines_per_bin_10min = 100000
declines_per_shop_10min = 100000
payments_per_address_10min = 100000
openings_per_address_10min = 100000
submits_per_payment = 1000
"""


class Server:
    """Start it, kill it, start it again: the folder keeps its settings and its ledger."""

    def __init__(self, folder: Path, gateway: str, pace: Mapping[str, float] = PACE) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.shop_secret = token_hex(32)
        self._folder = folder
        self._pace = dict(pace)
        self._process: Process | None = None
        (folder / "shop.pem").write_text(new_pair()[0])
        (folder / "checkout.toml").write_text(
            SETTINGS.format(
                port=self.port,
                folder=folder.as_posix(),
                secret=token_hex(32),
                gateway=gateway,
                gateway_shop=GATEWAY_SHOP,
                gateway_secret=GATEWAY_SECRET,
                shop=SHOP,
                shop_secret=self.shop_secret,
            )
        )

    @property
    def log(self) -> str:
        return (self._folder / "server.log").read_text(errors="replace")

    def pids(self) -> list[int]:
        """The process and its workers, where the system tells."""
        assert self._process is not None
        own = self._process.pid
        workers = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, workers)]

    async def start(self, workers: int = 1) -> None:
        code = f"from tests.support.server import serve; serve({self.port}, {workers})"
        with (self._folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-c", code),
                cwd=ROOT,
                env=os.environ
                | {
                    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
                    "CHECKOUT_CONFIG": str(self._folder / "checkout.toml"),
                    "CHECKOUT_TEST_PACE": json.dumps(self._pace),
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while not await self._ready(client):
                assert self._process.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def kill(self) -> None:
        """As kill -9 does, with all its workers."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As an operator does; the exit code."""
        process = self._process
        if process is None or process.returncode is not None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await process.wait()
        except TimeoutError:
            await self.kill()
            raise

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        await process.wait()


@asynccontextmanager
async def open_server(folder: Path, gateway: str) -> AsyncIterator[Server]:
    server = Server(folder, gateway)
    try:
        yield server
    finally:
        await server.kill()


# --- In checkout's own process -------------------------------------------------------------------


def app() -> Any:
    """checkout as it is, but for its pace."""
    from checkout import log
    from checkout.app import create_app
    from checkout.flow.pace import Pace
    from checkout.gateways import OPTIONS
    from checkout.settings import load

    log.configure()
    settings = load(None, os.environ, OPTIONS)
    return create_app(settings, pace=Pace.of(json.loads(os.environ["CHECKOUT_TEST_PACE"])))


def serve(port: int, workers: int) -> None:
    from checkout.gateways import OPTIONS
    from checkout.ledger.store import migrate
    from checkout.listening import listen
    from checkout.settings import load

    migrate(load(None, os.environ, OPTIONS).database)
    listen("tests.support.server:app", host="127.0.0.1", port=port, workers=workers)


def interrupt() -> signal.Signals:
    """Ctrl-C's signal; SIGTERM where tests run in the background of a script, whose shell has
    switched Ctrl-C off for them and for all that they start."""
    off = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return signal.SIGTERM if off else signal.SIGINT
