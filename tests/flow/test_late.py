"""What comes late or wrong: facts that are not ours, money after a decline, forms left behind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.flow.pace import HOUR
from checkout.flow.sweep import reconcile
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import Status
from tests.support.gateway import (
    ABSENT,
    ACTION,
    AUTHORIZED,
    DECLINED,
    EXPIRED,
    PAID,
    PENDING,
    UNREACHABLE,
    Held,
)
from tests.support.shops import changed
from tests.support.world import World

# Facts that are not ours

WRONG = {
    "amount": Facts(money=Money(1251, "EUR")),
    "amount alone": Facts(amount=1249),
    "currency": Facts(money=Money(1250, "USD")),
    "key": Facts(money=Money(1250, "EUR"), key="somebody-elses"),
}


@pytest.fixture(params=WRONG.values(), ids=WRONG)
def wrong(request: pytest.FixtureRequest) -> Outcome:
    return Outcome(Status.PAID, "g-1", facts=request.param)


async def flagged(world: World, uid: str) -> None:
    story = await world.story(uid)
    assert story.attempts[0].mismatch
    assert story.payment.status is Status.PENDING
    assert story.payment.order.money == Money(1250, "EUR")
    assert await world.letters(story) == []
    assert (await world.kinds(story)).count("mismatch") == 1


async def test_wrong_facts_are_never_success(world: World, wrong: Outcome) -> None:
    with capture_logs() as said:
        story = await world.paid_with(wrong)
    await flagged(world, story.payment.uid)
    assert [line for line in said if line["event"] == "mismatch" and line["alert"]]
    # The form stays shut, whatever is tried.
    await world.pay(story)
    assert len(world.gateway.charges) == 1


async def test_wrong_facts_in_a_query_neither(world: World, wrong: Outcome) -> None:
    story = await world.paid_with(UNKNOWN)
    world.gateway.will_state(wrong)
    await world.sweep(30)
    await world.sweep(300)
    await flagged(world, story.payment.uid)


async def test_a_gateway_that_contradicts_itself_needs_a_person(
    world: World, wrong: Outcome
) -> None:
    story = await world.paid_with(wrong)
    world.gateway.will_state(PAID)
    await world.sweep_for(400, step=10)
    assert world.gateway.queries
    await flagged(world, story.payment.uid)


async def test_the_alert_says_what_was_stated(world: World) -> None:
    story = await world.paid_with(Outcome(Status.PAID, "g-1", facts=WRONG["amount"]))
    (event,) = [e for e in await world.events(story) if e.kind == "mismatch"]
    assert event.data == {"says": "paid", "amount": {"stated": 1251, "ours": 1250}}


async def test_another_id_for_the_same_attempt_is_a_mismatch(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.gateway.will_state(Outcome(Status.PAID, "g-2"))
    await world.sweep(5)
    await flagged(world, story.payment.uid)


async def test_what_is_not_stated_is_no_mismatch(world: World) -> None:
    story = await world.paid_with(Outcome(Status.PAID))
    assert story.payment.status is Status.PAID


# Late success


@pytest.mark.parametrize("answer", [DECLINED, EXPIRED, UNREACHABLE])
async def test_late_money_is_recorded_shown_and_alerted(world: World, answer: Outcome) -> None:
    story = await world.paid_with(answer)
    world.gateway.will_state(PAID)
    world.clock.move(5)
    with capture_logs() as said:
        await world.notify(story.attempts[0])
        await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert (await world.kinds(story)).count("late_success") == 1
    assert [line for line in said if line["event"] == "late_success" and line["alert"]]
    assert (await world.told(story))[-1] == "successful"


async def test_a_late_decline_of_an_older_attempt_touches_nothing(world: World) -> None:
    story = await world.paid_with(ACTION, attempts=2)
    story = await world.left(story)
    world.gateway.will_answer(PAID)
    story = await world.pay(story)
    world.gateway.will_state(DECLINED)
    await world.sweep(30)
    after = await world.story(story)
    assert after.payment.status is Status.PAID
    assert after.attempts[0].status is Status.CANCELLED
    assert await world.told(story) == ["successful"]


async def test_paid_twice_is_alerted(world: World) -> None:
    story = await world.paid_with(ACTION)
    story = await world.left(story)
    world.gateway.will_answer(changed(PAID, id="g-2"))
    story = await world.pay(story)
    world.gateway.will_state(PAID)
    await world.sweep(30)
    after = await world.story(story)
    assert [attempt.status for attempt in after.attempts] == [Status.PAID, Status.PAID]
    assert (await world.kinds(story)).count("late_success") == 1
    assert await world.told(story) == ["successful"], "one letter: it is paid"


async def test_the_letter_of_late_money_is_about_the_attempt_that_paid(world: World) -> None:
    """Attempt 1 is left, attempt 2 declined, then 1 turns out to be paid."""
    story = await world.paid_with(ACTION)
    story = await world.left(story)
    refusal = Outcome(Status.DECLINED, "g-2", facts=Facts(message="No money", code="F.0114"))
    world.gateway.will_answer(changed(refusal, reason=Reason.INSUFFICIENT_FUNDS))
    story = await world.pay(story)
    assert story.payment.status is Status.DECLINED
    approved = Facts(money=Money(1250, "EUR"), message="Approved", auth_code="777")
    world.gateway.will_state(Outcome(Status.PAID, "g-1", facts=approved))
    await world.sweep(30)
    first, second = (json.loads(letter.body) for letter in await world.letters(story))
    assert (first["transaction"]["status"], first["transaction"]["code"]) == ("failed", "F.0114")
    paid = second["transaction"]
    assert (paid["status"], paid["message"], paid["code"]) == ("successful", "Approved", None)
    assert paid["payment"]["auth_code"] == "777"
    assert paid["updated_at"] > first["transaction"]["updated_at"]


# Leaving


async def test_leaving_a_step_opens_the_form_and_keeps_the_sweep_going(world: World) -> None:
    story = await world.left(await world.paid_with(ACTION))
    assert len(world.gateway.queries) == 1
    assert story.payment.status is Status.OPEN
    assert story.attempts[0].status is Status.CANCELLED
    assert story.attempts[0].sweep_at is not None
    assert "left" in await world.kinds(story)
    await world.sweep(30)
    assert len(world.gateway.queries) == 2
    world.gateway.will_state(PAID)
    await world.sweep(120)
    assert await world.status(story) is Status.PAID


NOWHERE = Outcome(Status.CANCELLED, "g-1", reason=Reason.PROVIDER, left=True)


@pytest.mark.parametrize("lost", [False, True], ids=["at once", "its answer was lost"])
async def test_a_step_that_cannot_be_shown_is_left_for_the_customer(
    world: World, lost: bool
) -> None:
    """They can choose another way at once; the gateway has not ended it, so the sweep asks on."""
    story = await world.paid_with(UNKNOWN if lost else NOWHERE)
    if lost:
        world.gateway.will_state(NOWHERE)
        await world.sweep(30)
    story = await world.story(story)
    assert story.payment.status is Status.OPEN
    left = story.attempts[0]
    assert (left.status, left.reason) == (Status.CANCELLED, Reason.PROVIDER)
    assert left.sweep_at is not None
    before = len(world.gateway.queries)
    world.gateway.will_state(ACTION)
    await world.sweep(120)
    assert len(world.gateway.queries) == before + 1
    assert (await world.story(story)).attempts[0].status is Status.CANCELLED
    world.gateway.will_state(PAID)
    await world.sweep(300)
    assert await world.status(story) is Status.PAID
    assert "late_success" in await world.kinds(story)


async def test_the_gateways_last_word_ends_what_was_left_so(world: World) -> None:
    story = await world.paid_with(NOWHERE)
    world.gateway.will_state(EXPIRED)
    await world.sweep(30)
    asked = len(world.gateway.queries)
    assert (await world.story(story)).attempts[0].sweep_at is None
    await world.sweep(300)
    assert len(world.gateway.queries) == asked


@pytest.mark.parametrize("watched", [0.0, 200.0], ids=["at once", "after long watching"])
async def test_leaving_asks_first_whatever_the_pace(world: World, watched: float) -> None:
    story = await world.paid_with(ACTION)
    world.gateway.will_state(ACTION)
    until = world.clock() + watched
    while world.clock() < until:
        await world.flow.look(await world.story(story))
        world.clock.move(1)
    before = len(world.gateway.queries)
    world.gateway.will_state(PAID)
    after = await world.flow.leave(story)
    assert len(world.gateway.queries) == before + 1
    assert after.payment.status is Status.PAID


@pytest.mark.parametrize("leave", ["leave", "cancel"])
@pytest.mark.parametrize("state", [UNKNOWN, PENDING, RuntimeError("a fault of ours")])
async def test_nothing_is_left_that_is_not_said_to_be_unpaid(
    world: World, state: Any, leave: str
) -> None:
    """It may be paid this moment: the customer waits for the gateway's word, then may leave."""
    story = await world.paid_with(ACTION)
    world.gateway.will_state(state)
    after = await getattr(world.flow, leave)(story)
    assert after.payment.status is Status.PENDING, "we are checking"
    assert "left" not in await world.kinds(story)
    await world.pay(after)
    assert len(world.gateway.charges) == 1, "the form is shut"
    world.gateway.will_state(ACTION)
    world.clock.move(1)
    after = await world.flow.look(await world.story(story))
    assert after.payment.status is Status.ACTION
    world.clock.move(1)
    assert (await world.left(after)).payment.status is Status.OPEN


async def test_leaving_twice_at_once_asks_once_an_interval(world: World) -> None:
    story = await world.paid_with(ACTION)
    held = Held(ACTION)
    world.gateway.will_state(held, ACTION)
    first = asyncio.create_task(world.flow.leave(story))
    await held.asked.wait()
    second = asyncio.create_task(world.flow.leave(story))
    await asyncio.sleep(0.1)
    assert len(world.gateway.queries) == 1
    held.let.set()
    assert (await first).payment.status is Status.OPEN
    world.clock.move(1)
    assert (await second).payment.status is Status.OPEN
    assert (await world.kinds(story)).count("left") == 1


async def test_what_is_in_mismatch_is_not_left(world: World) -> None:
    story = await world.paid_with(ACTION)
    world.gateway.will_state(changed(ACTION, facts=WRONG["amount"]))
    assert (await world.flow.leave(story)).attempts[0].mismatch
    world.clock.move(1)
    assert (await world.left(story)).payment.status is Status.ACTION


@pytest.mark.parametrize("answer", [PENDING, UNKNOWN, PAID, DECLINED])
async def test_only_a_step_can_be_left(world: World, answer: Outcome) -> None:
    story = await world.paid_with(answer)
    world.gateway.will_state(UNKNOWN)
    assert (await world.flow.leave(story)).payment.status is story.payment.status
    assert (await world.flow.cancel(story)).payment.status is story.payment.status


async def test_landing_on_what_was_left_asks(world: World) -> None:
    """The bank's page was open in another tab and has just been finished."""
    story = await world.left(await world.paid_with(ACTION))
    world.clock.move(1)
    world.gateway.will_state(PAID)
    after = await world.flow.returned(story.attempts[0].return_ticket)
    assert after.payment.status is Status.PAID
    assert "late_success" in await world.kinds(story)


async def test_landing_on_what_was_lost_asks(world: World) -> None:
    """Whoever comes back from the bank was there: the gateway knows the payment after all."""
    story = await world.paid_with(UNKNOWN)
    world.gateway.will_state(ABSENT)
    await world.sweep_for(90)
    assert (await world.story(story)).attempts[0].status is Status.LOST
    world.gateway.will_state(PENDING, PAID)
    await world.flow.returned(story.attempts[0].return_ticket)
    after = await world.story(story)
    assert after.attempts[0].status is Status.LOST, "it is not taken up again"
    assert after.attempts[0].sweep_at is not None, "but it is watched again"
    await world.sweep(HOUR)
    assert await world.status(story) is Status.PAID


# Giving up


async def test_giving_up_tells_the_shop(world: World) -> None:
    story = await world.flow.cancel(await world.payment())
    assert story.payment.status is Status.CANCELLED
    assert await world.told(story) == ["canceled"]
    await world.flow.cancel(story)
    await world.pay(story)
    assert await world.told(story) == ["canceled"]
    assert world.gateway.charges == []


async def test_giving_up_at_the_bank_leaves_it_first(world: World) -> None:
    story = await world.paid_with(ACTION)
    world.gateway.will_state(ACTION)
    story = await world.flow.cancel(story)
    assert story.payment.status is Status.CANCELLED
    world.gateway.will_state(PAID)
    await world.sweep(30)
    assert await world.status(story) is Status.PAID
    assert await world.told(story) == ["canceled", "successful"]


# Transfers that the customer makes elsewhere


async def test_i_have_paid_waits_for_the_gateway(world: World) -> None:
    story = await world.flow.confirm(await world.paid_with(ACTION))
    assert story.payment.status is Status.PENDING
    assert world.gateway.prompts == [], "this one does not want to be told"
    assert world.flow.next_check(story) == 1.0
    assert await world.letters(story) == []
    world.gateway.will_state(PAID)
    world.clock.move(1)
    assert (await world.flow.look(story)).payment.status is Status.PAID


async def test_i_have_paid_is_told_where_it_is_wanted(world: World) -> None:
    world.gateway.has("confirm", "withdraw")
    story = await world.paid_with(ACTION)
    assert (await world.flow.confirm(story)).payment.status is Status.ACTION, "it was not heard"
    world.gateway.will_reply(PENDING)
    story = await world.flow.confirm(story)
    assert story.payment.status is Status.PENDING
    assert [name for name, _ in world.gateway.prompts] == ["confirm", "confirm"]
    assert {reference.key for _, reference in world.gateway.prompts} == {story.attempts[0].key}


async def test_leaving_is_told_where_it_is_wanted(world: World) -> None:
    world.gateway.has("withdraw")
    world.gateway.will_reply(Outcome(Status.CANCELLED, "g-1"))
    story = await world.left(await world.paid_with(ACTION))
    assert story.payment.status is Status.OPEN
    assert story.attempts[0].status is Status.CANCELLED
    assert [name for name, _ in world.gateway.prompts] == ["withdraw"]


async def test_money_found_while_leaving_wins(world: World) -> None:
    world.gateway.has("withdraw")
    world.gateway.will_reply(PAID)
    story = await world.left(await world.paid_with(ACTION))
    assert story.payment.status is Status.PAID


# Time


async def test_an_expired_form_tells_the_shop_once(world: World) -> None:
    story = await world.payment(expires_at=world.clock() + 60)
    await world.sweep(59)
    assert await world.letters(story) == []
    await world.sweep(1)
    assert (await world.story(story)).payment.status is Status.EXPIRED
    await world.sweep(60)
    (letter,) = await world.letters(story)
    body = json.loads(letter.body)
    assert (body["status"], body["message"]) == ("error", "Token is expired.")
    assert body["expired"] is True
    assert "checkout" not in body


async def test_expiry_is_seen_before_it_is_written(world: World) -> None:
    story = await world.payment(expires_at=world.clock() + 60)
    world.clock.move(60)
    assert world.flow.status(await world.story(story)) is Status.EXPIRED


@pytest.mark.parametrize("answer", [PENDING, UNKNOWN, ACTION])
async def test_time_alone_ends_nothing_that_is_under_way(world: World, answer: Outcome) -> None:
    story = await world.paid_with(answer, expires_at=world.clock() + 60)
    world.gateway.will_state(answer)
    for _ in range(10):
        await world.sweep(HOUR)
    assert await world.status(story) in (Status.PENDING, Status.ACTION)
    assert await world.letters(story) == []


async def test_what_was_under_way_at_the_end_expires_after_it(world: World) -> None:
    story = await world.paid_with(PENDING, expires_at=world.clock() + 60)
    world.gateway.will_state(EXPIRED)
    await world.sweep(120)
    assert await world.status(story) is Status.EXPIRED
    assert await world.told(story) == ["error"]


async def test_money_after_the_end_is_money(world: World) -> None:
    story = await world.paid_with(UNREACHABLE, expires_at=world.clock() + 60)
    await world.sweep(60)
    world.gateway.will_state(PAID)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert await world.status(story) is Status.PAID
    assert await world.told(story) == ["error", "successful"]


async def test_a_hold_is_told_and_then_what_becomes_of_it(world: World) -> None:
    story = await world.paid_with(AUTHORIZED)
    refunded = Outcome(Status.REFUNDED, "g-1")
    world.gateway.news = refunded
    world.gateway.will_state(refunded)
    world.clock.move(5)
    await world.notify(story.attempts[0])
    await world.flow.finish(5)
    assert await world.status(story) is Status.REFUNDED
    assert await world.told(story) == ["successful", "successful: void"]
    assert "by_gateway.void" in await world.kinds(story)
    assert (await reconcile(world.flow, story.payment.uid)).payment.status is Status.REFUNDED
