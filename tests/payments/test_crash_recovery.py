"""kill -9 at any moment: the money moves once, and what became of it is found out.

CHECKOUT_KILLS says how many random kills there are; all together take a minute at most.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.fake_network import FakeNetwork, open_fake_network
from tests.support.form_customer import Bought, FormCustomer
from tests.support.killable_server import KillableServer, open_killable_server

KILLS = int(os.environ.get("CHECKOUT_KILLS", "3"))
LONGEST = 45.0  # seconds for all of them; what they left behind takes some more
CUSTOMERS = 4


@pytest.fixture
async def network() -> AsyncIterator[FakeNetwork]:
    async with open_fake_network() as opened:
        yield opened


@pytest.fixture
async def server(url: str, tmp_path: Path, network: FakeNetwork) -> AsyncIterator[KillableServer]:
    async with open_killable_server(tmp_path, network.url, url) as opened:
        yield opened


@pytest.fixture
async def visitor(server: KillableServer, network: FakeNetwork) -> AsyncIterator[FormCustomer]:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield FormCustomer(server, client, f"{network.url}/webhooks")


async def becomes(visitor: FormCustomer, bought: Bought, *words: str | None) -> None:
    for _ in range(300):
        word = await visitor.status(bought)
        if word in words:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"it is {await visitor.status(bought)}, not one of {words}")


async def notified(network: FakeNetwork, bought: Bought) -> list[str]:
    """The statuses in the webhooks that the shop got, once there are any."""
    for _ in range(300):
        if network.webhooks[bought.token]:
            break
        await asyncio.sleep(0.1)
    return [webhook["status"] for webhook in network.webhooks[bought.token]]


async def test_killed_while_the_gateway_hangs(
    server: KillableServer, network: FakeNetwork, visitor: FormCustomer
) -> None:
    await server.start()
    bought = await visitor.buy()
    form = await visitor.form(bought)
    assert form
    network.open.clear()
    paying = asyncio.create_task(visitor.press_pay(form))
    await network.charged.wait()
    await server.kill()
    with pytest.raises(httpx.TransportError):
        await paying
    assert len(network.bank.transactions) == 1, "the money has moved, and nobody of ours knows"

    await server.start()
    network.open.set()
    assert await visitor.form(bought) is None, "no form while it is unknown"
    await visitor.press_pay(form)  # back, and submitted again
    await becomes(visitor, bought, "successful")
    assert len(network.bank.transactions) == 1
    assert await notified(network, bought) == ["successful"]
    await visitor.press_pay(form)
    assert len(network.bank.transactions) == 1
    assert await server.stop() == 0


async def test_two_workers_and_one_form(
    server: KillableServer, network: FakeNetwork, visitor: FormCustomer
) -> None:
    network.slow = 0.2
    await server.start(workers=2)
    for _ in range(3):
        bought = await visitor.buy()
        form = await visitor.form(bought)
        assert form
        answers = await asyncio.gather(*(visitor.press_pay(form) for _ in range(12)))
        assert {answer.status_code for answer in answers} == {303}
        await becomes(visitor, bought, "successful")
    assert len(network.bank.transactions) == 3
    assert await server.stop() == 0


async def test_killed_at_random(
    server: KillableServer,
    network: FakeNetwork,
    visitor: FormCustomer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Some customers pay at once, each at a moment of his own, the gateway is slow, and the
    server dies anywhere in between, again and again."""
    began, all_bought, kills = time.monotonic(), [], 0
    network.slow = 0.15
    await server.start()
    while kills < KILLS and time.monotonic() - began < LONGEST:
        bought = [await visitor.buy() for _ in range(CUSTOMERS)]
        all_bought += bought
        paying = [asyncio.create_task(pay_at_some_time(visitor, each)) for each in bought]
        await asyncio.sleep(random.uniform(0.0, 0.5))
        await server.kill()
        kills += 1
        await asyncio.gather(*paying)
        await server.start()
    with capsys.disabled():
        sys.stdout.write(f" {kills} kills in {time.monotonic() - began:.1f} s ")
    for each in all_bought:
        await becomes(visitor, each, "successful", None, "incomplete")
        if await visitor.status(each) != "successful":  # nothing was charged: pay again
            form = await visitor.form(each)
            assert form, "the form is open again"
            await visitor.press_pay(form)
            await becomes(visitor, each, "successful")
    assert [len(network.bank.transactions), len(all_bought)] == [len(all_bought)] * 2
    assert all(t.takings == 1 for t in network.bank.transactions.values())
    for each in all_bought:
        statuses = await notified(network, each)
        assert set(statuses) == {"successful"}, "at least once, and never anything else"
    assert await server.stop() == 0


async def pay_at_some_time(visitor: FormCustomer, bought: Bought) -> None:
    try:
        form = await visitor.form(bought)
        await asyncio.sleep(random.uniform(0.0, 0.3))
        if form:
            await visitor.press_pay(form)
    except httpx.TransportError:
        pass  # it was killed
