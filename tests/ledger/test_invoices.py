"""Invoices: made once a key, found with their payment, listed by what became of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from checkout.ledger import attempts, invoices, payments
from checkout.ledger.base import Ledger
from checkout.ledger.invoices import Invoice
from checkout.ledger.payments import KEPT_SECONDS
from checkout.model.status import Status
from tests.support.ledger_rows import NOW, attempt, invoice, payment_row
from tests.support.samples import SHOP_ID, order


async def add(ledger: Ledger, key: str | None = None, digest: str = "", **changes: Any) -> Invoice:
    made = invoice(**changes)
    found, same = await ledger.write(invoices.add_once, made, idempotency_key=key, digest=digest)
    assert same
    return found


async def ids(ledger: Ledger, now: float = NOW, **asked: Any) -> list[str]:
    asked.setdefault("shop", SHOP_ID)
    asked.setdefault("limit", 100)
    found, _ = await ledger.read(invoices.listed, now=now, **asked)
    return [each.invoice.id for each in found]


# --- Once a key --------------------------------------------------------------------------------


async def test_the_same_key_finds_the_same_invoice(ledger: Ledger) -> None:
    first = await add(ledger, "k", "a")
    assert (await add(ledger, "k", "a")).id == first.id
    assert (await add(ledger, "other", "a")).id != first.id
    assert (await add(ledger, "k", "a", shop="999")).id != first.id
    assert (await add(ledger, None, "a")).id != (await add(ledger, None, "a")).id


async def test_the_same_key_for_another_body(ledger: Ledger) -> None:
    first = await add(ledger, "k", "a")
    found, same = await ledger.write(invoices.add_once, invoice(), idempotency_key="k", digest="b")
    assert (found.id, same) == (first.id, False)


async def test_a_key_is_free_again_after_a_day(ledger: Ledger) -> None:
    first = await add(ledger, "k", "a")
    almost, day = NOW + KEPT_SECONDS - 1, NOW + KEPT_SECONDS
    assert (await add(ledger, "k", "a", created_at=almost)).id == first.id
    second = await add(ledger, "k", "b", created_at=day)
    assert second.id != first.id
    assert (await add(ledger, "k", "b", created_at=day + 1)).id == second.id
    assert len(await ids(ledger)) == 2


async def test_twice_at_once(ledger: Ledger, other: Ledger) -> None:
    async def one(where: Ledger) -> str:
        for _ in range(2):
            try:
                return (await add(where, "k", "a")).id
            except IntegrityError:
                continue
        raise AssertionError

    found = await asyncio.gather(*(one(where) for where in (ledger, other) * 5))
    assert len(set(found)) == 1


async def test_a_link_is_of_one_invoice(ledger: Ledger) -> None:
    await add(ledger, signed="x")
    with pytest.raises(IntegrityError):
        await add(ledger, signed="x")


# --- What became of it -------------------------------------------------------------------------


async def opened(ledger: Ledger, made: Invoice, *attempted: Status, **changes: Any) -> str:
    """Its payment, with these attempts."""
    payment = payment_row(
        link=made.link,
        expires_at=made.expires_at,
        order=order(expires_at=made.expires_at, attempts=5),
        **changes,
    )
    await ledger.write(payments.add, payment)
    for number, status in enumerate(attempted, 1):
        await ledger.write(attempts.add, attempt(payment, number, status=status))
    return payment.uid


AT_BANK = Status.REQUIRES_ACTION
OVER = NOW + 3600
# How it stands: (what happened, what the payment's row says, cancelled, when it is looked at).
STANDINGS: dict[str, tuple[tuple[Status, ...] | None, Status, bool, float, Status]] = {
    "unopened": (None, Status.OPEN, False, NOW, Status.OPEN),
    "unopened and over": (None, Status.OPEN, False, OVER, Status.EXPIRED),
    "unopened and cancelled": (None, Status.OPEN, True, NOW, Status.CANCELLED),
    "cancelled, then over": (None, Status.OPEN, True, OVER, Status.CANCELLED),
    "opened": ((), Status.OPEN, False, NOW, Status.OPEN),
    "opened and over": ((), Status.OPEN, False, OVER, Status.EXPIRED),
    "expired": ((), Status.EXPIRED, False, OVER, Status.EXPIRED),
    "under way": ((Status.PENDING,), Status.PENDING, False, NOW, Status.PENDING),
    "under way and over": ((Status.PENDING,), Status.PENDING, False, OVER, Status.PENDING),
    "at the bank": ((AT_BANK,), AT_BANK, False, NOW, AT_BANK),
    "paid": ((Status.PAID,), Status.PAID, False, NOW, Status.PAID),
    "paid late, though cancelled": ((Status.PAID,), Status.PAID, True, OVER, Status.PAID),
    "authorized": ((Status.AUTHORIZED,), Status.AUTHORIZED, False, NOW, Status.AUTHORIZED),
    "refunded": ((Status.REFUNDED,), Status.REFUNDED, False, NOW, Status.REFUNDED),
    "declined": ((Status.DECLINED,) * 5, Status.DECLINED, False, NOW, Status.DECLINED),
    "declined, then cancelled": ((Status.DECLINED,) * 5, Status.DECLINED, True, NOW,
                                 Status.CANCELLED),
}  # fmt: skip


@pytest.mark.parametrize("name", STANDINGS)
async def test_the_list_finds_it_by_its_status(ledger: Ledger, name: str) -> None:
    attempted, written, cancelled, now, stands = STANDINGS[name]
    made = await add(ledger)
    if attempted is not None:
        await opened(ledger, made, *attempted, status=written)
    if cancelled:
        await ledger.write(invoices.change, made.id, cancelled_at=NOW)
    standing = await ledger.read(invoices.by_id, made.id)
    assert standing is not None
    assert standing.status(now) is stands
    for status in Status:
        found = await ids(ledger, now, statuses=[status])
        assert found == ([made.id] if status is stands else []), status


async def test_pages_of_the_newest_first(ledger: Ledger) -> None:
    made = [(await add(ledger, created_at=NOW + n)).id for n in range(5)]
    await add(ledger, shop="999", created_at=NOW + 9)
    assert await ids(ledger) == made[::-1]
    assert await ids(ledger, limit=2) == [made[4], made[3]]
    assert await ids(ledger, limit=2, offset=2) == [made[2], made[1]]
    assert len(await ids(ledger, shop=None)) == 6


async def test_by_the_shops_own_number(ledger: Ledger) -> None:
    made = await add(ledger, order=order(tracking_id="chair-7"))
    await add(ledger)
    assert await ids(ledger, tracking_id="chair-7") == [made.id]
    assert await ids(ledger, tracking_id="chair-8") == []


async def test_only_a_cancelled_one_is_shut(ledger: Ledger) -> None:
    made, another = await add(ledger), await add(ledger)
    await ledger.write(invoices.change, made.id, cancelled_at=NOW)
    assert await ledger.read(invoices.is_cancelled, made.link)
    assert not await ledger.read(invoices.is_cancelled, another.link)
    assert not await ledger.read(invoices.is_cancelled, "0" * 64)


async def test_what_is_unknown(ledger: Ledger) -> None:
    assert await ledger.read(invoices.by_id, "inv_0000000000000000") is None
    assert await ledger.write(invoices.lock, "inv_0000000000000000") is None
