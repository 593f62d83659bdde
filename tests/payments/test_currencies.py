"""How a payment's currency is counted: by the accounts that can take it. Of the twelve that are
counted in two ways nothing is guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from secrets import token_hex
from typing import Any, Final

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unprocessable
from checkout.gateways import open_gateway
from checkout.gateways.base import Gateway
from checkout.ledger.products import ProductStock
from checkout.ledger.rows import Payment
from checkout.model.card import SavedCard
from checkout.model.money import EXPONENTS, TWO_WAYS, Money
from checkout.model.order import Method, Methods
from checkout.model.outcome import GatewayFacts, Outcome
from checkout.model.product import Product
from checkout.model.status import Status
from checkout.payments import create, products
from checkout.payments.currencies import NO_METHOD, counted
from checkout.payments.merchant_initiated import start_merchant_initiated
from checkout.payments.methods import available_methods
from checkout.payments.operations import start_operation
from checkout.payments.products import Choice
from checkout.shop_api.merchant_initiated import MerchantInitiated
from tests.gateways.rest.side import options
from tests.support import samples
from tests.support.fake_gateway import CAN_CARDS, FakeGateway
from tests.support.harness import Harness, open_harness
from tests.support.samples import changed

TWELVE: Final = sorted(TWO_WAYS)
SHOP: Final = samples.shop(
    methods=(
        Method(name="credit_card", gateway="cards"),
        Method(name="erip", gateway="local"),
        Method(name="sbp", gateway="local"),
        Method(name="crypto", gateway="coins"),
    )
)
ACCOUNTS: Final = ["cards", "local", "coins"]
ALL: Final = ["credit_card", "erip", "sbp", "crypto"]
Counts = Mapping[str, int]
Opened = Callable[..., AbstractAsyncContextManager[Harness]]


@pytest.fixture
def opened(url: str) -> Opened:
    """`opened(cards={"IDR": 0})`: a harness whose accounts cards, local and coins count so."""

    @asynccontextmanager
    async def other(**given: Counts) -> AsyncIterator[Harness]:
        gateways = {name: account(given.get(name, {})) for name in ACCOUNTS}
        async with open_harness(
            url, settings=samples.settings(SHOP), gateways=dict(gateways)
        ) as harness:
            harness.gateway = gateways["cards"]
            yield harness

    return other


def account(decimals: Counts, **can: Any) -> FakeGateway:
    return FakeGateway(changed(CAN_CARDS, decimals=decimals, **can))


def says(harness: Harness, name: str, **decimals: int) -> None:
    """The operator changes an account's settings."""
    gateway = harness.gateways[name]
    gateway.capabilities = changed(gateway.capabilities, decimals=decimals)


def offered(harness: Harness, payment: Payment) -> list[str]:
    shop, order = harness.context.shop(payment), payment.order
    return [method.name for method in available_methods(order, shop, harness.gateways)]


def refusal(error: pytest.ExceptionInfo[Unprocessable]) -> tuple[str, str]:
    ((name, (reason,)),) = error.value.fields.items()
    return name, reason


def product(currency: str, **changes: Any) -> Product:
    plain = Product(name="Ticket", description="Row 5", currency=currency, amount=1999, quantity=5)
    return msgspec.structs.replace(plain, **changes)


async def made(harness: Harness, currency: str, **changes: Any) -> ProductStock:
    return await products.make(harness.context, product(currency, **changes), {}, harness.shop)


async def bought(harness: Harness, of: ProductStock, **changes: Any) -> Payment:
    choice = Choice(**({"form": token_hex(8)} | changes))
    payment = await products.buy(harness.context, of.id, choice)
    return await harness.payment(payment.uid)


# The twelve, while nobody says how they are counted


async def test_nothing_is_guessed(opened: Opened) -> None:
    async with opened() as harness:
        for currency in TWELVE:
            order = samples.order(money=Money(1999, currency))
            with capture_logs() as logs, pytest.raises(Unprocessable) as error:
                await create.create(harness.context, order, harness.shop)
            name, reason = refusal(error)
            assert name == "order.currency"
            for each in ACCOUNTS:
                assert f"gateways.{each}.decimals" in reason
            for count in (EXPONENTS[currency], TWO_WAYS[currency]):
                assert f"{{ {currency} = {count} }}" in reason
            (line,) = logs
            assert (line["event"], line["log_level"]) == ("currency.uncounted", "warning")
            assert (line["currency"], line["accounts"]) == (currency, ACCOUNTS)
            with pytest.raises(Unprocessable) as error:
                await create.count_money(harness.context, order, harness.shop, currency="currency")
            assert refusal(error) == ("currency", reason)
            with pytest.raises(Unprocessable) as error:
                await create.open_link(harness.context, token_hex(32), order, harness.shop)
            assert refusal(error) == ("order.currency", reason)
            with pytest.raises(Unprocessable) as error:
                await made(harness, currency)
            assert refusal(error) == ("currency", reason)


async def test_the_advice_names_who_could_take_it(opened: Opened) -> None:
    async with opened(local={"UGX": 2}) as harness:
        order = samples.order(money=Money(1999, "UGX"), methods=Methods(types=("credit_card",)))
        with pytest.raises(Unprocessable) as error:
            await create.create(harness.context, order, harness.shop)
        name, reason = refusal(error)
        assert name == "order.currency"
        assert "gateways.cards.decimals" in reason
        assert "local" not in reason
        order = samples.order(money=Money(1999, "UGX"), methods=Methods(types=("no_such",)))
        with pytest.raises(Unprocessable) as error:
            await create.create(harness.context, order, harness.shop)
        assert refusal(error) == ("payment_method.types", NO_METHOD)


async def test_all_others_are_as_iso_says(opened: Opened) -> None:
    async with opened() as harness:
        for currency in sorted(set(EXPONENTS) - set(TWELVE)):
            payment = await harness.new_payment(money=Money(1999, currency))
            assert payment.order.money == Money(1999, currency)
            assert offered(harness, payment) == ALL


# As the accounts say


@pytest.mark.parametrize("currency", TWELVE)
async def test_one_that_says_it_takes_it(opened: Opened, currency: str) -> None:
    for count in (EXPONENTS[currency], TWO_WAYS[currency]):
        async with opened(cards={currency: count}) as harness:
            with capture_logs() as logs:
                payment = await harness.new_payment(money=Money(1999, currency))
            money = payment.order.money
            assert (money, money.exponent) == (Money(1999, currency, count), count)
            assert (money.decimals is None) is (count == EXPONENTS[currency])
            assert offered(harness, payment) == ["credit_card"], "the others don't say"
            (line,) = logs
            assert (line["event"], line["log_level"]) == ("currency.counted_otherwise", "warning")
            assert (line["currency"], line["decimals"]) == (currency, count)
            assert line["not_offered"] == ["local", "coins"]
            order = samples.order(money=Money(1999, currency))
            link = await create.open_link(harness.context, token_hex(32), order, harness.shop)
            assert link.order.money == money
            assert (await made(harness, currency)).product.price == money


async def test_one_payment_has_one_count(opened: Opened) -> None:
    counts = {"cards": {"IDR": 0}, "local": {"IDR": 2}, "coins": {"IDR": 0}}
    async with opened(**counts) as harness:
        with capture_logs() as logs:
            payment = await harness.new_payment(money=Money(1999, "IDR"))
        assert payment.order.money == Money(1999, "IDR", 0)
        assert offered(harness, payment) == ["credit_card", "crypto"]
        assert [each["not_offered"] for each in logs] == [["local"]]
        wanted = Methods(excluded_types=("credit_card",))
        payment = await harness.new_payment(money=Money(1999, "IDR"), methods=wanted)
        assert payment.order.money == Money(1999, "IDR")
        assert offered(harness, payment) == ["erip", "sbp"], "the first that is left decides"


async def test_who_agrees_is_no_matter_for_the_log(opened: Opened) -> None:
    same = {"IDR": 0}
    async with opened(cards=same, local=same, coins=same) as harness:
        with capture_logs() as logs:
            payment = await harness.new_payment(money=Money(1999, "IDR"))
        assert offered(harness, payment) == ALL
        assert logs == []


async def test_any_currency_may_be_said(opened: Opened) -> None:
    async with opened(cards={"JPY": 2}, local={"EUR": 2}) as harness:
        payment = await harness.new_payment(money=Money(1999, "JPY"))
        assert payment.order.money == Money(1999, "JPY", 2)
        assert offered(harness, payment) == ["credit_card"]
        payment = await harness.new_payment(money=Money(1999, "EUR"))
        assert payment.order.money == Money(1999, "EUR"), "ISO's own is no other"
        assert offered(harness, payment) == ALL


async def test_a_count_that_the_gateway_can_not_say_is_no_count(opened: Opened) -> None:
    async with opened(local={"IQD": 0}) as harness:
        harness.gateways["cards"].capabilities = changed(
            CAN_CARDS, decimals={"IQD": 3}, exponents=frozenset({0, 2})
        )
        payment = await harness.new_payment(money=Money(1999, "IQD"))
        assert payment.order.money == Money(1999, "IQD", 0)
        assert offered(harness, payment) == ["erip", "sbp"]
        wanted = Methods(types=("credit_card",))
        with pytest.raises(Unprocessable) as error:
            await harness.new_payment(money=Money(1999, "IQD"), methods=wanted)
        assert refusal(error) == ("payment_method.types", NO_METHOD)


class Small(FakeGateway):
    """Takes no more than IDR 1,000, however that is counted."""

    def refusal_of_amount(self, money: Money) -> str | None:
        return "too much" if money.major > 1000 else None


async def test_the_first_that_can_take_the_sum_decides(url: str) -> None:
    gateways: dict[str, Gateway] = {
        "cards": Small(changed(CAN_CARDS, decimals={"IDR": 0})),
        "local": Small(changed(CAN_CARDS, decimals={"IDR": 2})),
        "coins": account({"IDR": 4}),
    }
    async with open_harness(url, settings=samples.settings(SHOP), gateways=gateways) as harness:
        for minor, taken, refused in (
            (1000, ["credit_card"], []),
            (1999, ["erip", "sbp"], ["credit_card"]),
            (199900, ["crypto"], ["credit_card", "erip", "sbp"]),
        ):
            with capture_logs() as logs:
                payment = await harness.new_payment(money=Money(minor, "IDR"))
            assert offered(harness, payment) == taken
            said = [each["method"] for each in logs if each["event"] == "method.not_offered"]
            assert said == refused


async def test_settings_that_change_leave_a_payment_its_count(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        payment = await harness.new_payment(money=Money(1999, "IDR"))
        says(harness, "cards", IDR=2)
        says(harness, "local", IDR=0)
        assert offered(harness, payment) == ["erip", "sbp"]
        again = await harness.payment(payment)
        assert again.order.money == Money(1999, "IDR", 0)
        says(harness, "local")
        assert offered(harness, payment) == []


def test_what_two_decimals_can_not_say_is_refused_when_it_is_made() -> None:
    """The REST gateway writes two decimals always."""
    for currency, iso in EXPONENTS.items():
        for stated in ({}, {currency: 0}, {currency: 3}):
            rest = open_gateway("rest", options(decimals=stated), httpx.AsyncBaseTransport())
            gateways: dict[str, Gateway] = {"cards": rest}
            order, count = samples.order(money=Money(1999, currency)), stated.get(currency, iso)
            try:
                found = counted(order, samples.shop(), gateways)
            except Unprocessable as error:
                ((name, _),) = error.fields.items()
                silent = currency in TWO_WAYS and not stated
                assert name == ("order.currency" if silent else "payment_method.types")
                assert silent or count > 2
            else:
                assert count <= 2
                assert found.money == Money(1999, currency, count)


# All the way


async def test_what_the_gateway_is_asked(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        harness.gateway.has("capture", "refund", "operation_status")
        # What a gateway states has no decimals of its own.
        facts = GatewayFacts(money=Money(1999, "IDR"))
        harness.gateway.will_answer(Outcome(Status.AUTHORIZED, "g-1", facts=facts))
        payment = await harness.new_payment(
            money=Money(1999, "IDR"), transaction_type="authorization"
        )
        payment = await harness.pay(payment)
        assert await harness.status(payment) is Status.AUTHORIZED
        assert not payment.attempts[0].mismatch
        (charge,) = harness.gateway.charges
        assert charge.money == charge.order.money == Money(1999, "IDR", 0)
        harness.gateway.will_do(Outcome(Status.PAID, "o-1"))
        await start_operation(harness.context, "capture", payment.uid)
        harness.gateway.will_do(Outcome(Status.PENDING, "o-2"))
        await start_operation(harness.context, "refund", payment.uid, amount=500)
        for _name, reference, money, _key in harness.gateway.orders:
            assert reference.money == Money(1999, "IDR", 0)
            assert money == Money(money.minor, "IDR", 0)
        await harness.sweep(3600)
        ((_, asked),) = harness.gateway.traced
        assert asked.money == Money(500, "IDR", 0)


async def test_a_charge_by_token(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        can = harness.gateway.capabilities
        harness.gateway.capabilities = changed(can, merchant_initiated=frozenset({"payment"}))

        def asked(money: Money) -> MerchantInitiated:
            order = samples.order(
                money=money, merchant_initiated=True, expires_at=harness.clock() + 60
            )
            return MerchantInitiated(
                order=order, card=SavedCard("t-1"), parent=None, browser=None, given=frozenset()
            )

        for currency, count in (("IDR", 0), ("EUR", None)):
            known = asked(Money(1999, currency))
            payment = await start_merchant_initiated(
                harness.context, known, harness.shop, request_id=None, digest=""
            )
            assert payment.order.money == harness.gateway.charges[-1].money
            assert payment.order.money == Money(1999, currency, count)
        says(harness, "cards")
        idr = asked(Money(5, "IDR"))
        with pytest.raises(Unprocessable) as error:
            await start_merchant_initiated(
                harness.context, idr, harness.shop, request_id=None, digest=""
            )
        assert refusal(error)[0] == "currency"


async def test_another_sum_is_still_a_mismatch(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        facts = GatewayFacts(money=Money(199900, "IDR"))
        harness.gateway.will_answer(Outcome(Status.PAID, "g-1", facts=facts))
        payment = await harness.pay(await harness.new_payment(money=Money(1999, "IDR")))
        assert payment.attempts[0].mismatch
        assert await harness.status(payment) is Status.PENDING


# Products


async def test_a_product_is_counted_like_its_payments(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        of = await made(harness, "IDR", most_at_once=2)
        assert of.product.price == Money(1999, "IDR", 0)
        assert of.product.bounds[0] == Money(1, "IDR", 0)
        assert (await bought(harness, of, quantity=2)).order.money == Money(3998, "IDR", 0)
        free = await made(harness, "IDR", amount=None, least=1000, quantity=None)
        chosen = Money(1500, "IDR", 0)
        assert (await bought(harness, free, money=chosen)).order.money == chosen
        with pytest.raises(Unprocessable) as error:  # typed when it was counted otherwise
            await bought(harness, free, money=Money(150000, "IDR"))
        assert refusal(error)[0] == "amount"


async def test_a_product_made_before_is_not_sold_by_another_count(opened: Opened) -> None:
    async with opened(cards={"IDR": 0}) as harness:
        of = await made(harness, "IDR")
        for decimals in ({}, {"IDR": 2}):
            says(harness, "cards", **decimals)
            assert not products.payable(harness.context, of)
            with capture_logs() as logs, pytest.raises(Unprocessable) as error:
                await bought(harness, of)
            name, reason = refusal(error)
            assert name == "currency"
            assert "decimals" in reason
            assert [each["event"] for each in logs if each.get("alert")] == ["product.no_method"]
        left = await products.find(harness.context, of.id)
        assert (left.available, left.held) == (5, 0)
        # Told anew by its shop, it is counted anew.
        again = product("IDR", name="Seat")
        await products.change(harness.context, of.id, harness.shop, lambda given: (again, given))
        of = await products.find(harness.context, of.id)
        assert of.product.price == Money(1999, "IDR", 2)
        assert products.payable(harness.context, of)
        assert (await bought(harness, of)).order.money == Money(1999, "IDR", 2)
        says(harness, "cards")
        with pytest.raises(Unprocessable) as error:
            await products.change(
                harness.context, of.id, harness.shop, lambda given: (again, given)
            )
        assert refusal(error)[0] == "currency"
        assert "gateways.cards.decimals" in refusal(error)[1]
