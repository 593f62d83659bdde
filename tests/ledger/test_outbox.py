"""Letters: due at once, leased by one worker, due again when that one dies."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from checkout.identifiers import fitting, new_uid
from checkout.ledger import listeners, outbox, payments
from checkout.ledger.base import Ledger
from checkout.ledger.outbox import Backlog, Webhook
from checkout.ledger.rows import PaymentRow
from checkout.model.cursor import Cursor
from tests.support.ledger_rows import NOW, payment_row


@pytest.fixture
async def paid(ledger: Ledger) -> PaymentRow:
    made = payment_row()
    await ledger.write(payments.add, made)
    return made


async def write(
    ledger: Ledger, paid: PaymentRow, now: float = NOW, address: str = "https://shop.example/"
) -> str:
    name = new_uid()
    await ledger.write(outbox.add, id=name, payment=paid.uid, url=address, body="{}", now=now)
    return name


async def test_a_webhook_is_due_when_written(ledger: Ledger, paid: PaymentRow) -> None:
    name = await write(ledger, paid)
    assert await ledger.read(outbox.due, NOW - 1) == []
    (webhook,) = await ledger.read(outbox.due, NOW)
    assert webhook == Webhook(
        id=name,
        payment=paid.uid,
        shop=paid.shop,
        host="shop.example",
        url="https://shop.example/",
        body="{}",
        tries=0,
        due_at=NOW,
        delivered_at=None,
        answer=None,
        created_at=NOW,
    )
    assert await ledger.read(outbox.of, paid.uid) == [webhook]


async def test_longest_due_first(ledger: Ledger, paid: PaymentRow) -> None:
    names = [await write(ledger, paid, at) for at in (NOW, NOW - 5, NOW - 2)]
    due = [webhook.id for webhook in await ledger.read(outbox.due, NOW)]
    assert due == [names[1], names[2], names[0]]
    assert len(await ledger.read(outbox.due, NOW, 2)) == 2


async def test_one_worker_takes_it(ledger: Ledger, other: Ledger, paid: PaymentRow) -> None:
    await write(ledger, paid)
    (webhook,) = await ledger.read(outbox.due, NOW)
    took = await asyncio.gather(
        *(where.write(outbox.take, webhook, until=NOW + 60) for where in (ledger, other) * 10)
    )
    assert sum(took) == 1
    assert await other.read(outbox.due, NOW + 59) == []


async def test_a_dead_workers_webhook_is_due_again(ledger: Ledger, paid: PaymentRow) -> None:
    name = await write(ledger, paid)
    (webhook,) = await ledger.read(outbox.due, NOW)
    await ledger.write(outbox.take, webhook, until=NOW + 60)
    (again,) = await ledger.read(outbox.due, NOW + 60)
    assert (again.id, again.tries) == (name, 1)
    assert not await ledger.write(outbox.take, webhook, until=NOW + 120)
    assert await ledger.write(outbox.take, again, until=NOW + 120)


async def test_a_settled_webhook_is_not_due(ledger: Ledger, paid: PaymentRow) -> None:
    name = await write(ledger, paid)
    await ledger.write(outbox.settle, name, answer="200", due_at=None, delivered_at=NOW + 1)
    assert await ledger.read(outbox.due, NOW + 10**9) == []
    (webhook,) = await ledger.read(outbox.of, paid.uid)
    assert (webhook.answer, webhook.delivered_at, webhook.due_at) == ("200", NOW + 1, None)


async def test_a_queue_is_never_in_the_way_of_another(ledger: Ledger, paid: PaymentRow) -> None:
    """A thousand of one shop, and one of its other host and one of another shop behind them."""
    theirs = payment_row(shop="other")
    await ledger.write(payments.add, theirs)

    def many(conn: Connection) -> None:
        for number in range(1000):
            outbox.add(
                conn,
                id=f"many-{number:04}",
                payment=paid.uid,
                url="https://hanging.example/",
                body="{}",
                now=NOW - 2000 + number,
            )

    await ledger.write(many)
    mine = await write(ledger, paid, address="https://well.example/")
    their = await write(ledger, theirs, address="https://hanging.example/")
    found = await ledger.read(outbox.due, NOW, free=lambda _shop, host: 5 if host else 20)
    queues: dict[tuple[str, str], list[str]] = {}
    for each in found:
        queues.setdefault((each.shop, each.host), []).append(each.id)
    assert queues == {
        (paid.shop, "hanging.example"): [f"many-{number:04}" for number in range(5)],
        (paid.shop, "well.example"): [mine],
        ("other", "hanging.example"): [their],
    }
    full = {paid.shop: 0, "other": 3}
    (only,) = await ledger.read(outbox.due, NOW, free=lambda shop, _host: full[shop])
    assert only.id == their


async def test_what_found_no_slot_is_given_back(ledger: Ledger, paid: PaymentRow) -> None:
    await write(ledger, paid)
    (webhook,) = await ledger.read(outbox.due, NOW)
    assert await ledger.write(outbox.take_all, [webhook], until=NOW + 60) == {webhook.id}
    assert await ledger.write(outbox.give_back, webhook, until=NOW + 60)
    assert await ledger.read(outbox.due, NOW) == [webhook]
    await ledger.write(outbox.take_all, [webhook], until=NOW + 90)
    assert not await ledger.write(outbox.give_back, webhook, until=NOW + 60), (
        "somebody else's lease"
    )


async def test_how_many_wait_and_since_when(ledger: Ledger, paid: PaymentRow) -> None:
    assert await ledger.read(outbox.waiting, NOW) == Backlog(0, None)
    for at in (NOW - 50, NOW - 20, NOW + 5):
        await write(ledger, paid, at)
    assert await ledger.read(outbox.waiting, NOW) == Backlog(2, NOW - 50)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Shop.Example:8443/n?x=1", "shop.example"),
        ("https://shop.example./n", "shop.example"),
        ("https://[fd00::1]/n", "fd00::1"),
        ("https://[fd00/", "-"),
        ("", "-"),
        (f"https://{'x' * 400}/", fitting("x" * 400, 255)),
    ],
)
def test_a_webhooks_host(address: str, host: str) -> None:
    assert outbox.host_of(address) == host


# Lists, and once more


async def test_a_shops_newest_first(ledger: Ledger, paid: PaymentRow) -> None:
    names = [await write(ledger, paid, NOW + at) for at in (0, 5, 2, 2)]
    other = payment_row(shop="other")
    await ledger.write(payments.add, other)
    await write(ledger, other)
    seen: list[str] = []
    after, pages = None, 0
    while True:
        found, after = await ledger.read(
            outbox.listed, paid.shop, payment=None, limit=2, after=after
        )
        seen, pages = seen + [each.id for each in found], pages + 1
        if after is None:
            break
    assert seen == [names[1], *sorted(names[2:], reverse=True), names[0]]
    assert pages == 2
    found, after = await ledger.read(
        outbox.listed, paid.shop, payment=paid.uid, limit=4, after=None
    )
    assert ([each.id for each in found], after) == (seen, None)
    found, _ = await ledger.read(outbox.listed, paid.shop, payment=other.uid, limit=4, after=None)
    assert found == []


async def test_since_a_place(ledger: Ledger, paid: PaymentRow) -> None:
    names = [await write(ledger, paid, NOW + at) for at in (0, 1, 2, 2)]
    found = await ledger.read(outbox.since, paid.shop, Cursor(NOW + 1, "-"), 100)
    assert [each.id for each in found] == [names[1], *sorted(names[2:])]
    found = await ledger.read(outbox.since, paid.shop, Cursor(NOW + 1, names[1]), 1)
    assert [each.id for each in found] == sorted(names[2:])[:1]
    assert await ledger.read(outbox.since, "other", Cursor(0, "-"), 100) == []


async def test_without_an_address_it_is_never_due(ledger: Ledger, paid: PaymentRow) -> None:
    name = await write(ledger, paid, address="")
    assert await ledger.read(outbox.due, NOW + 10**6) == []
    assert (await ledger.read(outbox.waiting, NOW + 10**6)).count == 0
    await ledger.write(outbox.renew, name, url="https://shop.example/later", now=NOW + 1)
    (due,) = await ledger.read(outbox.due, NOW + 1)
    assert (due.id, due.url, due.host) == (name, "https://shop.example/later", "shop.example")


async def test_once_more(ledger: Ledger, paid: PaymentRow) -> None:
    """The same id and body; the tries start anew."""
    name = await write(ledger, paid)
    (webhook,) = await ledger.read(outbox.due, NOW)
    await ledger.write(outbox.take, webhook, until=NOW + 60)
    await ledger.write(outbox.settle, name, answer="200", due_at=None, delivered_at=NOW + 1)
    await ledger.write(outbox.renew, name, url=webhook.url, now=NOW + 9)
    (again,) = await ledger.read(outbox.due, NOW + 9)
    assert (again.id, again.body, again.tries, again.due_at) == (name, "{}", 0, NOW + 9)
    assert await ledger.read(outbox.by_id, name) == again
    for unknown in ("nonsense", "\0"):
        assert await ledger.read(outbox.by_id, unknown) is None


async def test_listeners_are_there_for_a_minute(ledger: Ledger) -> None:
    assert not await ledger.read(listeners.present, "361", NOW)
    for at in (NOW, NOW + 30, NOW + 20):  # clocks of several workers
        await ledger.write(listeners.note, "361", at)
    assert await ledger.read(listeners.present, "361", NOW + 89)
    assert not await ledger.read(listeners.present, "361", NOW + 90)
    assert not await ledger.read(listeners.present, "361", NOW + 45, seconds=listeners.OFTEN)
    assert not await ledger.read(listeners.present, "362", NOW)
