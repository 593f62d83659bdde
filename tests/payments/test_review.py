"""A mismatch ends by a person alone: the gateway's word stands, or the attempt ends unpaid."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.errors import NotFound, Unprocessable
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import review
from tests.support import samples
from tests.support.fake_gateway import ABSENT, DECLINED, EXPIRED, PAID, PENDING
from tests.support.harness import Harness

LESS = Outcome(Status.PAID, "g-1", facts=GatewayFacts(money=Money(1249, "EUR")))
WHO: Any = {"by": samples.ANN, "reason": "the bank fee"}


async def test_accepted_the_gateways_word_stands(harness: Harness) -> None:
    payment = await harness.paid_with(LESS)
    harness.gateway.will_state(LESS)
    after = await review.resolve_mismatch(harness.context, payment.uid, accept=True, **WHO)
    assert after.status is Status.PAID
    assert after.attempts[0].facts.money == Money(1249, "EUR")
    assert await harness.told(payment) == ["successful"]
    (event,) = [e for e in await harness.events(payment) if e.kind == "accepted"]
    assert event.data == {"by": "ann", "reason": "the bank fee", "says": "paid"}
    # The same said again is no news.
    harness.clock.move(5)
    with capture_logs() as said:
        await harness.notify(after.attempts[0])
        await harness.context.finish(5)
        await harness.sweep_for(400, step=20)
    assert [line for line in said if line.get("alert")] == []
    assert await harness.status(payment) is Status.PAID


@pytest.mark.parametrize("state", [UNKNOWN, ABSENT, PENDING, RuntimeError("a fault of ours")])
async def test_nothing_is_accepted_that_is_not_said(harness: Harness, state: Outcome) -> None:
    payment = await harness.paid_with(LESS)
    harness.gateway.will_state(state)
    with pytest.raises(Unprocessable):
        await review.resolve_mismatch(harness.context, payment.uid, accept=True, **WHO)
    assert await harness.status(payment) is Status.PENDING


async def test_refused_the_attempt_ends_and_the_form_opens(harness: Harness) -> None:
    payment = await harness.paid_with(LESS)
    after = await review.resolve_mismatch(harness.context, payment.uid, accept=False, **WHO)
    assert after.attempts[0].status is Status.CANCELLED
    assert after.status is Status.OPEN
    assert after.attempts[0].sweep_at is None
    assert harness.gateway.queries == []
    assert "refused" in await harness.kinds(payment)
    # The wrong facts said again change nothing and raise nothing; our own facts are money.
    harness.gateway.will_state(LESS, PAID)
    with capture_logs() as said:
        for _ in range(2):
            harness.clock.move(5)
            await harness.notify(after.attempts[0])
            await harness.context.finish(5)
    assert [line["event"] for line in said if line.get("alert")] == ["late_success"]
    assert await harness.status(payment) is Status.PAID


@pytest.mark.parametrize("state", [DECLINED, EXPIRED, PAID])
async def test_a_mismatch_is_not_ended_by_the_gateway(harness: Harness, state: Outcome) -> None:
    """It stated other facts: money may have moved, so "declined" opens no form, "paid" is none."""
    payment = await harness.paid_with(LESS, attempts=3)
    harness.gateway.will_state(state)
    await harness.sweep_for(400, step=10)
    assert harness.gateway.queries
    assert await harness.status(payment) is Status.PENDING
    assert await harness.webhooks(payment) == []
    after = await review.resolve_mismatch(harness.context, payment.uid, accept=True, **WHO)
    assert after.attempts[0].status is state.status


@pytest.mark.parametrize("accept", [True, False])
async def test_only_a_mismatch_is_judged_and_once(harness: Harness, *, accept: bool) -> None:
    for payment in (await harness.paid_with(PAID), await harness.paid_with(PENDING)):
        with pytest.raises(Unprocessable):
            await review.resolve_mismatch(harness.context, payment.uid, accept=accept, **WHO)
    with pytest.raises(NotFound):
        await review.resolve_mismatch(harness.context, "no-such", accept=accept, **WHO)
    payment = await harness.paid_with(LESS)
    harness.gateway.will_state(LESS)
    await review.resolve_mismatch(harness.context, payment.uid, accept=accept, **WHO)
    with pytest.raises(Unprocessable):
        await review.resolve_mismatch(harness.context, payment.uid, accept=not accept, **WHO)


@pytest.mark.parametrize("status", [Status.PENDING, Status.PAID, Status.AUTHORIZED])
async def test_another_transaction_type_is_a_mismatch(harness: Harness, status: Status) -> None:
    """Whatever word stands beside it: it is not what was asked for, and nobody can accept it."""
    kept = Outcome(status, "g-1", facts=GatewayFacts(another_type="tokenization"))
    with capture_logs() as logged:
        payment = await harness.paid_with(kept)
    assert [line["event"] for line in logged if line.get("alert")] == ["mismatch"]
    (event,) = [each for each in await harness.events(payment) if each.kind == "mismatch"]
    assert event.data["type"] == {"stated": "tokenization", "ours": "payment"}
    assert await harness.status(payment) is Status.PENDING
    assert await harness.webhooks(payment) == []
    after = await review.resolve_mismatch(harness.context, payment.uid, accept=False, **WHO)
    assert after.status in (Status.OPEN, Status.DECLINED)
