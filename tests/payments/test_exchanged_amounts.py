"""Where two sums are exchanged, less than was agreed is never success, whatever word stands beside
it; more is paid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from checkout.model.money import Money
from checkout.model.outcome import Exchanged, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import review, status_query
from tests.support import samples
from tests.support.fake_gateway import PAID, REQUIRES_ACTION
from tests.support.harness import Harness

AGREED = Exchanged("0.00020150 BTC", "12.50 EUR")
WHO: Any = {"by": samples.ANN, "reason": "looked it up"}


def made(agreed: Exchanged = AGREED) -> Outcome:
    return Outcome(
        Status.REQUIRES_ACTION,
        "g-1",
        REQUIRES_ACTION.next_action,
        facts=GatewayFacts(agreed=agreed, exchanged=agreed),
    )


def said(gives: str | None, gets: str | None, status: Status = Status.PAID) -> Outcome:
    money = Money(1250, "EUR") if status is Status.PAID else None
    return Outcome(status, "g-1", facts=GatewayFacts(exchanged=Exchanged(gives, gets), money=money))


LESS = [
    ("0.0000001 BTC", "12.50 EUR"),
    ("0.00020150 BTC", "12.49 EUR"),
    ("0.00020149 BTC", None),
    ("0.0002014999999999999999999 BTC", "12.50 EUR"),
    ("0", "12.50"),
    ("0.00020150 LTC", "12.50 EUR"),  # something else was given
]
ENOUGH = [
    ("0.0002015 BTC", "12.5 EUR"),
    ("2.015e-4", "12.50000"),
    ("0.5 BTC", "40000 EUR"),
    (None, "12.51"),
    ("0.00020150 BTC", None),
]


@pytest.mark.parametrize(("gives", "gets"), LESS)
@pytest.mark.parametrize("status", [Status.PAID, Status.PENDING, Status.DECLINED])
async def test_less_is_a_mismatch_whatever_the_word(
    harness: Harness, gives: str, gets: str | None, status: Status
) -> None:
    payment = await harness.paid_with(made())
    harness.clock.move(5)
    harness.gateway.will_state(said(gives, gets, status))
    with capture_logs() as logged:
        after = await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    (attempt,) = after.attempts
    assert (attempt.status, attempt.mismatch) == (Status.REQUIRES_ACTION, True)
    assert [line["event"] for line in logged if line.get("alert")] == ["mismatch"]
    (event,) = [each for each in await harness.events(payment) if each.kind == "mismatch"]
    expected = {name: value for name, value in (("gives", gives), ("gets", gets)) if value}
    assert event.data["exchanged"]["stated"] == expected
    assert event.data["exchanged"]["ours"] == {"gives": AGREED.gives, "gets": AGREED.gets}
    await harness.sweep_for(400, step=20)
    assert await harness.webhooks(payment) == []
    # A person may take it all the same.
    harness.gateway.will_state(said(gives, gets))
    harness.clock.move(5)
    judged = await review.resolve_mismatch(harness.context, payment.uid, accept=True, **WHO)
    assert judged.status is Status.PAID


@pytest.mark.parametrize(("gives", "gets"), ENOUGH)
async def test_as_agreed_or_more_is_paid(
    harness: Harness, gives: str | None, gets: str | None
) -> None:
    payment = await harness.paid_with(made())
    harness.clock.move(5)
    harness.gateway.will_state(said(gives, gets))
    with capture_logs() as logged:
        after = await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    assert after.status is Status.PAID
    assert after.attempts[0].facts.agreed == AGREED
    assert after.attempts[0].facts.exchanged == Exchanged(gives, gets)
    assert not [line for line in logged if line.get("alert")]


async def test_less_than_was_agreed_in_the_same_breath(harness: Harness) -> None:
    facts = GatewayFacts(agreed=AGREED, exchanged=Exchanged("0.0001 BTC", "12.50 EUR"))
    payment = await harness.paid_with(Outcome(Status.PAID, "g-1", facts=facts))
    assert await harness.status(payment) is Status.PENDING
    assert (await harness.payment(payment)).attempts[0].mismatch


async def notified(harness: Harness, *outcome: Any) -> tuple[Any, list[str]]:
    """After a notification with less, while the gateway's answer to a query says that all is well:
    the attempt, and what was raised."""
    payment = await harness.paid_with(made())
    harness.clock.move(5)
    harness.gateway.news = said(*outcome)
    harness.gateway.will_state(said(AGREED.gives, AGREED.gets))
    with capture_logs() as logged:
        await harness.notify(payment.attempts[0])
        await harness.context.finish(5)
    raised = [line["event"] for line in logged if line.get("alert")]
    return (await harness.payment(payment)).attempts[0], raised


@pytest.mark.parametrize(("gives", "gets"), LESS)
async def test_less_in_a_notification(harness: Harness, gives: str, gets: str | None) -> None:
    attempt, raised = await notified(harness, gives, gets)
    assert (attempt.status, attempt.mismatch, raised) == (
        Status.REQUIRES_ACTION,
        True,
        ["mismatch"],
    )


async def test_as_agreed_in_a_notification(harness: Harness) -> None:
    attempt, raised = await notified(harness, AGREED.gives, AGREED.gets)
    assert (attempt.status, attempt.mismatch, raised) == (Status.PAID, False, [])


async def test_less_in_a_notification_of_what_is_paid_already(harness: Harness) -> None:
    payment = await harness.paid_with(made())
    harness.clock.move(5)
    harness.gateway.will_state(said(AGREED.gives, AGREED.gets))
    (attempt,) = (
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    ).attempts
    harness.gateway.news = said("0.00000001 BTC", "0.01 EUR")
    with capture_logs() as logged:
        await harness.notify(attempt)
    assert [line["event"] for line in logged if line.get("alert")] == ["mismatch"]
    assert await harness.status(payment) is Status.PAID


async def test_without_an_agreement_nothing_is_compared(harness: Harness) -> None:
    payment = await harness.paid_with(
        Outcome(Status.REQUIRES_ACTION, "g-1", REQUIRES_ACTION.next_action)
    )
    harness.clock.move(5)
    harness.gateway.will_state(said("0.1 BTC", "1 EUR"), PAID)
    assert (
        await status_query.refresh_if_due(harness.context, await harness.payment(payment))
    ).status is Status.PAID


@given(st.decimals(0, 10**9, places=8), st.decimals(0, 10**9, places=8))
def test_amounts_are_compared_digit_by_digit(one: Any, other: Any) -> None:
    short = Exchanged(gives=f"{one:f} BTC").short_of(Exchanged(gives=f"{other:f}"))
    assert short is (one < other)
    assert Exchanged(gets=f"{one:f}").short_of(Exchanged(gets=f"{other:f} X")) is short
