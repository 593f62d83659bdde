"""The same money on the same card is requested once within half a minute, by whoever and wherever
it comes in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from checkout.ledger import payments, recent_requests
from checkout.ledger.base import Ledger
from checkout.ledger.rows import PaymentRow
from checkout.ledger.schema import recent as table
from checkout.model.status import Status
from tests.support.ledger_rows import NOW, payment_row
from tests.support.servers import two_at_once

MARK = recent_requests.mark("from the card", 1250, "EUR", "t-1")


def taken(conn: Connection, made: PaymentRow, mark: str = MARK, *, checked: bool = True) -> bool:
    payments.add(conn, made)
    return recent_requests.take(conn, made, mark, checked=checked)


async def take(ledger: Ledger, at: float = 0.0, **changes: Any) -> bool:
    given = {name: changes.pop(name) for name in ("mark", "checked") if name in changes}
    return await ledger.write(taken, payment_row(created_at=NOW + at, **changes), **given)


async def test_once_in_half_a_minute(ledger: Ledger) -> None:
    assert await take(ledger)
    assert not await take(ledger)
    assert not await take(ledger, 29.9)
    assert await take(ledger, 30.0)
    assert not await take(ledger, 59.9)


async def test_what_else_is_no_obstacle(ledger: Ledger) -> None:
    assert await take(ledger)
    assert await take(ledger, shop="362")
    assert await take(ledger, mark=recent_requests.mark("to the card", 1250, "EUR", "t-1"))
    assert await take(ledger, 1.0, checked=False)
    assert not await take(ledger, 30.5), "counted from the last one"


async def test_forgotten_it_is_free(ledger: Ledger) -> None:
    first = payment_row()
    assert await ledger.write(taken, first)
    await ledger.write(recent_requests.forget, "another")
    assert not await take(ledger)
    await ledger.write(recent_requests.forget, first.uid)
    assert await take(ledger)


async def test_nothing_old_and_no_token_is_kept(ledger: Ledger) -> None:
    for number in range(5):
        assert await take(ledger, number, mark=recent_requests.mark(number))
    assert await take(ledger, 34.0)
    rows = await ledger.read(lambda conn: conn.execute(select(table)).all())
    assert [row.mark for row in rows] == [MARK]
    assert "t-1" not in str(rows)


def test_marks_differ_where_their_parts_do() -> None:
    assert recent_requests.mark("a", "bc") != recent_requests.mark("ab", "c")


# Requests each amount as soon as it can, and prints which ones were its own.
WORKER = """
import asyncio, sys
from checkout.errors import Duplicate
from checkout.ledger import recent_requests
from checkout.payments import create
from tests.support import samples
from tests.support.fake_gateway import CAN_CARDS
from tests.support.samples import changed
from tests.support.harness import open_harness

async def main(url):
    async with open_harness(url) as harness:
        harness.gateway.capabilities = changed(CAN_CARDS, merchant_initiated=frozenset({"payment"}))
        print("ready", flush=True)
        sys.stdin.readline()
        won = []
        order = samples.order(merchant_initiated=True, expires_at=harness.clock() + 60)
        for number in range(1, 31):
            try:
                mark = recent_requests.mark(number)
                await create.create(harness.context, order, harness.shop, mark=mark)
            except Duplicate:
                continue
            won.append(number)
        print(*won)

asyncio.run(main(sys.argv[1]))
"""


async def test_two_processes_are_asked_for_the_same(url: str, ledger: Ledger) -> None:
    said = await two_at_once(WORKER, url)
    won = sorted(int(number) for number in said)
    assert won == list(range(1, 31)), "each was made once, by one of them"
    assert len(await ledger.read(payments.uids, Status)) == 30
