"""Attempts: submitted once, queried once in an interval, recovered by one worker."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.ledger import attempts, payments
from checkout.ledger.base import Ledger
from checkout.ledger.rows import PaymentRow, text
from checkout.model.money import Money
from checkout.model.next_action import Instructions, NextAction, PostForm, Redirect
from checkout.model.order import Customer
from checkout.model.outcome import DeclineReason, GatewayFacts, PaidCard
from checkout.model.status import Status
from tests.support.ledger_rows import NOW, attempt, payment_row


@pytest.fixture
async def paying(ledger: Ledger) -> PaymentRow:
    made = payment_row()
    await ledger.write(payments.add, made)
    return made


async def test_what_is_submitted_comes_out(ledger: Ledger, paying: PaymentRow) -> None:
    put = attempt(
        paying,
        facts=GatewayFacts(card=PaidCard(brand="visa", last_4="0000")),
        customer=Customer(email="ann@example.com", first_name="Ännchen"),
        address_mark="a" * 32,
        bin_mark="b" * 32,
    )
    await ledger.write(attempts.add, put)
    assert await ledger.read(attempts.by_key, put.key) == put
    assert await ledger.read(attempts.by_return_ticket, put.return_ticket) == put
    assert await ledger.read(attempts.by_notify_ticket, put.notify_ticket) == put
    assert await ledger.read(attempts.by_notify_ticket, put.return_ticket) is None
    payment = await ledger.read(payments.by_uid, paying.uid)
    assert payment is not None
    assert payment.attempts == (put,)


@pytest.mark.parametrize(
    "step",
    [
        Redirect("https://bank.example/3ds?x=%2F&y", framed=True),
        PostForm("https://bank.example/", (("MD", ""), ("PaReq", "a+b=="))),
        Instructions(("Pay", "there"), account="BY1", amount="0.00012 BTC", qr="bitcoin:x"),
    ],
    ids=lambda step: type(step).__name__,
)
async def test_steps_are_kept_exactly(ledger: Ledger, paying: PaymentRow, step: NextAction) -> None:
    put = attempt(paying)
    await ledger.write(attempts.add, put)
    facts = GatewayFacts(money=Money(1, "EUR"), auth_code="1")
    values = {"step": text(step), "reason": DeclineReason.LIMIT, "facts": text(facts)}
    await ledger.write(
        attempts.change, put.key, status=Status.REQUIRES_ACTION, gateway_id="g", **values
    )
    found = await ledger.read(attempts.by_key, put.key)
    assert found is not None
    assert (found.next_action, found.reason, found.facts) == (step, DeclineReason.LIMIT, facts)
    assert (found.status, found.gateway_id) == (Status.REQUIRES_ACTION, "g")


async def test_a_number_is_submitted_once(ledger: Ledger, paying: PaymentRow) -> None:
    await ledger.write(attempts.add, attempt(paying))
    with pytest.raises(IntegrityError):
        await ledger.write(attempts.add, attempt(paying))
    await ledger.write(attempts.add, attempt(paying, 2))


async def test_a_number_is_submitted_once_by_all(
    ledger: Ledger, other: Ledger, paying: PaymentRow
) -> None:
    async def claim(where: Ledger) -> bool:
        try:
            await where.write(attempts.add, attempt(paying))
        except IntegrityError:
            return False
        return True

    assert sum(await asyncio.gather(*(claim(where) for where in (ledger, other) * 10))) == 1
    assert len(await ledger.read(payments.attempts_of, paying.uid)) == 1


async def test_a_lost_submission_leaves_the_ledger_usable(
    ledger: Ledger, paying: PaymentRow
) -> None:
    await ledger.write(attempts.add, attempt(paying))
    with pytest.raises(IntegrityError):
        await ledger.write(attempts.add, attempt(paying))
    await ledger.write(payments.change, paying.uid, status=Status.PENDING)
    payment = await ledger.read(payments.by_uid, paying.uid)
    assert payment is not None
    assert payment.status is Status.PENDING


# Queries


async def test_one_query_an_interval(ledger: Ledger, other: Ledger, paying: PaymentRow) -> None:
    put = attempt(paying, next_query_at=NOW)
    await ledger.write(attempts.add, put)

    async def take(where: Ledger, now: float) -> bool:
        return await where.write(attempts.take_query, put.key, now=now, until=now + 5)

    assert sum(await asyncio.gather(*(take(where, NOW) for where in (ledger, other) * 25))) == 1
    assert not await take(ledger, NOW + 4.9)
    assert await take(other, NOW + 5)
    found = await ledger.read(attempts.by_key, put.key)
    assert found is not None
    assert (found.queries, found.next_query_at) == (2, NOW + 10)


async def test_who_cannot_wait_asks_a_second_after_the_last(
    ledger: Ledger, paying: PaymentRow
) -> None:
    put = attempt(paying, next_query_at=NOW + 30, queries=8)
    await ledger.write(attempts.add, put)

    async def taken_at(now: float) -> float:
        return await ledger.write(attempts.take_query_now, put.key, now=now, interval=1.0)

    assert await taken_at(NOW) == 0, "nobody has asked yet"
    found = await ledger.read(attempts.by_key, put.key)
    assert found is not None
    assert (found.queries, found.next_query_at) == (1, NOW + 1), "the pace begins anew"
    assert await taken_at(NOW + 0.75) == 0.25
    at = NOW + 1
    assert not await ledger.write(attempts.take_query, put.key, now=at, until=at + 1), "reserved"
    assert await taken_at(at) == 0


# Recovery


async def test_longest_due_first(ledger: Ledger, paying: PaymentRow) -> None:
    for number, at in ((1, NOW), (2, NOW - 9), (3, None), (4, NOW + 1)):
        await ledger.write(attempts.add, attempt(paying, number, sweep_at=at))
    due = await ledger.read(attempts.to_sweep, NOW)
    assert [each.number for each in due] == [2, 1]
    assert [each.number for each in await ledger.read(attempts.to_sweep, NOW, 1)] == [2]


@pytest.mark.parametrize("until", [NOW + 60, None])
async def test_one_worker_recovers(
    ledger: Ledger, other: Ledger, paying: PaymentRow, until: float | None
) -> None:
    await ledger.write(attempts.add, attempt(paying, sweep_at=NOW))
    (due,) = await ledger.read(attempts.to_sweep, NOW)
    took = await asyncio.gather(
        *(where.write(attempts.take_sweep, due, until=until) for where in (ledger, other) * 10)
    )
    assert sum(took) == 1
    assert await ledger.read(attempts.to_sweep, NOW) == []


# What limits count


async def test_tries_are_found_by_mark(ledger: Ledger, paying: PaymentRow) -> None:
    rows = (
        (Status.DECLINED, "a", NOW - 1),
        (Status.DECLINED, "a", NOW - 600),
        (Status.DECLINED, "b", NOW),
        (Status.SUBMITTING, "a", NOW),
        (Status.DECLINED, None, NOW),
    )
    for number, (status, mark, at) in enumerate(rows, 1):
        put = attempt(paying, number, status=status, address_mark=mark, created_at=at, shop="9")
        await ledger.write(attempts.add, put)

    async def tried(**mark: str) -> list[str]:
        return [each.status for each in await ledger.read(attempts.tried, NOW - 600, **mark)]

    assert await tried(address_mark="a") == [Status.SUBMITTING, Status.DECLINED]
    assert await tried(address_mark="b") == [Status.DECLINED]
    assert await tried(bin_mark="a") == []


ENDS = {
    Status.SUBMITTING: (0, 0),
    Status.PENDING: (0, 0),
    Status.REQUIRES_ACTION: (0, 0),
    Status.NOT_SENT: (0, 0),
    Status.DECLINED: (2, 0),
    Status.CANCELLED: (1, 0),  # not the one without a card
    Status.EXPIRED: (1, 0),
    Status.PAID: (0, 2),
    Status.AUTHORIZED: (0, 2),
    Status.REFUNDED: (0, 2),
}


@pytest.mark.parametrize("status", ENDS)
async def test_ends_of_a_shop_are_counted(
    ledger: Ledger, paying: PaymentRow, status: Status
) -> None:
    """One by card and one without, beside one that is too old and one of another shop."""
    assert await ledger.read(attempts.ends, "9", NOW - 600) == (0, 0)
    others = (("b", NOW - 600, "9"), ("b", NOW, "8"))
    for number, (mark, at, shop) in enumerate((("b", NOW, "9"), (None, NOW, "9"), *others), 1):
        put = attempt(paying, number, status=status, bin_mark=mark, created_at=at, shop=shop)
        await ledger.write(attempts.add, put)
    assert await ledger.read(attempts.ends, "9", NOW - 600) == ENDS[status]


@pytest.mark.parametrize("name", [*attempts.TRIED, "shop"])
async def test_tries_are_found_in_their_index(ledger: Ledger, name: str) -> None:
    """However many attempts there are; and no more than so many are read."""

    def plan(conn: Connection) -> str:
        if conn.dialect.name != "sqlite":
            pytest.skip("PostgreSQL reads a small table whole")
        asked = attempts.TRIED.get(name, attempts.ENDS).select.params(value="x", since=0)
        made = asked.compile(dialect=conn.dialect)
        values = tuple(made.params[each] for each in made.positiontup or ())
        return str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", values).all())

    index = {
        "address_mark": "attempts_by_address",
        "bin_mark": "attempts_by_bin",
        "shop": "attempts_by_shop",
    }[name]
    found = await ledger.read(plan)
    assert f"USING INDEX {index} ({name}=? AND created_at>?)" in found
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize(
    ("asked_before", "allowed_in"),
    [(100.0, 0.0), (0.4, 0.6), (0.0, 1.0)],
    ids=["long ago", "a moment ago", "meanwhile"],
)
async def test_a_query_soon_is_not_a_second_one(
    ledger: Ledger, paying: PaymentRow, asked_before: float, allowed_in: float
) -> None:
    """By the row as it is, whatever its transaction has read of it before."""
    put = attempt(paying, next_query_at=NOW - asked_before)
    await ledger.write(attempts.add, put)
    asked = NOW - asked_before
    assert await ledger.write(attempts.take_query, put.key, now=asked, until=NOW + 30)
    await ledger.write(attempts.query_soon, put.key, now=NOW, interval=1.0)
    found = await ledger.read(attempts.by_key, put.key)
    assert found is not None
    assert found.next_query_at == found.sweep_at == pytest.approx(NOW + allowed_in, abs=0.01)


async def test_what_is_due_soon_anyway_stays_so(ledger: Ledger, paying: PaymentRow) -> None:
    put = attempt(paying, next_query_at=NOW + 5, asked_at=None)
    await ledger.write(attempts.add, put)
    await ledger.write(attempts.query_soon, put.key, now=NOW, interval=1.0)
    found = await ledger.read(attempts.by_key, put.key)
    assert found is not None
    assert found.next_query_at == found.sweep_at == NOW + 5
