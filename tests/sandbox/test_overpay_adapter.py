"""The adapters of both hosts and the simulated gateway, each held against the other."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from checkout.gateways.base import Charge, OperationReference, PaymentReference
from checkout.gateways.overpay.apm import OverpayApm
from checkout.gateways.overpay.cards import OverpayCards
from checkout.gateways.overpay.options import Options
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.next_action import Instructions, PostForm, Redirect
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import Status
from checkout.sandbox.app import create_sandbox
from tests.sandbox.conftest import in_process
from tests.sandbox.requests import CHALLENGE, PAID

ORIGIN = "http://localhost:8002"
EUR = Money(1999, "EUR")
PART = Money(500, "EUR")
OPTIONS = Options(base_url=ORIGIN, shop_id="361", secret_key="key")


class Both:
    """The sandbox, an account on each of its hosts, and its controls."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, trust_env=False)
        self.cards = OverpayCards(OPTIONS, transport)
        self.apm = OverpayApm(OPTIONS, transport)
        self.numbers = itertools.count(1)

    def key(self) -> str:
        return f"5e8b1c07a94d4f62b3d0c6f17a2e9d84-{next(self.numbers)}"

    def charge(self, kind: str = "payment", number: str = PAID, method: str = "") -> Charge:
        return Charge(
            key=self.key(),
            money=EUR,
            order=Order(EUR, "Tea for two", kind, 4102444800.0),
            method=Method(method or "credit_card", "cards"),
            customer=Customer(email="ann@example.com"),
            language="en",
            return_url="http://127.0.0.1:8001/return/Zx81kQ0vWm3tYb7nRc5dPa",
            notify_url="http://127.0.0.1:9/notify",
            card=None if method else Card(number, 9, 2040, "123", "ANN LEE"),
        )

    async def paid(self, kind: str = "payment", **more: Any) -> PaymentReference:
        """What stands at the gateway, by the id that it told us."""
        charge = self.charge(kind, **more)
        outcome = await self.cards.pay(charge)
        return msgspec.structs.replace(
            reference(charge), id=outcome.id, parent=outcome.facts.parent
        )

    async def control(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


def reference(charge: Charge) -> PaymentReference:
    kind = charge.order.transaction_type
    method = charge.method.name
    return PaymentReference(
        key=charge.key, id=None, money=charge.money, method=method, transaction_type=kind
    )


@pytest_asyncio.fixture
async def both() -> AsyncIterator[Both]:
    transport = in_process(create_sandbox(ORIGIN))
    found = Both(transport)
    async with found.http:
        yield found


def asked(kind: str, key: str, uid: str | None = None, money: Money = PART) -> OperationReference:
    return OperationReference(kind=kind, key=key, id=uid, money=money)


def by_gateway(kind: str, uid: str) -> OperationReference:
    return OperationReference(kind=kind, key=None, id=uid, money=None)


# Operations


async def test_authorized_collected_sent_back(both: Both) -> None:
    held = await both.paid("authorization")
    early = await both.cards.refund(held, PART, both.key(), "x")
    assert early.status is Status.NOT_SENT, "not sent: it would name the authorization"
    taken = await both.cards.capture(held, EUR, "capture-1")
    assert taken.status is Status.PAID
    collected = msgspec.structs.replace(held, capture=taken.id)
    for number, part in enumerate((PART, Money(EUR.minor - PART.minor, "EUR"))):
        back = await both.cards.refund(collected, part, f"refund-{number}", "x")
        assert (back.status, back.facts.money) == (Status.REFUNDED, part)
        for uid in (back.id, None):
            about = asked("refund", f"refund-{number}", uid, part)
            found = await both.cards.operation_status(collected, about)
            assert (found.status, found.id) == (Status.REFUNDED, back.id)
    more = await both.cards.refund(collected, PART, both.key(), "x")
    assert more.status is Status.DECLINED, "nothing is left"
    late = await both.cards.void(held, EUR, both.key())
    assert late.status is Status.DECLINED


async def test_voided(both: Both) -> None:
    held = await both.paid("authorization")
    assert (await both.cards.void(held, EUR, "void-1")).status is Status.REFUNDED
    found = await both.cards.operation_status(held, asked("void", "void-1", money=EUR))
    assert found.status is Status.REFUNDED


async def test_charged_back_after_the_capture(both: Both) -> None:
    """By the bank, of the capture, of which we may have been told or not."""
    held = await both.paid("authorization")
    taken = await both.cards.capture(held, EUR, "capture-1")
    back = await both.control(f"transactions/{taken.id}/follow", kind="chargeback", amount=700)
    for about in (held, msgspec.structs.replace(held, capture=taken.id)):
        found = await both.cards.operation_status(about, by_gateway("chargeback", back["uid"]))
        assert (found.status, found.facts.money) == (Status.REFUNDED, Money(700, "EUR"))


@pytest.mark.parametrize("end", ["successful", "failed"])
async def test_accepted_and_settled_later(both: Both, end: str) -> None:
    await both.control("behaviour", operations="later")
    paid = await both.paid()
    accepted = await both.cards.refund(paid, PART, "refund-1", "x")
    assert accepted.status is Status.ACCEPTED
    about = asked("refund", "refund-1", accepted.id)
    assert (await both.cards.operation_status(paid, about)).status is Status.ACCEPTED
    await both.control(f"transactions/{accepted.id}/settle", status=end)
    found = await both.cards.operation_status(paid, about)
    assert found.status is (Status.REFUNDED if end == "successful" else Status.DECLINED)


async def test_never_heard_of(both: Both) -> None:
    """Absent, unless what the gateway did by itself stands under the payment's key."""
    paid = await both.paid()
    about = asked("refund", "never-sent")
    assert (await both.cards.operation_status(paid, about)).status is Status.NOT_SENT
    await both.control(f"transactions/{paid.id}/follow", kind="refund", amount=500)
    assert await both.cards.operation_status(paid, about) == Outcome(Status.PENDING)


# Charges


@pytest.mark.parametrize("becomes", ["payment", "authorization"])
async def test_charges(both: Both, becomes: str) -> None:
    await both.control("behaviour", charges=becomes)
    charge = both.charge("charge")
    said = await both.cards.pay(charge)
    about = reference(charge)
    known = msgspec.structs.replace(about, id=said.id)
    answers = [said, await both.cards.status(about), await both.cards.status(known)]
    assert {(each.status, each.id) for each in answers} == {(Status.PAID, said.id)}
    (parent,) = {each.facts.parent for each in answers}
    assert (parent is None) is (becomes == "payment")
    back = await both.cards.refund(
        msgspec.structs.replace(known, parent=parent), EUR, both.key(), "x"
    )
    assert back.status is Status.REFUNDED


async def test_a_charge_that_waits_for_the_bank(both: Both) -> None:
    await both.control("behaviour", charges="authorization")
    charge = both.charge("charge", CHALLENGE)
    said = await both.cards.pay(charge)
    assert isinstance(said.next_action, Redirect)
    about = msgspec.structs.replace(reference(charge), id=said.id)
    assert (await both.cards.status(about)).status is Status.REQUIRES_ACTION
    await both.http.post(f"/process/{said.id}", data={"password": "1111"})
    assert (await both.cards.status(about)).status is Status.PAID


# Fields


async def test_a_refused_field_is_named(both: Both) -> None:
    wrong: list[tuple[dict[str, Any], str, DeclineReason]] = [
        ({"card": Card(PAID, 9, 2040, "12345", "ANN LEE")}, "code", DeclineReason.SECURITY_CODE),
        ({"card": Card(PAID, 9, 2040, "123", "A" * 33)}, "holder", DeclineReason.INVALID),
        ({"customer": Customer(country="US", zip="x")}, "zip", DeclineReason.INVALID),
    ]
    for changes, field, reason in wrong:
        said = await both.cards.pay(msgspec.structs.replace(both.charge(), **changes))
        assert (said.status, said.field, said.reason) == (Status.NOT_SENT, field, reason)
    assert (await both.http.get("/sandbox/ledger")).json()["transactions"] == []


async def test_a_card_without_a_code(both: Both) -> None:
    card = Card(PAID, 9, 2040, "", "ANN LEE")
    said = await both.cards.pay(msgspec.structs.replace(both.charge(), card=card))
    assert said.status is Status.PAID


# Online payment systems


async def test_ways_to_be_sent(both: Both) -> None:
    app = await both.apm.pay(both.charge(method="sberpay_qr_deeplink"))
    assert isinstance(app.next_action, Instructions)
    assert (app.next_action.link or "").startswith("sbolpay://")
    assert (app.next_action.qr or "").startswith(f"{ORIGIN}/cash-desk/{app.id}?")
    number = await both.apm.pay(both.charge(method="form_decimal"))
    assert isinstance(number.next_action, PostForm)
    assert ("sum", "19.99") in number.next_action.fields
    for method in ("form_http", "form_put"):
        charge = both.charge(method=method)
        said = await both.apm.pay(charge)
        assert (said.status, said.reason, said.abandoned) == (
            *(Status.CANCELLED, DeclineReason.PROVIDER, True),
        )
        about = msgspec.structs.replace(reference(charge), id=said.id)
        assert (await both.apm.status(about)).status is Status.REQUIRES_ACTION, (
            "it is still open there"
        )
        await both.control(f"transactions/{said.id}/settle", status="successful")
        assert (await both.apm.status(about)).status is Status.PAID


async def test_sent_back_by_an_online_payment_system(both: Both) -> None:
    charge = both.charge(method="instant")
    said = await both.apm.pay(charge)
    about = msgspec.structs.replace(reference(charge), id=said.id)
    assert said.status is Status.PAID
    back = await both.apm.refund(about, PART, "refund-1", "x")
    assert back.status is Status.REFUNDED
    found = await both.apm.operation_status(about, asked("refund", "refund-1"))
    assert (found.status, found.id) == (Status.REFUNDED, back.id)
    over = await both.apm.refund(about, EUR, "refund-2", "x")
    assert over.status is Status.DECLINED
    charged = await both.control(f"transactions/{said.id}/follow", kind="chargeback")
    told = await both.apm.operation_status(about, by_gateway("chargeback", charged["uid"]))
    assert (told.status, told.facts.money) == (Status.REFUNDED, Money(1499, "EUR"))
