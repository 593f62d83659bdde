"""Readiness is right about writing: a real small write, seldom, and never one that waits for
long."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.ledger import write_check
from checkout.ledger.base import Ledger
from checkout.payments.background import Background, Task
from checkout.payments.readiness import AGAIN, DEADLINE, FRESH, Readiness
from tests.support.clock import Clock
from tests.support.databases import sqlite
from tests.support.harness import Harness, open_harness
from tests.support.killable_server import KillableServer
from tests.support.ledgers import WrappedLedger
from tests.support.polling import until
from tests.support.settings import SHOP

resource = pytest.importorskip("resource")


class Counted(WrappedLedger):
    """A ledger that counts its writes; `broken`: what they raise; `door`: shut while they hang."""

    def __init__(self, inner: Ledger) -> None:
        super().__init__(inner)
        self.writes = 0
        self.broken: Exception | None = None
        self.door = asyncio.Event()
        self.door.set()

    async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        await self.door.wait()
        if self.broken is not None:
            raise self.broken
        return await super().write(verb, *args, **kwargs)


@pytest.fixture
def ledger(harness: Harness) -> Counted:
    return Counted(harness.ledger)


async def test_it_writes(harness: Harness, ledger: Counted) -> None:
    readiness, before = Readiness(ledger, list), time.time()
    assert await readiness.failing() == []

    def at(conn: Any) -> float:
        return float(conn.execute(text("SELECT at FROM pulse")).scalar_one())

    assert before <= await harness.ledger.read(at) <= time.time()


async def test_a_thousand_checks_are_one_write(ledger: Counted) -> None:
    clock = Clock()
    readiness = Readiness(ledger, list, clock=clock)
    assert await asyncio.gather(*(readiness.failing() for _ in range(1000))) == [[]] * 1000
    for _ in range(1000):
        await readiness.failing()
    assert ledger.writes == 1
    clock.move(FRESH)
    await readiness.failing()
    assert ledger.writes == 2


@pytest.mark.parametrize("error", [Unavailable(), OverflowError(), MemoryError()])
async def test_a_write_that_fails_is_reported_and_alerted(
    ledger: Counted, error: Exception
) -> None:
    clock = Clock()
    readiness = Readiness(ledger, list, clock=clock)
    ledger.broken = error
    with capture_logs() as said:
        for _ in range(3):
            clock.move(FRESH)
            assert await readiness.failing() == ["ledger"]
        clock.move(AGAIN)
        await readiness.failing()
        ledger.broken = None
        clock.move(FRESH)
        assert await readiness.failing() == []
    alerts = [line for line in said if line.get("alert")]
    assert [(line["event"], line["failing"]) for line in alerts] == [("unready", "ledger")] * 2
    assert (said[-1]["event"], said[-1]["recovered"]) == ("ready.again", "ledger")


async def test_a_write_that_hangs_is_a_failure_while_it_lasts(ledger: Counted) -> None:
    readiness = Readiness(ledger, list)
    ledger.door.clear()
    began = time.monotonic()
    assert await asyncio.gather(*(readiness.failing() for _ in range(50))) == [["ledger"]] * 50
    assert DEADLINE <= time.monotonic() - began < DEADLINE + 1
    began = time.monotonic()
    assert await readiness.failing() == ["ledger"]
    assert time.monotonic() - began < 1, "at once, from then on"
    assert ledger.writes == 1
    ledger.door.set()
    await asyncio.sleep(0.05)
    await asyncio.sleep(FRESH)
    assert await readiness.failing() == []


async def test_a_background_task_that_is_stuck_is_named(ledger: Counted) -> None:
    background = Background([Task("webhooks", asyncio.Event().wait, 0.01, longest=0.05)])
    readiness = Readiness(ledger, background.overdue)
    background.start()
    assert await readiness.failing() == []
    await asyncio.sleep(0.2)
    with capture_logs() as said:
        assert await readiness.failing() == ["webhooks"]
    await background.stop()
    said = [line for line in said if line["event"] == "unready"]
    assert [(line["event"], line["failing"], line["alert"]) for line in said] == [
        ("unready", "webhooks", True)
    ]


# SQLite's own reasons


async def test_a_database_that_somebody_has_locked(tmp_path: Path) -> None:
    url = sqlite(tmp_path)
    async with open_harness(url) as harness:
        readiness = Readiness(harness.ledger, list)
        other = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await readiness.failing() == ["ledger"]
        other.execute("ROLLBACK")
        other.close()
        await asyncio.sleep(2.5)
        assert await readiness.failing() == []


async def test_a_database_that_may_only_be_read(tmp_path: Path) -> None:
    url = sqlite(tmp_path)
    async with open_harness(url) as harness:

        def shut(conn: Any) -> None:
            write_check.beat(conn, 1.0)
            conn.exec_driver_sql("PRAGMA query_only=ON")

        await harness.ledger.write(shut)
        assert await Readiness(harness.ledger, list).failing() == ["ledger"]


async def test_a_database_that_was_removed(tmp_path: Path) -> None:
    url = sqlite(tmp_path)
    async with open_harness(url) as harness:
        os.unlink(make_url(url).database or "")
        assert await Readiness(harness.ledger, list).failing() == ["ledger"]


# The whole server


async def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Neither the ledger nor the log can be written for a while: ready says so, and afterwards
    everything goes on: what was due meanwhile is done, and the shop is notified."""
    notified = asyncio.Event()

    async def shop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"webhook-id" in head.lower():
            notified.set()
        writer.write(b"HTTP/1.1 204 \r\nConnection: close\r\n\r\n")
        writer.close()

    receiver = await asyncio.start_server(shop, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/webhooks"
    server = KillableServer(tmp_path, "http://127.0.0.1:9")
    try:
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            await _expiring(http, server, address, seconds=4)
            _most_written(server, 0)
            await asyncio.sleep(6)
            answer = await http.get("/health/ready")
            assert answer.status_code == 503
            assert answer.json() == {"status": "unavailable", "failing": ["ledger"]}
            assert answer.headers["retry-after"]
            assert (await http.get("/health/live")).status_code == 200
            assert not notified.is_set()
            _most_written(server, resource.RLIM_INFINITY)
            async with asyncio.timeout(15):
                await notified.wait()

            async def ready() -> bool:
                return (await http.get("/health/ready")).status_code == 200

            await until(ready, 15)
        assert await server.stop() == 0
    finally:
        await server.kill()
        receiver.close()


def _most_written(server: KillableServer, size: int) -> None:
    """How large a file may become: a disk that is full, as far as a process can tell."""
    for pid in server.pids():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def _expiring(
    http: httpx.AsyncClient, server: KillableServer, address: str, *, seconds: float
) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + seconds))
    order = {"amount": 1999, "currency": "EUR", "description": "Two tickets", "expired_at": at}
    body = {"transaction_type": "payment", "order": order,
            "settings": {"notification_url": address}}  # fmt: skip
    answer = await http.post(
        "/ctp/api/checkouts", json={"checkout": body}, auth=(SHOP, server.shop_secret)
    )
    assert answer.status_code == 201, answer.text
