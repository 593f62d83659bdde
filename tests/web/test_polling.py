"""Polling: answered from what is known, and when to ask again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec.structs import replace

from checkout.model.next_action import Instructions
from checkout.model.order import KINDS
from checkout.model.status import Status
from checkout.payments import transitions
from checkout.web.pages.wait import LOOK, MOVING, wait_steps
from tests.support.polling import until
from tests.web.server import CHALLENGE, CreatedPayment, Customer, Server


class Hanging(httpx.AsyncBaseTransport):
    """A gateway that answers no query until it is told; `asked` counts them."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner, self.asked, self.go = inner, 0, asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.asked += 1
            await self.go.wait()
        return await self.inner.handle_async_request(request)


@pytest.fixture
async def hanging(server: Server) -> AsyncIterator[Hanging]:
    server.line.inner = found = Hanging(server.line.inner)
    yield found
    found.go.set()


@pytest.fixture
async def customer(server: Server) -> AsyncIterator[Customer]:
    async with server.customer() as found:
        yield found


async def waiting(server: Server, customer: Customer) -> CreatedPayment:
    """A payment by instructions, which the customer has got."""
    erip = {"types": ["erip"], "erip": {"account_number": "777"}}
    made = await server.create(payment_method=erip)
    page = await customer.open(made.path())
    sent = await customer.submit(page.form("pay"), method="erip")
    assert sent.headers["location"].endswith("/wait")
    return made


def settle(made: CreatedPayment) -> None:
    """The customer has paid at the bank."""
    (attempt,) = made.attempts()
    (bill,) = made.server.world.tracked("overpay_apm", "361", attempt["key"])
    made.server.world.settle(bill, "successful")


async def named(customer: Customer, made: CreatedPayment) -> float:
    """The delay that the answer to a poll names, which comes at once."""
    async with asyncio.timeout(2):
        answer = await customer.get(made.path("status"))
    found = re.search(r'hx-trigger="load delay:([\d.]+)s, check"', answer.text)
    assert found, answer.text
    return float(found[1])


async def test_a_poll_waits_for_no_gateway(
    server: Server, customer: Customer, hanging: Hanging
) -> None:
    made = await waiting(server, customer)
    server.offset += 2
    assert await named(customer, made) == MOVING, "it is being asked: the end may be near"
    await until(lambda: hanging.asked)
    for _ in range(5):
        assert await named(customer, made) == MOVING
    assert hanging.asked == 1
    settle(made)
    hanging.go.set()
    await server.settle_down()
    answer = await customer.get(made.path("status"))
    assert answer.headers["hx-redirect"] == made.path("result")


async def test_it_looks_more_often_than_the_gateway_is_asked(
    server: Server, customer: Customer
) -> None:
    """Up to 30 s lie between two queries; a notification is not to wait for them."""
    made = await waiting(server, customer)
    delays = []
    for seconds in (2, 4, 6, 18, 30, 60, 120):
        server.offset += seconds
        await named(customer, made)
        await server.settle_down()
        server.offset += 0.6  # of 20 s or more, at last
        delays.append(await named(customer, made))
    assert delays[0] < 1
    assert delays[-1] == LOOK
    assert delays == sorted(delays)


async def test_the_page_itself_waits_for_a_moment(server: Server, customer: Customer) -> None:
    """Without a script it is all that the customer has."""
    made = await waiting(server, customer)
    settle(made)
    server.offset += 2
    answer = await customer.get(made.path("wait"))
    assert answer.headers["location"] == made.path("result")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_steps_while_waiting(server: Server, customer: Customer, kind: str) -> None:
    """What is done, under way and to come; of what the customer is to do, that they do it."""
    made = await server.create()
    await customer.pay(made, CHALLENGE)
    context = server.app.state.context.context
    attempt = (await context.ledger.read(transitions.read, made.uid)).live
    assert attempt is not None
    for status, theirs in ((Status.PENDING, False), (Status.REQUIRES_ACTION, True)):
        waits = replace(attempt, status=status, next_action=None)
        done, now, to_come = wait_steps(waits, kind, "en")
        assert (done.state, now.state, to_come.state) == ("done", "now", "next")
        assert now.text.startswith("You ") is theirs
        told = replace(waits, next_action=Instructions(("Send it",)))
        assert wait_steps(told, kind, "en") == ()
    assert wait_steps(None, kind, "en") == ()
