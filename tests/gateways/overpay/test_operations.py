"""Captures, voids and refunds as they are sent and answered: parents above all."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.gateways.base import PaymentReference
from checkout.gateways.overpay.apm import OverpayApm
from checkout.gateways.overpay.cards import OverpayCards
from checkout.gateways.overpay.gateway import Overpay
from checkout.gateways.overpay.options import Options
from checkout.gateways.overpay.request import request_id
from checkout.model.money import Money
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import Status
from tests.gateways import faults, samples
from tests.gateways.overpay.side import SECRET_KEY, SHOP_ID

OPTIONS = Options(base_url="https://gateway.example", shop_id=SHOP_ID, secret_key=SECRET_KEY)
HELD, TAKEN, OTHER = "held-1", "taken-1", "other-1"
PART = Money(500, "EUR")
KEY = "operation-1"


class Host:
    """Answers each request with what is given for its path, and keeps the requests."""

    def __init__(self, answers: dict[str, Any], status: int = 200) -> None:
        self.answers = answers
        self.status = status
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        return httpx.Response(self.status, json=self.answers[request.url.path])

    @property
    def sent(self) -> list[tuple[str, Any]]:
        return [(r.url.path, json.loads(r.content)["request"]) for r in self.requests]


def reference(**changes: Any) -> PaymentReference:
    return msgspec.structs.replace(samples.REFERENCE, id=HELD, **changes)


def done(kind: str, parent: str, **changes: Any) -> dict[str, Any]:
    said = {"uid": "child-1", "type": kind, "parent_uid": parent, "status": "successful"}
    money = {"amount": PART.minor, "currency": PART.currency, "tracking_id": KEY}
    return {"transaction": said | money | changes}


async def order(gateway: Overpay, kind: str, about: PaymentReference) -> Outcome:
    match kind, gateway:
        case "refund", _:
            return await gateway.refund(about, PART, KEY, "broken cup")
        case "capture", OverpayCards():
            return await gateway.capture(about, PART, KEY)
        case "void", OverpayCards():
            return await gateway.void(about, PART, KEY)
    raise AssertionError(kind)


AUTHORIZED = reference(transaction_type="authorization")
CAPTURED = reference(transaction_type="authorization", capture=TAKEN)
SPLIT = reference(transaction_type="charge", parent=TAKEN)
PAID = reference(transaction_type="payment")


@pytest.mark.parametrize(
    ("adapter", "kind", "about", "parent", "path"),
    [
        (OverpayCards, "capture", AUTHORIZED, HELD, "/transactions/captures"),
        (OverpayCards, "void", AUTHORIZED, HELD, "/transactions/voids"),
        (OverpayCards, "refund", CAPTURED, TAKEN, "/transactions/refunds"),
        (OverpayCards, "refund", SPLIT, TAKEN, "/transactions/refunds"),
        (OverpayCards, "refund", reference(transaction_type="charge"), HELD,
         "/transactions/refunds"),
        (OverpayCards, "refund", PAID, HELD, "/transactions/refunds"),
        (OverpayApm, "refund", PAID, HELD, "/beyag/transactions/refunds"),
    ],
)  # fmt: skip
async def test_what_an_operation_names(
    adapter: type[Overpay], kind: str, about: PaymentReference, parent: str, path: str
) -> None:
    host = Host({path: done(kind, parent)})
    async with httpx.MockTransport(host) as transport:
        outcome = await order(adapter(OPTIONS, transport), kind, about)
    reason = {"reason": "broken cup"} if kind == "refund" else {}
    wanted = {"parent_uid": parent, "amount": PART.minor, "tracking_id": KEY} | reason
    assert host.sent == [(path, wanted)]
    assert host.requests[0].headers["RequestID"] == request_id(KEY)
    won = Status.PAID if kind == "capture" else Status.REFUNDED
    assert (outcome.status, outcome.id) == (won, "child-1")


async def test_never_the_authorization() -> None:
    """Where the capture isn't known, nothing is sent, and somebody is told."""
    host = Host({})
    async with httpx.MockTransport(host) as transport:
        with capture_logs() as logged:
            outcome = await order(OverpayCards(OPTIONS, transport), "refund", AUTHORIZED)
    assert (outcome.status, host.requests) == (Status.NOT_SENT, [])
    (line,) = logged
    assert (line["event"], line["alert"]) == ("operation.parent_unknown", True)


@pytest.mark.parametrize(
    ("about", "parent"), [(CAPTURED, HELD), (SPLIT, HELD), (CAPTURED, OTHER), (PAID, TAKEN)]
)
async def test_another_parent_is_never_success(about: PaymentReference, parent: str) -> None:
    host = Host({"/transactions/refunds": done("refund", parent)})
    async with httpx.MockTransport(host) as transport:
        outcome = await order(OverpayCards(OPTIONS, transport), "refund", about)
    assert outcome == Outcome(Status.PENDING, "child-1")


@pytest.mark.parametrize("adapter", [OverpayCards, OverpayApm])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "pending"}, Status.ACCEPTED),
        ({"status": "incomplete"}, Status.ACCEPTED),
        ({"status": "pending", "uid": None}, Status.PENDING),
        ({"status": "pending", "amount": 501}, Status.PENDING),
        ({"status": "accepted"}, Status.PENDING),
        ({"status": "refunded"}, Status.PENDING),
        ({"status": "failed"}, Status.DECLINED),
        ({"status": "error"}, Status.DECLINED),
        ({"status": "expired"}, Status.DECLINED),
        ({"status": "deleted"}, Status.DECLINED),
        ({"type": "void"}, Status.PENDING),
        ({"type": "payment"}, Status.PENDING),
        ({"amount": "5e2"}, Status.PENDING),
        ({"amount": 500.0}, Status.PENDING),
        ({"currency": "USD"}, Status.PENDING),
        ({"tracking_id": "another"}, Status.PENDING),
        ({"tracking_id": samples.KEY}, Status.REFUNDED),
        ({"parent_uid": None, "tracking_id": None}, Status.REFUNDED),
    ],
    ids=str,
)
async def test_answers(adapter: type[Overpay], changes: dict[str, Any], status: Status) -> None:
    path = adapter.OPERATIONS["refund"]
    host = Host({path: done("refund", HELD, **changes)})
    async with httpx.MockTransport(host) as transport:
        outcome = await order(adapter(OPTIONS, transport), "refund", PAID)
    assert outcome.status is status


@pytest.mark.parametrize(
    "errors", [{"amount": ["is too much"]}, {"email": ["is invalid"]}, {"parent_uid": ["?"]}]
)
async def test_an_operation_comes_from_no_form(errors: dict[str, Any]) -> None:
    """Refused is refused, whatever field it names."""
    host = Host({"/transactions/refunds": {"message": "No", "errors": errors}}, status=422)
    async with httpx.MockTransport(host) as transport:
        outcome = await order(OverpayCards(OPTIONS, transport), "refund", PAID)
    assert (outcome.status, outcome.field) == (Status.DECLINED, None)


@pytest.mark.parametrize("adapter", [OverpayCards, OverpayApm])
@pytest.mark.parametrize("fault", list(faults.UNKNOWN), ids=str)
async def test_unclear_is_sent_once_and_unknown(adapter: type[Overpay], fault: str) -> None:
    broken = faults.UNKNOWN[fault](json.dumps(done("refund", HELD)).encode())
    sent = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return await broken(request)

    async with httpx.MockTransport(answer) as transport:
        gateway = adapter(OPTIONS, transport, charge_seconds=0.3, query_seconds=0.3)
        outcome = await order(gateway, "refund", PAID)
    assert (outcome, len(sent)) == (Outcome(Status.PENDING), 1)


# What several questions take


async def test_following_a_charge_keeps_the_deadline() -> None:
    """Two calls share what a query has: the second one is given up in time."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.6 if request.url.path.endswith(HELD) else 9)
        said = {"uid": HELD, "type": "authorization", "status": "successful", "parent_uid": TAKEN}
        return httpx.Response(200, json={"transaction": said})

    async with httpx.MockTransport(answer) as transport:
        gateway = OverpayCards(OPTIONS, transport, query_seconds=1)
        began = time.monotonic()
        outcome = await gateway.status(reference(transaction_type="charge"))
    assert 0.6 < time.monotonic() - began < 1.4
    assert (outcome.status, outcome.id) == (Status.PENDING, HELD)


# Who is told


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"transaction": {"uid": "u", "type": "payment", "status": "incomplete",
                          "redirect_url": "http://bank.example/"}}, "gateway.unusable_step"),
        ({"transaction": {"uid": "u", "type": "payment", "status": "incomplete"}},
         "gateway.no_step"),
        ({"transaction": {"uid": "u", "type": "capture", "status": "successful"}},
         "gateway.another_type"),
        ({"transaction": {"uid": "u", "type": "payment", "status": "successful",
                          "amount": 12.5}}, "gateway.unreadable_facts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_what_nobody_can_settle_is_raised(said: dict[str, Any], event: str) -> None:
    host = Host({"/transactions/payments": said})
    async with httpx.MockTransport(host) as transport:
        with capture_logs() as logged:
            outcome = await OverpayCards(OPTIONS, transport).pay(samples.CHARGE)
    assert [(line["event"], line["log_level"], line.get("alert")) for line in logged] == [
        (event, "error", True)
    ]
    assert outcome.status in (Status.PENDING, Status.CANCELLED)


async def test_a_refused_request_is_raised_by_its_fields_names() -> None:
    errors = {"currency": ["is not allowed"], "request": {"notification_url": ["is invalid"]}}
    host = Host({"/transactions/payments": {"message": "No", "errors": errors}}, status=422)
    async with httpx.MockTransport(host) as transport:
        with capture_logs() as logged:
            first = await OverpayCards(OPTIONS, transport).pay(samples.CHARGE)
    assert (first.status, first.reason) == (Status.DECLINED, DeclineReason.CURRENCY)
    assert logged == []
    host.answers["/transactions/payments"]["errors"] = {"notification_url": ["is invalid"]}
    async with httpx.MockTransport(host) as transport:
        with capture_logs() as logged:
            await OverpayCards(OPTIONS, transport).pay(samples.CHARGE)
    (line,) = logged
    assert (line["event"], line["alert"]) == ("gateway.refused_request", True)
    assert line["fields"] == ("notification_url",)
