"""Which ways to pay an order offers."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import Unprocessable
from checkout.gateways.base import Capabilities
from checkout.model.money import Money
from checkout.model.order import Method, Methods
from checkout.payments import create
from checkout.payments.methods import available_methods
from tests.support import samples
from tests.support.fake_gateway import PAID, FakeGateway
from tests.support.harness import Harness, open_harness

METHODS = (
    Method(name="credit_card", gateway="cards"),
    Method(name="erip", gateway="local", params={"service_no": "99", "order_id": "1"}),
    Method(name="crypto", gateway="coins"),
)


def can(*types: str, exponents: tuple[int, ...] = (0, 2, 3, 4)) -> FakeGateway:
    return FakeGateway(
        Capabilities(
            card=False,
            browser=False,
            lookup_by_key=True,
            transaction_types=frozenset(types),
            exponents=frozenset(exponents),
        )
    )


GATEWAYS = {
    "cards": can("payment", "authorization"),
    "local": can("payment", exponents=(2,)),
    "coins": can("payment"),
}
SHOP = samples.shop(methods=METHODS)


def names(**order: Any) -> list[str]:
    return [method.name for method in available_methods(samples.order(**order), SHOP, GATEWAYS)]


def test_all_in_the_shops_order() -> None:
    assert names() == ["credit_card", "erip", "crypto"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Methods(types=("crypto", "credit_card")), ["credit_card", "crypto"]),
        (Methods(types=("no_such", "erip")), ["erip"]),
        (Methods(types=("no_such",)), []),
        (Methods(excluded_types=("erip", "no_such")), ["credit_card", "crypto"]),
        (Methods(types=("erip",), excluded_types=("erip",)), ["erip"]),
    ],
    ids=["types", "an unknown type", "only unknown types", "excluded", "excluded is ignored"],
)
def test_what_the_order_asks_for(wanted: Methods, found: list[str]) -> None:
    assert names(methods=wanted) == found


def test_what_the_gateway_can() -> None:
    assert names(transaction_type="authorization") == ["credit_card"]
    assert names(transaction_type="tokenization") == []
    assert names(money=Money(100, "JPY")) == ["credit_card", "crypto"]
    assert names(money=Money(100, "KWD")) == ["credit_card", "crypto"]


def test_the_orders_parameters_win() -> None:
    wanted = Methods(params={"erip": {"order_id": "2", "service_no": None, "more": [1]}})
    found = {
        m.name: m.params for m in available_methods(samples.order(methods=wanted), SHOP, GATEWAYS)
    }
    assert found["erip"] == {"service_no": "99", "order_id": "2", "more": [1]}
    assert found["credit_card"] == {}
    assert METHODS[1].params == {"service_no": "99", "order_id": "1"}, "the settings stay"


async def test_an_order_that_nothing_can_take_is_refused(harness: Harness) -> None:
    for order in (
        samples.order(transaction_type="tokenization"),
        samples.order(methods=Methods(types=("erip",))),
    ):
        with pytest.raises(Unprocessable) as refused:
            await create.create(harness.context, order, harness.shop)
        assert list(refused.value.fields) == ["payment_method.types"]
        with pytest.raises(Unprocessable):
            await create.open_link(harness.context, "a" * 64, order, harness.shop)


async def test_the_chosen_method_goes_to_its_gateway(url: str) -> None:
    gateways = {"cards": FakeGateway(), "local": FakeGateway(), "coins": FakeGateway()}
    async with open_harness(
        url, settings=samples.settings(SHOP), gateways=dict(gateways)
    ) as harness:
        payment = await harness.new_payment(methods=Methods(params={"erip": {"order_id": "7"}}))
        gateways["local"].will_answer(PAID)
        payment = await harness.pay(payment, method="erip", card=None)
        (charge,) = gateways["local"].charges
        assert charge.method.params == {"service_no": "99", "order_id": "7"}
        assert charge.notify_url.startswith(f"{samples.PUBLIC_URL}/notify/local/")
        assert payment.attempts[0].account == "local"
        assert gateways["cards"].charges == []
