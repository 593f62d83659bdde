"""The audit log: nobody changes it by the ledger, and who does it otherwise is found out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from checkout.errors import Unavailable
from checkout.ledger import audit
from checkout.ledger.audit import FIRST, Actor
from checkout.ledger.base import Ledger

ANN = Actor("ann", "cli", "till-1")
REST = "via, origin, act, subject, shop, data, previous, hash"
SHOP = Actor("361", "api", "192.0.2.10")


def refund(conn: Connection, number: int, by: Actor = ANN) -> None:
    audit.append(
        conn, by, "refund", f"p-{number}", 1000.0 + number, shop="361", amount=number, reason=""
    )


async def filled(ledger: Ledger, rows: int = 5) -> None:
    for number in range(1, rows + 1):
        await ledger.write(refund, number)


def sql(statement: str) -> Callable[[Connection], None]:
    def run(conn: Connection) -> None:
        conn.execute(text(statement))

    return run


def unguard(conn: Connection) -> None:
    for name in sorted(audit.TRIGGERS):
        of = " ON audit" if conn.dialect.name == "postgresql" else ""
        conn.execute(text(f"DROP TRIGGER {name}{of}"))


async def test_what_was_done(ledger: Ledger) -> None:
    await ledger.write(refund, 1)
    await ledger.write(refund, 2, SHOP)
    second, first = await ledger.read(audit.listed)
    assert (first.number, first.who, first.via, first.origin) == (1, "ann", "cli", "till-1")
    assert (second.act, second.subject, second.shop, second.at) == ("refund", "p-2", "361", 1002.0)
    assert msgspec.json.decode(second.data) == {"amount": 2}, "what is empty is left out"
    assert (first.previous, second.previous) == (FIRST, first.hash)
    assert [e.number for e in await ledger.read(audit.listed, subject="p-1")] == [1]
    assert await ledger.read(audit.listed, shop="362") == []
    assert await ledger.read(audit.listed, limit=1) == [second]


async def test_a_card_number_in_a_reason(ledger: Ledger) -> None:
    def add(conn: Connection) -> None:
        audit.append(conn, ANN, "refund", "p", 1.0, shop="361", reason="of 4005550000000019 " * 99)

    await ledger.write(add)
    (entry,) = await ledger.read(audit.listed)
    assert "400555******0019" in entry.data
    assert "4005550000000019" not in entry.data
    assert len(entry.data) < 300


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'bob' WHERE number = 2",
        "UPDATE audit SET number = 99 WHERE number = 5",
        "DELETE FROM audit WHERE number = 5",
        "DELETE FROM audit",
        f"INSERT OR REPLACE INTO audit SELECT 2, at, 'bob', {REST} FROM audit WHERE number = 2",
        f"INSERT INTO audit SELECT 7, at, who, {REST} FROM audit WHERE number = 5",
        f"INSERT INTO audit SELECT 0, at, who, {REST} FROM audit WHERE number = 5",
    ],
)
async def test_the_database_refuses(ledger: Ledger, statement: str) -> None:
    await filled(ledger)
    before = await ledger.read(audit.listed)
    with pytest.raises((DBAPIError, Unavailable)):
        await ledger.write(sql(statement))
    assert await ledger.read(audit.listed) == before
    assert (await ledger.read(audit.verify)).wrong == ()


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE audit SET who = 'bob' WHERE number = 2", "row 2 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit SET data = '{}' WHERE number = 5", "row 5 was changed"),
        ("UPDATE audit SET hash = previous WHERE number = 1", "row 1 was changed"),
        ("DELETE FROM audit WHERE number = 3", "row 3 is gone"),
        ("DELETE FROM audit WHERE number = 1", "row 1 is gone"),
    ],
)
async def test_a_change_by_who_has_the_database(ledger: Ledger, statement: str, wrong: str) -> None:
    await filled(ledger)
    await ledger.write(unguard)
    guards = {f"the trigger {name} is gone" for name in audit.TRIGGERS}
    assert set((await ledger.read(audit.verify)).wrong) == guards
    await ledger.write(sql(statement))
    assert wrong in (await ledger.read(audit.verify)).wrong


async def test_all_written_anew_or_cut_off(ledger: Ledger) -> None:
    """The chain is intact then; only a hash that was kept elsewhere shows it."""
    await filled(ledger)
    noted = await ledger.read(audit.verify)
    mark = (noted.number, noted.hash)
    await ledger.write(refund, 6)
    assert (await ledger.read(audit.verify, mark)).wrong == ()
    triggers = await ledger.read(_triggers)
    await ledger.write(unguard)
    await ledger.write(sql("DELETE FROM audit WHERE number > 4"))
    await ledger.write(_restore, triggers)
    assert (await ledger.read(audit.verify)).wrong == ()
    assert (await ledger.read(audit.verify, mark)).wrong == ("row 5 is gone",)
    await ledger.write(refund, 55)
    assert (await ledger.read(audit.verify)).wrong == ()
    assert (await ledger.read(audit.verify, mark)).wrong == ("row 5 is another than was noted",)


def _triggers(conn: Connection) -> list[str]:
    query = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'audit'::regclass"
        if conn.dialect.name == "postgresql"
        else "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
    )
    return [said for (said,) in conn.execute(text(query))]


def _restore(conn: Connection, triggers: list[str]) -> None:
    for said in triggers:
        conn.execute(text(said))


async def test_many_workers_at_once(ledger: Ledger, other: Ledger) -> None:
    """One chain without a gap, whoever appends."""
    await asyncio.gather(*(each.write(refund, n) for n in range(40) for each in (ledger, other)))
    found = await ledger.read(audit.verify)
    assert (found.count, found.wrong) == (80, ())


async def test_an_act_that_fails_leaves_no_row(ledger: Ledger) -> None:
    def failing(conn: Connection) -> None:
        refund(conn, 1)
        raise LookupError

    with pytest.raises(LookupError):
        await ledger.write(failing)
    assert await ledger.read(audit.listed) == []
