"""Everything at once on one payment: no verb stands in another's way, and all agree at the end."""

from __future__ import annotations

import asyncio

import pytest

from checkout.model.outcome import Outcome
from checkout.model.status import MOVES, Status
from checkout.payments import charge, customer_actions, status_query
from checkout.payments.recovery import reconcile, sweep
from tests.support.fake_gateway import DECLINED, PAID, PENDING, REQUIRES_ACTION
from tests.support.harness import Harness, receive_notification, submission


@pytest.mark.parametrize("state", [PAID, DECLINED, PENDING], ids=["paid", "declined", "pending"])
async def test_everything_at_once(harness: Harness, state: Outcome) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION, attempts=2)
    harness.gateway.will_state(state)
    harness.gateway.will_answer(DECLINED)
    flows = [harness.context, harness.restarted()]
    (attempt,) = payment.attempts
    uid = payment.uid
    harness.clock.move(31)
    work = [
        verb
        for context in flows * 3
        for verb in (
            status_query.refresh_if_due(context, payment),
            customer_actions.returned(context, attempt.return_ticket),
            customer_actions.abandon(context, payment),
            customer_actions.confirm(context, payment),
            charge.pay(context, payment, submission(payment, number=2)),
            customer_actions.cancel(context, payment),
            receive_notification(
                context, "cards", attempt.notify_ticket, {"authorization": "genuine"}, b"{}"
            ),
            sweep(context),
            reconcile(context, uid),
        )
    ]
    await asyncio.wait_for(asyncio.gather(*work), 30)
    for context in flows:
        await context.finish(5)
    after = await harness.payment(payment)
    assert after.status is after.status_at(harness.clock())
    assert len(harness.gateway.charges) == len(after.attempts)
    notified = await harness.told(payment)
    assert len(set(notified)) == len(notified)
    at = {1: Status.SUBMITTING, 2: Status.SUBMITTING}
    for event in await harness.events(payment):
        if event.kind in ("moved", "left") and event.attempt is not None:
            to = Status(event.data.get("to", Status.CANCELLED))
            assert to in MOVES[at[event.attempt]]
            at[event.attempt] = to
    assert all(at[each.number] is each.status for each in after.attempts)
    if state is PAID:
        assert after.status is Status.PAID
