"""Captures, reversals and refunds at the REST gateway: what the answers to them mean."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from checkout.gateways.base import OperationReference
from checkout.gateways.rest.codes import LONG
from checkout.gateways.rest.gateway import Rest
from checkout.gateways.rest.operations import ANSWER, AS_BEFORE, CAPTURE, LATER, REFUND, REVERSAL
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status
from tests.gateways import samples
from tests.gateways.kit import unreachable
from tests.gateways.rest.side import EUR, PAID, PAYMENTS, REFERENCE, Answers, answering, options


def operation(name: str, gateway: Rest) -> Coroutine[Any, Any, Outcome]:
    match name:
        case "capture":
            return gateway.capture(REFERENCE, EUR, "op-1")
        case "void":
            return gateway.void(REFERENCE, EUR, "op-1")
        case _:
            return gateway.refund(REFERENCE, EUR, "op-1", "broken")


DONE = {
    "capture": ("00004", "capturesuccess", Status.PAID),
    "void": ("00006", "cancelled", Status.REFUNDED),
    "refund": ("00005", "reversed", Status.REFUNDED),
}


@pytest.mark.parametrize("name", list(DONE))
async def test_done(name: str) -> None:
    code, word, status = DONE[name]
    for body in (
        {"paymentId": "21565", "result": {"code": code}},
        {"paymentId": "21565", "transactionStatus": "Y", "result": {"code": code}},
        {"paymentId": "21565", "transactionStatus": "Y", "result": {"code": "00001"}},
        {"paymentId": "21565", "status": word, "result": {"code": "00031"}},
    ):
        outcome = await operation(name, Answers(answering(body)).account())
        assert (outcome.status, outcome.id, outcome.reason) == (status, "21565", None)


async def test_a_reversal_may_call_the_payment_cancelled() -> None:
    body = {"paymentId": "21565", "transactionStatus": "C", "result": {"code": "00006"}}
    assert (await operation("void", Answers(answering(body)).account())).status is Status.REFUNDED
    outcome = await operation("refund", Answers(answering(body)).account())
    assert outcome.status is Status.PENDING


@pytest.mark.parametrize("name", list(DONE))
async def test_refused(name: str) -> None:
    for status, body in (
        (200, {"transactionStatus": "N", "result": {"code": "10001"}}),
        (200, {"transactionStatus": "N", "result": {"code": "00001"}}),
        (200, {"result": {"code": "10001", "description": "Amount exceeds limit"}}),
        (200, {"result": {"code": "10009", "description": "Record not found"}}),
        (422, {"result": {"code": "20044", "description": "Already refunded"}}),
    ):
        outcome = await operation(name, Answers(answering(body, status)).account())
        assert outcome.status is Status.DECLINED
        assert outcome.reason is not None


@pytest.mark.parametrize("name", list(DONE))
async def test_unclear(name: str) -> None:
    code, word, _ = DONE[name]
    for status, body in (
        (200, {"transactionStatus": "Y", "result": {"code": "10001"}}),
        (200, {"transactionStatus": "Y", "result": {"code": "20044"}}),
        (200, {"transactionStatus": "P", "result": {"code": code}}),
        (200, {"transactionStatus": "Y", "result": {"code": code}, "amount": []}),
        (200, {"transactionStatus": "Q", "status": word, "result": {"code": "20044"}}),
        (200, {"result": {"code": "20044", "description": "?"}}),
        (200, {"status": word, "result": {"code": "20044", "description": "Already done"}}),
        (200, {"status": word, "result": {"code": "00026", "description": "Record found"}}),
        (200, {"result": {"code": "10001", "description": "System error"}}),
        (200, {"result": {"code": "00026", "description": "Record found"}}),
        (422, {"result": {"code": code}}),
        (500, {"result": {"code": code}}),
        (200, {}),
    ):
        outcome = await operation(name, Answers(answering(body, status)).account())
        assert outcome.status is Status.PENDING, body


@pytest.mark.parametrize("name", list(DONE))
async def test_failures_mean_what_they_mean_for_charges(name: str) -> None:
    refused = Answers(lambda fields: httpx.Response(401))
    outcome = await operation(name, refused.account())
    assert outcome == Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)
    assert (refused.tokens, len(refused.requests)) == (2, 2)
    transport = httpx.MockTransport(unreachable)
    outcome = await operation(name, Rest(options(), transport))
    assert outcome == Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE)


@pytest.mark.parametrize(
    "money", [Money(1251, "EUR"), Money(1250, "USD"), Money(0, "EUR"), Money(-1, "EUR")], ids=str
)
async def test_never_more_than_was_paid(money: Money) -> None:
    answers = Answers()
    gateway = answers.account()
    for outcome in (
        await gateway.capture(REFERENCE, money, "op-1"),
        await gateway.refund(REFERENCE, money, "op-1", "broken"),
        await gateway.void(REFERENCE, money, "op-1"),
        await gateway.void(REFERENCE, Money(500, "EUR"), "op-1"),
    ):
        assert outcome == Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID)
    assert answers.requests == []


async def test_an_id_never_heard_is_looked_up() -> None:
    answers = Answers()
    answers.say = lambda fields: httpx.Response(
        200, json=PAID if fields["paymentType"] == "IN" else {"result": {"code": "00005"}}
    )
    gateway = answers.account()
    outcome = await gateway.refund(samples.REFERENCE, EUR, "op-1", "broken")
    assert outcome.status is Status.REFUNDED
    paths = [request.url.path.removeprefix(PAYMENTS) for request in answers.requests]
    assert paths == [f"/{samples.KEY}", "/21565"]
    answers.say = answering({"result": {"code": "10009"}})
    outcome = await gateway.refund(samples.REFERENCE, EUR, "op-1", "broken")
    assert outcome == Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE)


async def test_an_unclear_operation_is_sent_once() -> None:
    answers = Answers(lambda fields: httpx.Response(502))
    assert await operation("refund", answers.account()) == UNKNOWN
    assert len(answers.requests) == 1


# What each long word means for each operation, written down once more: in the answer to it, beside
# any short word and a code of success; and later, in the payment's state.
OWN_CODE = {"capture": "00004", "void": "00006", "refund": "00005"}
P, R, A, D, W, L = (
    Status.PAID,
    Status.REFUNDED,
    Status.ACCEPTED,
    Status.DECLINED,
    Status.PENDING,
    Status.NOT_SENT,
)
ANSWERED = {
    "capture": {
        **dict.fromkeys(("capturesuccess", "settled", "setteled"), P),
        "capturestarted": A,
        **dict.fromkeys(("capturefailed", "failed"), D),
    },
    "void": {
        **dict.fromkeys(("cancelled", "authcancelled", "reversed"), R),
        **dict.fromkeys(("cancelstarted", "markedforreversal"), A),
        "failed": D,
    },
    "refund": {
        **dict.fromkeys(("reversed", "partialrefund"), R),
        "markedforreversal": A,
        "failed": D,
    },
}
BEFORE = {
    "capture": {"authsuccessful"},
    "void": {"authsuccessful", "capturesuccess"},
    "refund": {"authsuccessful", "capturesuccess", "settled", "setteled"},
}
SEEN_LATER = {
    "capture": {
        **dict.fromkeys(("capturesuccess", "settled", "setteled", "partialrefund"), P),
        "capturestarted": A,
        "capturefailed": D,
        "authsuccessful": L,
    },
    "void": {
        **dict.fromkeys(("cancelled", "authcancelled", "reversed"), R),
        **dict.fromkeys(("cancelstarted", "markedforreversal"), A),
        "authsuccessful": L,
    },
    "refund": {**dict.fromkeys(("reversed", "partialrefund"), R), "markedforreversal": A},
}
WORDS = [*LONG, "proofrequired", "heldforreview"]


async def said_to(
    name: str, word: str | None, short: str | None, code: str, http_status: int = 200
) -> Status:
    body: dict[str, Any] = {"paymentId": "21565", "status": word, "transactionStatus": short}
    body |= {"result": {"code": code}}
    return (await operation(name, Answers(answering(body, http_status)).account())).status


@pytest.mark.parametrize("short", [None, "Y", "N", "P", "C"])
@pytest.mark.parametrize("name", list(DONE))
async def test_the_long_word_decides(name: str, short: str | None) -> None:
    for word in WORDS:
        if word not in BEFORE[name]:
            found = await said_to(name, word, short, OWN_CODE[name])
            assert found is ANSWERED[name].get(word, W), word


@pytest.mark.parametrize("name", list(DONE))
async def test_a_word_alone_is_no_success(name: str) -> None:
    """It may be the payment's own, from before; so may be the error that comes with it."""
    for word, means in ANSWERED[name].items():
        for code, status in (("10001", 200), ("10009", 200), ("00026", 200), ("00001", 400)):
            expected = D if means is D else W
            assert await said_to(name, word, "Y", code, status) is expected, (word, code, status)


@pytest.mark.parametrize("name", list(DONE))
async def test_as_before_the_short_word_and_the_code_decide(name: str) -> None:
    for word in (None, *BEFORE[name]):
        for code in ("00001", OWN_CODE[name]):
            assert await said_to(name, word, "Y", code) is DONE[name][2]
        for short, code, means in (
            ("Y", "00003", W),
            ("P", OWN_CODE[name], W),
            ("N", "10001", D),
            ("N", "10009", W),
        ):
            assert await said_to(name, word, short, code) is means, (word, short, code)


@pytest.mark.parametrize("short", [None, "Y", "N"])
@pytest.mark.parametrize("kind", list(SEEN_LATER))
async def test_what_the_payment_tells_later(kind: str, short: str | None) -> None:
    part = OperationReference(kind=kind, key="op-1", id=None, money=Money(500, "EUR"))
    for word in WORDS:
        body = {**PAID, "transactionStatus": short, "status": word}
        found = await Answers(answering(body)).account().operation_status(REFERENCE, part)
        assert found.status is SEEN_LATER[kind].get(word, W), word
        assert found.facts == GatewayFacts()  # those are the payment's


async def test_a_part_sent_back_is_not_all_of_it() -> None:
    gateway = Answers(answering({**PAID, "status": "partialrefund"})).account()
    whole = OperationReference(kind="refund", key="op-1", id=None, money=EUR)
    assert (await gateway.operation_status(REFERENCE, whole)).status is Status.PENDING
    by_itself = OperationReference(kind="refund", key=None, id="21565", money=None)
    assert (await gateway.operation_status(REFERENCE, by_itself)).status is Status.PENDING


async def test_a_chargeback_is_told_by_the_payment_alone() -> None:
    gateway = Answers(answering({**PAID, "status": "chargeback"})).account()
    asked = OperationReference(kind="chargeback", key=None, id="21565", money=None)
    assert (await gateway.operation_status(REFERENCE, asked)).status is Status.PENDING


def test_tables() -> None:
    kinds = {"capture": CAPTURE, "void": REVERSAL, "refund": REFUND}
    for kind, name in kinds.items():
        assert ANSWER[name] == ANSWERED[kind]
        assert AS_BEFORE[name] == BEFORE[kind] | {""}
        assert LATER[kind] == SEEN_LATER[kind]
        assert set(ANSWER[name]) | set(LATER[kind]) | BEFORE[kind] <= set(LONG)
