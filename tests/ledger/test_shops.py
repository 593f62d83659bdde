"""Verbs over the shops of the ledger: a server that looks now and then misses no change."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.ledger import shops
from checkout.ledger.base import Ledger

COUNT = 20


async def test_no_change_is_missed(ledger: Ledger, other: Ledger) -> None:
    """Two servers write at once. Were a higher number seen before a lower one, the lower one would
    be missed for good by whoever looks between."""
    seen: dict[str, int] = {}

    async def add(number: int) -> None:
        writer = (ledger, other)[number % 2]
        await writer.write(shops.add, f"s{number}", "sealed", 1.0, "anna")

    async def look() -> None:
        last = 0
        while len(seen) < COUNT:
            for row in await other.read(shops.since, last, COUNT):
                seen[row.id] = last = row.revision
            await asyncio.sleep(0.001)

    looking = asyncio.create_task(look())
    await asyncio.gather(*map(add, range(COUNT)))
    async with asyncio.timeout(20):
        await looking
    assert sorted(seen.values()) == list(range(1, COUNT + 1))
    assert await ledger.read(shops.newest) == COUNT


async def test_an_id_is_given_once(ledger: Ledger) -> None:
    await ledger.write(shops.add, "tea", "sealed", 1.0, "anna")
    try:
        await ledger.write(shops.add, "tea", "other", 2.0, "bert")
    except IntegrityError:
        pass
    row = await ledger.read(shops.by_id, "tea")
    assert row is not None
    assert (row.sealed, row.changed_by, row.revision) == ("sealed", "anna", 1)


async def test_a_change_of_what_was_changed_meanwhile_is_none(ledger: Ledger) -> None:
    await ledger.write(shops.add, "tea", "sealed", 1.0, "anna")
    row = await ledger.read(shops.by_id, "tea")
    assert row is not None

    def disable(conn: Connection) -> bool:
        return shops.change(conn, row, 2.0, "bert", state=shops.DISABLED)

    assert await ledger.write(disable)
    assert not await ledger.write(disable)
    (now,) = await ledger.read(shops.since, row.revision, 10)
    assert (now.state, now.sealed, now.revision) == ("disabled", "sealed", 2)
