"""The kit for the REST gateway, and what its exchanges don't show."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unauthorized
from checkout.gateways.base import (
    Captures,
    Confirms,
    FindsOperations,
    Gateway,
    Refunds,
    Voids,
)
from checkout.gateways.rest.codes import reason_of
from checkout.gateways.rest.encoding import decoded, encoded
from checkout.gateways.rest.gateway import Rest
from checkout.gateways.rest.options import Options
from checkout.gateways.rest.request import amount_of
from checkout.gateways.rest.response import minor_units, payment
from checkout.gateways.rest.signature import checksum, signed_words
from checkout.gateways.rest.token import KEPT_SECONDS, Token
from checkout.model.money import Money
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import Status
from tests.gateways import samples
from tests.gateways.kit import Conformance
from tests.gateways.replay import body_of
from tests.gateways.rest.side import (
    ACCOUNT,
    EUR,
    PAID,
    PAYMENTS,
    REFERENCE,
    SECURE_KEY,
    TOKEN,
    Answers,
    RestSide,
    answering,
    options,
    signed,
)


class TestRest(Conformance):
    adapter = "rest"
    side = RestSide()


CHARGE = samples.CHARGE


def test_it_is_what_it_says() -> None:
    gateway: Gateway = Answers().account()
    for verb in (Captures, Voids, Refunds, FindsOperations):
        assert isinstance(gateway, verb)
    assert not isinstance(gateway, Confirms)
    assert gateway.capabilities.exponents == {0, 1, 2}
    assert Options.longest_return_url < 100


# Checksums


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            ("11344", "secureKey", "RestTransaction01", "50.00"),
            "fcae56890665174a5d03fce306414d0d",
        ),
        (
            ("21565", "testTransaction", "50.00", "Y", "secureKey"),
            "742628b97396ff13bcf64dd2ab49da3c",
        ),
    ],
)
def test_documented_checksums(fields: tuple[str, ...], expected: str) -> None:
    assert checksum(*fields) == expected


def test_the_documented_way_back_is_genuine() -> None:
    message = {
        "paymentId": "21565",
        "merchantTransactionId": "testTransaction",
        "amount": "50.00",
        "status": "Y",
        "checksum": "742628b97396ff13bcf64dd2ab49da3c",
    }
    assert signed_words(message, "secureKey") == {"status"}
    assert not signed_words(message, "securekey")
    assert not signed_words(message | {"status": "N"}, "secureKey")


@pytest.mark.parametrize("status", ["transactionStatus", "status"])
def test_either_status_word_may_be_signed(status: str) -> None:
    body = signed(PAID, status)
    assert Answers().account().notification({}, body).status is Status.PAID


def test_the_unsigned_word_wins_nothing() -> None:
    """A customer whose payment failed brings back a valid checksum, over "N"."""
    failed = {**PAID, "transactionStatus": None, "status": "N"}
    proof = json.loads(signed(failed, "status"))["checksum"]
    for word in ("Y", "authsuccessful", "settled"):
        forged = {**PAID, "status": "N", "transactionStatus": word, "checksum": proof}
        outcome = Answers().account().notification({}, json.dumps(forged).encode())
        assert outcome.status is Status.PENDING


def test_only_what_is_signed_is_told() -> None:
    more = {
        "registrationId": "stolen",
        "card": {"bin": "411111", "last4Digits": "1111"},
        "redirect": {"url": "https://evil.example/"},
        "transactionStatus": "P",
        "status": "authstarted",
    }
    outcome = Answers().account().notification({}, signed({**PAID, **more}))
    assert outcome == Outcome(
        Status.PENDING,
        "21565",
        facts=msgspec.structs.replace(outcome.facts, money=EUR, key=samples.KEY),
    )


@pytest.mark.parametrize("amount", ["12.50", "12.5", "12.500", "0012.50"])
def test_amounts_are_signed_as_they_stand(amount: str) -> None:
    """Also where they are numbers: no digit is lost on the way to the checksum."""
    message = {**PAID, "amount": amount}
    proof = json.loads(signed(message))["checksum"]
    raw = json.dumps({**message, "checksum": proof})
    gateway = Answers().account()
    assert gateway.notification({}, raw.encode()).facts.money == EUR
    if not amount.startswith("0"):  # JSON has no such numbers
        number = raw.replace(f'"{amount}"', amount)
        assert gateway.notification({}, number.encode()).facts.money == EUR
    with pytest.raises(Unauthorized):
        gateway.notification({}, raw.replace(amount, amount + "0").encode())


# Settings


def test_settings() -> None:
    own = msgspec.convert({"base_url": "https://a.example", **ACCOUNT}, Options)
    assert (own.answers, own.terminal_id) == ("json", "1")
    for shown in (repr(own), str(own), repr(own.__rich_repr__())):
        assert SECURE_KEY not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"partner_id": ""},
        {"username": " "},
        {"member_id": ""},
        {"member_id": "1|2"},
        {"secure_key": ""},
        {"answers": "yaml"},
        {"key": "x"},
        {"member_id": 11344},
    ],
    ids=repr,
)
def test_settings_that_cannot_be_used(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"base_url": "https://a.example", **ACCOUNT, **changes}, Options)
    assert SECURE_KEY not in str(refused.value)


# The token


async def test_one_token_serves_many_calls() -> None:
    answers = Answers()
    gateway = answers.account()
    for _ in range(3):
        assert (await gateway.pay(CHARGE)).status is Status.PAID
    await gateway.status(samples.REFERENCE)
    assert answers.tokens == 1
    assert {request.headers["AuthToken"] for request in answers.requests} == {"token-1"}


async def test_many_at_once_fetch_one_token() -> None:
    answers = Answers()
    answers.gate = asyncio.Event()
    gateway = answers.account()
    paying = [asyncio.create_task(gateway.pay(CHARGE)) for _ in range(20)]
    await asyncio.sleep(0.05)
    answers.gate.set()
    assert {one.status for one in await asyncio.gather(*paying)} == {Status.PAID}
    assert answers.tokens == 1


async def test_many_refused_at_once_fetch_one_token() -> None:
    answers = Answers()

    def say(fields: dict[str, str]) -> httpx.Response:
        fresh = answers.requests[-1].headers["AuthToken"] != "token-1"
        return httpx.Response(200, json=PAID) if fresh else httpx.Response(401)

    answers.say = say
    gateway = answers.account()
    outcomes = await asyncio.gather(*(gateway.pay(CHARGE) for _ in range(10)))
    assert {one.status for one in outcomes} == {Status.PAID}
    assert answers.tokens == 2


async def test_many_that_wait_share_a_failure() -> None:
    """Else each would wait for its own, one after the other."""
    answers = Answers()
    answers.gate = asyncio.Event()
    answers.token_answer = httpx.Response(503)
    gateway = answers.account()
    paying = [asyncio.create_task(gateway.pay(CHARGE)) for _ in range(20)]
    await asyncio.sleep(0.05)
    answers.gate.set()
    assert set(map(repr, await asyncio.gather(*paying))) == {
        repr(Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE))
    }
    assert answers.tokens == 1
    assert answers.requests == []
    answers.token_answer = None
    assert (await gateway.pay(CHARGE)).status is Status.PAID


async def test_one_who_leaves_lets_the_next_fetch() -> None:
    answers = Answers()
    answers.gate = asyncio.Event()
    gateway = answers.account()
    first = asyncio.create_task(gateway.pay(CHARGE))
    second = asyncio.create_task(gateway.pay(CHARGE))
    await asyncio.sleep(0.02)
    first.cancel()
    answers.gate.set()
    assert (await second).status is Status.PAID
    assert answers.tokens == 2


async def test_token_is_kept_for_55_minutes() -> None:
    now, given = 1000.0, []

    async def fetch(seconds: float) -> str | DeclineReason:
        given.append(seconds)
        return f"t{len(given)}"

    token = Token(fetch, clock=lambda: now)
    assert await token.get(5) == "t1"
    now += KEPT_SECONDS - 1
    assert await token.get(4) == "t1"
    now += 1
    assert await token.get(3) == "t2"
    assert given == [5, 3]
    token.drop("t1")  # an old one, refused late
    assert await token.get(2) == "t2"
    token.drop("t2")
    assert await token.get(1) == "t3"
    assert KEPT_SECONDS == 55 * 60


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(401), DeclineReason.CREDENTIALS),
        (httpx.Response(403), DeclineReason.CREDENTIALS),
        (httpx.Response(200, json={"result": {"code": "10001"}}), DeclineReason.CREDENTIALS),
        (
            httpx.Response(200, json={"result": {"code": "1"}, "AuthToken": "a\nb: c\n d"}),
            DeclineReason.CREDENTIALS,
        ),
        (httpx.Response(200, json={}), DeclineReason.UNREACHABLE),
        (httpx.Response(200, json=[]), DeclineReason.UNREACHABLE),
        (httpx.Response(200, text="<html></html>"), DeclineReason.UNREACHABLE),
        (httpx.Response(429), DeclineReason.UNREACHABLE),
        (httpx.Response(500), DeclineReason.UNREACHABLE),
    ],
    ids=["401", "403", "refused", "no header", "empty", "list", "html", "429", "500"],
)
async def test_without_a_token_nothing_is_sent(
    answer: httpx.Response, reason: DeclineReason
) -> None:
    answers = Answers()
    answers.token_answer = answer
    gateway = answers.account()
    with capture_logs() as logged:
        assert await gateway.pay(CHARGE) == Outcome(Status.NOT_SENT, reason=reason)
        asked = await gateway.status(REFERENCE)
    assert asked.status is Status.PENDING
    assert (asked.reason is DeclineReason.CREDENTIALS) == (reason is DeclineReason.CREDENTIALS)
    assert answers.requests == []
    assert any(line.get("alert") for line in logged) == (reason is DeclineReason.CREDENTIALS)


async def test_the_secure_key_goes_nowhere_but_to_the_token() -> None:
    answers = Answers()
    await answers.account().pay(CHARGE)
    request = answers.requests[0]
    assert SECURE_KEY not in str(request.url) + repr(request.headers) + request.content.decode()


async def test_deadline_holds_for_all_calls_together() -> None:
    seen: list[float] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["read"])
        await asyncio.sleep(0.1)
        if request.url.path == TOKEN:
            return httpx.Response(200, json={"AuthToken": "t", "result": {}})
        return httpx.Response(401)

    transport = httpx.MockTransport(slow)
    gateway = Rest(options(), transport, charge_seconds=5, query_seconds=1)
    await gateway.pay(CHARGE)
    token, first, again, second = seen
    assert token <= 1
    assert again <= 1
    assert 5 > first > second > 4
    assert first <= 4.91
    assert second <= 4.71


# Requests


async def test_xml_is_asked_for_where_it_is_set() -> None:
    answers = Answers()
    await answers.account(answers="xml").pay(CHARGE)
    assert answers.requests[0].headers["accept"] == "application/xml"
    await answers.account(terminal_id=None).pay(CHARGE)
    assert "authentication.terminalId" not in body_of(answers.requests[1])


async def test_every_call_is_signed() -> None:
    answers = Answers(answering({**PAID, "result": {"code": "00004"}}))
    gateway = answers.account()
    await gateway.pay(CHARGE)
    await gateway.status(samples.REFERENCE)
    await gateway.status(REFERENCE)
    await gateway.capture(REFERENCE, Money(500, "EUR"), "op-1")
    await gateway.refund(REFERENCE, Money(500, "EUR"), "op-2", "broken")
    await gateway.void(REFERENCE, EUR, "op-3")
    own = ("11344", SECURE_KEY)
    expected = [
        checksum(*own, samples.KEY, "12.50"),
        checksum(*own, samples.KEY),
        checksum(*own, "21565"),
        checksum(*own, "21565", "5.00"),
        checksum(*own, "21565", "5.00"),
        checksum(*own, "21565"),
    ]
    bodies = [body_of(request) for request in answers.requests]
    assert [body["authentication.checksum"] for body in bodies] == expected
    kinds = [(body["paymentType"], body.get("idType")) for body in bodies]
    assert kinds == [
        ("DB", None), ("IN", "MID"), ("IN", "PID"), ("CP", None), ("RF", None), ("RV", None)
    ]  # fmt: skip
    assert [body.get("amount") for body in bodies] == ["12.50", None, None, "5.00", "5.00", None]
    paths = [request.url.path.removeprefix(PAYMENTS) for request in answers.requests]
    assert paths == ["", f"/{samples.KEY}", "/21565", "/21565", "/21565", "/21565"]


async def test_ids_are_quoted() -> None:
    answers = Answers()
    await answers.account().status(msgspec.structs.replace(REFERENCE, id="a/b?c#d"))
    assert answers.requests[0].url.raw_path.decode() == f"{PAYMENTS}/a%2Fb%3Fc%23d"


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(5000, "EUR"), "50.00"),
        (Money(1, "EUR"), "0.01"),
        (Money(1999, "JPY"), "1999.00"),
        (Money(9999999999, "EUR"), "99999999.99"),
        (Money(10000000000, "EUR"), None),
        (Money(100000000, "JPY"), None),
        (Money(1250, "KWD"), None),
        (Money(1250, "CLF"), None),
        (Money(1999, "IQD", 0), "1999.00"),
        (Money(1999, "MOP", 1), "199.90"),
        (Money(1999, "UGX", 2), "19.99"),
        (Money(1999, "EUR", 3), None),
    ],
    ids=str,
)
def test_amounts_as_they_are_written(money: Money, written: str | None) -> None:
    assert amount_of(money) == written
    assert (Answers().account().refusal_of_amount(money) is None) == (written is not None)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("50.00", "EUR", 5000),
        ("50", "EUR", 5000),
        ("50.5", "EUR", 5050),
        ("1999.00", "JPY", 1999),
        ("1999.50", "JPY", None),
        ("1.250", "EUR", 125),
        ("1.255", "EUR", None),
        ("1.25", "KWD", 1250),
        ("1e3", "EUR", None),
        ("-1.00", "EUR", None),
        ("1,00", "EUR", None),
        ("١.00", "EUR", None),
        (" 1.00", "EUR", None),
        ("1.", "EUR", None),
        ("NaN", "EUR", None),
        ("99999999999999", "EUR", None),
    ],
)
def test_amounts_as_they_are_read(amount: str, currency: str, minor: int | None) -> None:
    assert minor_units(amount, currency) == minor


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "a|b"},
        {"key": ""},
        {"key": "k" * 101},
        {"key": "ключ"},
        {"return_url": "https://pay.example.com/return/" + "x" * 69},
        {"money": Money(1250, "KWD")},
        {"money": Money(10**10, "EUR")},
        {"card": None},
    ],
    ids=lambda changes: repr(changes)[:40],
)
async def test_what_cannot_be_said_is_not_sent(changes: dict[str, Any]) -> None:
    answers = Answers()
    charge = msgspec.structs.replace(CHARGE, **changes)
    assert await answers.account().pay(charge) == Outcome(
        Status.NOT_SENT, reason=DeclineReason.INVALID
    )
    assert (answers.tokens, answers.requests) == (0, [])


async def test_a_method_without_a_card_needs_none() -> None:
    net = msgspec.structs.replace(CHARGE.method, name="netbanking", mode="NB")
    assert (
        await Answers().account().pay(msgspec.structs.replace(CHARGE, method=net, card=None))
    ).id
    debit = msgspec.structs.replace(CHARGE.method, mode="DC")
    said = await Answers().account().pay(msgspec.structs.replace(CHARGE, method=debit, card=None))
    assert said == Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID)


def test_forms_are_utf_8() -> None:
    assert encoded({"a.b": "ü &=+", "c": "\ud800"}) == b"a.b=%C3%BC+%26%3D%2B&c=%3F"


# Answers


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"<", b"<a>", b"<a></b>", b"{", b'{"a": 1} x', b"\xff\xfe", b"<a>\xff</a>", b"NaN",
        b"<html><p>Sorry</html>",
        b'<!DOCTYPE a><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b"<a>" * 50_000 + b"</a>" * 50_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"a":' * 20 + b"1" + b"}" * 20,
    ],
    ids=lambda raw: f"{raw[:60]!r} ({len(raw)})",
)  # fmt: skip
def test_unreadable(raw: bytes) -> None:
    assert decoded(raw) is None


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b'{"a ": 1, " b": {"c\\t": 2.50}}', {"a": 1, "b": {"c": "2.50"}}),
        (b'{"a": 1, "a ": 2}', {"a": 1}),
        (b"<a/>", ""),
        (b"<a><b> x </b><!-- no --><c/></a>", {"b": " x ", "c": ""}),
        (b"<a><b>1</b><b>2</b><b>3</b></a>", {"b": ["1", "2", "3"]}),
        (b'<n:a xmlns:n="urn:x"><n:b>1</n:b></n:a>', {"b": "1"}),
        (b"\n <a><b>1</b></a>", {"b": "1"}),
        ("<a><b>ü&amp;</b></a>".encode(), {"b": "ü&"}),
    ],
)
def test_readable(raw: bytes, data: Any) -> None:
    assert decoded(raw) == data


SENTENCES = {
    "Insufficient Funds": DeclineReason.INSUFFICIENT_FUNDS,
    "Funds not sufficient": DeclineReason.INSUFFICIENT_FUNDS,
    "Not enough balance": DeclineReason.INSUFFICIENT_FUNDS,
    "Expired card": DeclineReason.CARD_EXPIRED,
    "The card expired": DeclineReason.CARD_EXPIRED,
    "Card has expired": DeclineReason.CARD_EXPIRED,
    "Wrong expiry": DeclineReason.CARD_EXPIRED,
    "CVV mismatch": DeclineReason.SECURITY_CODE,
    "Wrong CVC": DeclineReason.SECURITY_CODE,
    "Security code failed": DeclineReason.SECURITY_CODE,
    "Do not honor": DeclineReason.DO_NOT_HONOUR,
    "Do not honour": DeclineReason.DO_NOT_HONOUR,
    "Fraud suspected": DeclineReason.SUSPECTED_FRAUD,
    "Stolen": DeclineReason.SUSPECTED_FRAUD,
    "Pick up card": DeclineReason.SUSPECTED_FRAUD,
    "Your daily limit is reached": DeclineReason.LIMIT,
    "3D authentication failed": DeclineReason.AUTHENTICATION,
    "3-D Secure failed": DeclineReason.AUTHENTICATION,
    "Customer not authenticated": DeclineReason.AUTHENTICATION,
    "Cancelled by customer": DeclineReason.CUSTOMER_CANCELLED,
    "Canceled by customer": DeclineReason.CUSTOMER_CANCELLED,
    "Duplicate transaction": DeclineReason.DUPLICATE,
    "Currency is unknown": DeclineReason.CURRENCY,
    "Wrong card number": DeclineReason.CARD_NUMBER,
    "Check card.number": DeclineReason.CARD_NUMBER,
    "Invalid card": DeclineReason.CARD_NUMBER,
    "Card not supported": DeclineReason.CARD_NOT_ACCEPTED,
    "Transaction not permitted": DeclineReason.CARD_NOT_ACCEPTED,
    "Checksum mismatch": DeclineReason.CREDENTIALS,
    "AuthToken is wrong": DeclineReason.CREDENTIALS,
    "Auth token is wrong": DeclineReason.CREDENTIALS,
    "Timeout": DeclineReason.TIMED_OUT,
    "Time out": DeclineReason.TIMED_OUT,
    "Timed out": DeclineReason.TIMED_OUT,
    "Internal error": DeclineReason.PROVIDER,
    "System error": DeclineReason.PROVIDER,
    "Technical problem": DeclineReason.PROVIDER,
    "Bank unavailable": DeclineReason.PROVIDER,
    "Validation failed": DeclineReason.INVALID,
    "Mandatory field": DeclineReason.INVALID,
    "Invalid terminal": DeclineReason.INVALID,
    "Transaction failed": None,
    "": None,
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_reasons(sentence: str) -> None:
    assert reason_of(sentence) is SENTENCES[sentence]
    assert reason_of(None, sentence.upper()) is SENTENCES[sentence]


def test_the_banks_sentence_goes_first() -> None:
    assert reason_of("Insufficient funds", "Invalid") is DeclineReason.INSUFFICIENT_FUNDS
    assert reason_of("?", "Invalid") is DeclineReason.INVALID


def test_only_the_promised_digits_of_a_card_are_kept() -> None:
    number = samples.CARD_NUMBER
    said = payment(
        {**PAID, "card": {"bin": number, "last4Digits": number}, "registrationId": number}, None
    )
    assert said is not None
    assert number not in repr(said.facts)


@pytest.mark.parametrize("data", [None, 7, "x", [], {}, {"status": "Y"}, {"result": "00001"}])
def test_no_answer_of_this_gateway(data: Any) -> None:
    assert payment(data, EUR) is None
