"""A payment whose own state says that its money has gone back, at gateways that have no transaction
for it: never counted twice, and never missed."""

from __future__ import annotations

import json

import pytest

from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome, PaidCard
from checkout.model.status import Status
from checkout.payments import find
from checkout.payments.operations import start_operation
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID
from tests.support.harness import Harness

REVERSED = Outcome(Status.REFUNDED, "g-1")
CHARGED_BACK = Outcome(Status.REFUNDED, "g-1", facts=GatewayFacts(taken_back="chargeback"))
GIVEN_UP = Outcome(Status.CANCELLED, "g-1", facts=GatewayFacts(taken_back="void"))
DONE = Outcome(Status.REFUNDED, "g-1")


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has("capture", "void", "refund", "operation_status")
    return harness


async def notify(harness: Harness, payment: Payment, state: Outcome) -> None:
    """The gateway notifies, and answers the same to the query; twice."""
    for _ in range(2):
        harness.gateway.news = state
        harness.gateway.will_state(state)
        harness.clock.move(5)
        await harness.notify(payment.attempts[0])
        await harness.context.finish(5)


async def made(harness: Harness, payment: Payment) -> list[Operation]:
    return await harness.ledger.read(operations.of, payment.uid)


@pytest.mark.parametrize(
    "answer", [DONE, UNKNOWN, Outcome(Status.ACCEPTED, "g-1")], ids=["done", "unknown", "accepted"]
)
async def test_after_a_part_of_ours_it_is_that_part(office: Harness, answer: Outcome) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(answer)
    office.gateway.will_trace(UNKNOWN)
    ours = await start_operation(office.context, "refund", payment.uid, amount=500)
    await notify(office, payment, REVERSED)
    assert await office.status(payment) is Status.PAID
    (row,) = await made(office, payment)
    assert (row.uid, row.amount, row.by_gateway) == (ours.uid, 500, False)
    assert "refunded" not in await office.told(payment)
    assert not any("by_gateway" in kind for kind in await office.kinds(payment))


async def test_all_of_it_by_ours_ends_the_payment_once(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(UNKNOWN)
    office.gateway.will_trace(DONE)
    await start_operation(office.context, "refund", payment.uid)
    await notify(office, payment, REVERSED)
    await office.sweep_for(60)
    assert await office.status(payment) is Status.REFUNDED
    assert len(await made(office, payment)) == 1


@pytest.mark.parametrize("answer", [DECLINED, ABSENT], ids=["declined", "not sent"])
async def test_where_ours_failed_it_is_the_gateways(office: Harness, answer: Outcome) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(answer)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    await notify(office, payment, REVERSED)
    assert await office.status(payment) is Status.REFUNDED
    _, row = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == ("refund", 1250, True)


async def test_a_chargeback_is_of_what_our_part_left(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(DONE)
    await start_operation(office.context, "refund", payment.uid, amount=500)
    await notify(office, payment, CHARGED_BACK)
    assert await office.status(payment) is Status.REFUNDED
    _, row = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == ("chargeback", 750, True)


async def test_only_what_was_captured_goes_back(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(Outcome(Status.PAID, "g-1"))
    await start_operation(office.context, "capture", payment.uid, amount=800)
    await notify(office, payment, REVERSED)
    _, row = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == ("refund", 800, True)


@pytest.mark.parametrize(
    ("paid", "kind", "asked"), [(AUTHORIZED, "void", "authorization"), (PAID, "refund", "payment")]
)
async def test_cancelled_after_it_was_won(
    office: Harness, paid: Outcome, kind: str, asked: str
) -> None:
    payment = await office.paid_with(paid, transaction_type=asked)
    await notify(office, payment, GIVEN_UP)
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", f"successful: {kind}"]
    (row,) = await made(office, payment)
    assert (row.kind, row.amount, row.by_gateway) == (kind, 1250, True)


async def test_cancelled_before_it_was_won(office: Harness) -> None:
    payment = await office.paid_with(UNKNOWN)
    await notify(office, payment, GIVEN_UP)
    assert payment.order.attempts == 1
    assert (await find.by_token(office.context, payment.token)).attempts[0].status is (
        Status.CANCELLED
    )
    assert await made(office, payment) == []


async def test_a_hold_that_we_give_up_is_given_up_once(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(UNKNOWN)
    office.gateway.will_trace(DONE)
    await start_operation(office.context, "void", payment.uid)
    await notify(office, payment, GIVEN_UP)
    await office.sweep_for(60)
    assert await office.status(payment) is Status.REFUNDED
    (row,) = await made(office, payment)
    assert (row.kind, row.by_gateway) == ("void", False)


async def test_another_card_is_not_mixed_with_it(office: Harness) -> None:
    payment = await office.paid_with(Outcome(Status.PENDING, "g-1"))
    card = PaidCard(brand="master", last_4="9999")
    await notify(office, payment, Outcome(Status.PAID, "g-1", facts=GatewayFacts(card=card)))
    facts = (await find.by_token(office.context, payment.token)).attempts[0].facts
    assert facts.card == card


async def test_what_was_known_of_the_card_stays(office: Harness) -> None:
    """A later answer may leave out the token that an earlier one had."""
    known = PaidCard(brand="visa", last_4="1111", token="t-1")
    first = Outcome(Status.PENDING, "g-1", facts=GatewayFacts(card=known, rrn="7"))
    payment = await office.paid_with(first)
    paid = Outcome(
        Status.PAID, "g-1", facts=GatewayFacts(card=PaidCard(brand="visa", last_4="1111"))
    )
    await notify(office, payment, paid)
    facts = (await find.by_token(office.context, payment.token)).attempts[0].facts
    assert facts.card is not None
    assert (facts.card.token, facts.card.last_4, facts.rrn) == ("t-1", "1111", "7")
    webhook = json.loads((await office.webhooks(payment))[0].body)
    assert "t-1" in json.dumps(webhook)
