"""The adapter and the simulated exchanger, each with the other, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.gateways.base import Charge, InputField, PaymentReference
from checkout.gateways.exchanger.gateway import CAPABILITIES, Exchanger
from checkout.gateways.exchanger.options import Options
from checkout.model.money import Money
from checkout.model.next_action import Instructions, Redirect
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import DeclineReason, Exchanged, Outcome
from checkout.model.status import Status
from checkout.sandbox.app import create_sandbox
from checkout.sandbox.exchanger.order import Order as ExchangerOrder
from checkout.sandbox.exchanger.routes import EMAIL, PHONE, ROUTES
from checkout.sandbox.overpay.signature import SigningKey
from checkout.sandbox.state import SandboxState
from tests.sandbox.conftest import ORIGIN, Mailbox, in_process

BITCOIN, MEMO, TEXT, PROVIDER, TEMPLATE, EURO, NEITHER = ROUTES
IPN_SECRET = "s3cret-of-the-account"
ROUTE = "/service/api/v1/public/exchanger/route/get/one"


class Sides:
    """The adapter, and a client for the other side's controls and pages."""

    def __init__(self, gateway: Exchanger, http: httpx.AsyncClient, state: SandboxState) -> None:
        self.gateway = gateway
        self.http = http
        self.state = state

    async def pay(self, **changes: Any) -> Outcome:
        return await self.gateway.pay(charge(**changes))

    async def control(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/sandbox/{path}", json=body)

    async def move(self, paid: Outcome, status: str, **more: str) -> None:
        uid = (paid.id or "").partition("/")[0]
        answer = await self.control(f"exchanger/orders/{uid}/move", status=status, **more)
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


def reference(paid: Outcome, money: Money = Money(1250, "EUR")) -> PaymentReference:
    return PaymentReference(
        key="k", id=paid.id, money=money, method="crypto", transaction_type="payment"
    )


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
            ipn_secret=IPN_SECRET,
            **{"agreement": "shop", "to_values": {"wallet": "DE02120300000000202051"}, **settings},
        )
        transport = in_process(app)
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http,
        ):
            yield Sides(Exchanger(options, transport), http, app.state.sandbox)

    return sides


async def test_paid_by_instructions_on_our_page(opened: Opened) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", delay=0.02)
        paid = await sides.pay()
        assert paid.status is Status.REQUIRES_ACTION
        assert isinstance(paid.next_action, Instructions)
        assert paid.next_action.amount == "0.00020150 BTC"
        assert paid.next_action.qr == f"bitcoin:{paid.next_action.account}?amount=0.00020150"
        assert paid.facts.money == Money(1250, "EUR")
        assert paid.facts.agreed == Exchanged("0.00020150 BTC", "12.50 EUR")
        told = await sides.gateway.confirm(reference(paid))
        assert (told.status, told.facts.code) == (Status.PENDING, "inProgress")
        done = await sides.until(paid, Status.PAID)
        assert (done.id, done.facts.money) == (paid.id, Money(1250, "EUR"))


async def test_paid_on_the_exchangers_page(opened: Opened) -> None:
    async with opened(page="exchanger") as sides:
        await sides.control("exchanger/desk", delay=0.02)
        paid = await sides.pay(language="ru")
        assert isinstance(paid.next_action, Redirect)
        assert paid.next_action.url == f"{ORIGIN}/ru/payment/{paid.id}"
        assert (await sides.http.get(paid.next_action.url)).status_code == 200
        assert (await sides.http.post(f"{paid.next_action.url}/paid")).status_code == 303
        await sides.until(paid, Status.PAID)
        page = (await sides.http.get(paid.next_action.url)).text
        assert 'href="http://127.0.0.1:8001/return/ticket?status=success"' in page


@pytest.mark.parametrize("route", [MEMO, TEXT, PROVIDER])
async def test_every_kind_of_plain_details(opened: Opened, route: str) -> None:
    async with opened(route) as sides:
        paid = await sides.pay()
        assert isinstance(paid.next_action, Instructions)
        uid, _, secret = (paid.id or "").partition("/")
        shown = repr(paid.next_action)
        assert secret not in shown
        assert "TEMPLATE" not in shown
        assert (paid.next_action.amount or "").endswith(ROUTES[route].source.symbol)
        if route == MEMO:
            assert paid.next_action.lines == ("Tether TON (USDT)",)
            assert (paid.next_action.memo, paid.next_action.link) == (uid, None)
        if route == TEXT:
            amount = (paid.next_action.amount or "").partition(" ")[0]
            assert paid.next_action.lines == (
                f"Send exactly {amount} RUB to the account SANDBOX-{uid}.",
                f"Write {uid} as the purpose.",
                "Then press the button.",
            )


async def test_a_template_alone_is_nothing_to_show(opened: Opened) -> None:
    """Nobody can pay it here, so the customer isn't left waiting for it."""
    async with opened(TEMPLATE) as sides:
        paid = await sides.pay()
        assert (paid.status, paid.reason) == (Status.NOT_SENT, DeclineReason.PROVIDER)
        [order] = sides.state.transactions.values()
        assert order.status == "deleted"
    async with opened(TEMPLATE, page="exchanger") as sides:
        assert isinstance((await sides.pay()).next_action, Redirect)


# What is asked for, in whose currency


@pytest.mark.parametrize("minor", [100, 1250, 1999, 123_456, 1_999_999])
@pytest.mark.parametrize("route", [BITCOIN, MEMO, TEXT, PROVIDER])
async def test_the_shop_gets_its_price(opened: Opened, route: str, minor: int) -> None:
    async with opened(route) as sides:
        money = Money(minor, "EUR")
        await sides.gateway.prepare()
        assert sides.gateway.refusal_of_amount(money) is None
        paid = await sides.pay(money=money)
        assert (paid.status, paid.facts.money) == (Status.REQUIRES_ACTION, money)
        [order] = sides.state.transactions.values()
        assert isinstance(order, ExchangerOrder)
        assert Decimal(order.out_amount) >= money.major
        # One digit less of it would have been too little.
        told = ROUTES[route]
        less = order.given - Decimal(1).scaleb(-told.source.decimals)
        assert less * Decimal(told.get) / Decimal(told.give) - Decimal(told.fee) < money.major


async def test_a_price_in_the_currency_that_is_given(opened: Opened) -> None:
    async with opened(EURO, route_values={PHONE: "{phone}"}) as sides:
        paid = await sides.pay(
            money=Money(1999, "EUR"), customer=Customer(email="a@x.example", phone="+375291234567")
        )
        assert isinstance(paid.next_action, Instructions)
        assert paid.next_action.amount == "19.99 EUR"
        assert paid.facts.agreed == Exchanged("19.99 EUR", "0.00029584 BTC")
        [order] = sides.state.transactions.values()
        assert (order.amount, order.currency) == (1999, "EUR")


async def test_a_price_by_another_routes_rate(opened: Opened) -> None:
    """Bitcoins are given, dollars are got, and a price in euros is what dollars are exchanged for
    by the same exchanger."""
    async with opened(NEITHER, rate_routes={"EUR": MEMO}) as sides:
        paid = await sides.pay(money=Money(1250, "EUR"))
        # 12.50 EUR * 1.0931 = 13.66375 USDT, for which 0.000200857... BTC are needed.
        assert paid.facts.agreed == Exchanged("0.00020086 BTC", "13.663946 USDT")
        assert paid.facts.money is None
        await sides.move(paid, "done")
        assert (await sides.gateway.status(reference(paid))).status is Status.PAID


@pytest.mark.parametrize(
    ("route", "money", "why"),
    [
        (BITCOIN, Money(1999, "JPY"), "no side in JPY"),
        (NEITHER, Money(1250, "EUR"), "no side in EUR"),
        (BITCOIN, Money(10, "EUR"), "0.00000162 BTC is less than 0.00001 BTC"),
        (BITCOIN, Money(13_000_000, "EUR"), "2.095509 BTC is more than 2 BTC"),
        (MEMO, Money(100_000_001, "EUR"), "the exchanger has only 1000000 EUR"),
        (EURO, Money(999, "EUR"), "9.99 EUR is less than 10 EUR"),
        (EURO, Money(500_001, "EUR"), "5000.01 EUR is more than 5000 EUR"),
        ("507f1f77bcf86cd799439099", Money(1250, "EUR"), "its route could not be read"),
    ],
)
async def test_what_it_can_not_take(opened: Opened, route: str, money: Money, why: str) -> None:
    async with opened(route) as sides:
        await sides.gateway.prepare()
        said = sides.gateway.refusal_of_amount(money)
        assert said is not None
        assert why in said
        paid = await sides.pay(money=money)
        assert paid.status is Status.NOT_SENT
        assert not sides.state.transactions


async def test_more_decimals_than_it_counts(opened: Opened) -> None:
    async with opened(EURO) as sides:
        await sides.gateway.prepare()
        assert (
            sides.gateway.refusal_of_amount(Money(12_345, "EUR", 3)) == "EUR has 2 decimals there"
        )
        assert sides.gateway.refusal_of_amount(Money(12_340, "EUR", 3)) is None


async def test_an_order_at_a_worse_rate_is_not_shown(opened: Opened) -> None:
    """The rate has moved since the route was read: the order is withdrawn, and nothing was made."""
    async with opened() as sides:
        await sides.control("exchanger/desk", slip=0.1)
        paid = await sides.pay()
        assert (paid.status, paid.reason, paid.next_action) == (
            Status.NOT_SENT,
            DeclineReason.PROVIDER,
            None,
        )
        assert paid.facts.money is None
        [order] = sides.state.transactions.values()
        assert order.status == "deleted"
        await sides.control("exchanger/desk", slip=0)
        assert (await sides.pay()).status is Status.REQUIRES_ACTION


# What was really given


@pytest.mark.parametrize(
    ("came", "stated", "money"),
    [
        ("0.00020150", ("0.00020150 BTC", "12.50 EUR"), Money(1250, "EUR")),
        ("0.00000016", ("0.00000016 BTC", "0.01 EUR"), Money(1, "EUR")),
        ("0.00020133", ("0.00020133 BTC", "12.49 EUR"), Money(1249, "EUR")),
        ("0.5", ("0.50000000 BTC", "31018.72 EUR"), Money(1250, "EUR")),  # more is as good
    ],
)
async def test_what_came_is_stated(
    opened: Opened, mailbox: Mailbox, came: str, stated: tuple[str, str], money: Money
) -> None:
    async with opened() as sides:
        paid = await sides.pay(notify_url=mailbox.url)
        await sides.move(paid, "done", in_amount=came)
        done = await sides.gateway.status(reference(paid))
        assert (done.status, done.facts.money) == (Status.PAID, money)
        assert done.facts.exchanged == Exchanged(*stated)
        assert paid.facts.agreed is not None
        short = money.minor < 1250
        assert done.facts.exchanged.short_of(paid.facts.agreed) is short
        [(headers, body)] = await asyncio.to_thread(mailbox.wait, 1)
        told = sides.gateway.notification(headers, body)
        assert told.facts.exchanged is not None
        assert told.facts.exchanged.short_of(paid.facts.agreed) is short


# What the customer is asked


async def test_what_the_route_requires_is_asked(opened: Opened) -> None:
    terms = "https://exchanger.example/en/rules"
    async with opened(EURO, terms_url=terms, agreement=None) as sides:
        await sides.gateway.prepare()
        assert sides.gateway.input_fields("en") == (
            InputField(name=f"from.{EMAIL}", label="E-mail", kind="email", unless="email"),
            InputField(name=f"route.{PHONE}", label="Phone"),
            InputField(name="terms", label="", kind="terms", url=terms),
        )
        assert [each.label for each in sides.gateway.input_fields("ru-BY")] == [
            "Эл. почта",
            "Телефон",
            "",
        ]
        given = {f"route.{PHONE}": "+375 29", "terms": "1"}
        refused = await sides.pay(inputs=given)
        assert (refused.status, refused.field) == (Status.NOT_SENT, f"route.{PHONE}")
        paid = await sides.pay(inputs=given | {f"route.{PHONE}": "+375291234567"})
        assert paid.status is Status.REQUIRES_ACTION
        [order] = sides.state.transactions.values()
        assert order.facts["routeValues"] == [{"key": PHONE, "value": "+375291234567"}]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "terms"),
        ({"terms": ""}, "terms"),
        ({f"route.{PHONE}": "+375291234567"}, "terms"),
        ({"terms": "on"}, f"route.{PHONE}"),
        ({"terms": "on", f"route.{PHONE}": " \u202e\n"}, f"route.{PHONE}"),
    ],
)
async def test_nothing_is_sent_without_what_is_asked(
    opened: Opened, given: dict[str, str], name: str
) -> None:
    async with opened(EURO, terms_url="https://x.example/rules", agreement=None) as sides:
        refused = await sides.pay(inputs=given)
        assert refused == Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID, field=name)
        assert not sides.state.transactions


async def test_an_address_that_the_shop_does_not_know(opened: Opened) -> None:
    async with opened() as sides:
        refused = await sides.pay(customer=Customer())
        assert (refused.status, refused.field) == (Status.NOT_SENT, "email")
        paid = await sides.pay(customer=Customer(), inputs={f"from.{EMAIL}": "ann@example.com"})
        assert paid.status is Status.REQUIRES_ACTION


async def test_where_the_shop_is_paid_out_to_is_never_asked(opened: Opened) -> None:
    """Else a customer could write an account of their own."""
    async with opened(to_values={}) as sides:
        await sides.gateway.prepare()
        said = sides.gateway.refusal_of_amount(Money(1250, "EUR"))
        assert said == "to_values leaves out where the shop is paid out to: wallet (Wallet)"
        assert not [
            each for each in sides.gateway.input_fields("en") if each.name.startswith("to.")
        ]
        paid = await sides.pay(inputs={"to.wallet": "DE99"})
        assert paid == Outcome(Status.NOT_SENT, reason=DeclineReason.PROVIDER)
        assert [each["path"].partition("?")[0] for each in sides.state.calls] == [ROUTE] * 2


# What the operator is told


async def test_described(opened: Opened) -> None:
    async with opened(PROVIDER, route_values={"nonsense": "1"}) as sides:
        await sides.gateway.prepare()
        said = sides.gateway.describe()
        assert said.ok
        assert said.lines == (
            "Litecoin -> Bank EUR: 0.0131 LTC for 1 EUR, less 0.5 EUR",
            "takes EUR to 1000000.00",
            "asks the customer for: E-mail",
            "route_values.nonsense is no field of the route",
            "whether orders need a captcha or a check by hand can't be seen from here",
        )
    async with opened(NEITHER, rate_routes={"EUR": MEMO, "JPY": "507f"}) as sides:
        await sides.gateway.prepare()
        said = sides.gateway.describe()
        assert said.ok
        assert "takes EUR, by the rate of Tether TON -> Bank EUR" in said.lines
        assert "JPY: the route 507f could not be read" in said.lines
    async with opened(EURO) as sides:
        await sides.gateway.prepare()
        assert "takes EUR from 10.00 to 5000.00" in sides.gateway.describe().lines
    wrong: list[dict[str, Any]] = [
        {"to_values": {}},
        {"route": "507f1f77bcf86cd799439099"},
        {"route": NEITHER},
    ]
    for settings in wrong:
        async with opened(**settings) as sides:
            await sides.gateway.prepare()
            assert not sides.gateway.describe().ok


async def test_the_operators_link(opened: Opened) -> None:
    async with opened() as sides:
        paid = await sides.pay()
        link = sides.gateway.operator_link(paid.id or "")
        assert link == f"{ORIGIN}/en/order/{paid.id}"
        page = await sides.http.get(link)
        assert page.status_code == 200
        assert "<form" not in page.text


async def test_a_prepayment_is_moved_on_by_the_customers_word(opened: Opened) -> None:
    async with opened(TEXT) as sides:
        await sides.control("exchanger/desk", by_itself=False)
        paid = await sides.pay()
        assert paid.facts.code == "waitPayment"
        await sides.gateway.confirm(reference(paid))
        [order] = sides.state.transactions.values()
        assert order.code == "inProgress"


async def test_given_up(opened: Opened) -> None:
    async with opened() as sides:
        paid = await sides.pay()
        release_failed = await sides.gateway.withdraw(reference(paid))
        assert (release_failed.status, release_failed.reason) == (
            Status.CANCELLED,
            DeclineReason.CUSTOMER_CANCELLED,
        )
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
        ("new", Status.REQUIRES_ACTION),
        ("waitPayment", Status.REQUIRES_ACTION),
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
@pytest.mark.parametrize("place", ["body", "header", "query"])
async def test_its_notifications_are_understood(
    opened: Opened, mailbox: Mailbox, carrier: str, place: str
) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", carrier=carrier, place=place)
        paid = await sides.pay(notify_url=mailbox.url)
        await sides.move(paid, "done")
        [(headers, body)] = await asyncio.to_thread(mailbox.wait, 1)
        for _ in range(1000):  # it is written down once the mailbox has answered
            if sides.state.notifier.attempts:
                break
            await asyncio.sleep(0.01)
        [sent] = sides.state.notifier.attempts
        query = urlsplit(str(sent["url"])).query
        assert bool(query) is (place == "query")
        assert sides.gateway.notification(headers, body, query).status is Status.PAID


@pytest.mark.parametrize(
    ("desk", "field", "reason"),
    [
        ({"refuses": EMAIL}, "email", DeclineReason.INVALID),
        ({"refuses": "wallet"}, None, DeclineReason.PROVIDER),  # nothing that a customer could mend
        ({"captcha": True}, None, DeclineReason.PROVIDER),
    ],
)
async def test_a_refused_order_is_no_attempt(
    opened: Opened, desk: dict[str, Any], field: str | None, reason: DeclineReason
) -> None:
    async with opened() as sides:
        await sides.control("exchanger/desk", **desk)
        with capture_logs() as logged:
            refused = await sides.pay()
        assert (refused.status, refused.field) == (Status.NOT_SENT, field)
        assert (refused.reason, refused.id) == (reason, None)
        assert any(line.get("alert") for line in logged) is (field is None)
        assert not sides.state.transactions


async def test_another_amount_than_asked_is_not_shown(opened: Opened) -> None:
    async with opened() as sides:
        await sides.control("faults", faults=["wrong_amount"])
        with capture_logs() as logged:
            paid = await sides.pay()
        assert (paid.status, paid.next_action) == (Status.NOT_SENT, None)
        assert [line["why"] for line in logged if line.get("alert")] == ["another_amount"]
        [order] = sides.state.transactions.values()
        assert order.status == "deleted"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("500_before", Status.PENDING),
        ("429", Status.NOT_SENT),
        ("502_after", Status.PENDING),
        ("html_after", Status.PENDING),
    ],
)
async def test_faults(opened: Opened, fault: str, status: Status) -> None:
    """PENDING without an id: the payment turns it into NOT_SENT, for `CAPABILITIES.lookup` is
    false."""
    assert not CAPABILITIES.lookup_by_key
    async with opened() as sides:
        await sides.control("faults", faults=[fault])
        outcome = await sides.pay()
        assert (outcome.status, outcome.id) == (status, None)
