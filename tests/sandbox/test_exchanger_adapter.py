"""The adapter and the simulated exchanger, each with the other, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from checkout.gateways.base import Charge, Reference
from checkout.gateways.exchanger import CAN, Exchanger, Options
from checkout.model.money import Money
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import Outcome, Reason
from checkout.model.status import Status
from checkout.model.steps import Instructions, Redirect
from checkout.sandbox.app import create_sandbox
from checkout.sandbox.exchanger.routes import EMAIL, ROUTES
from checkout.sandbox.signing import SigningKey
from checkout.sandbox.world import World
from tests.sandbox.conftest import ORIGIN, Mailbox

BITCOIN, MEMO, TEXT, PROVIDER, TEMPLATE = ROUTES
IPN_SECRET = "s3cret-of-the-account"


class Sides:
    """The adapter, and a client for the other side's controls and pages."""

    def __init__(self, gateway: Exchanger, http: httpx.AsyncClient, world: World) -> None:
        self.gateway = gateway
        self.http = http
        self.world = world

    async def pay(self, **changes: Any) -> Outcome:
        return await self.gateway.pay(charge(**changes))

    async def control(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/sandbox/{path}", json=body)

    async def move(self, paid: Outcome, status: str) -> None:
        uid = (paid.id or "").partition("/")[0]
        answer = await self.control(f"exchanger/orders/{uid}/move", status=status)
        assert answer.status_code == 200, answer.text

    async def until(self, paid: Outcome, status: Status) -> Outcome:
        for _ in range(1000):
            if (outcome := await self.gateway.status(reference(paid))).status is status:
                return outcome
            await asyncio.sleep(0.01)
        raise AssertionError("it never happened")


def charge(money: Money = Money(1250, "EUR"), **changes: Any) -> Charge:
    order = Order(
        money=money, description="Tea", transaction_type="payment", expires_at=4_000_000_000.0
    )
    whole = Charge(
        key="5e8b1c07a94d4f62b3d0c6f17a2e9d84-1",
        money=money,
        order=order,
        method=Method("crypto", "coins"),
        customer=Customer(email="ann@example.com"),
        language="en",
        return_url="http://127.0.0.1:8001/return/ticket",
        notify_url="http://127.0.0.1:1/notify/coins/ticket",
    )
    return msgspec.structs.replace(whole, **changes)


def reference(paid: Outcome, money: Money = Money(1250, "EUR")) -> Reference:
    return Reference(key="k", id=paid.id, money=money, method="crypto", transaction_type="payment")


Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def opened(key: SigningKey) -> Opened:
    """A new sandbox and an account there."""
    app = create_sandbox(ORIGIN, key=key)

    @asynccontextmanager
    async def sides(route: str = BITCOIN, **settings: Any) -> AsyncIterator[Sides]:
        options = Options(
            base_url=ORIGIN,
            route_id=route,
            from_values={EMAIL: "{email}"},
            to_values={"wallet": "DE02120300000000202051"},
            route_values={"currency": "{currency}"},
            ipn_secret=IPN_SECRET,
            **settings,
        )
        transport = httpx.ASGITransport(app)
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http,
        ):
            yield Sides(Exchanger(options, transport), http, app.state.world)

    return sides


async def test_paid_by_instructions_on_our_page(opened: Opened) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", delay=0.02)
        paid = await sides.pay()
        assert paid.status is Status.ACTION
        assert isinstance(paid.step, Instructions)
        assert paid.step.amount == "0.00020150 BTC"
        assert paid.step.qr == f"bitcoin:{paid.step.account}?amount=0.00020150"
        assert paid.facts.money == Money(1250, "EUR")
        told = await sides.gateway.confirm(reference(paid))
        assert (told.status, told.facts.code) == (Status.PENDING, "inProgress")
        done = await sides.until(paid, Status.PAID)
        assert (done.id, done.facts.money) == (paid.id, Money(1250, "EUR"))


async def test_paid_on_the_exchangers_page(opened: Opened) -> None:
    async with opened(page="exchanger") as sides:
        await sides.control("exchanger/desk", delay=0.02)
        paid = await sides.pay(language="ru")
        assert isinstance(paid.step, Redirect)
        assert paid.step.url == f"{ORIGIN}/ru/payment/{paid.id}"
        assert (await sides.http.get(paid.step.url)).status_code == 200
        assert (await sides.http.post(f"{paid.step.url}/paid")).status_code == 303
        await sides.until(paid, Status.PAID)
        page = (await sides.http.get(paid.step.url)).text
        assert 'href="http://127.0.0.1:8001/return/ticket?status=success"' in page


@pytest.mark.parametrize("route", [MEMO, TEXT, PROVIDER])
async def test_every_kind_of_plain_details(opened: Opened, route: str) -> None:
    async with opened(route) as sides:
        paid = await sides.pay()
        assert isinstance(paid.step, Instructions)
        uid, _, secret = (paid.id or "").partition("/")
        shown = repr(paid.step)
        assert secret not in shown
        assert "TEMPLATE" not in shown
        assert (paid.step.amount or "").endswith(ROUTES[route].symbol)
        if route == MEMO:
            assert paid.step.lines == ("Tether TON (USDT)",)
            assert (paid.step.memo, paid.step.link) == (uid, None)
        if route == TEXT:
            amount = (paid.step.amount or "").partition(" ")[0]
            assert paid.step.lines == (
                f"Send exactly {amount} RUB to the account SANDBOX-{uid}.",
                f"Write {uid} as the purpose.",
                "Then press the button.",
            )


async def test_a_template_alone_is_nothing_to_show(opened: Opened) -> None:
    async with opened(TEMPLATE) as sides:
        paid = await sides.pay()
        assert (paid.status, paid.step) == (Status.PENDING, None)
        assert paid.id


@pytest.mark.parametrize("money", [Money(1999, "JPY"), Money(1001, "KWD"), Money(1, "EUR")])
async def test_money_arrives_exactly(opened: Opened, money: Money) -> None:
    async with opened() as sides:
        paid = await sides.pay(money=money)
        assert paid.facts.money == money
        [transaction] = sides.world.transactions.values()
        assert (transaction.amount, transaction.currency) == (money.minor, money.currency)


async def test_a_prepayment_is_moved_on_by_the_customers_word(opened: Opened) -> None:
    async with opened(TEXT) as sides:
        await sides.control("exchanger/desk", by_itself=False)
        paid = await sides.pay()
        assert paid.facts.code == "waitPayment"
        await sides.gateway.confirm(reference(paid))
        [order] = sides.world.transactions.values()
        assert order.code == "inProgress"


async def test_given_up(opened: Opened) -> None:
    async with opened() as sides:
        paid = await sides.pay()
        given_up = await sides.gateway.withdraw(reference(paid))
        assert (given_up.status, given_up.reason) == (Status.CANCELLED, Reason.CUSTOMER_CANCELLED)
        assert (await sides.gateway.status(reference(paid))).status is Status.CANCELLED


async def test_what_is_paid_cannot_be_given_up(opened: Opened) -> None:
    async with opened() as sides:
        paid = await sides.pay()
        await sides.move(paid, "inProgressPayout")
        assert (await sides.gateway.withdraw(reference(paid))).status is Status.PENDING
        await sides.move(paid, "done")
        assert (await sides.gateway.confirm(reference(paid))).status is Status.PAID


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", Status.ACTION),
        ("waitPayment", Status.ACTION),
        ("inProgress", Status.PENDING),
        ("inProgressPayout", Status.PENDING),
        ("errorPayout", Status.PENDING),
        ("hold", Status.PENDING),
        ("done", Status.PAID),
        ("errorPayment", Status.DECLINED),
        ("returned", Status.REFUNDED),
        ("deleted", Status.CANCELLED),
    ],
)
async def test_every_status(opened: Opened, word: str, status: Status) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", by_itself=False)
        paid = await sides.pay()
        if word != "new":
            await sides.move(paid, word)
        asked = await sides.gateway.status(reference(paid))
        assert (asked.status, asked.facts.code, asked.id) == (status, word, paid.id)


@pytest.mark.parametrize("carrier", ["hash", "sign", "signature"])
@pytest.mark.parametrize("place", ["body", "header"])
async def test_its_notifications_are_understood(
    opened: Opened, mailbox: Mailbox, carrier: str, place: str
) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", carrier=carrier, place=place)
        paid = await sides.pay(notify_url=mailbox.url)
        await sides.move(paid, "done")
        [(headers, body)] = await asyncio.to_thread(mailbox.wait, 1)
        assert sides.gateway.notification(headers, body).status is Status.PAID


async def test_refused(opened: Opened) -> None:
    async with opened() as sides:
        refused = await sides.pay(customer=Customer())
        assert (refused.status, refused.reason) == (Status.DECLINED, Reason.INVALID)
        assert refused.facts.code == EMAIL
    async with opened("507f1f77bcf86cd799439099") as sides:
        assert (await sides.pay()).status is Status.DECLINED


async def test_another_amount_than_asked_is_not_forgotten(opened: Opened) -> None:
    async with opened() as sides:
        await sides.control("faults", faults=["wrong_amount"])
        assert (await sides.pay()).facts.money == Money(1251, "EUR")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("500_before", Status.PENDING),
        ("429", Status.LOST),
        ("502_after", Status.PENDING),
        ("html_after", Status.PENDING),
    ],
)
async def test_faults(opened: Opened, fault: str, status: Status) -> None:
    """PENDING without an id: the flow turns it into LOST, for `CAN.lookup` is false."""
    assert not CAN.lookup
    async with opened() as sides:
        await sides.control("faults", faults=[fault])
        outcome = await sides.pay()
        assert (outcome.status, outcome.id) == (status, None)
