"""Events: in order, append only."""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.ledger import events, payments
from checkout.ledger.base import Ledger
from tests.support.ledger_rows import NOW, payment_row


async def test_events_come_back_in_order(ledger: Ledger) -> None:
    one, two = payment_row(), payment_row()
    for each in (one, two):
        await ledger.write(payments.add, each)
    await ledger.write(events.append, one.uid, "created", NOW)
    await ledger.write(events.append, two.uid, "created", NOW)
    # The same second, and a clock that was set back: the order is that of writing.
    await ledger.write(events.append, one.uid, "moved", NOW, 1, **{"from": "claimed", "to": "paid"})
    await ledger.write(events.append, one.uid, "mismatch", NOW - 5, 1, amount={"ours": 1})
    found = await ledger.read(events.of, one.uid)
    assert [(e.kind, e.at, e.attempt, e.data) for e in found] == [
        ("created", NOW, None, {}),
        ("moved", NOW, 1, {"from": "claimed", "to": "paid"}),
        ("mismatch", NOW - 5, 1, {"amount": {"ours": 1}}),
    ]


async def test_an_event_belongs_to_a_payment(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError):
        await ledger.write(events.append, "nobody's", "created", NOW)


def test_nothing_changes_an_event() -> None:
    """The module has two verbs: one adds, one reads."""
    verbs = {
        name
        for name, verb in inspect.getmembers(events, inspect.isfunction)
        if verb.__module__ == events.__name__
    }
    assert verbs == {"append", "of"}
    source = inspect.getsource(events)
    assert "update(" not in source
    assert "delete(" not in source


async def test_a_verb_that_fails_leaves_nothing(ledger: Ledger) -> None:
    made = payment_row()
    await ledger.write(payments.add, made)

    def half(conn: Connection) -> None:
        events.append(conn, made.uid, "created", NOW)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await ledger.write(half)
    assert await ledger.read(events.of, made.uid) == []
    await ledger.write(events.append, made.uid, "created", NOW)
    assert len(await ledger.read(events.of, made.uid)) == 1
