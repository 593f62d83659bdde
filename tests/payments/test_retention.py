"""Purging: each row once, whoever does it; what is under way not; nobody waits for it."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any, Final

import pytest
from sqlalchemy import Connection, text

from checkout.ledger import outbox, payments, personal_data
from checkout.ledger.rows import Payment
from checkout.ledger.statements import driver
from checkout.model.order import Customer, PageSettings
from checkout.payments import create, retention
from tests.support import samples
from tests.support.fake_gateway import DECLINED, PAID
from tests.support.harness import Harness

DAY: Final = 24 * 3600.0
QUIET: Final = PageSettings()
LOUD: Final = PageSettings(notification_url=samples.NOTIFIED)


async def paid(harness: Harness, count: int, **order: Any) -> list[Payment]:
    return [
        await harness.paid_with(PAID, **({"page_settings": QUIET} | order)) for _ in range(count)
    ]


async def purged(harness: Harness, payments: list[Payment]) -> list[bool]:
    """Of which the customer is gone."""
    found = [await harness.payment(each) for each in payments]
    return [each.attempts[0].customer == Customer() for each in found]


async def notify(harness: Harness, uid: str) -> None:
    """Its shop has got the webhooks."""

    def settle(conn: Connection) -> None:
        for webhook in outbox.of(conn, uid):
            outbox.settle(conn, webhook.id, answer="200", due_at=None)

    await harness.ledger.write(settle)


async def test_two_servers_purge_each_once(harness: Harness) -> None:
    made = await paid(harness, 50)
    harness.clock.move(401 * DAY)
    one, two = await asyncio.gather(
        retention.turn(harness.context), retention.turn(harness.restarted())
    )
    assert one.payments + two.payments == 50
    assert all(await purged(harness, made))
    assert (await retention.turn(harness.context)).payments == 0


async def test_what_may_not_go_stands_in_nobodys_way(harness: Harness) -> None:
    """More of it than a batch, and older than the rest."""
    waiting = await paid(
        harness, retention.BATCH + 5, page_settings=LOUD
    )  # the webhook is not sent yet
    harness.clock.move(DAY)
    made = await paid(harness, 3)
    harness.clock.move(401 * DAY)
    done = await retention.turn(harness.context)
    assert done.payments == 3
    assert done.kept == {"a notification to the shop is on its way": retention.BATCH + 5}
    assert await purged(harness, [*made, *waiting]) == [True] * 3 + [False] * len(waiting)
    for each in waiting:
        await notify(harness, each.uid)
    assert (await retention.turn(harness.context)).payments == len(waiting)


async def test_a_row_that_cant_be_read_keeps_no_others(harness: Harness) -> None:
    made = await paid(harness, 5)
    bad = made[2].uid

    def spoil(conn: Connection) -> None:
        conn.execute(text("UPDATE attempts SET facts = '{' WHERE payment = :uid"), {"uid": bad})

    await harness.ledger.write(spoil)
    harness.clock.move(401 * DAY)
    done = await retention.turn(harness.context)
    assert (done.payments, done.kept) == (4, {"it can't be read": 1})


async def test_dry_it_changes_nothing(harness: Harness) -> None:
    made = await paid(harness, 3) + [
        await harness.paid_with(DECLINED, attempts=1, page_settings=QUIET)
    ]
    harness.clock.move(401 * DAY)
    before = [await harness.payment(each) for each in made]
    done = await retention.purge(harness.context, paid=400 * DAY, unpaid=400 * DAY, dry=True)
    assert (done.payments, done.marks) == (4, 0)
    assert [await harness.payment(each) for each in made] == before


@pytest.mark.parametrize(("days", "count"), [(29, 0), (31, 1), (399, 1), (401, 2)])
async def test_paid_and_unpaid_have_their_times(harness: Harness, days: int, count: int) -> None:
    await paid(harness, 1)
    await harness.paid_with(DECLINED, attempts=1, page_settings=QUIET)
    harness.clock.move(days * DAY)
    assert (await retention.turn(harness.context)).payments == count


async def test_marks_go_when_they_have_served(harness: Harness) -> None:
    order, shop = samples.order(expires_at=harness.clock() + DAY), harness.shop
    made = await create.create(harness.context, order, shop, idempotency_key="k", digest="d")
    assert (await retention.turn(harness.context)).marks == 0
    same = await create.create(harness.context, order, shop, idempotency_key="k", digest="d")
    assert same.uid == made.uid
    harness.clock.move(3 * DAY)
    assert (await retention.turn(harness.context)).marks == 1


async def test_no_payment_waits(harness: Harness) -> None:
    """Four hundred are purged meanwhile; a batch holds the ledger for some milliseconds."""
    order, shop = samples.order(expires_at=harness.clock() + DAY), harness.shop
    uids = [(await create.create(harness.context, order, shop)).uid for _ in range(400)]

    def give_up(conn: Connection) -> None:
        for uid in uids:
            payments.change(conn, uid, status="cancelled", cancelled=True)

    await harness.ledger.write(give_up)
    harness.clock.move(31 * DAY)
    order = samples.order(expires_at=harness.clock() + DAY)
    work, waits = asyncio.create_task(retention.turn(harness.context)), []
    while not work.done():
        begun = time.perf_counter()
        await create.create(harness.context, order, shop)
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.002)
    assert (await work).payments == 400
    assert len(waits) > 50
    assert statistics.median(waits) < 0.05
    assert max(waits) < 0.5


async def test_what_is_due_is_found_by_an_index(url: str, harness: Harness) -> None:
    """However much is due: a batch is read where the requests are answered."""
    if not url.startswith("sqlite"):
        pytest.skip("asks SQLite how it would look")
    seen: list[str] = []

    def look(conn: Connection) -> None:
        driver(conn).set_trace_callback(seen.append)
        after = personal_data.Place(1.0, "x")
        for place in (None, after):
            personal_data.payments_before(conn, "paid", 5.0, place, 20)
            personal_data.invoices_before(conn, 5.0, place, 20)
        driver(conn).set_trace_callback(None)
        for query in seen:
            plan = [row[3] for row in driver(conn).execute(f"EXPLAIN QUERY PLAN {query}")]
            assert "_to_purge" in plan[0], plan
            assert not any("TEMP B-TREE" in step for step in plan), plan

    await harness.ledger.read(look)
    assert len(seen) == 4
