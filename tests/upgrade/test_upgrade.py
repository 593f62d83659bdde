"""An upgrade and the way back while customers pay: the last release's own code beside this one, on
one database. `make test` has a short one; `make upgrade` takes CHECKOUT_UPGRADE seconds a step."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support import servers
from tests.support.databases import BACKENDS, empty_database
from tests.support.fake_network import FakeNetwork, open_fake_network
from tests.support.form_customer import Bought, FormCustomer
from tests.support.killable_server import KillableServer
from tests.support.servers import ROOT

SECONDS: Final = float(os.environ.get("CHECKOUT_UPGRADE", "0.7"))
PAYERS: Final = 3
# 0.1.0 as it was before migrations had to be asked for.
LAST: Final = "acbd50f4539ad5e18ec2888e9970f35b59a478d2"
OF_IT: Final = ("checkout", "templates", "static")


@pytest.fixture(scope="module")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its code, out of the repository's history."""
    done = subprocess.run(
        ["git", "archive", LAST, *OF_IT], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"*** NO HISTORY: {LAST[:8]} is not in this clone, so no upgrade is tried ***")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Release:
    """A server of one release, over the settings of `server`."""

    def __init__(self, server: KillableServer, code: Path) -> None:
        self.server = server.another()
        self._code = str(code)
        self._process: servers.Process | None = None

    async def start(self) -> None:
        """Until it is ready."""
        log = self.server.config.with_name(f"server-{self.server.port}.log")
        command = ("-m", "checkout", "serve", "--config", str(self.server.config))
        path = os.pathsep.join([self._code, *sys.path])
        self._process = servers.start(
            *command, "--port", str(self.server.port), log=log, PYTHONPATH=path
        )
        try:
            ready = f"{self.server.url}/health/ready"
            await asyncio.to_thread(servers.wait_for, ready, self._process, 60)
        except AssertionError as error:
            raise AssertionError(f"{error}: {log.read_text()[-3000:]}") from None

    async def stop(self) -> None:
        if self._process is not None:
            assert await asyncio.to_thread(servers.stop, self._process) == 0
            self._process = None


class Load:
    """Payers who go to the servers that are `up`, in turn, one payment after the other."""

    def __init__(self, client: httpx.AsyncClient, network: FakeNetwork) -> None:
        self.up: list[Release] = []
        self.bought: list[Bought] = []
        self.by_port = Counter[int]()
        self.ends = False
        self._client, self._webhooks = client, f"{network.url}/webhooks"

    async def pay(self) -> None:
        turn = 0
        while not self.ends:
            turn += 1
            release = self.up[turn % len(self.up)]
            visitor = FormCustomer(release.server, self._client, self._webhooks)
            bought = await visitor.buy()
            self.bought.append(bought)
            form = await visitor.form(bought)
            assert form
            # Any server takes what another has begun.
            other = self.up[(turn + 1) % len(self.up)].server
            address = form[0].replace(release.server.url, other.url)
            answer = await visitor.press_pay((address, form[1]))
            assert answer.status_code == 303, answer.text
            self.by_port[release.server.port] += 1

    async def take_away(self, release: Release) -> None:
        """As from a proxy: then it is ended."""
        self.up = [each for each in self.up if each is not release]
        await asyncio.sleep(0.5)
        await release.stop()


@asynccontextmanager
async def paying(load: Load) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as payers:
        for _ in range(PAYERS):
            payers.create_task(load.pay())
        yield
        load.ends = True


def migrate(config: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "checkout", "migrate", "--config", str(config)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("backend", BACKENDS)
async def test_there_and_back(backend: str, tmp_path: Path, last_release: Path) -> None:
    begun = time.monotonic()
    with empty_database(backend, tmp_path) as url:
        async with (
            open_fake_network() as network,
            httpx.AsyncClient(trust_env=False, timeout=30) as client,
        ):
            settings = KillableServer(tmp_path, network.url, database=url)
            old, new = Release(settings, last_release), Release(settings, ROOT)
            load = Load(client, network)
            try:
                await old.start()  # it makes its schema by itself
                load.up = [old]
                async with paying(load):
                    await asyncio.sleep(SECONDS)
                    assert "0015" in await asyncio.to_thread(migrate, settings.config)
                    await asyncio.sleep(SECONDS)  # the old one on the new schema
                    await new.start()
                    load.up = [old, new]
                    await asyncio.sleep(SECONDS)
                    await load.take_away(old)
                    await asyncio.sleep(SECONDS)
                    await old.start()  # the way back
                    load.up = [new, old]
                    await asyncio.sleep(SECONDS)
                    await load.take_away(new)
                    await asyncio.sleep(SECONDS)
                visitor = FormCustomer(old.server, client, "")
                ends = Counter([await _end(visitor, each) for each in load.bought])
            finally:
                for release in (old, new):
                    with suppress(AssertionError):
                        await release.stop()
        assert ends == {"successful": len(load.bought)}
        assert min(load.by_port.values()) > 2
        paid = list(network.bank.transactions.values())
        assert len(paid) == len(load.bought)
        assert set(network.webhooks) >= {each.token for each in load.bought}
    took = time.monotonic() - begun
    print(f"{backend}: {len(paid)} payments in {took:.0f} s, each charged once and told")  # noqa: T201


async def _end(visitor: FormCustomer, bought: Bought) -> Any:
    """How it ended, once it has; at most 30 s."""
    until = time.monotonic() + 30
    while True:
        status = await visitor.status(bought)
        if status == "successful" or time.monotonic() > until:
            return status
        await asyncio.sleep(0.2)
