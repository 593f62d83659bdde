"""`checkout reload` and SIGHUP: nobody notices, and wrong settings change nothing."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import servers
from tests.support.fake_network import FakeNetwork, open_fake_network
from tests.support.form_customer import FormCustomer
from tests.support.killable_server import KillableServer
from tests.support.servers import ROOT
from tests.support.settings import SHOP

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="such sockets are Linux's")

NAME = 'name = "Demo shop"'
ORDER = {
    "checkout": {
        "transaction_type": "payment",
        "order": {"amount": 100, "currency": "EUR", "description": "One"},
    }
}
TOKEN = secrets.token_urlsafe(32)
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
DRAINED = 2.5  # seconds after which a worker that was replaced is gone


class Served(KillableServer):
    """The command itself, in production's pace."""

    async def start(self, workers: int = 1) -> None:
        arguments = ["--config", str(self.config), "--port", str(self.port)]
        command = ("-m", "checkout", "serve", *arguments, "--workers", str(workers))
        self._process = servers.start(*command, log=self._log)
        ready = f"{self.url}/health/ready"
        await asyncio.to_thread(servers.wait_for, ready, self._process)

    async def reload(self) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "checkout", "reload", "--config", str(self.config)],
            capture_output=True, text=True, timeout=100, cwd=ROOT, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def change(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new, 1))

    async def metrics(self) -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.url}/metrics", headers=OPERATOR)).text

    def append_secret(self) -> None:
        (old,) = re.findall(r'^secrets = .*"(.*)"]', self.config.read_text(), re.MULTILINE)
        self.change(f'"{old}"', f'"{old}", "{secrets.token_hex(32)}"')

    def hang_up(self) -> None:
        os.kill(self.pids()[0], signal.SIGHUP)

    async def says(self, word: str, times: int = 1) -> None:
        for _ in range(600):
            if self.log.count(word) >= times:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{word} is not in {self.log}")


@pytest.fixture
async def network() -> AsyncIterator[FakeNetwork]:
    async with open_fake_network() as opened:
        yield opened


@pytest.fixture
async def server(tmp_path: Path, network: FakeNetwork) -> AsyncIterator[Served]:
    server = Served(tmp_path, network.url, top={"operator_token": TOKEN})
    try:
        yield server
    finally:
        await server.kill()


class Crowd:
    """Callers until told otherwise; `seen`: their answers' statuses, or what they got instead."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()

    def keeps(self, method: str, url: str, *, connection: bool, **how: Any) -> None:
        """A caller with one kept `connection`, or with a new one each time."""
        self._tasks.append(asyncio.create_task(self._call(method, url, connection, how)))

    async def _call(self, method: str, url: str, connection: bool, how: Any) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if connection else 0)
        async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
            while not self._over.is_set():
                try:
                    answer = await client.request(method, url, **how)
                    self.seen[f"{method} {answer.status_code}"] += 1
                except httpx.TransportError as error:
                    self.seen[f"{method} {type(error).__name__} kept={connection}"] += 1
                await asyncio.sleep(0.005)

    async def ends(self) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("workers", [1, 2])
async def test_nobody_notices(server: Served, network: FakeNetwork, workers: int) -> None:
    await server.start(workers)
    before = server.pids()
    crowd = Crowd()
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        visitor = FormCustomer(server, client, f"{network.url}/webhooks")
        bought, waiting = await visitor.buy(), await visitor.buy()
        form = await visitor.form(bought)
        assert form
        network.open.clear()
        paying = asyncio.create_task(visitor.press_pay(form))
        await network.charged.wait()
        api, auth = f"{server.url}/ctp/api/checkouts", (SHOP, server.shop_secret)
        for connection in (True, False):
            crowd.keeps("GET", f"{waiting.page}/status", connection=connection)
            crowd.keeps("GET", waiting.page, connection=connection)
            crowd.keeps("POST", api, connection=connection, json=ORDER, auth=auth)
        server.change(NAME, 'name = "Another name"')
        if workers > 1:  # the old ones don't know what it signs: it signs once all know it
            server.append_secret()
        done = await server.reload()
        assert done.returncode == 0, done.stderr
        assert "Reloaded" in done.stdout
        network.open.set()
        await asyncio.wait_for(paying, 60)
        for _ in range(300):
            if await visitor.status(bought) == "successful":
                break
            await asyncio.sleep(0.1)
        assert await visitor.status(bought) == "successful"
        assert len(network.bank.transactions) == 1
        await asyncio.sleep(DRAINED)
        await crowd.ends()
        assert "Another name" in (await client.get(waiting.page)).text
    assert {each.split()[1] for each in crowd.seen} <= {"200", "201"}, crowd.seen
    assert crowd.seen.total() > 100
    after = server.pids()
    assert after[0] == before[0]
    assert not set(after[1:]) & set(before[1:])
    assert len(after) == workers + 1
    rounds = 2 if workers > 1 else 1
    assert server.log.count("Spawning worker") == workers * (1 + rounds)


async def test_a_typo_ends_nothing(server: Served) -> None:
    """Neither the server, nor a worker that comes back later."""
    await server.start()
    good = server.config.read_text()
    server.config.write_text("nonsense = 1\n" + good)
    done = await server.reload()
    assert done.returncode == 1
    assert "nonsense: is unknown" in done.stderr
    assert "goes on with the settings that it had" in done.stderr
    server.hang_up()
    await server.says('"event": "reload.refused"', 2)
    os.kill(server.pids()[1], signal.SIGKILL)
    await server.says('"event": "worker.ended"')
    ready = f"{server.url}/health/ready"
    await asyncio.to_thread(servers.wait_for, ready)
    for kind, count in (("reload.refused", 2), ("worker.ended", 1)):
        counted = f'checkout_alerts_total{{kind="{kind}"}} {count}.0'
        assert counted in await server.metrics()
    server.config.write_text(good.replace("checkout.db", "other.db"))
    done = await server.reload()
    assert (done.returncode, "database: can't change" in done.stderr) == (1, True)
    # Settings that can be read, and that no worker starts with.
    text = good.replace("[limits]", '[limits]\nchallenge = "none_such"')
    server.config.write_text(text)
    workers = server.pids()
    done = await server.reload()
    assert done.returncode == 1
    assert "limits.challenge: must be one of" in done.stderr
    assert server.pids() == workers
    server.config.write_text(good)
    server.hang_up()
    await server.says('"event": "reload.done"')
    for told in good.splitlines():
        if "secret" in told or "key" in told:
            assert told.split('"')[1] not in server.log


async def test_without_a_server(server: Served) -> None:
    done = await server.reload()
    assert done.returncode == 1
    assert "No server of" in done.stderr
