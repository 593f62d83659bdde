"""One attempt, one charge: submitted before it is sent, sent once, recorded after."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text

from checkout.errors import Unavailable, Unprocessable
from checkout.ledger.rows import Payment
from checkout.model.next_action import Instructions, NextAction, PostForm, Redirect
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome, PaidCard
from checkout.model.status import Status
from checkout.payments import charge, status_query
from checkout.payments.recovery import sweep
from tests.support import samples
from tests.support.fake_gateway import (
    ABSENT,
    AUTHORIZED,
    BANK_PAGE,
    DECLINED,
    PAID,
    PENDING,
    REQUIRES_ACTION,
    UNREACHABLE,
    Held,
)
from tests.support.harness import Harness, submission
from tests.support.ledgers import UnavailableLedger


@pytest.mark.parametrize(
    ("answer", "attempt", "reached"),
    [
        (PAID, Status.PAID, Status.PAID),
        (AUTHORIZED, Status.AUTHORIZED, Status.AUTHORIZED),
        (DECLINED, Status.DECLINED, Status.DECLINED),
        (PENDING, Status.PENDING, Status.PENDING),
        (REQUIRES_ACTION, Status.REQUIRES_ACTION, Status.REQUIRES_ACTION),
        (UNKNOWN, Status.PENDING, Status.PENDING),
        (RuntimeError("a fault of ours"), Status.PENDING, Status.PENDING),
        (UNREACHABLE, Status.NOT_SENT, Status.OPEN),
    ],
    ids=["paid", "authorized", "declined", "pending", "action", "unknown", "fault", "unreachable"],
)
async def test_what_an_answer_makes_of_it(
    harness: Harness, answer: Outcome | Exception, attempt: Status, reached: Status
) -> None:
    payment = await harness.paid_with(answer)
    assert payment.attempts[0].status is attempt
    assert payment.status is reached
    assert await harness.payment(payment) == payment


async def test_what_is_sent_is_what_was_submitted(harness: Harness) -> None:
    payment = await harness.paid_with(PAID)
    (charge,), (attempt,) = harness.gateway.charges, payment.attempts
    assert charge.key == attempt.key
    assert charge.money == payment.order.money
    assert charge.card == samples.CARD
    assert charge.customer == samples.CUSTOMER
    assert charge.browser == samples.BROWSER
    assert charge.return_url == f"{samples.PUBLIC_URL}/return/{attempt.return_ticket}"
    assert charge.notify_url == f"{samples.PUBLIC_URL}/notify/cards/{attempt.notify_ticket}"
    assert len(charge.return_url) <= 100, "the longest that every gateway takes"


async def test_of_the_card_only_what_may_be_kept_is_kept(harness: Harness) -> None:
    payment = await harness.paid_with(PENDING)
    assert payment.attempts[0].facts.card == PaidCard(brand="visa", last_4="0000", first_1="4")
    rows = await harness.ledger.read(everything)
    assert samples.CARD.number not in rows
    assert samples.CARD.holder not in rows


def everything(conn: Connection) -> str:
    found = []
    for table in ("payments", "attempts", "events", "outbox"):
        found += [repr(tuple(row)) for row in conn.execute(text(f"SELECT * FROM {table}"))]
    return "\n".join(found)


@pytest.mark.parametrize(
    "echo",
    [
        Outcome(Status.PENDING, samples.CARD.number),
        Outcome(
            Status.REQUIRES_ACTION,
            "g-1",
            Redirect(f"https://bank.example/?n={samples.CARD.number}"),
        ),
        Outcome(
            Status.REQUIRES_ACTION,
            "g-1",
            PostForm("https://b.example/", (("n", samples.CARD.number),)),
        ),
        Outcome(Status.DECLINED, "g-1", facts=GatewayFacts(message=f"No {samples.CARD.number}")),
    ],
    ids=["id", "address", "form", "message"],
)
async def test_a_number_that_the_gateway_says_back_is_not_kept(
    harness: Harness, echo: Outcome
) -> None:
    payment = await harness.paid_with(echo)
    assert payment.attempts[0].status is echo.status
    assert samples.CARD.number not in await harness.ledger.read(everything)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        (Redirect("http://localhost/x"), None),
        (PostForm("HTTP://127.0.0.1/", (("n", "1"),)), None),
        (Instructions(account="7", link="http://[::1]/"), Instructions(account="7")),
        (Redirect("https://bank.example/x"), Redirect("https://bank.example/x")),
        (Instructions(link="sbolpay://x"), Instructions(link="sbolpay://x")),
    ],
    ids=["redirect", "form", "link", "https", "app"],
)
async def test_nobody_is_sent_to_an_address_without_tls(
    harness: Harness, step: NextAction, left: NextAction | None
) -> None:
    """Adapters let http on loopback pass: there the simulated gateways are, and no others."""
    payment = await harness.paid_with(Outcome(Status.REQUIRES_ACTION, "g-1", step))
    assert payment.attempts[0].next_action == left


async def test_submitted_durably_before_it_is_sent(harness: Harness) -> None:
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    now = await harness.payment(payment)
    assert now.attempts[0].status is Status.SUBMITTING
    assert now.status is Status.PENDING
    assert status_query.next_check(harness.context, now) == 1.0, "a second tab sees the answer soon"
    held.let.set()
    assert (await task).status is Status.PAID


async def test_pressed_many_times_at_once(harness: Harness) -> None:
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    tasks = [asyncio.create_task(harness.pay(payment)) for _ in range(20)]
    await held.asked.wait()
    held.let.set()
    results = await asyncio.gather(*tasks)
    assert len(harness.gateway.charges) == 1
    assert {result.status for result in results} <= {Status.PENDING, Status.PAID}
    assert len((await harness.payment(payment)).attempts) == 1


async def test_on_two_machines_at_once(harness: Harness) -> None:
    payment = await harness.new_payment()
    flows = [harness.context, harness.restarted(), harness.restarted()]
    results = await asyncio.gather(
        *(charge.pay(context, payment, submission(payment)) for context in flows * 5)
    )
    assert len(harness.gateway.charges) == 1
    assert len(results[0].attempts) == 1


@pytest.mark.parametrize("number", [0, 2, 3, 99])
async def test_a_form_of_another_attempt_changes_nothing(harness: Harness, number: int) -> None:
    payment = await harness.new_payment()
    assert await harness.pay(payment, number=number) == payment
    assert harness.gateway.charges == []


async def test_a_used_form_changes_nothing(harness: Harness) -> None:
    payment = await harness.new_payment(attempts=3)
    harness.gateway.will_answer(DECLINED)
    await harness.pay(payment)
    again = await harness.pay(payment)
    assert len(harness.gateway.charges) == 1
    assert again.status is Status.OPEN


@pytest.mark.parametrize("answer", [PAID, PENDING, REQUIRES_ACTION, DECLINED])
async def test_no_form_is_taken_where_none_is_shown(harness: Harness, answer: Outcome) -> None:
    """Also a form with the right number: the ledger decides, not the page."""
    payment = await harness.paid_with(answer)
    await harness.pay(payment)
    assert len(harness.gateway.charges) == 1


async def test_a_form_past_its_time_is_not_taken(harness: Harness) -> None:
    payment = await harness.new_payment(expires_at=harness.clock() + 60)
    harness.clock.move(60)
    after = await harness.pay(payment)
    assert harness.gateway.charges == []
    assert after.status_at(harness.clock()) is Status.EXPIRED


async def test_declines_are_counted_and_nothing_else(harness: Harness) -> None:
    payment = await harness.new_payment(attempts=2)
    for answer, left in (
        (UNREACHABLE, Status.OPEN),
        (DECLINED, Status.OPEN),
        (UNREACHABLE, Status.OPEN),
        (DECLINED, Status.DECLINED),
    ):
        harness.gateway.will_answer(answer)
        payment = await harness.pay(payment)
        assert payment.status is left
    assert [attempt.number for attempt in payment.attempts] == [1, 2, 3, 4]
    assert len({attempt.key for attempt in payment.attempts}) == 4
    assert await harness.told(payment) == ["failed"]


async def test_the_last_decline_is_the_one_that_is_shown(harness: Harness) -> None:
    payment = await harness.new_payment(attempts=2)
    for reason in (DeclineReason.LIMIT, DeclineReason.CARD_EXPIRED):
        said = GatewayFacts(message=f"said {reason}")
        harness.gateway.will_answer(Outcome(Status.DECLINED, reason=reason, facts=said))
        payment = await harness.pay(payment)
    assert payment.shown is not None
    assert payment.shown.reason is DeclineReason.CARD_EXPIRED
    (webhook,) = await harness.webhooks(payment)
    assert "said card_expired" in webhook.body


async def test_an_unknown_method_is_refused(harness: Harness) -> None:
    payment = await harness.new_payment()
    with pytest.raises(Unprocessable) as refused:
        await harness.pay(payment, method="no_such")
    assert list(refused.value.fields) == ["method"]
    assert (await harness.payment(payment)).attempts == ()


async def test_the_step_is_kept(harness: Harness) -> None:
    payment = await harness.paid_with(REQUIRES_ACTION)
    assert payment.attempts[0].next_action == BANK_PAGE
    assert payment.attempts[0].gateway_id == "g-1"


# The customer or the server goes away


async def test_the_customer_closes_the_tab(harness: Harness) -> None:
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.let.set()
    await harness.context.finish(5)
    assert (await harness.payment(payment)).status is Status.PAID


async def test_a_shutdown_lets_a_charge_end(harness: Harness) -> None:
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    ending = asyncio.create_task(harness.context.finish(5))
    await asyncio.sleep(0.02)
    assert not ending.done()
    held.let.set()
    await ending
    assert (await harness.payment(payment)).status is Status.PAID
    await task


async def test_a_shutdown_leaves_what_does_not_end_to_the_next_start(harness: Harness) -> None:
    held = Held(PAID)
    harness.gateway.will_answer(held)
    payment = await harness.new_payment()
    task = asyncio.create_task(harness.pay(payment))
    await held.asked.wait()
    await harness.context.finish(0.02)
    assert (await harness.payment(payment)).attempts[0].status is Status.SUBMITTING
    # The next start queries, and never charges again.
    next_context = harness.restarted()
    harness.gateway.will_state(PAID)
    harness.clock.move(30)
    await sweep(next_context)
    assert (await harness.payment(payment)).status is Status.PAID
    assert len(harness.gateway.charges) == 1
    held.let.set()
    assert (await task).status is Status.PAID
    assert await harness.told(payment) == ["successful"]


async def settled(harness: Harness, payment: Payment) -> Payment:
    """After the settle window and two empty answers."""
    harness.gateway.will_state(ABSENT)
    await harness.sweep_for(90)
    return await harness.payment(payment)


async def test_never_sent_may_be_sent_again(harness: Harness) -> None:
    """A crash between the submission and the call."""
    harness.gateway.will_answer(asyncio.CancelledError())
    payment = await harness.new_payment()
    with pytest.raises(asyncio.CancelledError):
        await harness.pay(payment)
    assert (await harness.payment(payment)).attempts[0].status is Status.SUBMITTING
    payment = await settled(harness, payment)
    assert payment.attempts[0].status is Status.NOT_SENT
    assert payment.status is Status.OPEN
    harness.gateway.will_answer(PAID)
    assert (await harness.pay(payment)).status is Status.PAID


# The ledger away


async def test_no_submission_no_charge(harness: Harness) -> None:
    """The database is away: the form is answered with 503 and nothing is sent."""
    payment = await harness.new_payment()
    harness.context.ledger = UnavailableLedger()
    with pytest.raises(Unavailable):
        await harness.pay(payment)
    assert harness.gateway.charges == []


async def test_a_full_disk_charges_nothing_that_is_not_submitted(
    harness: Harness, url: str
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's disk is not ours to fill")
    payments = [await harness.new_payment(description="x" * 255) for _ in range(30)]
    pages = await harness.ledger.write(_pragma, "page_count")
    await harness.ledger.write(_pragma, f"max_page_count = {pages}")
    refused = 0
    for payment in payments:
        try:
            await harness.pay(payment)
        except Unavailable:
            refused += 1
    assert refused > 5
    await harness.ledger.write(_pragma, "max_page_count = 1000000")
    claimed = [
        attempt for payment in payments for attempt in (await harness.payment(payment)).attempts
    ]
    assert sorted(a.key for a in claimed) == sorted(c.key for c in harness.gateway.charges)
    # What could not be written down is found out later.
    harness.gateway.will_state(PAID)
    await harness.sweep(30)
    for payment in payments:
        payment = await harness.payment(payment)
        assert payment.status is (Status.PAID if payment.attempts else Status.OPEN)


def _pragma(conn: Connection, name: str) -> int:
    found: int = conn.execute(text(f"PRAGMA {name}")).scalar_one()
    return found
