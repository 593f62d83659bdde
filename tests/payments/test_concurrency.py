"""Everybody has room of their own: what hangs for one shop, or at one host, changes nothing for
another; and waiting for room is no try."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.webhooks import delays
from checkout.ledger import outbox
from checkout.ledger.outbox import Webhook
from checkout.model.order import PageSettings
from checkout.payments import create
from checkout.payments.concurrency import NoRoom, Rooms
from checkout.payments.dns import Resolver
from checkout.payments.webhook_sender import WebhookSender
from tests.payments.webhook_receiver import PUBLIC
from tests.support import samples
from tests.support.harness import Harness, open_harness
from tests.support.polling import until

HANGING, WELL = "hanging.example.com", "well.example.com"

# Rooms


def taken(rooms: Rooms, shop: str, host: str, tries: int = 100) -> int:
    return sum(rooms.take(shop, host) for _ in range(tries))


def test_a_shop_at_one_host_leaves_half_of_the_room_there() -> None:
    rooms = Rooms("test", total=256, shop=16, host=16)
    assert taken(rooms, "a", "x") == 8
    assert taken(rooms, "b", "x") == 4
    assert taken(rooms, "c", "x") == 2
    assert rooms.take("d", "x")
    assert rooms.take("e", "x")
    assert not rooms.take("f", "x"), "it is full, for everybody"
    assert taken(rooms, "f", "y") == 8, "and nowhere else"
    rooms.leave("a", "x")
    assert not rooms.take("a", "x"), "whoever has most waits longest"
    assert rooms.take("f", "x")


def test_many_hosts_of_one_shop_are_bounded() -> None:
    rooms = Rooms("test", total=256, shop=16, host=16)
    assert sum(rooms.take("a", f"host{each}") for each in range(1000)) == 16
    assert rooms.free("b") >= 8


def test_many_shops_at_one_host_are_bounded() -> None:
    rooms = Rooms("test", total=256, shop=16, host=16)
    assert sum(rooms.take(f"shop{each}", "x") for each in range(1000)) == 16


def test_many_that_hang_leave_room_for_the_next() -> None:
    rooms = Rooms("test", total=256, shop=16, host=16)
    for each in range(50):
        taken(rooms, f"shop{each}", f"{each}.example.com")
        assert rooms.take("next", "next.example.com"), each
        rooms.leave("next", "next.example.com")


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from("abcde"), st.sampled_from("xyz")), max_size=300
    )
)
def test_no_bound_is_ever_crossed(steps: list[tuple[bool, str, str]]) -> None:
    rooms, held = Rooms("test", total=20, shop=6, host=8), Counter[tuple[str, str]]()
    for take, shop, host in steps:
        if take:
            could = rooms.free(shop, host) > 0
            assert rooms.take(shop, host) is could
            held[shop, host] += could
        elif held[shop, host]:
            rooms.leave(shop, host)
            held[shop, host] -= 1
        assert held.total() <= 20
        for each in "abcde":
            assert rooms.held(each) == sum(held[each, at] for at in "xyz") <= 6
        for at in "xyz":
            assert sum(held[each, at] for each in "abcde") <= 8
    for (shop, host), count in held.items():
        for _ in range(count):
            rooms.leave(shop, host)
    assert vars(rooms) | {"_left": None} == vars(Rooms("test", total=20, shop=6, host=8)) | {
        "_left": None
    }, "nothing is kept of those who have gone"


async def test_who_waits_comes_in_when_one_leaves() -> None:
    rooms = Rooms("test", total=16, shop=1, host=16)
    async with rooms.enter("a", "x", 1):
        waiting = asyncio.create_task(rooms.wait("a", "x", 10))
        async with rooms.enter("b", "x", 1):
            await asyncio.sleep(0.01)
        assert not waiting.done()
    await waiting
    assert rooms.held("a") == 1


async def test_waiting_has_an_end_and_so_has_the_line() -> None:
    rooms = Rooms("test", total=16, shop=1, host=16, waiting=3)
    async with rooms.enter("a", "x", 1):
        waiting = [asyncio.create_task(rooms.wait("a", "x", 0.5)) for _ in range(3)]
        await asyncio.sleep(0)
        began = time.monotonic()
        with pytest.raises(NoRoom):
            await rooms.wait("a", "x", 10)
        assert time.monotonic() - began < 0.4
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, NoRoom)
    async with rooms.enter("a", "x", 0.1):
        pass


# Webhooks


class Street:
    """Shops' servers behind one courier; those of a host in `hanging` never answer."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.hanging = {HANGING}
        self.asked = Counter[str]()
        self.told: list[str] = []
        self.now = Counter[str]()
        self.most = Counter[str]()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.webhook_sender = self.another()

    def another(self) -> WebhookSender:
        return WebhookSender(self.harness.restarted(), self.http, self._resolve)

    async def _resolve(self, _host: str, _port: int) -> Sequence[str]:
        return (PUBLIC,)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"]
        self.asked[host] += 1
        self.now[host] += 1
        self.most[host] = max(self.most[host], self.now[host])
        self.most["all"] = max(self.most["all"], self.now.total())
        try:
            if host in self.hanging:
                await asyncio.Event().wait()
            self.told.append(request.headers["webhook-id"])
            return httpx.Response(200)
        finally:
            self.now[host] -= 1

    async def write(self, count: int, host: str, shop: str = samples.SHOP_ID) -> list[str]:
        """Letters that are due; one payment has them all."""
        url = f"https://{host}/told"
        order = samples.order(page_settings=PageSettings(notification_url=url))
        made = await create.create(self.harness.context, order, self.harness.settings.shops[shop])
        name = f"{host.partition('.')[0]}-{made.uid[:8]}"
        names = [f"{name}-{number}" for number in range(count)]

        def add(conn: object) -> None:
            for place, name in enumerate(names):
                at = self.harness.clock() - 1 + place * 1e-6
                outbox.add(conn, id=name, payment=made.uid, url=url, body="{}", now=at)  # type: ignore[arg-type]

        await self.harness.ledger.write(add)
        return names

    async def tell(self, names: Sequence[str], *couriers: WebhookSender) -> None:
        """Turn by turn, until these are told, and no others."""

        async def told() -> bool:
            await asyncio.gather(*(each.deliver() for each in couriers))
            return set(self.told) == set(names)

        await until(told, 5)

    async def webhooks(self, names: Sequence[str]) -> list[Webhook]:
        wanted = set(names)
        found = await self.harness.ledger.read(outbox.due, 1e12, 10_000, free=lambda *_: 10_000)
        return [each for each in found if each.id in wanted]


@pytest.fixture
async def street(url: str) -> AsyncIterator[Street]:
    async with AsyncExitStack() as stack:
        named = [samples.shop(id=f"shop{number}") for number in range(40)]
        settings = samples.settings(samples.shop(), samples.shop(id="other"), *named)
        harness = await stack.enter_async_context(open_harness(url, settings=settings))
        street = Street(harness)
        await stack.enter_async_context(street.http)
        yield street
        for task in asyncio.all_tasks():
            if task.get_coro().__qualname__ == "Courier._send":  # type: ignore[union-attr]
                task.cancel()


async def test_a_thousand_letters_for_a_shop_that_hangs(street: Street) -> None:
    waiting = await street.write(1000, HANGING)
    well = await street.write(5, WELL, "other")
    await street.tell(well, street.webhook_sender)
    for _ in range(20):
        await street.webhook_sender.deliver()
    assert street.asked[HANGING] == street.most[HANGING] == 8
    webhooks = await street.webhooks(waiting)
    assert Counter(webhook.tries for webhook in webhooks) == {1: 8, 0: 992}, "waiting is no try"
    untouched = [webhook for webhook in webhooks if not webhook.tries]
    assert all(webhook.due_at == webhook.created_at for webhook in untouched), "they hold no lease"
    assert [webhook.id for webhook in webhooks if webhook.tries] == waiting[:8], (
        "the first come first"
    )


async def test_what_waited_goes_its_way_when_the_shop_is_back(street: Street) -> None:
    waiting = await street.write(50, HANGING)
    street.hanging.clear()
    context = street.harness.context
    webhook_sender = WebhookSender(context, street.http, street._resolve)
    turns = 0
    while len(street.told) < 50 and turns < 100:
        turns += 1
        context.webhooks_due.clear()
        await webhook_sender.deliver()
        await webhook_sender.finish(5)
        await asyncio.sleep(0)
        assert context.webhooks_due.is_set() or len(street.told) == 50, "room wakes the next turn"
    assert sorted(street.told) == sorted(waiting), "once each"
    assert street.most[HANGING] <= 8


async def test_one_host_of_a_shop_hangs_and_another_does_not(street: Street) -> None:
    await street.write(1000, HANGING)
    await street.write(1000, "also." + HANGING)
    street.hanging.add("also." + HANGING)
    await street.webhook_sender.deliver()
    await street.webhook_sender.deliver()
    well = await street.write(3, WELL)
    await street.tell(well, street.webhook_sender)
    assert street.most["all"] <= 16


async def test_a_shop_with_a_thousand_hosts_that_hang(street: Street) -> None:
    hosts = [f"h{number:03}.example.com" for number in range(200)]
    street.hanging.update(hosts)
    for host in hosts:
        await street.write(1, host)
    for _ in range(20):
        await street.webhook_sender.deliver()
    await street.tell(await street.write(3, WELL, "other"), street.webhook_sender)
    assert sum(street.asked[host] for host in hosts) == 16


async def test_every_one_of_many_hosts_has_its_turn(street: Street) -> None:
    """Also those behind the first of them that always have something waiting."""
    hosts = [f"h{number:03}.example.com" for number in range(100)]
    for host in hosts:
        await street.write(2, host)
    for _ in range(60):
        await street.webhook_sender.deliver()
        await street.webhook_sender.finish(5)
    assert {street.asked[host] for host in hosts} == {2}


async def test_many_shops_name_one_host(street: Street) -> None:
    for number in range(40):
        await street.write(5, HANGING, f"shop{number}")
    for _ in range(10):
        await street.webhook_sender.deliver()
    await street.tell(await street.write(2, WELL, "shop0"), street.webhook_sender)
    assert street.most[HANGING] == 16


async def test_two_workers_send_once_and_are_both_bounded(street: Street) -> None:
    waiting = await street.write(300, HANGING)
    well = await street.write(30, WELL, "other")
    other = street.another()
    await street.tell(well, street.webhook_sender, other)
    assert sorted(street.told) == sorted(well), "once each"
    assert street.asked[HANGING] == 16
    assert Counter(x.tries for x in await street.webhooks(waiting)) == {1: 16, 0: 284}


# Names


class Names:
    """A resolver's look-up where names of `hanging` come to nothing until the test's end."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.looked = Counter[str]()

    def __call__(self, host: str, _port: int) -> list[str]:
        self.looked[host] += 1
        if "hanging" in host:
            self.let.wait(30)
        if "wrong" in host:
            raise OSError("no such name")
        return [PUBLIC]


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    found = Names()
    yield found
    found.let.set()


async def test_names_that_hang_are_at_the_expense_of_their_shop(names: Names) -> None:
    resolver = Resolver("test", names, seconds=0.05)
    before = threading.active_count()
    hosts = [f"{number}.hanging.example.com" for number in range(60)]
    look_ups = [asyncio.ensure_future(resolver.of("a")(host, 443)) for host in hosts]
    await asyncio.sleep(0.2)
    assert threading.active_count() - before == 16
    assert await resolver.of("b")("well.example.com", 443) == [PUBLIC]
    assert sum(isinstance(each.exception(), TimeoutError) for each in look_ups if each.done()) == 16
    assert resolver.free("a") == 0, "the threads are still there"
    names.let.set()

    async def over() -> bool:
        return resolver.free("a") == 16

    await until(over)
    assert await resolver.of("a")("well.example.com", 443) == [PUBLIC]
    with pytest.raises(OSError, match="no such name"):
        await resolver.of("a")("wrong.example.com", 443)
    for each in look_ups:
        each.cancel()


async def test_a_letter_that_found_no_room_for_its_name_is_not_tried(street: Street) -> None:
    (name,) = await street.write(1, WELL)

    async def full(_host: str, _port: int) -> Sequence[str]:
        raise NoRoom

    (before,) = await street.webhooks([name])
    webhook_sender = WebhookSender(street.harness.context, street.http, full)
    await webhook_sender.deliver()
    await webhook_sender.finish(5)
    assert await street.webhooks([name]) == [before]
    await street.webhook_sender.deliver()
    await street.webhook_sender.finish(5)
    assert street.told == [name]


# Measured


@pytest.mark.parametrize("workers", [1, 2])
async def test_how_late_others_are_told(workers: int) -> None:
    """Real servers on loopback: it was two minutes and more with one worker, eight seconds with
    two; a worker looks each second."""
    found, hanging = await delays(workers=workers, waiting=1000, told=10)
    assert max(found) < 5.0
    assert hanging.most <= 8 * workers
