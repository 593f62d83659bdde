"""Mails: due at their time, leased by one worker, due again when that one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from checkout.identifiers import new_uid
from checkout.ledger import invoices, mails, payments
from checkout.ledger.base import Ledger
from checkout.ledger.invoices import Invoice
from checkout.ledger.mails import Mail
from checkout.model.mail import Delivery, Kind
from tests.support.ledger_rows import NOW, invoice, payment_row


@pytest.fixture
async def made(ledger: Ledger) -> Invoice:
    found = invoice()
    await ledger.write(invoices.add_once, found, idempotency_key=None, digest="")
    return found


async def queue(
    ledger: Ledger, made: Invoice, due_at: float = NOW, kind: Kind = Kind.INVOICE
) -> str:
    name = new_uid()
    await ledger.write(
        mails.queue_of_invoice, name, made.id, made.shop, kind, due_at=due_at, now=NOW
    )
    return name


async def only(ledger: Ledger, made: Invoice) -> Mail:
    (found,) = await ledger.read(mails.of, made.id)
    return found


async def test_a_mail_is_due_at_its_time(ledger: Ledger, made: Invoice) -> None:
    name = await queue(ledger, made, NOW + 5, Kind.REMINDER)
    assert await ledger.read(mails.due, NOW + 4) == []
    (mail,) = await ledger.read(mails.due, NOW + 5)
    assert mail == Mail(
        id=name,
        invoice=made.id,
        shop=made.shop,
        kind=Kind.REMINDER,
        state=Delivery.QUEUED,
        tries=0,
        due_at=NOW + 5,
        sent_at=None,
        error=None,
        created_at=NOW,
    )
    assert await ledger.read(mails.of, made.id) == (mail,)


async def test_longest_due_first(ledger: Ledger, made: Invoice) -> None:
    names = [await queue(ledger, made, at) for at in (NOW, NOW - 5, NOW - 2)]
    due = [mail.id for mail in await ledger.read(mails.due, NOW)]
    assert due == [names[1], names[2], names[0]]
    assert len(await ledger.read(mails.due, NOW, 2)) == 2
    assert await ledger.read(mails.due, NOW, 0) == []


async def test_a_shop_with_many_is_not_in_the_way_of_another(ledger: Ledger, made: Invoice) -> None:
    many = [await queue(ledger, made, NOW - 100 + n) for n in range(30)]
    theirs = invoice(shop="other")
    await ledger.write(invoices.add_once, theirs, idempotency_key=None, digest="")
    one = await queue(ledger, theirs, NOW)
    due = [mail.id for mail in await ledger.read(mails.due, NOW)]
    assert due == [many[0], one, *many[1:19]]


async def test_one_worker_takes_it(ledger: Ledger, other: Ledger, made: Invoice) -> None:
    await queue(ledger, made)
    (mail,) = await ledger.read(mails.due, NOW)
    took = await asyncio.gather(
        *(where.write(mails.take, mail, until=NOW + 60) for where in (ledger, other) * 10)
    )
    assert sum(took) == 1
    assert await other.read(mails.due, NOW + 59) == []


async def test_a_dead_workers_mail_is_due_again(ledger: Ledger, made: Invoice) -> None:
    name = await queue(ledger, made)
    (mail,) = await ledger.read(mails.due, NOW)
    await ledger.write(mails.take, mail, until=NOW + 60)
    (again,) = await ledger.read(mails.due, NOW + 60)
    assert (again.id, again.tries) == (name, 1)
    assert not await ledger.write(mails.take, mail, until=NOW + 120)
    assert await ledger.write(mails.take, again, until=NOW + 120)


async def test_how_it_ends(ledger: Ledger, made: Invoice) -> None:
    name = await queue(ledger, made)
    await ledger.write(mails.failed, name, "away", again_at=NOW + 60)
    found = await only(ledger, made)
    assert (found.state, found.due_at, found.error) == (Delivery.QUEUED, NOW + 60, "away")
    await ledger.write(mails.sent, name, NOW + 61)
    found = await only(ledger, made)
    assert (found.state, found.due_at, found.error) == (Delivery.SENT, None, None)
    assert found.sent_at == NOW + 61
    assert await ledger.read(mails.due, NOW + 10**9) == []


async def test_one_that_is_given_up(ledger: Ledger, made: Invoice) -> None:
    name = await queue(ledger, made)
    await ledger.write(mails.failed, name, "no such box", again_at=None)
    found = await only(ledger, made)
    assert (found.state, found.due_at, found.error) == (Delivery.FAILED, None, "no such box")


async def test_waiting_is_no_try(ledger: Ledger, made: Invoice) -> None:
    name = await queue(ledger, made)
    (mail,) = await ledger.read(mails.due, NOW)
    await ledger.write(mails.take, mail, until=NOW + 60)
    await ledger.write(mails.postpone, name, NOW + 900)
    found = await only(ledger, made)
    assert (found.state, found.due_at, found.tries) == (Delivery.QUEUED, NOW + 900, 0)


async def test_what_was_dropped_stays_so_unless_it_was_sent(ledger: Ledger, made: Invoice) -> None:
    """A worker may have it in its hands this moment."""
    name, reminder = await queue(ledger, made), await queue(ledger, made, kind=Kind.REMINDER)
    await ledger.write(mails.drop_of_invoice, made.id, Kind.INVOICE)
    states = {mail.id: mail.state for mail in await ledger.read(mails.of, made.id)}
    assert states == {name: Delivery.DROPPED, reminder: Delivery.QUEUED}
    await ledger.write(mails.failed, name, "away", again_at=NOW + 60)
    await ledger.write(mails.postpone, name, NOW + 60)
    states = {mail.id: mail.state for mail in await ledger.read(mails.of, made.id)}
    assert states[name] is Delivery.DROPPED
    assert [mail.id for mail in await ledger.read(mails.due, NOW + 10**9)] == [reminder]
    await ledger.write(mails.sent, name, NOW)
    states = {mail.id: mail.state for mail in await ledger.read(mails.of, made.id)}
    assert states[name] is Delivery.SENT
    await ledger.write(mails.drop_of_invoice, made.id, *Kind)
    states = {mail.id: mail.state for mail in await ledger.read(mails.of, made.id)}
    assert states == {name: Delivery.SENT, reminder: Delivery.DROPPED}


async def test_about_the_same_there_is_one(ledger: Ledger, other: Ledger) -> None:
    """However often, and by however many workers at once, it is queued."""
    row = payment_row()
    await ledger.write(payments.add, row)

    def queue_once(where: Ledger, kind: Kind, about: str | None = None) -> Awaitable[None]:
        return where.write(mails.queue_once, kind, row.shop, payment=row.uid, about=about, now=NOW)

    await asyncio.gather(*(queue_once(where, Kind.RECEIPT) for where in (ledger, other) * 5))
    for refund in ("r-1", "r-2", "r-1"):
        await queue_once(ledger, Kind.REFUND, refund)
    found = await ledger.read(mails.of_payment, row.uid)
    assert sorted((each.kind, each.about) for each in found) == [
        (Kind.RECEIPT, None), (Kind.REFUND, "r-1"), (Kind.REFUND, "r-2"),
    ]  # fmt: skip
    (receipt,) = [each for each in found if each.kind is Kind.RECEIPT]
    await ledger.write(mails.sent, receipt.id, NOW)
    await queue_once(other, Kind.RECEIPT)
    assert receipt.id not in [each.id for each in await ledger.read(mails.due, NOW)]
