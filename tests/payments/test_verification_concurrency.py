"""A shop whose server hangs when it is asked before a charge keeps its own customers waiting, and
nobody else's."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from structlog.testing import capture_logs

from checkout.ledger.rows import Payment
from checkout.model.order import PageSettings
from checkout.model.outcome import Outcome
from checkout.payments import create
from checkout.payments.schedule import Schedule
from checkout.payments.verification import Verifier
from tests.payments.webhook_receiver import PUBLIC
from tests.support import samples
from tests.support.harness import Harness, open_harness

HANGING, WELL = "hanging.example.com", "well.example.com"
SCHEDULE = Schedule(verification_timeout=2.0, verification_wait=0.5)


class Shops:
    """The servers of shops that are asked; the one that hangs never answers."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.asked = Counter[str]()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.verify = Verifier(harness.context, self.http, self._resolve)

    async def _resolve(self, _host: str, _port: int) -> Sequence[str]:
        return (PUBLIC,)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"]
        self.asked[host] += 1
        if host == HANGING:
            await asyncio.Event().wait()
        transaction = json.loads(request.content)["transaction"]
        said = json.dumps({"code": 0} | {name: transaction[name] for name in ("uid", "amount")})
        return httpx.Response(200, stream=httpx.ByteStream(said.encode()))

    async def payment(self, host: str, shop: str = samples.SHOP_ID) -> Payment:
        order = samples.order(page_settings=PageSettings(verification_url=f"https://{host}/verify"))
        made = await create.create(self.harness.context, order, self.harness.settings.shops[shop])
        return await self.harness.payment(made.uid)


@pytest.fixture
async def asking(url: str) -> AsyncIterator[Shops]:
    settings = samples.settings(samples.shop(), samples.shop(id="other"))
    async with open_harness(url, settings=settings, schedule=SCHEDULE) as harness:
        found = Shops(harness)
        async with found.http:
            yield found


async def test_a_server_that_hangs_keeps_its_own_waiting(asking: Shops) -> None:
    hanging = await asking.payment(HANGING)
    waiting = [asyncio.create_task(asking.verify(hanging)) for _ in range(200)]
    await asyncio.sleep(0.05)
    done = sum(each.done() for each in waiting)
    began = time.monotonic()
    well = await asking.payment(WELL, "other")
    assert await asking.verify(well) is None
    assert time.monotonic() - began < 1
    assert done == 200 - 8 - 64, "beyond the queue a charge is refused at once"
    assert asking.asked[HANGING] == 8
    found = await asyncio.gather(*waiting)
    assert all(isinstance(each, Outcome) for each in found), "nothing is sent"
    assert asking.asked[HANGING] == 8, "without a slot in time nothing was sent"


async def test_who_waits_a_little_is_asked_about(asking: Shops) -> None:
    well = await asking.payment(WELL)
    found = await asyncio.gather(*(asking.verify(well) for _ in range(60)))
    assert found == [None] * 60
    assert asking.asked[WELL] == 60


async def test_every_address_of_the_host_is_tried(asking: Shops) -> None:
    """As for webhooks: where nobody answers at the first, the second is asked, and once."""
    tried: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        tried.append(request.url.host)
        if len(tried) == 1:
            raise httpx.ConnectError("nobody there")
        return await asking._answer(request)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ("2606:4700:4700::1111", PUBLIC)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        verify = Verifier(asking.harness.context, http, resolve)
        assert await verify(await asking.payment(WELL)) is None
    assert tried == ["2606:4700:4700::1111", PUBLIC]


async def test_why_a_shop_was_not_asked_is_said_in_words(asking: Shops) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return (PUBLIC, "10.0.0.1")

    verify = Verifier(asking.harness.context, asking.http, resolve)
    with capture_logs() as said:
        assert isinstance(await verify(await asking.payment(WELL)), Outcome)
    assert [line["error"] for line in said if line["event"] == "verification.failed"] == [
        "a private address"
    ]
    assert asking.asked[WELL] == 0
