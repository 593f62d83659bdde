"""One attempt, one charge: claimed before it is sent, sent once, written down after."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text

from checkout.errors import Unavailable, Unprocessable
from checkout.flow.sweep import sweep
from checkout.ledger.rows import Story
from checkout.model.next_action import Instructions, NextAction, PostForm, Redirect
from checkout.model.outcome import UNKNOWN, Facts, Outcome, PaidCard, Reason
from checkout.model.status import Status
from tests.support import shops
from tests.support.gateway import (
    ABSENT,
    ACTION,
    AUTHORIZED,
    BANK_PAGE,
    DECLINED,
    PAID,
    PENDING,
    UNREACHABLE,
    Held,
)
from tests.support.world import World, submission


@pytest.mark.parametrize(
    ("answer", "attempt", "payment"),
    [
        (PAID, Status.PAID, Status.PAID),
        (AUTHORIZED, Status.AUTHORIZED, Status.AUTHORIZED),
        (DECLINED, Status.DECLINED, Status.DECLINED),
        (PENDING, Status.PENDING, Status.PENDING),
        (ACTION, Status.ACTION, Status.ACTION),
        (UNKNOWN, Status.PENDING, Status.PENDING),
        (RuntimeError("a fault of ours"), Status.PENDING, Status.PENDING),
        (UNREACHABLE, Status.LOST, Status.OPEN),
    ],
    ids=["paid", "authorized", "declined", "pending", "action", "unknown", "fault", "unreachable"],
)
async def test_what_an_answer_makes_of_it(
    world: World, answer: Outcome | Exception, attempt: Status, payment: Status
) -> None:
    story = await world.paid_with(answer)
    assert story.attempts[0].status is attempt
    assert story.payment.status is payment
    assert await world.story(story) == story


async def test_what_is_sent_is_what_was_claimed(world: World) -> None:
    story = await world.paid_with(PAID)
    (charge,), (attempt,) = world.gateway.charges, story.attempts
    assert charge.key == attempt.key
    assert charge.money == story.payment.order.money
    assert charge.card == shops.CARD
    assert charge.customer == shops.CUSTOMER
    assert charge.browser == shops.BROWSER
    assert charge.return_url == f"{shops.PUBLIC_URL}/return/{attempt.return_ticket}"
    assert charge.notify_url == f"{shops.PUBLIC_URL}/notify/cards/{attempt.notify_ticket}"
    assert len(charge.return_url) <= 100, "the longest that every gateway takes"


async def test_of_the_card_only_what_may_be_kept_is_kept(world: World) -> None:
    story = await world.paid_with(PENDING)
    assert story.attempts[0].facts.card == PaidCard(brand="visa", last_4="0000", first_1="4")
    rows = await world.ledger.read(everything)
    assert shops.CARD.number not in rows
    assert shops.CARD.holder not in rows


def everything(conn: Connection) -> str:
    found = []
    for table in ("payments", "attempts", "events", "outbox"):
        found += [repr(tuple(row)) for row in conn.execute(text(f"SELECT * FROM {table}"))]
    return "\n".join(found)


@pytest.mark.parametrize(
    "echo",
    [
        Outcome(Status.PENDING, shops.CARD.number),
        Outcome(Status.ACTION, "g-1", Redirect(f"https://bank.example/?n={shops.CARD.number}")),
        Outcome(Status.ACTION, "g-1", PostForm("https://b.example/", (("n", shops.CARD.number),))),
        Outcome(Status.DECLINED, "g-1", facts=Facts(message=f"No {shops.CARD.number}")),
    ],
    ids=["id", "address", "form", "message"],
)
async def test_a_number_that_the_gateway_says_back_is_not_kept(world: World, echo: Outcome) -> None:
    story = await world.paid_with(echo)
    assert story.attempts[0].status is echo.status
    assert shops.CARD.number not in await world.ledger.read(everything)


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
    world: World, step: NextAction, left: NextAction | None
) -> None:
    """Adapters let http on loopback pass: there the simulated gateways are, and no others."""
    story = await world.paid_with(Outcome(Status.ACTION, "g-1", step))
    assert story.attempts[0].step == left


async def test_claimed_durably_before_it_is_sent(world: World) -> None:
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    now = await world.story(story)
    assert now.attempts[0].status is Status.CLAIMED
    assert now.payment.status is Status.PENDING
    assert world.flow.next_check(now) == 1.0, "a second tab sees the answer soon"
    held.let.set()
    assert (await task).payment.status is Status.PAID


async def test_pressed_many_times_at_once(world: World) -> None:
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    tasks = [asyncio.create_task(world.pay(story)) for _ in range(20)]
    await held.asked.wait()
    held.let.set()
    results = await asyncio.gather(*tasks)
    assert len(world.gateway.charges) == 1
    assert {result.payment.status for result in results} <= {Status.PENDING, Status.PAID}
    assert len((await world.story(story)).attempts) == 1


async def test_on_two_machines_at_once(world: World) -> None:
    story = await world.payment()
    flows = [world.flow, world.restarted(), world.restarted()]
    results = await asyncio.gather(*(flow.pay(story, submission(story)) for flow in flows * 5))
    assert len(world.gateway.charges) == 1
    assert len(results[0].attempts) == 1


@pytest.mark.parametrize("number", [0, 2, 3, 99])
async def test_a_form_of_another_attempt_changes_nothing(world: World, number: int) -> None:
    story = await world.payment()
    assert await world.pay(story, number=number) == story
    assert world.gateway.charges == []


async def test_a_used_form_changes_nothing(world: World) -> None:
    story = await world.payment(attempts=3)
    world.gateway.will_answer(DECLINED)
    await world.pay(story)
    again = await world.pay(story)
    assert len(world.gateway.charges) == 1
    assert again.payment.status is Status.OPEN


@pytest.mark.parametrize("answer", [PAID, PENDING, ACTION, DECLINED])
async def test_no_form_is_taken_where_none_is_shown(world: World, answer: Outcome) -> None:
    """Also a form with the right number: the ledger decides, not the page."""
    story = await world.paid_with(answer)
    await world.pay(story)
    assert len(world.gateway.charges) == 1


async def test_a_form_past_its_time_is_not_taken(world: World) -> None:
    story = await world.payment(expires_at=world.clock() + 60)
    world.clock.move(60)
    after = await world.pay(story)
    assert world.gateway.charges == []
    assert after.status(world.clock()) is Status.EXPIRED


async def test_declines_are_counted_and_nothing_else(world: World) -> None:
    story = await world.payment(attempts=2)
    for answer, left in (
        (UNREACHABLE, Status.OPEN),
        (DECLINED, Status.OPEN),
        (UNREACHABLE, Status.OPEN),
        (DECLINED, Status.DECLINED),
    ):
        world.gateway.will_answer(answer)
        story = await world.pay(story)
        assert story.payment.status is left
    assert [attempt.number for attempt in story.attempts] == [1, 2, 3, 4]
    assert len({attempt.key for attempt in story.attempts}) == 4
    assert await world.told(story) == ["failed"]


async def test_the_last_decline_is_the_one_that_is_shown(world: World) -> None:
    story = await world.payment(attempts=2)
    for reason in (Reason.LIMIT, Reason.CARD_EXPIRED):
        said = Facts(message=f"said {reason}")
        world.gateway.will_answer(Outcome(Status.DECLINED, reason=reason, facts=said))
        story = await world.pay(story)
    assert story.shown is not None
    assert story.shown.reason is Reason.CARD_EXPIRED
    (letter,) = await world.letters(story)
    assert "said card_expired" in letter.body


async def test_an_unknown_method_is_refused(world: World) -> None:
    story = await world.payment()
    with pytest.raises(Unprocessable) as refused:
        await world.pay(story, method="no_such")
    assert list(refused.value.fields) == ["method"]
    assert (await world.story(story)).attempts == ()


async def test_the_step_is_kept(world: World) -> None:
    story = await world.paid_with(ACTION)
    assert story.attempts[0].step == BANK_PAGE
    assert story.attempts[0].gateway_id == "g-1"


# The customer or the house goes away


async def test_the_customer_closes_the_tab(world: World) -> None:
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.let.set()
    await world.flow.finish(5)
    assert (await world.story(story)).payment.status is Status.PAID


async def test_a_shutdown_lets_a_charge_end(world: World) -> None:
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    ending = asyncio.create_task(world.flow.finish(5))
    await asyncio.sleep(0.02)
    assert not ending.done()
    held.let.set()
    await ending
    assert (await world.story(story)).payment.status is Status.PAID
    await task


async def test_a_shutdown_leaves_what_does_not_end_to_the_next_start(world: World) -> None:
    held = Held(PAID)
    world.gateway.will_answer(held)
    story = await world.payment()
    task = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    await world.flow.finish(0.02)
    assert (await world.story(story)).attempts[0].status is Status.CLAIMED
    # The next start asks, and never charges again.
    next_flow = world.restarted()
    world.gateway.will_state(PAID)
    world.clock.move(30)
    await sweep(next_flow)
    assert (await world.story(story)).payment.status is Status.PAID
    assert len(world.gateway.charges) == 1
    held.let.set()
    assert (await task).payment.status is Status.PAID
    assert await world.told(story) == ["successful"]


async def settled(world: World, story: Story) -> Story:
    """After the settle window and two empty answers."""
    world.gateway.will_state(ABSENT)
    await world.sweep_for(90)
    return await world.story(story)


async def test_never_sent_may_be_sent_again(world: World) -> None:
    """A crash between the claim and the call."""
    world.gateway.will_answer(asyncio.CancelledError())
    story = await world.payment()
    with pytest.raises(asyncio.CancelledError):
        await world.pay(story)
    assert (await world.story(story)).attempts[0].status is Status.CLAIMED
    story = await settled(world, story)
    assert story.attempts[0].status is Status.LOST
    assert story.payment.status is Status.OPEN
    world.gateway.will_answer(PAID)
    assert (await world.pay(story)).payment.status is Status.PAID


# The ledger away


async def test_no_claim_no_charge(world: World) -> None:
    """The database is away: the form is answered with 503 and nothing is sent."""
    story = await world.payment()
    world.flow.ledger = AwayLedger()
    with pytest.raises(Unavailable):
        await world.pay(story)
    assert world.gateway.charges == []


async def test_a_full_disk_charges_nothing_that_is_not_claimed(world: World, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's disk is not ours to fill")
    stories = [await world.payment(description="x" * 255) for _ in range(30)]
    pages = await world.ledger.write(_pragma, "page_count")
    await world.ledger.write(_pragma, f"max_page_count = {pages}")
    refused = 0
    for story in stories:
        try:
            await world.pay(story)
        except Unavailable:
            refused += 1
    assert refused > 5
    await world.ledger.write(_pragma, "max_page_count = 1000000")
    claimed = [attempt for story in stories for attempt in (await world.story(story)).attempts]
    assert sorted(a.key for a in claimed) == sorted(c.key for c in world.gateway.charges)
    # What could not be written down is found out later.
    world.gateway.will_state(PAID)
    await world.sweep(30)
    for story in stories:
        story = await world.story(story)
        assert story.payment.status is (Status.PAID if story.attempts else Status.OPEN)


def _pragma(conn: Connection, name: str) -> int:
    found: int = conn.execute(text(f"PRAGMA {name}")).scalar_one()
    return found


class AwayLedger:
    async def read(self, *_: object, **__: object) -> None:
        raise Unavailable

    write = read

    async def close(self) -> None:
        pass
