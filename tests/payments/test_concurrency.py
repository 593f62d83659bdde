"""Concurrency limits: what hangs for one shop, or at one host, delays no other; and waiting for a
slot does not count as a try."""

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
from checkout.payments.concurrency import NoSlot, Slots
from checkout.payments.dns import Resolver
from checkout.payments.webhook_sender import WebhookSender
from tests.payments.webhook_receiver import PUBLIC
from tests.support import samples
from tests.support.hanging_names import HangingNames
from tests.support.harness import Harness, open_harness
from tests.support.polling import until

HANGING, WELL = "hanging.example.com", "well.example.com"

# Slots


def taken(slots: Slots, shop: str, host: str, tries: int = 100) -> int:
    return sum(slots.take(shop, host) for _ in range(tries))


def test_a_shop_at_one_host_leaves_half_of_the_slots_there() -> None:
    slots = Slots("test", total=256, shop=16, host=16)
    assert taken(slots, "a", "x") == 8
    assert taken(slots, "b", "x") == 4
    assert taken(slots, "c", "x") == 2
    assert slots.take("d", "x")
    assert slots.take("e", "x")
    assert not slots.take("f", "x"), "it is full, for everybody"
    assert taken(slots, "f", "y") == 8, "and nowhere else"
    slots.release("a", "x")
    assert not slots.take("a", "x"), "whoever has most waits longest"
    assert slots.take("f", "x")


def test_many_hosts_of_one_shop_are_bounded() -> None:
    slots = Slots("test", total=256, shop=16, host=16)
    assert sum(slots.take("a", f"host{each}") for each in range(1000)) == 16
    assert slots.free("b") >= 8


def test_many_shops_at_one_host_are_bounded() -> None:
    slots = Slots("test", total=256, shop=16, host=16)
    assert sum(slots.take(f"shop{each}", "x") for each in range(1000)) == 16


def test_many_that_hang_leave_slots_for_the_next() -> None:
    slots = Slots("test", total=256, shop=16, host=16)
    for each in range(50):
        taken(slots, f"shop{each}", f"{each}.example.com")
        assert slots.take("next", "next.example.com"), each
        slots.release("next", "next.example.com")


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from("abcde"), st.sampled_from("xyz")), max_size=300
    )
)
def test_no_bound_is_ever_crossed(steps: list[tuple[bool, str, str]]) -> None:
    slots, held = Slots("test", total=20, shop=6, host=8), Counter[tuple[str, str]]()
    for take, shop, host in steps:
        if take:
            could = slots.free(shop, host) > 0
            assert slots.take(shop, host) is could
            held[shop, host] += could
        elif held[shop, host]:
            slots.release(shop, host)
            held[shop, host] -= 1
        assert held.total() <= 20
        for each in "abcde":
            assert slots.held(each) == sum(held[each, at] for at in "xyz") <= 6
        for at in "xyz":
            assert sum(held[each, at] for each in "abcde") <= 8
    for (shop, host), count in held.items():
        for _ in range(count):
            slots.release(shop, host)
    assert vars(slots) | {"_released": None} == vars(Slots("test", total=20, shop=6, host=8)) | {
        "_released": None
    }, "nothing is kept of those who have gone"


async def test_who_waits_comes_in_when_one_leaves() -> None:
    slots = Slots("test", total=16, shop=1, host=16)
    async with slots.enter("a", "x", 1):
        waiting = asyncio.create_task(slots.wait("a", "x", 10))
        async with slots.enter("b", "x", 1):
            await asyncio.sleep(0.01)
        assert not waiting.done()
    await waiting
    assert slots.held("a") == 1


async def test_waiting_has_an_end_and_so_has_the_line() -> None:
    slots = Slots("test", total=16, shop=1, host=16, waiting=3)
    async with slots.enter("a", "x", 1):
        waiting = [asyncio.create_task(slots.wait("a", "x", 0.5)) for _ in range(3)]
        await asyncio.sleep(0)
        began = time.monotonic()
        with pytest.raises(NoSlot):
            await slots.wait("a", "x", 10)
        assert time.monotonic() - began < 0.4
        for each in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(each, NoSlot)
    async with slots.enter("a", "x", 0.1):
        pass


# Webhooks


class Shops:
    """Shops' servers behind one webhook sender; those of a host in `hanging` never answer."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.hanging = {HANGING}
        self.asked = Counter[str]()
        self.received: list[str] = []
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
            self.received.append(request.headers["webhook-id"])
            return httpx.Response(200)
        finally:
            self.now[host] -= 1

    async def write(self, count: int, host: str, shop: str = samples.SHOP_ID) -> list[str]:
        """Webhooks that are due, all of one payment."""
        url = f"https://{host}/webhooks"
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

    async def deliver(self, names: Sequence[str], *senders: WebhookSender) -> None:
        """Run turns until these webhooks have arrived, and no others."""

        async def received() -> bool:
            await asyncio.gather(*(each.deliver() for each in senders))
            return set(self.received) == set(names)

        await until(received, 30)

    async def webhooks(self, names: Sequence[str]) -> list[Webhook]:
        wanted = set(names)
        found = await self.harness.ledger.read(outbox.due, 1e12, 10_000, free=lambda *_: 10_000)
        return [each for each in found if each.id in wanted]


@pytest.fixture
async def servers(url: str) -> AsyncIterator[Shops]:
    async with AsyncExitStack() as stack:
        named = [samples.shop(id=f"shop{number}") for number in range(40)]
        settings = samples.settings(samples.shop(), samples.shop(id="other"), *named)
        harness = await stack.enter_async_context(open_harness(url, settings=settings))
        servers = Shops(harness)
        await stack.enter_async_context(servers.http)
        yield servers
        for task in asyncio.all_tasks():
            if task.get_coro().__qualname__ == "Courier._send":  # type: ignore[union-attr]
                task.cancel()


async def test_a_thousand_webhooks_for_a_shop_that_hangs(servers: Shops) -> None:
    waiting = await servers.write(1000, HANGING)
    well = await servers.write(5, WELL, "other")
    await servers.deliver(well, servers.webhook_sender)
    for _ in range(20):
        await servers.webhook_sender.deliver()
    assert servers.asked[HANGING] == servers.most[HANGING] == 8
    webhooks = await servers.webhooks(waiting)
    assert Counter(webhook.tries for webhook in webhooks) == {1: 8, 0: 992}, "waiting is no try"
    untouched = [webhook for webhook in webhooks if not webhook.tries]
    assert all(webhook.due_at == webhook.created_at for webhook in untouched), "they hold no lease"
    tried = sorted(webhook.id for webhook in webhooks if webhook.tries)  # leased at one moment
    assert tried == waiting[:8], "the first come first"


async def test_what_waited_goes_its_way_when_the_shop_is_back(servers: Shops) -> None:
    waiting = await servers.write(50, HANGING)
    servers.hanging.clear()
    context = servers.harness.context
    webhook_sender = WebhookSender(context, servers.http, servers._resolve)
    turns = 0
    while len(servers.received) < 50 and turns < 100:
        turns += 1
        context.webhooks_due.clear()
        await webhook_sender.deliver()
        await webhook_sender.finish(5)
        await asyncio.sleep(0)
        assert context.webhooks_due.is_set() or len(servers.received) == 50, (
            "a free slot wakes the next turn"
        )
    assert sorted(servers.received) == sorted(waiting), "once each"
    assert servers.most[HANGING] <= 8


async def test_one_host_of_a_shop_hangs_and_another_does_not(servers: Shops) -> None:
    await servers.write(1000, HANGING)
    await servers.write(1000, "also." + HANGING)
    servers.hanging.add("also." + HANGING)
    await servers.webhook_sender.deliver()
    await servers.webhook_sender.deliver()
    well = await servers.write(3, WELL)
    await servers.deliver(well, servers.webhook_sender)
    assert servers.most["all"] <= 16


async def test_a_shop_with_a_thousand_hosts_that_hang(servers: Shops) -> None:
    hosts = [f"h{number:03}.example.com" for number in range(200)]
    servers.hanging.update(hosts)
    for host in hosts:
        await servers.write(1, host)
    for _ in range(20):
        await servers.webhook_sender.deliver()
    await servers.deliver(await servers.write(3, WELL, "other"), servers.webhook_sender)
    assert sum(servers.asked[host] for host in hosts) == 16


async def test_every_one_of_many_hosts_has_its_turn(servers: Shops) -> None:
    """Also those behind the first of them that always have something waiting."""
    hosts = [f"h{number:03}.example.com" for number in range(100)]
    for host in hosts:
        await servers.write(2, host)
    for _ in range(60):
        await servers.webhook_sender.deliver()
        await servers.webhook_sender.finish(5)
    assert {servers.asked[host] for host in hosts} == {2}


async def test_many_shops_name_one_host(servers: Shops) -> None:
    for number in range(40):
        await servers.write(5, HANGING, f"shop{number}")
    for _ in range(10):
        await servers.webhook_sender.deliver()
    await servers.deliver(await servers.write(2, WELL, "shop0"), servers.webhook_sender)
    assert servers.most[HANGING] == 16


async def test_two_workers_send_once_and_are_both_bounded(servers: Shops) -> None:
    waiting = await servers.write(300, HANGING)
    well = await servers.write(30, WELL, "other")
    other = servers.another()
    await servers.deliver(well, servers.webhook_sender, other)
    assert sorted(servers.received) == sorted(well), "once each"
    assert servers.asked[HANGING] == 16
    assert Counter(x.tries for x in await servers.webhooks(waiting)) == {1: 16, 0: 284}


# Names


@pytest.fixture
async def names() -> AsyncIterator[HangingNames]:
    found = HangingNames(PUBLIC)
    yield found
    found.let.set()


async def test_names_that_hang_are_at_the_expense_of_their_shop(names: HangingNames) -> None:
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


async def test_a_webhook_that_found_no_slot_for_its_name_is_not_tried(servers: Shops) -> None:
    (name,) = await servers.write(1, WELL)

    async def full(_host: str, _port: int) -> Sequence[str]:
        raise NoSlot

    (before,) = await servers.webhooks([name])
    webhook_sender = WebhookSender(servers.harness.context, servers.http, full)
    await webhook_sender.deliver()
    await webhook_sender.finish(5)
    assert await servers.webhooks([name]) == [before]
    await servers.webhook_sender.deliver()
    await servers.webhook_sender.finish(5)
    assert servers.received == [name]


# Measured


@pytest.mark.parametrize("workers", [1, 2])
async def test_how_late_others_are_notified(workers: int) -> None:
    """Real servers on loopback: it was two minutes and more with one worker, eight seconds with
    two; a worker runs a turn each second."""
    found, hanging = await delays(workers=workers, waiting=1000, told=10)
    assert max(found) < 5.0
    assert hanging.most <= 8 * workers
