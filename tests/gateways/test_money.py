"""One sum on every way, at every adapter and in every currency of ISO's list, however the account
counts it: what the page shows, what the gateway is sent and says back, what a refund sends.

The gateways' side is played here, and what they are sent is read without our own arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.gateways import OPTIONS, open_gateway
from checkout.gateways.base import (
    Charge,
    FindsOperations,
    Gateway,
    OperationReference,
    PaymentReference,
    Refunds,
)
from checkout.gateways.rest.request import amount_of
from checkout.gateways.rest.response import minor_units
from checkout.model.money import EXPONENTS, LARGEST, MOST_DECIMALS, Money
from checkout.model.order import Method
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.web.pages.formatting import amount
from tests.gateways import samples
from tests.gateways.exchanger.side import ExchangerSide
from tests.gateways.kit import Notice
from tests.gateways.overpay.side import OverpaySide
from tests.gateways.replay import body_of
from tests.gateways.rest.side import TOKEN, RestSide

CURRENCIES: Final = sorted(EXPONENTS)
COUNTS: Final = (None, *range(MOST_DECIMALS + 1))  # None: the account says nothing
WHOLE, PART = 1999, 500
UID: Final = "21565"


class Overpay:
    """Cards or online payment systems. Amounts are integers; how they are counted, nobody says."""

    def __init__(self, adapter: str, decimals: Mapping[str, int]) -> None:
        self.side, self.decimals = OverpaySide(), decimals
        self.method = "credit_card" if adapter == "overpay_cards" else "bank_transfer"
        self.sent: list[dict[str, Any]] = []
        self.currency = ""
        self.kind = "payment"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = body_of(request)
        if body:
            self.sent.append(body["request"])
            self.kind = "refund" if request.url.path.endswith("/refunds") else "payment"
        return httpx.Response(200, json=self.said())

    def said(self) -> dict[str, Any]:
        about = self.sent[-1]
        parent = {"parent_uid": UID} if self.kind == "refund" else {}
        return {
            "transaction": {
                "uid": UID if self.kind == "payment" else "21566",
                "type": self.kind,
                "status": "successful",
                "amount": about["amount"],
                "currency": self.currency,
                "tracking_id": about["tracking_id"],
                "method_type": self.method,
                **parent,
            }
        }

    def notice(self) -> Notice:
        return self.side.genuine(json.dumps(self.said()).encode())

    def sums(self) -> list[Decimal]:
        """Of all that was sent, in major units: the account knows how it counts."""
        count = self.decimals.get(self.currency, EXPONENTS[self.currency])
        assert all(type(each["amount"]) is int for each in self.sent)
        assert self.sent[0]["currency"] == self.currency
        return [Decimal(each["amount"]) / 10**count for each in self.sent]


class Platform:
    """The REST gateway. Amounts are text in major units, two decimals."""

    def __init__(self, adapter: str, decimals: Mapping[str, int]) -> None:
        self.side = RestSide()
        self.sent: list[dict[str, str]] = []
        self.method = "credit_card"
        self.currency = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN:
            return httpx.Response(200, json={"AuthToken": "token", "result": {"code": "200"}})
        body = body_of(request)
        if "amount" in body:
            self.sent.append(body)
            assert body.get("currency", self.currency) == self.currency
        if body["paymentType"] == "RF":
            done = {"status": "reversed", "result": {"code": "00005"}, "paymentId": UID}
            return httpx.Response(200, json=done | {"amount": body["amount"]})
        return httpx.Response(200, json=self.said())

    def said(self) -> dict[str, Any]:
        return {
            "paymentId": UID,
            "merchantTransactionId": samples.KEY,
            "amount": self.sent[0]["amount"],
            "currency": self.currency,
            "paymentType": "DB",
            "transactionStatus": "Y",
            "status": "capturesuccess",
            "result": {"code": "00001", "description": "Transaction succeeded"},
        }

    def notice(self) -> Notice:
        return self.side.genuine(json.dumps(self.said()).encode())

    def sums(self) -> list[Decimal]:
        return [Decimal(each["amount"]) for each in self.sent]


class Exchange:
    """The exchanger, on a route that begins with the shop's currency. Amounts are numbers in major
    units."""

    def __init__(self, adapter: str, decimals: Mapping[str, int]) -> None:
        self.side = ExchangerSide()
        self.currency = ""
        self.method = "crypto"
        self.sent: list[Decimal] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/route/get/one"):
            ends = {"from": self.end(self.currency), "to": self.end("USDT")}
            rate = {"in": 1, "out": 1, "outFeeAmount": 0, "amount": "1000000"}
            return self.say({"route": {**ends, "fields": [], "rate": rate}})
        if request.url.path.endswith("/create"):
            asked = json.loads(request.content, parse_float=Decimal, parse_int=Decimal)
            self.sent.append(asked["amount"])
            return self.say({"secret": "s3cret", **self.order("new")})
        return self.say({"order": self.order("done")})

    def end(self, symbol: str) -> dict[str, Any]:
        return {"name": symbol, "symbol": symbol, "decimal": 6, "fields": []}

    def order(self, status: str) -> dict[str, Any]:
        given = str(self.sent[0])
        source = self.end(self.currency) | {"paymentDetails": {"account": "40817"}}
        route = {"from": source, "to": self.end("USDT")}
        return {"uid": UID, "status": status, "inAmount": given, "outAmount": given, "route": route}

    def say(self, data: Any) -> httpx.Response:
        return httpx.Response(200, json={"success": True, "data": data})

    def sums(self) -> list[Decimal]:
        return self.sent


There = Overpay | Platform | Exchange
ADAPTERS: Final[Mapping[str, type[There]]] = {
    "overpay_cards": Overpay,
    "overpay_apm": Overpay,
    "rest": Platform,
    "exchanger": Exchange,
}


def account(adapter: str, money: Money, count: int | None) -> tuple[Gateway, There]:
    decimals = {} if count is None else {money.currency: count}
    there = ADAPTERS[adapter](adapter, decimals)
    there.currency = money.currency
    plain = msgspec.to_builtins(there.side.options("https://gateway.example"))
    options = msgspec.convert(plain | {"decimals": decimals}, OPTIONS[adapter])
    return open_gateway(adapter, options, httpx.MockTransport(there)), there


def charge(money: Money, method: str) -> Charge:
    order = msgspec.structs.replace(samples.CHARGE.order, money=money)
    card = samples.CHARGE.card if method == "credit_card" else None
    return msgspec.structs.replace(
        samples.CHARGE,
        money=money,
        order=order,
        method=Method(name=method, gateway="cards"),
        card=card,
    )


def shown(money: Money) -> Decimal:
    """What a customer reads on the page, in English: "IDR 1,999"."""
    digits = [each for each in amount(money, "en") if each.isdigit() or each == "."]
    return Decimal("".join(digits).lstrip("."))


def same(outcome: Outcome, money: Money) -> bool:
    return outcome.facts.money is not None and outcome.facts.money.same_sum(money)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("currency", CURRENCIES)
async def test_the_sum_is_the_same_on_every_way(adapter: str, currency: str) -> None:
    for count in COUNTS:
        money = Money(WHOLE, currency, count)
        gateway, there = account(adapter, money, count)
        if money.exponent not in gateway.capabilities.exponents:
            assert adapter == "rest"
            assert money.exponent > 2
            continue
        paid = await gateway.pay(charge(money, there.method))
        assert paid.status is (Status.REQUIRES_ACTION if adapter == "exchanger" else Status.PAID)
        assert same(paid, money)
        about = PaymentReference(
            key=samples.KEY,
            id=paid.id,
            money=money,
            method=there.method,
            transaction_type="payment",
        )
        known = await gateway.status(about)
        assert (known.status, known.id) == (Status.PAID, paid.id)
        assert same(known, money)
        if not isinstance(there, Exchange):  # whose notices are held against what was agreed
            assert same(gateway.notification(*there.notice()), money)
        if isinstance(gateway, Refunds):
            await gateway.refund(about, money.part(PART), "op-1", "broken")
        whole, *parts = there.sums()
        assert whole == shown(money)
        assert parts == [shown(money.part(PART))] * len(parts)
        assert len(parts) == isinstance(gateway, Refunds)


@pytest.mark.parametrize("currency", CURRENCIES)
async def test_another_sum_is_no_refund_of_ours(currency: str) -> None:
    """What an operation states is compared by its units, whatever the account's decimals."""
    for count in COUNTS:
        money = Money(WHOLE, currency, count)
        gateway, there = account("overpay_cards", money, count)
        assert isinstance(gateway, FindsOperations)
        assert isinstance(there, Overpay)
        about = msgspec.structs.replace(samples.REFERENCE, id=UID, money=money)
        there.sent = [{"amount": PART, "currency": currency, "tracking_id": "op-1"}]
        there.kind = "refund"
        for asked, done in ((PART, True), (PART * 100, False), (PART + 1, False)):
            what = OperationReference(
                kind="refund", key="op-1", id="21566", money=money.part(asked)
            )
            found = await gateway.operation_status(about, what)
            assert (found.status is Status.REFUNDED) is done


async def test_what_the_rest_gateway_can_not_say_is_not_sent() -> None:
    for currency in CURRENCIES:
        for count in COUNTS:
            money = Money(WHOLE, currency, count)
            if money.exponent <= 2:
                continue
            gateway, there = account("rest", money, count)
            refused = await gateway.pay(charge(money, there.method))
            assert refused.status is Status.NOT_SENT
            assert there.sent == []


monies = st.builds(
    Money, st.integers(0, LARGEST), st.sampled_from(CURRENCIES), st.sampled_from(COUNTS)
)


@given(monies)
def test_rest_amounts_come_back(money: Money) -> None:
    written = amount_of(money)
    if written is None:
        assert money.exponent > 2 or money.minor >= 10 ** (8 + money.exponent)
        return
    assert minor_units(written, money.currency, money.exponent) == money.minor
    assert Decimal(written) * 10**money.exponent == money.minor


@given(monies)
def test_the_page_shows_so_many_digits(money: Money) -> None:
    assert shown(money) * 10**money.exponent == money.minor
