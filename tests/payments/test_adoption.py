"""After a restore: what could be paid in the lost time is held until its gateways have said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.gateways.base import PaymentReference
from checkout.identifiers import attempt_names
from checkout.ledger import audit, restores, schema
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from checkout.payments import adoption, create
from checkout.payments.adoption import Standing
from tests.support import samples
from tests.support.fake_gateway import ABSENT, CAN_CARDS, DECLINED, PAID
from tests.support.harness import Harness

ANN = Actor("ann", "cli", "here")
LINK = "a" * 64


def knows(harness: Harness, outcomes: dict[str, Outcome]) -> None:
    """From now on the gateway knows what has these keys, and nothing else."""

    async def status(reference: PaymentReference) -> Outcome:
        harness.gateway.queries.append(reference)
        return outcomes.get(reference.key, ABSENT)

    harness.gateway.status = status  # type: ignore[method-assign]


def remembered(harness: Harness) -> dict[str, Outcome]:
    """What the gateway was charged with, all of it paid."""
    return {charge.key: PAID for charge in harness.gateway.charges}


async def lost(harness: Harness, payment: Payment) -> None:
    """The ledger forgets the payment's attempts, as a restored one has."""
    await harness.ledger.write(_forget, payment.uid)
    harness.context.forget(payment.uid)


def _forget(conn: Any, uid: str) -> None:
    for table in ("attempts", "events", "outbox", "mails"):
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE payment = '{uid}'")
    reset = "status = 'open', attempts = 0, told = NULL"
    conn.exec_driver_sql(f"UPDATE payments SET {reset} WHERE uid = '{uid}'")


async def restored(harness: Harness) -> int:
    return await adoption.restored(harness.context, harness.clock(), by=ANN)


async def test_what_was_paid_in_the_lost_time_comes_back(harness: Harness) -> None:
    paid = await harness.paid_with(PAID)
    knows(harness, remembered(harness))
    (before,) = paid.attempts
    await lost(harness, paid)
    assert await restored(harness) == 1
    assert await harness.status(paid) is Status.PENDING
    payment = await harness.payment(paid)
    await harness.pay(payment)  # in vain: its form is shut
    assert len(harness.gateway.charges) == 1
    (adopted,) = await adoption.turn(harness.context)
    assert (adopted.standing, adopted.status, adopted.found) == (Standing.RELEASED, "paid", 1)
    (after,) = (await harness.payment(paid)).attempts
    names = ("key", "return_ticket", "notify_ticket", "account", "method", "status")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
    assert await harness.told(paid) == ["successful"]
    assert await adoption.turn(harness.context) == []
    (entry,) = await harness.ledger.read(audit.listed, subject=paid.uid)
    assert (entry.act, entry.via) == ("payment.adopt", "server")


async def test_what_was_not_paid_goes_on_after_two_answers(harness: Harness) -> None:
    payment = await harness.new_payment()
    knows(harness, {})
    assert await restored(harness) == 1
    (first,) = await adoption.turn(harness.context)
    assert first.standing is Standing.ASKED_ONCE
    assert await adoption.turn(harness.context) == []  # not at once: a charge may be under way
    assert await harness.status(payment) is Status.PENDING
    harness.clock.move(harness.context.schedule.between_absences)
    (second,) = await adoption.turn(harness.context)
    assert (second.standing, second.status) == (Standing.RELEASED, Status.OPEN)
    paid = await harness.pay(await harness.payment(payment))
    assert paid.status is Status.PAID
    assert {each.key for each in harness.gateway.queries} >= {paid.attempts[0].key}


async def test_later_attempts_are_asked_about_too(harness: Harness) -> None:
    """The first was never sent, the second declined, the third paid: all after the backup."""
    payment = await harness.new_payment(attempts=3)
    keys = {}
    for number, said in ((2, DECLINED), (3, PAID)):
        secret = harness.settings.secrets[-1]
        keys[attempt_names(secret, payment.uid, number).key] = said
    knows(harness, keys)
    await restored(harness)
    (adopted,) = await adoption.turn(harness.context)
    assert (adopted.standing, adopted.found) == (Standing.RELEASED, 2)
    found = (await harness.payment(payment)).attempts
    assert [each.status for each in found] == [Status.NOT_SENT, Status.DECLINED, Status.PAID]


async def test_an_older_secret_of_ours_has_named_it(harness: Harness) -> None:
    paid = await harness.paid_with(PAID)
    knows(harness, remembered(harness))
    await lost(harness, paid)
    secrets = (*harness.settings.secrets, "another-secret-of-32-characters-or-more")
    settings = msgspec.structs.replace(harness.settings, secrets=secrets)
    context = harness.restarted(settings=settings)
    await restored(harness)
    (adopted,) = await adoption.turn(context)
    assert adopted.status is Status.PAID


@pytest.mark.parametrize("said", [UNKNOWN, ConnectionError()])
async def test_no_answer_lets_nothing_go(harness: Harness, said: Any) -> None:
    payment = await harness.new_payment()
    harness.gateway.will_state(said)
    await restored(harness)
    for _ in range(3):
        (adopted,) = await adoption.turn(harness.context)
        assert adopted.standing is Standing.UNANSWERED
        harness.clock.move(adoption.ASK_AGAIN)
    assert await harness.status(payment) is Status.PENDING
    # Neither time ends it: it may be paid.
    harness.clock.move(48 * 3600)
    await harness.sweep()
    assert await harness.status(payment) is Status.PENDING
    assert await harness.told(payment) == []


async def test_where_a_gateway_cant_be_asked_a_person_says(harness: Harness) -> None:
    payment = await harness.new_payment()
    harness.gateway.capabilities = msgspec.structs.replace(CAN_CARDS, lookup_by_key=False)
    await restored(harness)
    with capture_logs() as lines:
        (adopted,) = await adoption.turn(harness.context)
    assert adopted.standing is Standing.UNASKABLE
    assert [line["event"] for line in lines if line.get("alert")] == ["adoption.unaskable"]
    assert await harness.status(payment) is Status.PENDING
    await adoption.release_by(harness.context, payment.uid, by=ANN, reason="looked there")
    assert await harness.status(payment) is Status.OPEN
    (entry,) = await harness.ledger.read(audit.listed, subject=payment.uid)
    assert (entry.act, entry.who) == ("payment.release", "ann")


async def opened(harness: Harness) -> Payment:
    order = samples.order(expires_at=harness.clock() + 24 * 3600)
    made = await create.open_link(harness.context, LINK, order, harness.shop)
    return await harness.payment(made.uid)


async def test_a_link_that_is_opened_again(harness: Harness) -> None:
    """Its payment is lost as a whole: the link makes another, which is charged under other names
    only once the gateway has said that the first was not paid."""
    paid = await harness.pay(await opened(harness))
    knows(harness, remembered(harness))
    await lost(harness, paid)
    await harness.ledger.write(
        lambda conn: conn.exec_driver_sql(f"DELETE FROM payments WHERE uid = '{paid.uid}'")
    )
    assert await restored(harness) == 0
    again = await opened(harness)
    assert again.uid != paid.uid
    assert await harness.status(again) is Status.PENDING
    (adopted,) = await adoption.turn(harness.context)
    assert (adopted.uid, adopted.status) == (again.uid, Status.PAID)
    assert len(harness.gateway.charges) == 1


async def test_links_go_on_when_a_person_says_so(harness: Harness) -> None:
    await restored(harness)
    held = await opened(harness)
    assert await adoption.end(harness.context, by=ANN, reason="all compared") == [held.uid]
    assert await harness.status(held) is Status.OPEN
    assert await harness.ledger.read(restores.at) is None


async def test_what_is_made_after_it_goes_on_at_once(harness: Harness) -> None:
    await harness.paid_with(PAID)
    assert await restored(harness) == 0  # what was paid before stays so
    assert (await harness.paid_with(PAID)).status is Status.PAID


async def test_a_copy_knows_that_it_is_one(harness: Harness) -> None:
    payment = await harness.new_payment()
    await adoption.recognise(harness.context)  # PostgreSQL: its lineage is known from here on
    await harness.ledger.write(
        lambda conn: conn.execute(schema.restores.insert(), {"since": harness.clock()})
    )
    with capture_logs() as lines:
        await adoption.recognise(harness.context)
        await adoption.recognise(harness.context)
    assert [(line["event"], line["held"]) for line in lines] == [("ledger.restored", 1)]
    assert await harness.status(payment) is Status.PENDING


async def test_another_cluster_or_timeline_is_a_restore(harness: Harness) -> None:
    if await harness.ledger.read(restores.present_lineage) is None:
        pytest.skip("SQLite has no lineage")
    payment = await harness.new_payment()
    await adoption.recognise(harness.context)
    assert await harness.status(payment) is Status.OPEN
    await harness.ledger.write(restores.keep_lineage, "7212345678901234567:00000001")
    await adoption.recognise(harness.context)
    assert await harness.status(payment) is Status.PENDING
