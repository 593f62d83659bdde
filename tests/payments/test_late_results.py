"""What comes late or wrong: facts that are not ours, money after a decline, abandoned attempts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.order import PageSettings
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import customer_actions, status_query
from checkout.payments.context import Context
from checkout.payments.recovery import reconcile
from checkout.payments.schedule import HOUR
from tests.support import samples
from tests.support.fake_gateway import (
    ABSENT,
    AUTHORIZED,
    DECLINED,
    EXPIRED,
    PAID,
    PENDING,
    REQUIRES_ACTION,
    UNREACHABLE,
    Held,
)
from tests.support.harness import Harness
from tests.support.samples import changed

# Facts that are not ours

WRONG = {
    "amount": GatewayFacts(money=Money(1251, "EUR")),
    "amount alone": GatewayFacts(amount=1249),
    "currency": GatewayFacts(money=Money(1250, "USD")),
    "key": GatewayFacts(money=Money(1250, "EUR"), key="somebody-elses"),
}


@pytest.fixture(params=list(WRONG.values()), ids=list(WRONG))
def wrong(request: pytest.FixtureRequest) -> Outcome:
    return Outcome(Status.PAID, "g-1", facts=request.param)


async def flagged(harness: Harness, uid: str) -> None:
    payment = await harness.payment(uid)
    assert payment.attempts[0].mismatch
    assert payment.status is Status.PENDING
    assert payment.order.money == Money(1250, "EUR")
    assert await harness.webhooks(payment) == []
    assert (await harness.kinds(payment)).count("mismatch") == 1


async def test_wrong_facts_are_never_success(harness: Harness, wrong: Outcome) -> None:
    with capture_logs() as said:
        payment = await harness.paid_with(wrong)
    await flagged(harness, payment.uid)
    assert [line for line in said if line["event"] == "mismatch" and line["alert"]]
    # The form stays shut, whatever is tried.
    await harness.pay(payment)
    assert len(harness.gateway.charges) == 1


async def test_wrong_facts_in_a_query_neither(harness: Harness, wrong: Outcome) -> None:
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(wrong)
    await harness.sweep(30)
    await harness.sweep(300)
    await flagged(harness, payment.uid)


async def test_a_gateway_that_contradicts_itself_needs_a_person(
    harness: Harness, wrong: Outcome
) -> None:
    payment = await harness.paid_with(wrong)
    harness.gateway.will_state(PAID)
    await harness.sweep_for(400, step=10)
    assert harness.gateway.queries
    await flagged(harness, payment.uid)


async def test_the_alert_says_what_was_stated(harness: Harness) -> None:
    payment = await harness.paid_with(Outcome(Status.PAID, "g-1", facts=WRONG["amount"]))
    (event,) = [e for e in await harness.events(payment) if e.kind == "mismatch"]
    assert event.data == {"says": "paid", "amount": {"stated": 1251, "ours": 1250}}


async def test_another_id_for_the_same_attempt_is_a_mismatch(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    harness.gateway.will_state(Outcome(Status.PAID, "g-2"))
    await harness.sweep(5)
    await flagged(harness, payment.uid)


async def test_what_is_not_stated_is_no_mismatch(harness: Harness) -> None:
    payment = await harness.paid_with(Outcome(Status.PAID))
    assert payment.status is Status.PAID


# Late success


@pytest.mark.parametrize("answer", [DECLINED, EXPIRED, UNREACHABLE])
async def test_late_money_is_recorded_shown_and_alerted(harness: Harness, answer: Outcome) -> None:
    payment = await harness.paid_with(answer)
    harness.gateway.will_state(PAID)
    harness.clock.move(5)
    with capture_logs() as said:
        await harness.notify(payment.attempts[0])
        await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert (await harness.kinds(payment)).count("late_success") == 1
    assert [line for line in said if line["event"] == "late_success" and line["alert"]]
    assert (await harness.told(payment))[-1] == "successful"


async def test_a_late_decline_of_an_older_attempt_touches_nothing(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION, attempts=2)
    payment = await harness.left(payment)
    harness.gateway.will_answer(PAID)
    payment = await harness.pay(payment)
    harness.gateway.will_state(DECLINED)
    await harness.sweep(30)
    after = await harness.payment(payment)
    assert after.status is Status.PAID
    assert after.attempts[0].status is Status.CANCELLED
    assert await harness.told(payment) == ["successful"]


async def test_paid_twice_is_alerted(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    payment = await harness.left(payment)
    harness.gateway.will_answer(changed(PAID, id="g-2"))
    payment = await harness.pay(payment)
    harness.gateway.will_state(PAID)
    await harness.sweep(30)
    after = await harness.payment(payment)
    assert [attempt.status for attempt in after.attempts] == [Status.PAID, Status.PAID]
    assert (await harness.kinds(payment)).count("late_success") == 1
    assert await harness.told(payment) == ["successful"], "one webhook: it is paid"


async def test_the_webhook_of_late_money_is_about_the_attempt_that_paid(harness: Harness) -> None:
    """Attempt 1 is abandoned, attempt 2 declined, then 1 turns out to be paid."""
    payment = await harness.paid_with(REQUIRES_ACTION)
    payment = await harness.left(payment)
    refusal = Outcome(Status.DECLINED, "g-2", facts=GatewayFacts(message="No money", code="F.0114"))
    harness.gateway.will_answer(changed(refusal, reason=DeclineReason.INSUFFICIENT_FUNDS))
    payment = await harness.pay(payment)
    assert payment.status is Status.DECLINED
    approved = GatewayFacts(money=Money(1250, "EUR"), message="Approved", auth_code="777")
    harness.gateway.will_state(Outcome(Status.PAID, "g-1", facts=approved))
    await harness.sweep(30)
    first, second = (json.loads(webhook.body) for webhook in await harness.webhooks(payment))
    assert (first["transaction"]["status"], first["transaction"]["code"]) == ("failed", "F.0114")
    paid = second["transaction"]
    assert (paid["status"], paid["message"], paid["code"]) == ("successful", "Approved", None)
    assert paid["payment"]["auth_code"] == "777"
    assert paid["updated_at"] > first["transaction"]["updated_at"]


# Leaving


async def test_abandoning_a_step_opens_the_form_and_keeps_recovery_going(harness: Harness) -> None:
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    assert len(harness.gateway.queries) == 1
    assert payment.status is Status.OPEN
    assert payment.attempts[0].status is Status.CANCELLED
    assert payment.attempts[0].sweep_at is not None
    assert "left" in await harness.kinds(payment)
    await harness.sweep(30)
    assert len(harness.gateway.queries) == 2
    harness.gateway.will_state(PAID)
    await harness.sweep(120)
    assert await harness.status(payment) is Status.PAID


NOWHERE = Outcome(Status.CANCELLED, "g-1", reason=DeclineReason.PROVIDER, abandoned=True)


@pytest.mark.parametrize("lost", [False, True], ids=["at once", "its answer was lost"])
async def test_a_step_that_cannot_be_shown_is_left_for_the_customer(
    harness: Harness, lost: bool
) -> None:
    """They can choose another way at once; the gateway has not ended it, so recovery goes on
    querying."""
    payment = await harness.paid_with(UNKNOWN if lost else NOWHERE)
    if lost:
        harness.gateway.will_state(NOWHERE)
        await harness.sweep(30)
    payment = await harness.payment(payment)
    assert payment.status is Status.OPEN
    left = payment.attempts[0]
    assert (left.status, left.reason) == (Status.CANCELLED, DeclineReason.PROVIDER)
    assert left.sweep_at is not None
    before = len(harness.gateway.queries)
    harness.gateway.will_state(REQUIRES_ACTION)
    await harness.sweep(120)
    assert len(harness.gateway.queries) == before + 1
    assert (await harness.payment(payment)).attempts[0].status is Status.CANCELLED
    harness.gateway.will_state(PAID)
    await harness.sweep(300)
    assert await harness.status(payment) is Status.PAID
    assert "late_success" in await harness.kinds(payment)


async def test_the_gateways_last_word_ends_what_was_left_so(harness: Harness) -> None:
    payment = await harness.paid_with(NOWHERE)
    harness.gateway.will_state(EXPIRED)
    await harness.sweep(30)
    asked = len(harness.gateway.queries)
    assert (await harness.payment(payment)).attempts[0].sweep_at is None
    await harness.sweep(300)
    assert len(harness.gateway.queries) == asked


@pytest.mark.parametrize("watched", [0.0, 200.0], ids=["at once", "after long watching"])
async def test_leaving_asks_first_whatever_the_pace(harness: Harness, watched: float) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    until = harness.clock() + watched
    while harness.clock() < until:
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
        harness.clock.move(1)
    before = len(harness.gateway.queries)
    harness.gateway.will_state(PAID)
    after = await customer_actions.abandon(harness.context, payment)
    assert len(harness.gateway.queries) == before + 1
    assert after.status is Status.PAID


@pytest.mark.parametrize(
    "leave", [customer_actions.abandon, customer_actions.cancel], ids=["abandon", "cancel"]
)
@pytest.mark.parametrize("state", [UNKNOWN, PENDING, RuntimeError("a fault of ours")])
async def test_nothing_is_left_that_is_not_said_to_be_unpaid(
    harness: Harness, state: Any, leave: Callable[[Context, Payment], Awaitable[Payment]]
) -> None:
    """It may be paid this moment: the customer waits for the gateway's answer, then may abandon
    it."""
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(state)
    after = await leave(harness.context, payment)
    assert after.status is Status.PENDING, "we are checking"
    assert "left" not in await harness.kinds(payment)
    await harness.pay(after)
    assert len(harness.gateway.charges) == 1, "the form is shut"
    harness.gateway.will_state(REQUIRES_ACTION)
    harness.clock.move(1)
    after = await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    assert after.status is Status.REQUIRES_ACTION
    harness.clock.move(1)
    assert (await harness.left(after)).status is Status.OPEN


async def test_leaving_twice_at_once_asks_once_an_interval(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    held = Held(REQUIRES_ACTION)
    harness.gateway.will_state(held, REQUIRES_ACTION)
    first = asyncio.create_task(customer_actions.abandon(harness.context, payment))
    await held.asked.wait()
    second = asyncio.create_task(customer_actions.abandon(harness.context, payment))
    await asyncio.sleep(0.1)
    assert len(harness.gateway.queries) == 1
    held.let.set()
    assert (await first).status is Status.OPEN
    harness.clock.move(1)
    assert (await second).status is Status.OPEN
    assert (await harness.kinds(payment)).count("left") == 1


async def test_what_is_in_mismatch_is_not_left(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    harness.gateway.will_state(changed(REQUIRES_ACTION, facts=WRONG["amount"]))
    assert (await customer_actions.abandon(harness.context, payment)).attempts[0].mismatch
    harness.clock.move(1)
    assert (await harness.left(payment)).status is Status.REQUIRES_ACTION


@pytest.mark.parametrize("answer", [PENDING, UNKNOWN, PAID, DECLINED])
async def test_only_a_step_can_be_left(harness: Harness, answer: Outcome) -> None:
    payment = await harness.paid_with(answer)
    harness.gateway.will_state(UNKNOWN)
    assert (await customer_actions.abandon(harness.context, payment)).status is payment.status
    assert (await customer_actions.cancel(harness.context, payment)).status is payment.status


async def test_landing_on_what_was_left_asks(harness: Harness) -> None:
    """The bank's page was open in another tab and has just been finished."""
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    harness.clock.move(1)
    harness.gateway.will_state(PAID)
    after = await customer_actions.returned(harness.context, payment.attempts[0].return_ticket)
    assert after.status is Status.PAID
    assert "late_success" in await harness.kinds(payment)


async def test_landing_on_what_was_lost_asks(harness: Harness) -> None:
    """Whoever comes back from the bank was there: the gateway knows the payment after all."""
    payment = await harness.paid_with(UNKNOWN)
    harness.gateway.will_state(ABSENT)
    await harness.sweep_for(90)
    assert (await harness.payment(payment)).attempts[0].status is Status.NOT_SENT
    harness.gateway.will_state(PENDING, PAID)
    await customer_actions.returned(harness.context, payment.attempts[0].return_ticket)
    after = await harness.payment(payment)
    assert after.attempts[0].status is Status.NOT_SENT, "it is not taken up again"
    assert after.attempts[0].sweep_at is not None, "but it is watched again"
    await harness.sweep(HOUR)
    assert await harness.status(payment) is Status.PAID


# Giving up


ASKED = PageSettings(notification_url=samples.NOTIFIED, notify_canceled=True)


async def test_giving_up_tells_the_shop_that_asks(harness: Harness) -> None:
    made = await harness.new_payment(page_settings=ASKED)
    payment = await customer_actions.cancel(harness.context, made)
    assert payment.status is Status.CANCELLED
    assert await harness.told(payment) == ["canceled"]
    await customer_actions.cancel(harness.context, payment)
    await harness.pay(payment)
    assert await harness.told(payment) == ["canceled"]
    assert harness.gateway.charges == []


async def test_giving_up_at_the_bank_leaves_it_first(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION, page_settings=ASKED)
    harness.gateway.will_state(REQUIRES_ACTION)
    payment = await customer_actions.cancel(harness.context, payment)
    assert payment.status is Status.CANCELLED
    harness.gateway.will_state(PAID)
    await harness.sweep(30)
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["canceled", "successful"]


# Transfers that the customer makes elsewhere


async def test_i_have_paid_waits_for_the_gateway(harness: Harness) -> None:
    payment = await customer_actions.confirm(
        harness.context, await harness.paid_with(REQUIRES_ACTION)
    )
    assert payment.status is Status.PENDING
    assert harness.gateway.prompts == [], "this one does not want to be notified"
    assert status_query.next_check(harness.context, payment) == 1.0
    assert await harness.webhooks(payment) == []
    harness.gateway.will_state(PAID)
    harness.clock.move(1)
    assert (await status_query.refresh_if_due(harness.context, payment)).status is Status.PAID


async def test_i_have_paid_is_notified_where_it_is_wanted(harness: Harness) -> None:
    harness.gateway.has("confirm", "withdraw")
    payment = await harness.paid_with(REQUIRES_ACTION)
    assert (
        await customer_actions.confirm(harness.context, payment)
    ).status is Status.REQUIRES_ACTION, "the gateway was not notified"
    harness.gateway.will_reply(PENDING)
    payment = await customer_actions.confirm(harness.context, payment)
    assert payment.status is Status.PENDING
    assert [name for name, _ in harness.gateway.prompts] == ["confirm", "confirm"]
    assert {reference.key for _, reference in harness.gateway.prompts} == {payment.attempts[0].key}


async def test_leaving_is_notified_where_it_is_wanted(harness: Harness) -> None:
    harness.gateway.has("withdraw")
    harness.gateway.will_reply(Outcome(Status.CANCELLED, "g-1"))
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    assert payment.status is Status.OPEN
    assert payment.attempts[0].status is Status.CANCELLED
    assert [name for name, _ in harness.gateway.prompts] == ["withdraw"]


async def test_money_found_while_leaving_wins(harness: Harness) -> None:
    harness.gateway.has("withdraw")
    harness.gateway.will_reply(PAID)
    payment = await harness.left(await harness.paid_with(REQUIRES_ACTION))
    assert payment.status is Status.PAID


# Time


async def test_an_expired_form_tells_the_shop_once(harness: Harness) -> None:
    payment = await harness.new_payment(expires_at=harness.clock() + 60)
    await harness.sweep(59)
    assert await harness.webhooks(payment) == []
    await harness.sweep(1)
    assert (await harness.payment(payment)).status is Status.EXPIRED
    await harness.sweep(60)
    (webhook,) = await harness.webhooks(payment)
    body = json.loads(webhook.body)
    assert (body["status"], body["message"]) == ("error", "Token is expired.")
    assert body["expired"] is True
    assert "checkout" not in body


async def test_expiry_is_seen_before_it_is_written(harness: Harness) -> None:
    payment = await harness.new_payment(expires_at=harness.clock() + 60)
    harness.clock.move(60)
    assert harness.context.status_of(await harness.payment(payment)) is Status.EXPIRED


@pytest.mark.parametrize("answer", [PENDING, UNKNOWN, REQUIRES_ACTION])
async def test_time_alone_ends_nothing_that_is_under_way(harness: Harness, answer: Outcome) -> None:
    payment = await harness.paid_with(answer, expires_at=harness.clock() + 60)
    harness.gateway.will_state(answer)
    for _ in range(10):
        await harness.sweep(HOUR)
    assert await harness.status(payment) in (Status.PENDING, Status.REQUIRES_ACTION)
    assert await harness.webhooks(payment) == []


async def test_what_was_under_way_at_the_end_expires_after_it(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING, expires_at=harness.clock() + 60)
    harness.gateway.will_state(EXPIRED)
    await harness.sweep(120)
    assert await harness.status(payment) is Status.EXPIRED
    assert await harness.told(payment) == ["error"]


async def test_money_after_the_end_is_money(harness: Harness) -> None:
    payment = await harness.paid_with(UNREACHABLE, expires_at=harness.clock() + 60)
    await harness.sweep(60)
    harness.gateway.will_state(PAID)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["error", "successful"]


async def test_money_after_the_end_is_found_though_a_query_fails(harness: Harness) -> None:
    payment = await harness.paid_with(DECLINED)
    harness.gateway.will_state(UNKNOWN, UNKNOWN, UNKNOWN, PAID)
    harness.clock.move(48 * HOUR)
    await harness.notify(payment.attempts[0])
    await harness.context.finish()
    with capture_logs() as said:
        await harness.sweep_for(130, step=5)
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["failed", "successful"]
    assert not [line for line in said if line["event"] == "sweep.unsettled"]


async def test_the_query_after_a_notification_fails_and_the_next_knows_nothing(
    harness: Harness,
) -> None:
    """The recovery comes at its intervals all the same, not once an hour later."""
    payment = await harness.paid_with(DECLINED)
    harness.gateway.will_state(UNKNOWN, ABSENT, ABSENT, UNKNOWN, PAID)
    harness.clock.move(48 * HOUR)
    await harness.notify(payment.attempts[0])
    await harness.context.finish()
    await harness.sweep_for(1000, step=100)
    assert await harness.status(payment) is Status.PAID
    assert await harness.told(payment) == ["failed", "successful"]


@pytest.mark.parametrize("answer", [UNKNOWN, ABSENT])
async def test_a_gateway_that_never_confirms_late_money_is_left_to_a_person(
    harness: Harness, answer: Outcome
) -> None:
    payment = await harness.paid_with(DECLINED)
    harness.gateway.will_state(answer)
    harness.clock.move(48 * HOUR)
    await harness.notify(payment.attempts[0])
    await harness.context.finish()
    with capture_logs() as said:
        await harness.sweep_for(24 * HOUR, step=600)
        assert not [line for line in said if line["event"] == "sweep.unsettled"]
        await harness.sweep_for(3 * HOUR, step=600)
    assert [line["event"] for line in said].count("sweep.unsettled") == 1
    assert (await harness.payment(payment)).attempts[0].sweep_at is None


async def test_a_hold_is_notified_and_then_what_becomes_of_it(harness: Harness) -> None:
    payment = await harness.paid_with(AUTHORIZED)
    refunded = Outcome(Status.REFUNDED, "g-1")
    harness.gateway.news = refunded
    harness.gateway.will_state(refunded)
    harness.clock.move(5)
    await harness.notify(payment.attempts[0])
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.REFUNDED
    assert await harness.told(payment) == ["successful", "successful: void"]
    assert "by_gateway.void" in await harness.kinds(payment)
    assert (await reconcile(harness.context, payment.uid)).status is Status.REFUNDED
