"""Registrations, payments by them, series and payouts at the REST gateway: what is sent, what is
refused, and what a setting switches off."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.gateways.base import Charge
from checkout.gateways.rest.calls import Cannot, call_of
from checkout.gateways.rest.gateway import Rest
from checkout.gateways.rest.options import BASE, Options
from checkout.model.card import SavedCard
from checkout.model.money import Money
from checkout.model.order import MONEY_OUT, TOKENIZATION
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome, PaidCard
from checkout.model.status import Status
from tests.gateways import samples
from tests.gateways.replay import body_of
from tests.gateways.rest.side import (
    ACCOUNT,
    MEMBER,
    PAID,
    REFERENCE,
    SECURE_KEY,
    TOKEN,
    Answers,
    answering,
    hashed,
    options,
    signed,
)

REGISTRATION = "R8f3kq0x"
CODED = SavedCard(REGISTRATION, samples.CARD_CODE)
PLAIN = SavedCard(REGISTRATION)
REGISTERED = {"id": REGISTRATION, "result": {"code": "00002", "description": "Registered"}}
NOT_SENT = Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID)


def charge(kind: str = "payment", **changes: Any) -> Charge:
    order = msgspec.structs.replace(
        samples.CHARGE.order, transaction_type=kind, **changes.pop("order", {})
    )
    return msgspec.structs.replace(samples.CHARGE, order=order, **changes)


def payout(**changes: Any) -> Charge:
    return charge("payout", card=PLAIN, browser=None, order={"merchant_initiated": True}, **changes)


# Checksums, as the platform's public clients make them


@pytest.mark.parametrize(
    ("asked", "path", "fields"),
    [
        (charge(), "/payments", (MEMBER, SECURE_KEY, samples.KEY, "12.50")),
        (charge(after="21565"), "/payments/21565", (MEMBER, SECURE_KEY, "21565", "12.50")),
        (
            charge(card=CODED),
            f"/paywithtoken/{REGISTRATION}",
            (MEMBER, SECURE_KEY, REGISTRATION, "12.50"),
        ),
        (charge(TOKENIZATION), "/registrations", (MEMBER, SECURE_KEY, samples.CARD_NUMBER)),
        (payout(), "/payout", (MEMBER, samples.KEY, "12.50", SECURE_KEY)),
    ],
    ids=["card", "series", "token", "registration", "payout"],
)
async def test_every_call_is_signed(asked: Charge, path: str, fields: tuple[str, ...]) -> None:
    answers = Answers()
    await answers.account().pay(asked)
    (request,) = answers.requests
    assert request.url.path == BASE + path
    body = body_of(request)
    assert body["authentication.checksum"] == hashed(*fields)
    assert (body["authentication.memberId"], body["authentication.terminalId"]) == (MEMBER, "1")


# What is switched off


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("registrations", charge(TOKENIZATION)),
        ("pay_with_token", charge(card=CODED)),
        ("pay_with_token", charge("authorization", card=PLAIN, order={"merchant_initiated": True})),
        ("payouts", payout()),
    ],
    ids=["registrations", "token", "alone", "payouts"],
)
async def test_switched_off_it_is_refused_and_said(setting: str, asked: Charge) -> None:
    answers = Answers()
    gateway = answers.account(**{setting: False})
    with capture_logs() as logged:
        assert await gateway.pay(asked) == NOT_SENT
    assert (answers.tokens, answers.requests) == (0, [])
    (line,) = logged
    assert setting in line["why"]
    assert line["alert"]
    assert (await Answers().account().pay(asked)).status is not Status.NOT_SENT


def test_switched_off_it_is_not_offered() -> None:
    can = Answers().account().capabilities
    assert TOKENIZATION in can.transaction_types
    assert can.accepts_tokens
    assert can.merchant_initiated == {"payment", "authorization", "charge", "payout"}
    off = Answers().account(registrations=False, pay_with_token=False, payouts=False).capabilities
    assert off.transaction_types == {"payment", "charge", "authorization"}
    assert not off.accepts_tokens
    assert off.merchant_initiated == set()
    assert off.recurring == can.recurring == {"payment"}  # documented


async def test_what_is_not_built_is_refused() -> None:
    answers = Answers()
    credit = next(kind for kind in MONEY_OUT if kind != "payout")
    for asked in (
        charge(credit, card=PLAIN, order={"merchant_initiated": True}),
        charge("authorization", after="21565"),
        charge(TOKENIZATION, card=None),
        charge(TOKENIZATION, card=CODED),
        charge("payout", order={"merchant_initiated": True}),  # a whole card
        charge("payout", card=None, order={"merchant_initiated": True}),
        payout(money=Money(1250, "KWD")),
    ):
        assert await answers.account().pay(asked) == NOT_SENT
    assert answers.requests == []


@pytest.mark.parametrize(
    "token",
    ["", "a/b", "..", ".", "a|b", "a b", "a?b", "é", "x" * 129, samples.CARD_NUMBER, "%2e%2e"],
)
async def test_what_is_no_token_goes_nowhere(token: str) -> None:
    answers = Answers()
    for asked in (charge(card=SavedCard(token, "123")), charge("payout", card=SavedCard(token))):
        said = await answers.account().pay(asked)
        assert said == Outcome(Status.NOT_SENT, reason=DeclineReason.SAVED_CARD)
    assert answers.requests == []


async def test_a_token_is_in_no_log() -> None:
    with capture_logs() as logged:
        for status in (502, 403, 429):
            await Answers(answering({}, status)).account().pay(charge(card=CODED))
        await Answers(lambda fields: httpx.Response(401)).account().pay(charge(card=CODED))
    assert len(logged) > 4
    assert REGISTRATION not in repr(logged)


# Series


@pytest.mark.parametrize(
    ("card", "contract", "alone", "word"),
    [
        (samples.CHARGE.card, ("recurring",), False, "INITIAL"),
        (samples.CHARGE.card, ("oneclick",), False, None),
        (CODED, ("recurring",), False, "INITIAL"),
        (CODED, ("oneclick",), False, None),
        (PLAIN, ("recurring",), True, "REPEATED"),
        (PLAIN, ("recurring",), False, None),
        (PLAIN, ("oneclick",), True, None),
    ],
    ids=["card", "card, once", "code", "code, once", "alone", "at once", "alone, once"],
)
def test_first_or_next_of_a_series(
    card: Any, contract: tuple[str, ...], alone: bool, word: str | None
) -> None:
    call = call_of(
        charge(card=card, order={"contract": contract, "merchant_initiated": alone}), options()
    )
    assert not isinstance(call, Cannot)
    assert call.fields.get("recurringType") == word
    registers = not isinstance(card, SavedCard)
    assert call.fields.get("createRegistration") == ("true" if registers else None)


# What comes of it


@pytest.mark.parametrize("status", [400, 422])
async def test_a_registration_told_with_an_error_is_none(status: int) -> None:
    said = await Answers(answering(REGISTERED, status)).account().pay(charge(TOKENIZATION))
    assert said.status is Status.PENDING


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"transactionStatus": "Y"}, Status.PAID),
        ({"transactionStatus": "N"}, Status.DECLINED),
        ({"transactionStatus": "P"}, Status.PENDING),
        ({"transactionStatus": "Y", "status": "heldforreview"}, Status.PENDING),
        ({"transactionStatus": "Y", "status": "failed"}, Status.DECLINED),
    ],
    ids=repr,
)
async def test_words_beside_a_registration(words: dict[str, str], status: Status) -> None:
    gateway = Answers(answering(REGISTERED | words)).account()
    said = await gateway.pay(charge(TOKENIZATION))
    assert said.status is status
    assert (said.facts.card is not None and said.facts.card.token is not None) == (
        status is Status.PAID
    )


@pytest.mark.parametrize(
    ("sentence", "field", "reason"),
    [
        ("Validation failed: card.number", "number", DeclineReason.CARD_NUMBER),
        ("Invalid card number", "number", DeclineReason.CARD_NUMBER),
        ("Invalid card.expiryYear", "expiry", DeclineReason.CARD_EXPIRED),
        ("Invalid card.cvv", "code", DeclineReason.SECURITY_CODE),
        ("Invalid customer.email", "email", DeclineReason.INVALID),
        ("Invalid customer.phone", "phone", DeclineReason.INVALID),
        ("Invalid customer.birthDate", "birth_date", DeclineReason.INVALID),
        ("Invalid customer.givenName", "first_name", DeclineReason.INVALID),
        ("Invalid customer.surname", "last_name", DeclineReason.INVALID),
        ("Invalid billing.country", "country", DeclineReason.INVALID),
        ("Invalid billing.postcode", "zip", DeclineReason.INVALID),
        ("Invalid terminal", None, DeclineReason.INVALID),
        ("Amount exceeds limit", None, DeclineReason.LIMIT),
    ],
)
async def test_a_field_that_the_customer_can_mend_is_no_decline(
    sentence: str, field: str | None, reason: DeclineReason
) -> None:
    """Where there is a customer, and nothing was made."""
    body = {"paymentId": "-", "result": {"code": "20031", "description": sentence}}
    said = await Answers(answering(body)).account().pay(charge())
    assert said.status is (Status.DECLINED if field is None else Status.NOT_SENT)
    assert (said.field, said.reason, said.id) == (field, reason, None)
    alone = charge(card=PLAIN, order={"merchant_initiated": True})
    told = await Answers(answering(body)).account().pay(alone)
    assert (told.status, told.field) == (Status.DECLINED, None)
    made = {**body, "paymentId": "21565", "transactionStatus": "N", "status": "authfailed"}
    decline = await Answers(answering(made)).account().pay(charge())
    assert (decline.status, decline.field) == (Status.DECLINED, None)


@pytest.mark.parametrize("code", ["00001", "00026", "10004", "90026"])
async def test_a_code_that_refuses_nothing_leaves_it_open(code: str) -> None:
    """There is no id and no word: the payment may have been made."""
    body = {"result": {"code": code, "description": "?"}}
    assert (await Answers(answering(body)).account().pay(charge())).status is Status.PENDING


@pytest.mark.parametrize("why", ["Timed out", "System error", "Duplicate transaction"])
async def test_a_refusal_that_may_hide_a_payment_leaves_it_open(why: str) -> None:
    body = {"paymentId": "-", "result": {"code": "10001", "description": why}}
    assert await Answers(answering(body)).account().pay(charge()) == UNKNOWN


@pytest.mark.parametrize("nothing", ["", "-", "null", "N/A", None])
async def test_how_nothing_is_written(nothing: str | None) -> None:
    body = {"paymentId": nothing, "transactionStatus": nothing, "status": nothing}
    body |= {"merchantTransactionId": nothing, "amount": nothing, "currency": nothing}
    said = (
        await Answers(
            answering({**body, "result": {"code": "10001", "description": "Validation failed"}})
        )
        .account()
        .pay(charge())
    )
    assert (said.status, said.reason, said.id) == (Status.DECLINED, DeclineReason.INVALID, None)


@pytest.mark.parametrize("about", ["registration", "token"])
async def test_a_refusal_about_the_token(about: str) -> None:
    body = {"result": {"code": "20041", "description": f"Invalid {about}"}}
    for card, reason in (
        (CODED, DeclineReason.SAVED_CARD),
        (samples.CHARGE.card, DeclineReason.INVALID),
    ):
        said = await Answers(answering(body)).account().pay(charge(card=card))
        assert (said.status, said.reason) == (Status.DECLINED, reason)


@pytest.mark.parametrize(
    ("brand", "theirs"),
    [
        ("visa", "VISA"),
        ("master", "MC"),
        ("amex", "AMEX"),
        ("jcb", "JCB"),
        ("unionpay", "CUP"),
        ("maestro", "MAESTRO"),
        ("mir", None),
        (None, None),
    ],
)
async def test_brands_both_ways(brand: str | None, theirs: str | None) -> None:
    body = {**PAID, "paymentBrand": theirs, "card": {"last4Digits": "0019"}}
    answers = Answers(answering(body))
    saved = SavedCard(REGISTRATION, known=PaidCard(brand=brand))
    said = await answers.account().pay(charge(card=saved))
    assert body_of(answers.requests[0]).get("paymentBrand") == theirs
    assert said.facts.card is not None
    assert said.facts.card.brand == (brand if theirs else None)


async def test_a_card_number_is_no_registration() -> None:
    body = REGISTERED | {"id": samples.CARD_NUMBER}
    said = await Answers(answering(body)).account().pay(charge(TOKENIZATION))
    assert said.status is not Status.PAID
    assert samples.CARD_NUMBER not in repr(said)


async def test_a_payout_that_is_not_found_may_have_been_made() -> None:
    """Or the shop would send the money twice."""
    absent = Answers(answering({"result": {"code": "10009"}})).account()
    for kind, expected in (("payment", Outcome(Status.NOT_SENT)), ("payout", UNKNOWN)):
        about = msgspec.structs.replace(samples.REFERENCE, transaction_type=kind)
        assert await absent.status(about) == expected


# The token, the addresses


async def test_a_token_for_the_member() -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"AuthToken": "t", "result": {}} | PAID)

    own = {"base_url": "https://gateway.example", "token_by": "member"}
    own |= {"member_id": MEMBER, "secure_key": SECURE_KEY}
    for more in ({}, {"username": "shop"}):
        await Rest(msgspec.convert(own | more, Options), httpx.MockTransport(answer)).pay(charge())
    plain, named = (body_of(request) for request in seen if request.url.path == TOKEN)
    assert plain == {"authentication.memberId": MEMBER, "authentication.sKey": SECURE_KEY}
    assert named == plain | {"merchant.username": "shop"}


async def test_every_address_is_a_setting() -> None:
    answers = Answers()
    gateway = answers.account(
        token_path="/a/token",
        payments_path="/a/pay",
        inquiry_path="/REST/v1/inquiry",
        registrations_path="/a/cards",
        pay_with_token_path="/a/by",
        payout_path="/a/out",
    )
    answers.token_path = "/a/token"
    for asked in (charge(), charge(card=CODED), charge(TOKENIZATION), payout()):
        await gateway.pay(asked)
    await gateway.refund(REFERENCE, REFERENCE.money, "op-1", "broken")
    await gateway.status(REFERENCE)
    await gateway.status(samples.REFERENCE)
    assert [request.url.path for request in answers.requests] == [
        "/a/pay",
        f"/a/by/{REGISTRATION}",
        "/a/cards",
        "/a/out",
        "/a/pay/21565",
        "/REST/v1/inquiry",
        "/REST/v1/inquiry",
    ]
    by_id, by_key = (body_of(request) for request in answers.requests[-2:])
    assert (by_id["idType"], by_id["paymentId"]) == ("PID", "21565")
    assert (by_key["idType"], by_key["merchantTransactionId"]) == ("MID", samples.KEY)
    assert by_key["authentication.checksum"] == hashed(MEMBER, SECURE_KEY, samples.KEY)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"partner_id": None}, "partner_id: is required"),
        ({"username": None}, "username: is required"),
        ({"token_by": "member", "partner_id": ""}, "partner_id: must not be empty"),
        ({"token_by": "shop"}, "token_by"),
        ({"payments_path": "payments"}, "payments_path: must be a path"),
        ({"payments_path": "/a/"}, "payments_path: must be a path"),
        ({"payments_path": "/a/{id}"}, "payments_path: must be a path"),
        ({"payout_path": "/a?b=c"}, "payout_path: must be a path"),
        ({"token_path": "/a/../b"}, "token_path: must be a path"),
        ({"registrations_path": ""}, "registrations_path: must be a path"),
        ({"inquiry_path": "/a/{name}"}, "inquiry_path: must be a path"),
        ({"inquiry_path": "/{id}/{id}"}, "inquiry_path: must be a path"),
        ({"payouts": "no"}, "payouts"),
    ],
    ids=repr,
)
def test_settings_that_cannot_be_used(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.convert({"base_url": "https://a.example", **ACCOUNT, **changes}, Options)


# Parameters

NESTED = {"amount": "0.01", "card": {"number": "4111111111111111"}, "customer": {"ip": "10.0.0.1"}}
OURS = (
    "amount", "currency", "paymentType", "paymentMode", "paymentBrand", "merchantTransactionId",
    "merchantRedirectUrl", "notificationUrl", "orderDescriptor", "recurringType",
    "createRegistration", "attemptThreeD", "registrationId", "paymentId", "idType", "customer.ip",
    "authentication.memberId", "authentication.checksum", "authentication.terminalId",
    "authentication.sKey", "merchant.username", "card.number", "card.cvv", "card.expiryMonth",
)  # fmt: skip


def spellings(name: str) -> list[str]:
    """The name as it is, in other letter cases, with blanks, dotted on, and in brackets."""
    cased = [name, name.upper(), name.lower(), name.title(), name.swapcase()]
    return [
        *cased,
        *(f"{each}{more}" for each in cased for more in (" ", ".", ".value", "[]", "[0]", "\n")),
        f" {name}",
        name.replace(".", "[") + "]",
        name.replace(".", "__"),
    ]


@pytest.mark.parametrize(
    "asked",
    [charge(), charge(card=CODED), charge(TOKENIZATION), charge(after="21565"), payout()],
    ids=["card", "token", "registration", "series", "payout"],
)
async def test_parameters_replace_nothing_of_ours(asked: Charge) -> None:
    plain, more = Answers(), Answers()
    await plain.account().pay(asked)
    named = {spelling: "evil" for name in OURS for spelling in spellings(name)}
    params = NESTED | named | {"": "evil", "authentication": {"checksum": "evil"}}
    method = msgspec.structs.replace(asked.method, params=params)
    await more.account().pay(msgspec.structs.replace(asked, method=method))
    assert more.requests[0].url == plain.requests[0].url
    assert body_of(more.requests[0]) == body_of(plain.requests[0])


async def test_parameters_that_are_the_gateways_own() -> None:
    answers = Answers()
    params = {"customer.telnocc": "49", "customer.email": "x@evil.example", "deviceDetails.x": 7}
    method = msgspec.structs.replace(samples.CHARGE.method, params=params)
    await answers.account().pay(charge(method=method))
    body = body_of(answers.requests[0])
    assert (body["customer.telnocc"], body["deviceDetails.x"]) == ("49", "7")
    assert body["customer.email"] == "ann@example.com"


# How an account counts


async def test_amounts_by_the_accounts_own_decimals() -> None:
    """Where an account counts a currency otherwise than ISO does, both ways agree."""
    money = Money(1999, "IDR", 0)
    body = {**PAID, "amount": "1999.00", "currency": "IDR"}
    answers = Answers(answering(body))
    gateway = answers.account(decimals={"IDR": 0})
    said = await gateway.pay(charge(money=money))
    assert body_of(answers.requests[0])["amount"] == "1999.00"
    assert (said.status, said.facts.money) == (Status.PAID, money)
    about = msgspec.structs.replace(REFERENCE, money=money)
    assert (await gateway.status(about)).facts.money == money
    told = gateway.notification({}, signed(body))
    assert told.facts.money == money
    three = Money(1250, "KWD", 2)
    counted = Answers()
    await counted.account(decimals={"KWD": 2}).pay(charge(money=three))
    assert body_of(counted.requests[0])["amount"] == "12.50"
