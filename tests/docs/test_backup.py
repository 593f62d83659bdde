"""docs/backup.md, followed word for word: backup, payments, kill -9, restore, adopt; the gateway's
own books say whether anybody was charged twice."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import psycopg
import pytest

from checkout.gateways import OPTIONS
from checkout.settings import load
from checkout.signing import sign_link
from tests.support.document_blocks import Block, Desk, blocks
from tests.support.fake_network import FakeNetwork, open_fake_network
from tests.support.form_customer import Bought, FormCustomer
from tests.support.killable_server import KillableServer
from tests.support.postgres import PROGRAMS, PostgresServer, own_folder, postgres_server
from tests.support.servers import ROOT
from tests.support.settings import SHOP

DOCUMENT: Final = ROOT / "docs" / "backup.md"
# Half of this lies between the two answers that let a payment go.
SETTLES: Final = {"settle_window": 1.0, "recovery_interval": 0.1, "query_timeout": 2.0}


def commands() -> list[Block]:
    return [block for block in blocks(DOCUMENT) if block.language == "sh"]


@asynccontextmanager
async def opened(
    folder: Path, network: FakeNetwork, database: str | None
) -> AsyncIterator[KillableServer]:
    server = KillableServer(folder, network.url, SETTLES, database=database)
    try:
        yield server
    finally:
        await server.kill()


@pytest.fixture
async def network() -> AsyncIterator[FakeNetwork]:
    async with open_fake_network() as opened:
        yield opened


class Day:
    """A shop's day: what was paid before the backup, and after it, and what its customers do once
    the ledger is back."""

    def __init__(self, server: KillableServer, network: FakeNetwork, http: httpx.AsyncClient):
        self.server, self.network, self.http = server, network, http
        self.visitor = FormCustomer(server, http, f"{network.url}/webhooks")
        settings = load(server.config, {}, OPTIONS)
        link = {"amount": 1250, "currency": "EUR", "description": "By link"}
        key = settings.shops[SHOP].link_keys[-1]
        self.links = [sign_link(SHOP, key, link) for _ in range(2)]

    async def morning(self) -> None:
        self.paid = await self.visitor.buy()
        await self.pays(self.paid)
        self.open = [await self.visitor.buy() for _ in range(3)]

    async def afternoon(self) -> None:
        """All of it is lost."""
        await self.pays(self.open[0])
        await self.pays(await self.opened(self.links[0]))
        self.charged = self.keys()
        assert len(self.charged) == 3

    async def evening(self) -> None:
        """Customers try all that they have, again and again."""
        for _ in range(100):
            waiting = [await self.opened(each) for each in self.links]
            for bought in (self.paid, *self.open, *waiting):
                if form := await self.visitor.form(bought):
                    await self.visitor.press_pay(form)
            if len(self.keys()) == 6 and await self.all_paid():
                break
            await asyncio.sleep(0.1)
        assert await self.all_paid()
        taken = [each.takings for each in self.network.bank.transactions.values()]
        assert taken == [1] * 6, "each was charged once"
        assert self.keys()[:3] == self.charged
        # The shop was told of what was lost, once more or for the first time.
        assert "successful" in {
            each["status"] for each in self.network.webhooks[self.open[0].token]
        }

    async def all_paid(self) -> bool:
        of_orders = {await self.visitor.status(each) for each in (self.paid, *self.open)}
        return of_orders == {"successful"}

    async def opened(self, link: str) -> Bought:
        answer = await self.http.get(f"{self.server.url}/pay/{link}")
        assert answer.status_code == 303, answer.text
        page = answer.headers["location"]
        return Bought("-", self.server.url + page.removesuffix("/wait").removesuffix("/result"), "")

    async def pays(self, bought: Bought) -> None:
        form = await self.visitor.form(bought)
        assert form
        answer = await self.visitor.press_pay(form)
        assert answer.status_code == 303, answer.text

    def keys(self) -> list[str]:
        return [each.key for each in self.network.bank.transactions.values() if each.money_moved]


def reader(server: KillableServer, instead: dict[str, str], **given: str) -> Desk:
    ours = {"CHECKOUT_CONFIG": str(server.config), "PYTHONPATH": str(ROOT)}
    return Desk(server.config.parent, ours | given, instead)


async def follow(desk: Desk, *found: Block) -> str:
    said = ""
    for block in found:
        said = await asyncio.to_thread(desk.run, block)
    return said


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield client


async def test_sqlite(tmp_path: Path, network: FakeNetwork, http: httpx.AsyncClient) -> None:
    backup, restore, adopt = commands()[:3]
    async with opened(tmp_path, network, None) as server:
        await server.start()
        day = Day(server, network, http)
        await day.morning()
        desk = reader(server, {})
        await follow(desk, backup)
        (copy,) = (server.config.parent / "backups").iterdir()
        assert copy.stat().st_mode & 0o777 == 0o600
        await day.afternoon()
        await server.kill()
        await follow(desk, restore)
        await server.start()
        await day.evening()
        assert "0 payments still held" in await follow(desk, adopt)
        found = json.loads(await follow(desk, commands()[-1]))
        assert found["held"] == []


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    if not PROGRAMS:
        pytest.skip("*** NO POSTGRESQL: its restore is not tried ***")
    settings = {
        "wal_level": "replica",
        "max_wal_senders": "4",
        "archive_mode": "on",
        "archive_command": "test ! -f ../kept/wal/%f && cp %p ../kept/wal/%f",
        "full_page_writes": "on",
    }
    with postgres_server(settings) as server:
        for folder in ("kept", "kept/wal"):
            own_folder(server.folder / folder)
        yield server


async def test_postgresql(
    tmp_path: Path, network: FakeNetwork, http: httpx.AsyncClient, postgres: PostgresServer
) -> None:
    base, restore, adopt = commands()[3:6]
    async with opened(tmp_path, network, postgres.url()) as server:
        await server.start()
        day = Day(server, network, http)
        instead = {"/var/backups/postgresql": str(postgres.folder / "kept")}
        given = {"DATABASE": postgres.url(), "PGDATA": str(postgres.folder / "data")}
        beside = f"{PROGRAMS}:{os.environ['PATH']}"
        await follow(reader(server, instead, **given, PATH=beside), base)
        await day.morning()
        await asyncio.sleep(1.0)
        until = datetime.now(UTC).isoformat(sep=" ")
        await asyncio.sleep(1.0)
        await day.afternoon()
        await server.kill()
        await asyncio.to_thread(postgres.stop)  # its last log is archived
        await follow(reader(server, instead, **given, UNTIL=until), restore)
        data = postgres.folder / "data"
        for path in (data, *data.rglob("*")):
            shutil.chown(path, *owner(postgres.folder))
        await asyncio.to_thread(postgres.start)
        await promoted(postgres)
        await server.start()
        await day.evening()
        said = await follow(reader(server, instead, **given), adopt)
        assert "0 payments still held" in said


def owner(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_uid, found.st_gid


async def promoted(postgres: PostgresServer) -> None:
    for _ in range(300):
        with psycopg.connect(postgres.url()) as conn:
            row = conn.execute("SELECT pg_is_in_recovery()").fetchone()
        if row == (False,):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(postgres.log)
