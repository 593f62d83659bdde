"""What happens although nobody watches."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.flow.background import Background, Task
from checkout.flow.pace import HOUR, SWEPT, Pace
from checkout.flow.sweep import reconcile, sweep
from checkout.ledger import attempts, operations, payments
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from tests.support import shops
from tests.support.gateway import ABSENT, ACTION, AUTHORIZED, DECLINED, PAID, PENDING, Held
from tests.support.world import World, open_world


async def test_the_schedule(world: World) -> None:
    """5 s, 30 s, 2, 5, 15 min, then hourly, until an hour past its time."""
    story = await world.paid_with(PENDING, expires_at=world.clock() + 3 * HOUR)
    began, asked = world.clock(), []
    while world.clock() < began + 6 * HOUR:
        (attempt,) = (await world.story(story)).attempts
        if attempt.sweep_at is None:
            break
        await world.sweep(max(0.0, attempt.sweep_at - world.clock()))
        asked.append(world.clock() - began)
    assert asked == [*SWEPT, *(SWEPT[-1] + HOUR * n for n in (1, 2, 3))]
    assert len(world.gateway.queries) == len(asked)


async def test_what_was_never_answered_is_asked_about_after_the_deadline(world: World) -> None:
    world.gateway.will_answer(asyncio.CancelledError())
    story = await world.payment()
    with pytest.raises(asyncio.CancelledError):
        await world.pay(story)
    world.gateway.will_state(PAID)
    await world.sweep(29.9)
    assert world.gateway.queries == []
    await world.sweep(0.1)
    assert await world.status(story) is Status.PAID
    assert len(world.gateway.charges) == 1


async def test_two_workers_ask_once(world: World) -> None:
    await world.paid_with(PENDING)
    other = world.restarted()
    world.clock.move(5)
    await asyncio.gather(sweep(world.flow), sweep(other))
    assert len(world.gateway.queries) == 1


async def test_whoever_watches_saves_the_sweep_a_query(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.clock.move(5)
    await world.flow.look(story)
    await world.sweep()
    assert len(world.gateway.queries) == 1


async def test_many_are_swept_together(world: World) -> None:
    world.gateway.will_answer(PENDING)
    customers = [shops.changed(shops.CUSTOMER, ip=f"192.0.2.{number}") for number in range(60)]
    stories = [await world.pay(await world.payment(), customer=each) for each in customers]
    world.gateway.will_state(PAID)
    await world.sweep(5)
    await world.sweep()
    assert {await world.status(story) for story in stories} == {Status.PAID}


@pytest.mark.parametrize("left", [False, True])
async def test_after_its_time_one_last_question(world: World, *, left: bool) -> None:
    """The server was down for days, and the gateway does not answer just now: a person is told to
    look, and the command still asks."""
    story = await world.paid_with(ACTION, expires_at=world.clock() + 60)
    if left:
        await world.left(story)
    else:
        await world.flow.confirm(story)
    world.gateway.queries.clear()
    world.gateway.will_state(UNKNOWN)
    with capture_logs() as said:
        for _ in range(4):
            await world.sweep(26 * HOUR)
    assert len(world.gateway.queries) == 1
    assert [line["event"] for line in said if line.get("alert")] == ["sweep.unsettled"]
    assert await world.status(story) is (Status.EXPIRED if left else Status.PENDING)
    world.gateway.will_state(PAID)
    await reconcile(world.flow, story.payment.uid)
    assert await world.status(story) is Status.PAID


async def test_a_charge_that_slept_past_its_time_is_asked_about(world: World) -> None:
    """A machine that was put to sleep wakes up with a call that has failed in the meantime."""
    held = Held(UNKNOWN)
    world.gateway.will_answer(held)
    story = await world.payment(expires_at=world.clock() + 60)
    paying = asyncio.create_task(world.pay(story))
    await held.asked.wait()
    world.clock.move(26 * HOUR)
    held.let.set()
    assert (await paying).payment.status is Status.PENDING
    world.gateway.will_state(PAID)
    await world.sweep(1)
    assert await world.status(story) is Status.PAID


async def test_one_bad_row_does_not_stop_the_sweep(world: World) -> None:
    """A row that can't be read is alerted once an hour; the others are asked about and expire."""
    at = world.clock()
    bad = [await world.paid_with(PENDING), await world.payment(expires_at=at + 4)]
    good = [await world.paid_with(PENDING), await world.payment(expires_at=at + 4)]
    await world.ledger.write(attempts.change, bad[0].attempts[0].key, facts="{")
    await world.ledger.write(payments.change, bad[1].payment.uid, terms="{}")
    world.gateway.will_state(PAID)
    with capture_logs() as said:
        for _ in range(3):
            await world.sweep(5)
    assert [await world.status(story) for story in good] == [Status.PAID, Status.EXPIRED]
    alerts = [(line["event"], line["payment"]) for line in said if line.get("alert")]
    assert sorted(alerts) == sorted(("sweep.fault", story.payment.uid) for story in bad)
    terms = msgspec.json.encode(bad[1].payment.order).decode()
    await world.ledger.write(payments.change, bad[1].payment.uid, terms=terms)
    await world.sweep(HOUR)
    assert (await world.story(bad[1])).payment.status is Status.EXPIRED


async def test_a_last_question_that_somebody_else_asked_is_asked_again(world: World) -> None:
    story = await world.paid_with(UNKNOWN, expires_at=world.clock() + 60)
    world.gateway.will_state(UNKNOWN)
    world.clock.move(26 * HOUR)
    await world.flow.look(story)
    await world.sweep()
    assert len(world.gateway.queries) == 1
    world.gateway.will_state(PAID)
    await world.sweep(HOUR)
    assert await world.status(story) is Status.PAID


async def test_after_its_time_an_answer_is_the_last(world: World) -> None:
    story = await world.paid_with(PENDING, expires_at=world.clock() + 60)
    with capture_logs() as said:
        for _ in range(5):
            await world.sweep(26 * HOUR)
    assert len(world.gateway.queries) == 1
    assert [line["event"] for line in said if line.get("alert")] == ["sweep.unsettled"]
    assert await world.status(story) is Status.PENDING, "time alone ends nothing"


async def test_absent_after_its_time_is_asked_twice_too(world: World) -> None:
    story = await world.paid_with(UNKNOWN, expires_at=world.clock() + 60)
    world.gateway.will_state(ABSENT)
    await world.sweep(26 * HOUR)
    assert (await world.story(story)).attempts[0].status is Status.PENDING
    await world.sweep(1)
    assert await world.status(story) is Status.EXPIRED


async def test_a_gateway_that_is_gone_from_the_settings_is_alerted(world: World) -> None:
    story = await world.paid_with(PENDING)
    world.gateways.clear()
    with capture_logs() as said:
        await world.sweep(5)
    assert [line["event"] for line in said if line.get("alert")] == ["gateway.unknown_account"]
    assert await world.status(story) is Status.PENDING


async def test_it_goes_on_when_the_ledger_comes_back(url: str) -> None:
    async with open_world(url, pace=Pace(sweep=0.01)) as world:
        story = await world.paid_with(PENDING)
        world.gateway.will_state(PAID)
        world.clock.move(5)
        real = world.flow.ledger
        world.flow.ledger = Away()
        running = Background([Task("sweep", partial(sweep, world.flow), world.flow.pace.sweep)])
        running.start()
        with capture_logs() as said:
            await asyncio.sleep(0.1)
            world.flow.ledger = real
            for _ in range(200):
                await asyncio.sleep(0.01)
                if await world.status(story) is Status.PAID:
                    break
        await running.stop()
        assert await world.status(story) is Status.PAID
        assert ("background.failed", "sweep") in [(x["event"], x.get("task")) for x in said]


class Away:
    async def read(self, *_: object, **__: object) -> None:
        raise Unavailable

    write = read

    async def close(self) -> None:
        pass


# By hand


async def test_reconcile_asks_about_all_that_is_open(world: World) -> None:
    story = await world.left(await world.paid_with(ACTION))
    world.gateway.will_answer(PENDING)
    story = await world.pay(story)
    world.clock.move(2)
    world.gateway.will_state(DECLINED, PAID)
    world.gateway.queries.clear()
    after = await reconcile(world.flow, story.payment.uid)
    assert len(world.gateway.queries) == 2
    assert after.payment.status is Status.PAID


async def test_reconcile_asks_about_what_was_paid(world: World) -> None:
    """The sweep gives up an hour after the payment's time, and says to reconcile."""
    world.gateway.has("capture")
    story = await world.paid_with(AUTHORIZED, transaction_type="authorization")
    world.clock.move(2)
    world.gateway.will_state(PAID)
    after = await reconcile(world.flow, story.payment.uid)
    assert after.payment.status is Status.PAID
    (capture,) = await world.ledger.read(operations.of, story.payment.uid)
    assert (capture.kind, capture.by_gateway, capture.amount) == ("capture", True, 1250)


async def test_reconcile_writes_an_expiry_down(world: World) -> None:
    story = await world.payment(expires_at=world.clock() + 60)
    world.clock.move(60)
    after = await reconcile(world.flow, story.payment.uid)
    assert after.payment.status is Status.EXPIRED
    assert await world.told(story) == ["error"]


# What an adapter's library may do


async def test_a_gateway_whose_library_exits_is_one_that_said_nothing(world: World) -> None:
    story = await world.paid_with(SystemExit(1))
    assert await world.status(story) is Status.PENDING
    world.gateway.will_state(SystemExit(2), PAID)
    with capture_logs() as said:
        await world.sweep(30)
    assert ("gateway.fault", "SystemExit") in [(x["event"], x.get("error")) for x in said]
    await world.sweep(120)
    assert await world.status(story) is Status.PAID
