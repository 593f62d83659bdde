"""The disk is full, slow, broken or locked while customers pay: nothing is sent that is not on
disk, and what was sent is found again."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, make_url

from checkout.errors import Unavailable
from checkout.gateways.base import Charge, PaymentReference
from checkout.ledger.base import Ledger
from checkout.ledger.rows import Payment
from checkout.ledger.sqlite import SqliteLedger
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments import charge
from checkout.payments.context import Context
from tests.support.databases import sqlite
from tests.support.fake_gateway import ABSENT, PAID, FakeGateway
from tests.support.harness import Harness, open_harness, submission

MANY: Final = 120
ROOM: Final = 1_000_000  # pages
SLOW: Final = 0.3  # seconds of a sync


class Books(FakeGateway):
    """It charges what it is sent, and knows nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.charged_at: dict[str, float] = {}

    async def pay(self, charge: Charge) -> Outcome:
        self.charged_at[charge.key] = time.monotonic()
        return await super().pay(charge)

    async def status(self, reference: PaymentReference) -> Outcome:
        return PAID if reference.key in self.charged_at else ABSENT


def may_grow(conn: Connection, pages: int) -> None:
    conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def pages(conn: Connection) -> int:
    return int(conn.exec_driver_sql("PRAGMA page_count").scalar_one())


def over(harness: Harness, ledger: Ledger) -> Context:
    """Another process over the same database."""
    return Context(harness.settings, ledger, harness.gateways, clock=harness.clock)


async def refused(context: Context, payment: Payment) -> bool:
    try:
        await charge.pay(context, payment, submission(payment))
    except Unavailable:
        return True
    return False


async def test_full_while_many_pay(tmp_path: Path) -> None:
    """Some are refused before the gateway is called, some afterwards: these are found again."""
    books = Books()
    async with open_harness(sqlite(tmp_path), gateways={"cards": books}) as harness:
        made = [await harness.new_payment(attempts=3) for _ in range(MANY)]
        size = await harness.ledger.read(pages)
        await harness.ledger.write(may_grow, size + 8)
        unlucky = [payment for payment in made if await refused(harness.context, payment)]
        assert 0 < len(unlucky) < MANY
        assert len(books.charged_at) > MANY - len(unlucky), "some after they were sent"
        await harness.ledger.write(may_grow, ROOM)
        await harness.sweep_for(120, step=5)
        for payment in made:
            now = await harness.payment(payment)
            charged = [each for each in now.attempts if each.key in books.charged_at]
            assert now.status is (Status.PAID if charged else Status.OPEN)
            if not charged:
                await harness.pay(now)
        assert [(await harness.payment(each)).status for each in made] == [Status.PAID] * MANY
        assert len(books.charges) == len(books.charged_at) == MANY, "each of them once"
        assert all([await harness.told(each) == ["successful"] for each in made])


async def test_nothing_is_sent_before_it_is_synced(tmp_path: Path) -> None:
    """On a disk that takes its time, the customer waits for it and the gateway is called then."""
    synced_at: list[float] = []

    def slowly(file: int) -> None:
        time.sleep(SLOW)
        os.fsync(file)
        synced_at.append(time.monotonic())

    books, url = Books(), sqlite(tmp_path)
    async with open_harness(url, gateways={"cards": books}) as harness:
        payment = await harness.new_payment()
        ledger = SqliteLedger(url, sync=slowly)
        began = time.monotonic()
        await charge.pay(over(harness, ledger), payment, submission(payment))
        (charged,) = books.charged_at.values()
        claimed = next(at for at in synced_at if at > began)
        assert began + SLOW <= claimed <= charged
        await ledger.close()


async def test_a_disk_that_fails_stops_charges(tmp_path: Path) -> None:
    """What a system has failed to write it may count as written: this process charges no more."""
    broken = True

    def fails(file: int) -> None:
        if broken:
            raise OSError(5, "Input/output error")
        os.fsync(file)

    books, url = Books(), sqlite(tmp_path)
    async with open_harness(url, gateways={"cards": books}) as harness:
        payment = await harness.new_payment()
        ledger = SqliteLedger(url, sync=fails)
        assert await refused(over(harness, ledger), payment)
        broken = False
        other = await harness.new_payment()
        assert await refused(over(harness, ledger), other)
        assert books.charges == []
        await ledger.close()
        after = SqliteLedger(url)  # started anew
        await charge.pay(over(harness, after), other, submission(other))
        assert len(books.charges) == 1
        await after.close()


async def test_locked_by_somebody_else(tmp_path: Path) -> None:
    books, url = Books(), sqlite(tmp_path)
    async with open_harness(url, gateways={"cards": books}) as harness:
        payment = await harness.new_payment()
        other = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert await refused(harness.context, payment)
        assert time.monotonic() - began < 10, "an answer, and no hanging"
        assert books.charges == []
        other.execute("ROLLBACK")
        other.close()
        await harness.pay(await harness.payment(payment))
        assert await harness.status(payment) is Status.PAID
        assert len(books.charges) == 1
