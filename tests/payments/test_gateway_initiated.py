"""What a gateway does to a payment by itself: reported by a notification or by the payment's
state."""

from __future__ import annotations

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from checkout.errors import Unprocessable
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, UNSIGNED, GatewayFacts, OperationNotice, Outcome
from checkout.model.status import Status
from checkout.payments.operations import query_operation, start_operation
from checkout.payments.schedule import HOUR
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID, PENDING, Held
from tests.support.harness import Harness
from tests.support.samples import changed

REVERSED = Outcome(Status.REFUNDED, "g-1")
CHARGED_BACK = changed(REVERSED, facts=GatewayFacts(taken_back="chargeback"))
VERBS = frozenset({"capture", "void", "refund", "operation_status"})


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has(*VERBS)
    return harness


def notice(kind: str, amount: int = 1250, id: str = "b-1", key: str | None = None) -> Outcome:
    return Outcome(Status.PENDING, notice=OperationNotice(kind, id, key, Money(amount, "EUR")))


def done(amount: int = 1250, id: str = "b-1", status: Status = Status.REFUNDED) -> Outcome:
    return Outcome(
        status, id, facts=GatewayFacts(money=Money(amount, "EUR"), message="By the bank")
    )


async def made(harness: Harness, payment: Payment) -> list[Operation]:
    return await harness.ledger.read(operations.of, payment.uid)


async def notify(harness: Harness, payment: Payment, news: Outcome, *says: Outcome) -> None:
    harness.gateway.news = news
    harness.gateway.will_trace(*says)
    await harness.notify(payment.attempts[0])
    await harness.sweep(1)


@pytest.mark.parametrize("kind", ["refund", "chargeback"])
async def test_all_of_it_taken_back(office: Harness, kind: str) -> None:
    payment = await office.paid_with(PAID)
    with capture_logs() as said:
        await notify(office, payment, notice(kind), done())
    assert await office.status(payment) is Status.REFUNDED
    assert [line["event"] for line in said if line.get("alert")] == [f"by_gateway.{kind}"]
    assert await office.told(payment) == ["successful", f"successful: {kind}"]
    body = json.loads((await office.webhooks(payment))[1].body)["transaction"]
    assert (body["parent_uid"], body["amount"], body["type"]) == (payment.uid, 1250, kind)
    ((_, asked),) = office.gateway.traced
    assert (asked.kind, asked.id, asked.key, asked.money) == (kind, "b-1", None, None)
    # Told again, it is the same.
    await notify(office, payment, notice(kind), done())
    assert len(await office.ledger.read(operations.of, payment.uid)) == 1
    assert len(office.gateway.traced) == 1


async def test_a_part_taken_back_leaves_it_paid(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await notify(office, payment, notice("refund", 999), done(1000))
    assert await office.status(payment) is Status.PAID
    assert await office.told(payment) == ["successful", "successful: refund"]
    with pytest.raises(Unprocessable):
        await start_operation(office.context, "refund", payment.uid, amount=251)
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-1"))
    assert (await start_operation(office.context, "refund", payment.uid)).amount == 250
    assert await office.status(payment) is Status.REFUNDED


@pytest.mark.parametrize("says", [UNKNOWN, ABSENT, DECLINED], ids=["silent", "absent", "declined"])
async def test_the_notification_alone_moves_nothing(office: Harness, says: Outcome) -> None:
    payment = await office.paid_with(PAID)
    await notify(office, payment, notice("refund"), says)
    await office.sweep_for(120, step=5)
    assert office.gateway.traced
    assert await office.status(payment) is Status.PAID
    assert await office.told(payment) == ["successful"]
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-1"))
    assert (await start_operation(office.context, "refund", payment.uid)).amount == 1250


async def test_unanswered_it_is_asked_again(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await notify(office, payment, notice("chargeback"), UNKNOWN, done())
    assert await office.status(payment) is Status.PAID
    await office.sweep_for(60)
    assert await office.status(payment) is Status.REFUNDED


async def test_held_money(office: Harness) -> None:
    captured = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await notify(office, captured, notice("capture", 1000), done(1000, status=Status.PAID))
    assert await office.status(captured) is Status.PAID
    voided = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await notify(office, voided, notice("void", id="b-2"), done(id="b-2"))
    assert await office.status(voided) is Status.REFUNDED


async def test_news_of_what_we_asked_for_is_not_new(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(UNKNOWN)
    ours = await start_operation(office.context, "refund", payment.uid, amount=500)
    # With our key it is queried at once; its id was known before.
    await notify(office, payment, notice("refund", 500, key=ours.key), done(500))
    await notify(office, payment, notice("refund", 500), done(500))
    (row,) = await office.ledger.read(operations.of, payment.uid)
    assert (row.status, row.by_gateway, row.gateway_id) == (Status.REFUNDED, False, "b-1")
    assert await office.told(payment) == ["successful", "successful: refund"]


async def test_news_before_the_answer_to_what_we_asked_for(office: Harness) -> None:
    """Without our key in it, only the gateway's id shows that the two are one."""
    payment = await office.paid_with(PAID)
    office.gateway.news = notice("refund", 500)
    await office.notify(payment.attempts[0])
    office.gateway.will_do(done(500))
    await start_operation(office.context, "refund", payment.uid, amount=500)
    office.gateway.will_trace(done(500))
    await office.sweep(1)
    assert await office.told(payment) == ["successful", "successful: refund"]
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-2"))
    assert (await start_operation(office.context, "refund", payment.uid)).amount == 750


async def test_a_state_that_says_chargeback(office: Harness) -> None:
    """Gateways without transactions of their own for it say it of the payment."""
    payment = await office.paid_with(PAID)
    state = Outcome(Status.REFUNDED, "g-1", facts=GatewayFacts(taken_back="chargeback"))
    office.gateway.news = state
    office.gateway.will_state(state)
    office.clock.move(5)
    for _ in range(2):
        await office.notify(payment.attempts[0])
        await office.context.finish(5)
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", "successful: chargeback"]
    (row,) = await office.ledger.read(operations.of, payment.uid)
    assert (row.kind, row.amount, row.by_gateway) == ("chargeback", 1250, True)


# Told of twice, it is one


async def test_news_of_ours_while_its_end_is_unknown(office: Harness) -> None:
    """Its id is not known yet, and the news doesn't name our key: the news waits for our answer."""
    payment = await office.paid_with(PAID)
    office.gateway.will_do(UNKNOWN)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    await office.ledger.write(
        operations.change, (await made(office, payment))[0].uid, sweep_at=None
    )
    await notify(office, payment, notice("refund", 500), done(500))
    ours, theirs = await made(office, payment)
    assert (ours.status, theirs.status) == (Status.PENDING, Status.PENDING)
    assert await office.told(payment) == ["successful"]
    office.clock.move(2)
    await query_operation(office.context, ours.uid)
    await office.sweep_for(60)
    assert [each.status for each in await made(office, payment)] == [
        Status.REFUNDED,
        Status.NOT_SENT,
    ]
    assert await office.told(payment) == ["successful", "successful: refund"]


async def test_news_of_ours_that_was_taken_for_lost(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    held = Held(done(500))
    office.gateway.will_do(held)
    asking = asyncio.create_task(start_operation(office.context, "refund", payment.uid, amount=500))
    await held.asked.wait()
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(95)
    assert (await made(office, payment))[0].status is Status.NOT_SENT
    await notify(office, payment, notice("refund", 500), done(500))
    held.let.set()
    await asking
    ours, theirs = await made(office, payment)
    assert (ours.status, theirs.status) == (Status.NOT_SENT, Status.REFUNDED)
    assert await office.told(payment) == ["successful", "failed: refund", "successful: refund"]


async def test_news_under_the_payments_own_key(office: Harness) -> None:
    """Banks know the payment alone: a chargeback comes under its tracking id."""
    payment = await office.paid_with(PAID)
    (attempt,) = payment.attempts
    office.gateway.will_do(done(250, "o-1"))
    await start_operation(office.context, "refund", payment.uid, amount=250)
    await notify(office, payment, notice("chargeback", 1000, key=attempt.key), done(1000))
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == [
        "successful", "successful: refund", "successful: chargeback",
    ]  # fmt: skip
    assert office.gateway.traced[-1][1].key is None


async def test_a_refund_notified_before_the_capture_that_took_the_money(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await notify(office, payment, notice("refund", 1000), done(1000))
    assert await office.status(payment) is Status.AUTHORIZED
    await notify(office, payment, notice("capture", 1000, "b-2"), done(1000, "b-2", Status.PAID))
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == [
        "successful", "successful: refund", "successful: capture",
    ]  # fmt: skip


async def test_an_operation_on_what_is_not_known_to_be_paid_waits(office: Harness) -> None:
    payment = await office.paid_with(PENDING)
    office.gateway.will_state(PENDING)
    await notify(office, payment, notice("refund", 500), done(500))
    assert await office.told(payment) == []
    office.gateway.will_state(PAID)
    await office.sweep_for(60)
    assert await office.told(payment) == ["successful", "successful: refund"]
    assert await office.status(payment) is Status.PAID


async def test_news_asked_about_a_moment_ago_waits_a_second(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await notify(office, payment, notice("refund", 500), UNKNOWN)
    office.clock.move(0.5)
    office.gateway.will_trace(done(500))
    await office.notify(payment.attempts[0])
    await office.sweep(0.1)
    assert len(office.gateway.traced) == 1
    await office.sweep(0.5)
    assert await office.told(payment) == ["successful", "successful: refund"]


# Told by the payment's own state


async def says(harness: Harness, payment: Payment, state: Outcome, *, times: int = 1) -> None:
    """A notification that proves nothing, and then the state that a query shows."""
    harness.gateway.news = UNSIGNED
    harness.gateway.will_state(state)
    for _ in range(times):
        harness.clock.move(5)
        await harness.notify(payment.attempts[0])
        await harness.context.finish(5)


async def test_nobody_signed_it_so_the_gateway_is_asked(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await says(office, payment, PAID, times=3)
    assert len(office.gateway.queries) == 3
    assert (await office.payment(payment)).attempts[0].sweep_at is None
    await says(office, payment, REVERSED)
    assert await office.told(payment) == ["successful", "successful: refund"]
    (row,) = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == ("refund", 1250, True)


async def test_what_an_unsigned_notification_says_is_not_even_noted(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    news = OperationNotice("refund", "b-1", None, Money(1250, "EUR"))
    office.clock.move(5)
    office.gateway.news = Outcome(Status.REFUNDED, "g-1", notice=news, unsigned=True)
    office.gateway.will_state(PAID)
    await office.notify(payment.attempts[0])
    await office.context.finish(5)
    assert await made(office, payment) == []
    assert await office.status(payment) is Status.PAID
    assert len(office.gateway.queries) == 1


async def test_one_that_agrees_is_asked_about_all_the_same(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.clock.move(5)
    office.gateway.news = changed(PAID, unsigned=True)
    office.gateway.will_state(REVERSED)
    await office.notify(payment.attempts[0])
    await office.context.finish(5)
    assert await office.status(payment) is Status.REFUNDED


async def test_one_that_comes_while_the_gateway_is_asked(office: Harness) -> None:
    """The answer may be older than the notification: another query follows at once."""
    payment = await office.paid_with(PAID)
    office.gateway.news = UNSIGNED
    for _ in range(6):  # at longer and longer intervals
        await says(office, payment, PAID)
        office.clock.move(60)
    held = Held(PAID)
    office.gateway.will_state(held, REVERSED)
    await office.notify(payment.attempts[0])
    await held.asked.wait()
    office.clock.move(2)
    await office.notify(payment.attempts[0])
    held.let.set()
    await office.context.finish(5)
    assert await office.status(payment) is Status.REFUNDED


async def test_a_capture_of_the_back_office(office: Harness) -> None:
    """Not the authorization again."""
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await says(office, payment, changed(PAID, facts=GatewayFacts()), times=2)
    assert await office.status(payment) is Status.PAID
    assert await office.told(payment) == ["successful", "successful: capture"]
    (row,) = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == ("capture", 1250, True)


@pytest.mark.parametrize("state", [Status.CANCELLED, Status.REFUNDED])
async def test_a_void_of_the_back_office_whatever_it_is_called(
    office: Harness, state: Status
) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await says(
        office, payment, Outcome(state, "g-1", facts=GatewayFacts(taken_back="void")), times=2
    )
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", "successful: void"]


async def test_cancelled_alone_gives_nothing_back(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await says(office, payment, Outcome(Status.CANCELLED, "g-1"))
    assert await office.status(payment) is Status.AUTHORIZED


@pytest.mark.parametrize("answer", [done(500, "g-1"), Outcome(Status.ACCEPTED, "g-1"), UNKNOWN])
async def test_reversed_after_a_refund_of_ours_is_that_refund(
    office: Harness, answer: Outcome
) -> None:
    """Such gateways say it of a part too, without an amount."""
    payment = await office.paid_with(PAID)
    office.gateway.will_do(answer)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    office.gateway.will_trace(Outcome(Status.REFUNDED, "g-1"))
    await says(office, payment, REVERSED, times=2)
    await office.sweep_for(2 * HOUR, step=60)
    assert await office.status(payment) is Status.PAID
    assert await office.told(payment) == ["successful", "successful: refund"]
    (row,) = await made(office, payment)
    assert (row.amount, row.by_gateway, row.status) == (500, False, Status.REFUNDED)


async def test_reversed_after_a_refund_that_was_refused_is_the_gateways(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(DECLINED)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    await says(office, payment, REVERSED)
    assert await office.told(payment) == ["successful", "successful: refund"]
    assert [row.amount for row in await made(office, payment) if row.by_gateway] == [1250]


async def test_reversed_while_ours_is_unknown_and_then_refused(office: Harness) -> None:
    """The state is queried again, once the end of ours is known."""
    payment = await office.paid_with(PAID)
    office.gateway.will_do(UNKNOWN)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    office.gateway.will_trace(DECLINED)
    await says(office, payment, REVERSED)
    await office.sweep_for(2 * HOUR, step=60)
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", "failed: refund", "successful: refund"]


async def test_a_chargeback_after_our_refund_of_a_part(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(done(500, "g-1"))
    await start_operation(office.context, "refund", payment.uid, amount=500)
    await says(office, payment, CHARGED_BACK, times=2)
    assert await office.status(payment) is Status.REFUNDED
    assert [(row.kind, row.amount) for row in await made(office, payment)] == [
        ("refund", 500), ("chargeback", 750),
    ]  # fmt: skip


async def test_a_chargeback_after_all_was_refunded(office: Harness) -> None:
    """The money has gone back twice: somebody has to dispute it."""
    payment = await office.paid_with(PAID)
    office.gateway.will_do(done(1250, "g-1"))
    await start_operation(office.context, "refund", payment.uid)
    office.clock.move(5)
    office.gateway.news = office_state = CHARGED_BACK
    office.gateway.will_state(office_state)
    for _ in range(2):
        await office.notify(payment.attempts[0])
        await office.context.finish(5)
        office.clock.move(5)
    assert await office.told(payment) == [
        "successful", "successful: refund", "successful: chargeback",
    ]  # fmt: skip
    assert (await office.kinds(payment)).count("by_gateway.chargeback") == 1


async def test_the_state_first_and_then_its_own_notification(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    await says(office, payment, REVERSED)
    await notify(office, payment, notice("refund"), done())
    (row,) = await made(office, payment)
    assert (row.gateway_id, row.status) == ("b-1", Status.REFUNDED)
    assert await office.told(payment) == ["successful", "successful: refund"]


async def test_the_notification_first_and_then_the_state(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_trace(UNKNOWN, done())
    office.gateway.news = notice("refund")
    await office.notify(payment.attempts[0])
    await office.sweep(1)
    await says(office, payment, REVERSED)
    await office.sweep_for(60)
    (row,) = await made(office, payment)
    assert (row.gateway_id, row.status) == ("b-1", Status.REFUNDED)
    assert await office.told(payment) == ["successful", "successful: refund"]


async def test_a_state_that_fits_two_of_ours_is_of_the_one_that_was_done(office: Harness) -> None:
    """Gateways that know operations by the payment's state alone say "captured" of both."""
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    slow, kind = Held(Outcome(Status.PAID, "g-1")), "capture"
    office.gateway.will_do(slow)
    first = asyncio.create_task(start_operation(office.context, kind, payment.uid))
    await slow.asked.wait()
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(95)
    office.gateway.will_do(UNKNOWN)
    await start_operation(office.context, kind, payment.uid)
    slow.let.set()
    await first
    office.gateway.will_trace(Outcome(Status.PAID, "g-1"))
    await office.sweep_for(60)
    assert [row.status for row in await made(office, payment)] == [Status.PAID, Status.NOT_SENT]
    assert (await office.told(payment)).count("successful: capture") == 1


async def test_where_both_may_be_a_person_has_to_look(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(Outcome(Status.REFUNDED, "g-1"), UNKNOWN)
    for _ in range(2):
        await start_operation(office.context, "refund", payment.uid, amount=500)
    office.gateway.will_trace(Outcome(Status.REFUNDED, "g-1"))
    with capture_logs() as lines:
        await office.sweep_for(26 * HOUR, step=600)
    assert [row.status for row in await made(office, payment)] == [Status.REFUNDED, Status.PENDING]
    assert [line["event"] for line in lines if line.get("alert")] == ["operation.unsettled"]
