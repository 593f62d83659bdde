"""The ledger beside a settlement file."""

from __future__ import annotations

import gc
import os
import sys
import time
import tracemalloc
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from checkout.gateways.settlement import SettlementRow, open_settlement
from checkout.ledger import attempts, payments
from checkout.model.money import Money
from checkout.model.outcome import GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments.operations import start_operation
from checkout.payments.settlement import Difference, open_comparison
from tests.payments.test_adoption import ANN
from tests.support.fake_gateway import DECLINED, PAID
from tests.support.harness import Harness
from tests.support.ledger_rows import attempt, payment_row


async def compared(
    harness: Harness, rows: Iterable[SettlementRow], *, period: bool = True
) -> list[Difference]:
    found = await open_comparison(harness.context, "cards", 0.0, lambda _: None)
    now = harness.clock()
    return list(found.differences(rows, (now - 3600, now + 3600) if period else None))


def row(**changes: Any) -> SettlementRow:
    usual: dict[str, Any] = {"line": 2, "amount": Decimal("12.50"), "currency": "EUR"}
    return SettlementRow(**(usual | changes))


def paid_as(id: str) -> Outcome:
    return msgspec.structs.replace(PAID, id=id)


async def test_all_is_the_same(harness: Harness) -> None:
    one = await harness.paid_with(paid_as("g-1"))
    await harness.paid_with(paid_as("g-2"))
    await harness.paid_with(DECLINED)
    rows = [row(key=one.attempts[0].key), row(id="g-2", line=3)]
    assert await compared(harness, rows) == []
    assert await compared(harness, rows, period=False) == []


async def test_each_difference(harness: Harness) -> None:
    paid = [(await harness.paid_with(paid_as(f"g-{n}"))).attempts[0] for n in range(4)]
    failed = (await harness.paid_with(DECLINED)).attempts[0]
    rows = [
        row(line=2, key=paid[0].key, amount=Decimal("12.51")),
        row(line=3, key=paid[1].key, currency="USD"),
        row(line=4, key=paid[2].key, succeeded=False),
        row(line=5, key=failed.key),
        row(line=6, key=paid[0].key),
        row(line=7, id="elsewhere"),
        row(line=8, id="elsewhere", succeeded=False),
        SettlementRow(line=9, problem="no amount"),
    ]
    found = await compared(harness, rows)
    assert [(each.what, each.line, each.here, each.there) for each in found] == [
        ("amount", 2, "12.5", "12.51"),
        ("currency", 3, "EUR", "USD"),
        ("status", 4, "settled", "not settled"),
        ("status", 5, "not settled", "settled"),
        ("duplicate", 6, None, None),
        ("missing here", 7, None, "12.5 EUR"),
        ("unreadable", 9, None, "no amount"),
        ("missing there", None, "12.5 EUR", None),
        ("missing there", None, "12.5 EUR", None),
    ]
    assert {each.payment for each in found[-2:]} == {paid[2].payment, paid[3].payment}


async def test_refunds_are_found_by_their_payment(harness: Harness) -> None:
    harness.gateway.has("refund")
    paid = await harness.paid_with(PAID)
    facts = GatewayFacts(money=Money(500, "EUR"))
    for number in (1, 2):
        harness.gateway.will_do(Outcome(Status.REFUNDED, f"r-{number}", facts=facts))
        await start_operation(
            harness.context, "refund", paid.uid, amount=500, reason="back", by=ANN
        )
    key = paid.attempts[0].key
    back = row(key=key, kind="refund", amount=Decimal(5))
    assert await compared(harness, [row(key=key), back, back]) == []
    (missing,) = await compared(harness, [row(key=key), back])
    assert (missing.what, missing.kind, missing.here) == ("missing there", "refund", "5 EUR")
    (twice,) = await compared(harness, [row(key=key), back, back, back])
    assert twice.what == "duplicate"


async def test_many_rows(harness: Harness, tmp_path: Path) -> None:
    """CHECKOUT_SETTLEMENT_ROWS says how many; 100,000 take seconds, and no more memory."""
    count = int(os.environ.get("CHECKOUT_SETTLEMENT_ROWS", "2000"))

    def fill(conn: Connection) -> None:
        for number in range(count):
            made = payment_row(created_at=harness.clock())
            payments.add(conn, made)
            known: dict[str, Any] = {"gateway_id": f"g-{number}", "created_at": harness.clock()}
            attempts.add(conn, attempt(made, status=Status.PAID, **known))

    await harness.ledger.write(fill)
    path = tmp_path / "file.csv"
    with path.open("w") as file:
        file.write("UID;Amount;Currency\n")
        file.writelines(f"g-{number};12,50;EUR\n" for number in range(count))
    gc.collect()
    begun = time.perf_counter()
    with open_settlement(path, {}) as rows:
        assert await compared(harness, rows) == []
    took = time.perf_counter() - begun
    tracemalloc.start()
    with open_settlement(path, {}) as rows:
        assert await compared(harness, rows) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20
    assert took < 60
    sys.stderr.write(f"{count} rows: {took:.1f} s, {peak / 2**20:.1f} MiB at most\n")
