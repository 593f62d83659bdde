"""What a gateway does to a payment by itself: told by a notification, taken by its own word."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from checkout.errors import Unprocessable
from checkout.flow.operations import operate
from checkout.ledger import operations
from checkout.ledger.rows import Story
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, Facts, News, Outcome
from checkout.model.status import Status
from tests.support.gateway import ABSENT, AUTHORIZED, DECLINED, PAID
from tests.support.world import World

VERBS = frozenset({"capture", "void", "refund", "operation_status"})


@pytest.fixture
async def office(world: World) -> World:
    world.gateway.has(*VERBS)
    return world


def told(kind: str, amount: int = 1250, id: str = "b-1", key: str | None = None) -> Outcome:
    return Outcome(Status.PENDING, news=News(kind, id, key, Money(amount, "EUR")))


def done(amount: int = 1250, id: str = "b-1", status: Status = Status.REFUNDED) -> Outcome:
    return Outcome(status, id, facts=Facts(money=Money(amount, "EUR"), message="By the bank"))


async def hears(world: World, story: Story, news: Outcome, *says: Outcome) -> None:
    world.gateway.news = news
    world.gateway.will_trace(*says)
    await world.notify(story.attempts[0])
    await world.sweep(1)


@pytest.mark.parametrize("kind", ["refund", "chargeback"])
async def test_all_of_it_taken_back(office: World, kind: str) -> None:
    story = await office.paid_with(PAID)
    with capture_logs() as said:
        await hears(office, story, told(kind), done())
    assert await office.status(story) is Status.REFUNDED
    assert [line["event"] for line in said if line.get("alert")] == [f"by_gateway.{kind}"]
    assert await office.told(story) == ["successful", f"successful: {kind}"]
    body = json.loads((await office.letters(story))[1].body)["transaction"]
    assert (body["parent_uid"], body["amount"], body["type"]) == (story.payment.uid, 1250, kind)
    ((_, asked),) = office.gateway.traced
    assert (asked.kind, asked.id, asked.key, asked.money) == (kind, "b-1", None, None)
    # Told again, it is the same.
    await hears(office, story, told(kind), done())
    assert len(await office.ledger.read(operations.of, story.payment.uid)) == 1
    assert len(office.gateway.traced) == 1


async def test_a_part_taken_back_leaves_it_paid(office: World) -> None:
    story = await office.paid_with(PAID)
    await hears(office, story, told("refund", 999), done(1000))
    assert await office.status(story) is Status.PAID
    assert await office.told(story) == ["successful", "successful: refund"]
    with pytest.raises(Unprocessable):
        await operate(office.flow, "refund", story.payment.uid, amount=251)
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-1"))
    assert (await operate(office.flow, "refund", story.payment.uid)).amount == 250
    assert await office.status(story) is Status.REFUNDED


@pytest.mark.parametrize("says", [UNKNOWN, ABSENT, DECLINED], ids=["silent", "absent", "declined"])
async def test_the_notification_alone_moves_nothing(office: World, says: Outcome) -> None:
    story = await office.paid_with(PAID)
    await hears(office, story, told("refund"), says)
    await office.sweep_for(120, step=5)
    assert office.gateway.traced
    assert await office.status(story) is Status.PAID
    assert await office.told(story) == ["successful"]
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-1"))
    assert (await operate(office.flow, "refund", story.payment.uid)).amount == 1250


async def test_unanswered_it_is_asked_again(office: World) -> None:
    story = await office.paid_with(PAID)
    await hears(office, story, told("chargeback"), UNKNOWN, done())
    assert await office.status(story) is Status.PAID
    await office.sweep_for(60)
    assert await office.status(story) is Status.REFUNDED


async def test_held_money(office: World) -> None:
    captured = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await hears(office, captured, told("capture", 1000), done(1000, status=Status.PAID))
    assert await office.status(captured) is Status.PAID
    voided = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    await hears(office, voided, told("void", id="b-2"), done(id="b-2"))
    assert await office.status(voided) is Status.REFUNDED


async def test_news_of_what_we_asked_for_is_not_new(office: World) -> None:
    story = await office.paid_with(PAID)
    office.gateway.will_do(UNKNOWN)
    ours = await operate(office.flow, "refund", story.payment.uid, amount=500)
    # By our key its answer is asked for at once; by its id it was known before.
    await hears(office, story, told("refund", 500, key=ours.key), done(500))
    await hears(office, story, told("refund", 500), done(500))
    (row,) = await office.ledger.read(operations.of, story.payment.uid)
    assert (row.status, row.by_gateway, row.gateway_id) == (Status.REFUNDED, False, "b-1")
    assert await office.told(story) == ["successful", "successful: refund"]


async def test_news_before_the_answer_to_what_we_asked_for(office: World) -> None:
    """Without our key in it, only the gateway's id tells that the two are one."""
    story = await office.paid_with(PAID)
    office.gateway.news = told("refund", 500)
    await office.notify(story.attempts[0])
    office.gateway.will_do(done(500))
    await operate(office.flow, "refund", story.payment.uid, amount=500)
    office.gateway.will_trace(done(500))
    await office.sweep(1)
    assert await office.told(story) == ["successful", "successful: refund"]
    office.gateway.will_do(Outcome(Status.REFUNDED, "o-2"))
    assert (await operate(office.flow, "refund", story.payment.uid)).amount == 750


async def test_a_state_that_says_chargeback(office: World) -> None:
    """Gateways without transactions of their own for it say it of the payment."""
    story = await office.paid_with(PAID)
    state = Outcome(Status.REFUNDED, "g-1", facts=Facts(taken_back="chargeback"))
    office.gateway.news = state
    office.gateway.will_state(state)
    office.clock.move(5)
    for _ in range(2):
        await office.notify(story.attempts[0])
        await office.flow.finish(5)
    assert await office.status(story) is Status.REFUNDED
    assert await office.told(story) == ["successful", "successful: chargeback"]
    (row,) = await office.ledger.read(operations.of, story.payment.uid)
    assert (row.kind, row.amount, row.by_gateway) == ("chargeback", 1250, True)
