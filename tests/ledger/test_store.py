"""Reading and writing: durable, one writer at a time, and honest when the database is away."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from checkout.errors import Unavailable
from checkout.ledger import payments
from checkout.ledger.base import Ledger
from checkout.ledger.migrate import migrate
from checkout.ledger.rows import PaymentRow
from checkout.ledger.sqlite import SqliteLedger
from checkout.ledger.store import open_ledger
from checkout.model.status import Status
from tests.support.databases import sqlite
from tests.support.ledger_rows import payment_row
from tests.web.traces import on_disk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(sqlite(tmp_path).removeprefix("sqlite:///"))


def do(conn: Connection, statement: str) -> None:
    conn.execute(text(statement))


def ask(conn: Connection, statement: str) -> Any:
    return conn.execute(text(statement)).scalar()


# SQLite as it has to be


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("secure_delete", 1)]
)
async def test_every_connection_is_set_up(file: Path, name: str, value: object) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    assert await ledger.read(ask, f"PRAGMA {name}") == value
    assert await ledger.write(ask, f"PRAGMA {name}") == value
    assert await ledger.write(ask, "PRAGMA synchronous") == 1  # NORMAL: the ledger syncs
    await ledger.close()


async def test_what_was_removed_leaves_the_files(file: Path) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    made = payment_row(token="canary-qzx".ljust(64, "x"))
    await ledger.write(payments.add, made)
    await ledger.write(do, "DELETE FROM payments")
    log = file.with_name(file.name + "-wal")
    assert b"canary-qzx" in on_disk(file.parent)
    await ledger.tidy()
    assert log.stat().st_size == 0
    assert b"canary-qzx" not in on_disk(file.parent)
    await ledger.close()


async def test_tidying_waits_for_nobody(file: Path) -> None:
    """Somebody reads an older state: the log is begun anew the next time."""
    ledger = open_ledger(f"sqlite:///{file}")
    await ledger.write(payments.add, payment_row())
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM payments").fetchone()
    await ledger.write(payments.add, payment_row())
    begun = time.monotonic()
    await ledger.tidy()
    assert time.monotonic() - begun < 2
    reader.execute("COMMIT")
    reader.close()
    await ledger.tidy(whole=True)
    assert await ledger.read(ask, "SELECT count(*) FROM payments") == 2
    assert await ledger.write(ask, "PRAGMA busy_timeout") == 5000
    await ledger.close()


async def test_a_write_holds_the_database_from_its_start(file: Path) -> None:
    """BEGIN IMMEDIATE: nobody else can write between what a verb reads and what it writes."""
    one, two = (open_ledger(f"sqlite:///{file}") for _ in range(2))
    made = payment_row()
    await one.write(payments.add, made)
    inside, go = threading.Event(), threading.Event()

    def slow(conn: Connection) -> str:
        inside.set()
        assert go.wait(5)
        payment = payments.by_uid(conn, made.uid)
        assert payment is not None
        payments.change(conn, made.uid, tracking_id="slow")
        return payment.status

    first = asyncio.create_task(one.write(slow))
    await asyncio.to_thread(inside.wait, 5)
    second = asyncio.create_task(two.write(payments.change, made.uid, status=Status.PENDING))
    await asyncio.sleep(0.1)
    assert not second.done()
    go.set()
    assert await first == Status.OPEN
    await second
    await one.close()
    await two.close()


async def test_what_was_written_is_read_at_once(ledger: Ledger, other: Ledger) -> None:
    for _ in range(20):
        made = payment_row()
        await ledger.write(payments.add, made)
        for each in (ledger, other):
            payment = await each.read(payments.by_uid, made.uid)
            assert payment is not None


async def test_a_write_outlives_whoever_waits_for_it(file: Path) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    made, inside, go = payment_row(), threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        inside.set()
        assert go.wait(5)
        payments.add(conn, made)

    task = asyncio.create_task(ledger.write(slow))
    await asyncio.to_thread(inside.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await ledger.write(ask, "SELECT 1")
    assert await ledger.read(payments.by_uid, made.uid) is not None
    await ledger.close()


async def test_it_is_there_after_a_restart(file: Path) -> None:
    made = payment_row()
    ledger = open_ledger(f"sqlite:///{file}")
    await ledger.write(payments.add, made)
    # As after a power cut: the files as they are, without a close.
    for each in file.parent.glob(f"{file.name}*"):
        shutil.copyfile(each, each.with_name(each.name.replace(".db", "-after.db")))
    again = open_ledger(f"sqlite:///{file.with_name(file.stem + '-after.db')}")
    assert await again.read(payments.by_uid, made.uid) is not None
    await again.close()
    await ledger.close()


# Away


async def refuse(ledger: Ledger, made: PaymentRow) -> None:
    with pytest.raises(Unavailable) as refused:
        await ledger.write(payments.add, made)
    assert refused.value.status == 503
    assert made.uid not in str(refused.value), "no statement and no values in the message"


async def test_a_full_disk_is_unavailable_until_there_is_room(file: Path) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    pages = await ledger.write(ask, "PRAGMA page_count")
    await ledger.write(ask, f"PRAGMA max_page_count = {pages}")
    many = [payment_row() for _ in range(200)]
    refused = False
    for made in many:
        try:
            await ledger.write(payments.add, made)
        except Unavailable:
            refused = True
            break
    assert refused
    await refuse(ledger, made)
    assert await ledger.read(payments.by_uid, made.uid) is None
    assert await ledger.read(payments.by_uid, many[0].uid) is not None, "reading goes on"
    await ledger.write(ask, "PRAGMA max_page_count = 1000000")
    await ledger.write(payments.add, made)
    assert await ledger.read(payments.by_uid, made.uid) is not None
    await ledger.close()


async def test_a_read_only_database_is_unavailable(file: Path) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    await ledger.write(do, "PRAGMA query_only = 1")
    await refuse(ledger, payment_row())
    await ledger.close()


async def test_a_database_that_vanishes_is_unavailable(file: Path) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    await ledger.write(payments.add, payment_row())
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()
    await refuse(ledger, payment_row())
    await ledger.close()


async def test_a_database_without_its_tables_is_unavailable(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/empty.db")
    await refuse(ledger, payment_row())
    with pytest.raises(Unavailable):
        await ledger.read(payments.by_uid, "x")
    await ledger.close()


async def test_a_database_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="not a database"):
        SqliteLedger(f"sqlite:///{tmp_path}/junk.db")


async def test_postgres_away_is_unavailable() -> None:
    ledger = open_ledger("postgresql://nobody:nothing@127.0.0.1:1/none")
    await refuse(ledger, payment_row())
    with pytest.raises(Unavailable):
        await ledger.read(payments.by_uid, "x")
    await ledger.close()


def test_migrating_nowhere_fails(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unable to open"):
        migrate(f"sqlite:///{tmp_path}/no/such/folder/x.db")
