"""Due queries: behind the pages that wait, one in an interval, many in one write, a few at once."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from checkout.errors import Unavailable
from checkout.ledger import attempts
from checkout.ledger.base import Ledger, P, T, Verb
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import gateway_answers, status_query
from checkout.payments.due_queries import DueQueries
from tests.support import samples
from tests.support.fake_gateway import ABSENT, DECLINED, PAID, PENDING, REQUIRES_ACTION, Held
from tests.support.harness import Harness
from tests.support.polling import until


class CountedLedger:
    """Counts writes; `away`: they fail."""

    def __init__(self, inner: Ledger) -> None:
        self.inner = inner
        self.writes: list[Any] = []
        self.away = False

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.inner.read(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.writes.append(verb)
        if self.away:
            raise Unavailable
        return await self.inner.write(verb, *args, **kwargs)

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(verb, *args, **kwargs)

    async def tidy(self, *, whole: bool = False) -> None:
        await self.inner.tidy(whole=whole)

    async def close(self) -> None:
        await self.inner.close()


@pytest.fixture
def counted(harness: Harness) -> CountedLedger:
    """The ledger of the harness' own context, from now on."""
    harness.context.ledger = found = CountedLedger(harness.ledger)
    return found


async def many(harness: Harness, count: int) -> list[Payment]:
    """Payments that are pending, each of a customer of its own, and due for a query."""
    hosts = ip_network("10.0.0.0/16").hosts()
    harness.gateway.will_answer(PENDING)
    found = [
        await harness.pay(
            await harness.new_payment(), customer=samples.changed(samples.CUSTOMER, ip=str(host))
        )
        for host, _ in zip(hosts, range(count), strict=False)
    ]
    harness.clock.move(1)
    return found


async def test_a_poll_waits_for_no_gateway(harness: Harness) -> None:
    (payment,) = await many(harness, 1)
    held = Held(PAID)
    harness.gateway.will_state(held)
    due = DueQueries(harness.context)
    assert due.notice(payment)  # and this returned although the gateway hangs
    await held.asked.wait()
    assert await harness.status(payment) is Status.PENDING
    assert due.notice(await harness.payment(payment)), "it is under way: the end may be near"
    held.let.set()
    await harness.context.finish(5)
    assert await harness.status(payment) is Status.PAID
    assert not due.notice(await harness.payment(payment))


async def test_however_many_pages_wait_it_is_one_query(harness: Harness) -> None:
    (payment,) = await many(harness, 1)
    workers = [DueQueries(context) for context in (harness.context, harness.restarted())]
    for each in workers * 20:
        assert each.notice(payment)
    await until(lambda: harness.gateway.queries)
    await asyncio.sleep(0.1)
    assert len(harness.gateway.queries) == 1


async def test_nothing_is_asked_that_is_not_due(harness: Harness) -> None:
    due = DueQueries(harness.context)
    harness.clock.move(-1)
    (payment,) = await many(harness, 1)
    harness.clock.move(-0.5)
    assert not due.notice(payment)
    assert not due.notice(await harness.paid_with(DECLINED))
    assert not due.notice(await harness.new_payment())
    await asyncio.sleep(0.1)
    assert harness.gateway.queries == []


async def test_those_that_are_due_together_are_one_write(
    harness: Harness, counted: CountedLedger
) -> None:
    found = await many(harness, 12)
    counted.writes.clear()
    due = DueQueries(harness.context)
    for payment in found:
        assert due.notice(payment)
    await until(lambda: len(harness.gateway.queries) == 12)
    await harness.context.finish(5)
    # And none for the answers, which say nothing new.
    assert counted.writes == [attempts.take_queries]


async def test_a_few_at_once_and_then_the_next(harness: Harness) -> None:
    found = await many(harness, 7)
    held = Held(PENDING)
    harness.gateway.will_state(held, held, held, PENDING)
    due = DueQueries(harness.context, at_once=3)
    assert [due.notice(payment) for payment in found] == [True] * 3 + [False] * 4
    await until(lambda: len(harness.gateway.queries) == 3)
    await asyncio.sleep(0.1)
    assert len(harness.gateway.queries) == 3
    held.let.set()
    await until(lambda: len(harness.gateway.queries) == 7)
    asked = [query.key for query in harness.gateway.queries]
    keys = [payment.attempts[0].key for payment in found]
    assert set(asked[:3]) == set(keys[:3]), "who waits longest is first"
    assert set(asked) == set(keys)


async def test_one_that_has_ended_in_line_is_not_queried(harness: Harness) -> None:
    first, second = await many(harness, 2)
    held = Held(PENDING)
    harness.gateway.will_state(held, PAID)
    due = DueQueries(harness.context, at_once=1)
    due.notice(first)
    due.notice(second)
    await held.asked.wait()
    await status_query.record(harness.context, second.attempts[0], DECLINED, by_query=True)
    held.let.set()
    await harness.context.finish(5)
    assert len(harness.gateway.queries) == 1
    assert await harness.status(second) is Status.DECLINED


async def test_a_page_may_look_for_a_moment(harness: Harness) -> None:
    first, second = await many(harness, 2)
    held = Held(PENDING)
    harness.gateway.will_state(PAID, held)
    due = DueQueries(harness.context)
    assert (await due.look(first, 5.0)).status is Status.PAID
    assert (await due.look(second, 0.1)).status is Status.PENDING
    held.let.set()
    assert (await due.look(await harness.payment(first), 5.0)).status is Status.PAID


async def test_a_page_does_not_look_where_many_wait(harness: Harness) -> None:
    first, second = await many(harness, 2)
    held = Held(PENDING)
    harness.gateway.will_state(held)
    due = DueQueries(harness.context, at_once=1)
    assert due.notice(first)
    await held.asked.wait()
    async with asyncio.timeout(2):
        assert (await due.look(second, 60.0)).status is Status.PENDING
    held.let.set()


async def test_a_ledger_that_is_away_stops_nothing(
    harness: Harness, counted: CountedLedger
) -> None:
    (payment,) = await many(harness, 1)
    due = DueQueries(harness.context)
    counted.away = True
    async with asyncio.timeout(5):
        assert await due.look(payment, 60.0) == payment
    assert harness.gateway.queries == []
    counted.away = False
    assert due.notice(payment)
    await until(lambda: harness.gateway.queries)


async def test_at_the_end_nobody_is_left_in_line(harness: Harness) -> None:
    first, second = await many(harness, 2)
    held = Held(PENDING)
    harness.gateway.will_state(held)
    due = DueQueries(harness.context, at_once=1)
    due.notice(first)
    await held.asked.wait()
    due.notice(second)
    due.clear()
    held.let.set()
    await harness.context.finish(5)
    assert len(harness.gateway.queries) == 1


STATES = {
    "pending": PENDING,
    "action": REQUIRES_ACTION,
    "unknown": UNKNOWN,
}
SAID = {
    **STATES,
    "absent": ABSENT,
    "another id": Outcome(Status.PENDING, "g-2"),
    "a fact": Outcome(Status.PENDING, "g-1", facts=GatewayFacts(auth_code="1")),
    "another amount": Outcome(Status.PENDING, "g-1", facts=GatewayFacts(amount=1)),
    "paid": PAID,
    "declined": DECLINED,
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("later", [1.0, 100.0])
async def test_only_what_says_nothing_new_is_not_written(
    harness: Harness, state: str, said: str, later: float
) -> None:
    """`says_something_new` beside what `record_answer` does."""
    context, outcome = harness.context, SAID[said]
    uid, new = (await harness.paid_with(STATES[state])).uid, True
    for _ in range(3):  # the second time it is known, the third time nothing may change
        harness.clock.move(later)
        before = await harness.payment(uid), await harness.events(await harness.payment(uid))
        attempt, now = before[0].attempts[0], context.clock()
        new = gateway_answers.says_something_new(context, before[0], attempt, outcome, now)
        await harness.ledger.write(
            gateway_answers.record_answer, context, attempt, outcome, now, by_query=True
        )
        after = await harness.payment(uid), await harness.events(before[0])
        assert new or after == before
    if said in STATES:
        assert not new
