"""What the exchanges don't show: settings, credentials, keys, the tables."""

from __future__ import annotations

import base64
import json
import textwrap
import uuid
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checkout.errors import Unauthorized
from checkout.gateways.overpay import Options, common, request_id
from checkout.gateways.overpay_answer import Transaction, refusal, transactions
from checkout.gateways.overpay_apm import OverpayApm
from checkout.gateways.overpay_cards import OverpayCards
from checkout.gateways.overpay_words import REASON, STATUS
from checkout.model.outcome import Outcome, Reason
from checkout.model.status import WON, Status
from tests.gateways import samples
from tests.gateways.kit import unreachable
from tests.gateways.overpay_side import (
    KEY,
    SECRET_KEY,
    SHOP_ID,
    basic,
    public_key,
    signature,
)

SETTINGS = {"base_url": "https://gateway.example", "shop_id": SHOP_ID, "secret_key": SECRET_KEY}
PAID = json.dumps(
    {"transaction": {"uid": "u-1", "type": "payment", "status": "successful"}}
).encode()


def account(**changes: Any) -> OverpayCards:
    """An account that nothing is sent from."""
    transport = httpx.MockTransport(unreachable)
    return OverpayCards(msgspec.convert({**SETTINGS, **changes}, Options), transport)


# Settings


def encoded(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


def test_settings() -> None:
    options = msgspec.convert(SETTINGS, Options)
    assert options.public_key is None
    wrapped = "\n".join(textwrap.wrap(public_key(), 64)) + "\n"
    assert msgspec.convert({**SETTINGS, "public_key": wrapped}, Options).public_key == wrapped


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shop_id": ""}, "shop_id"),
        ({"shop_id": "3:1"}, "shop_id"),
        ({"shop_id": 361}, "shop_id"),
        ({"secret_key": " "}, "secret_key"),
        ({"public_key": ""}, "public_key must be base64"),
        ({"public_key": "not base64!"}, "public_key must be base64"),
        ({"public_key": "AAAA"}, "public_key must be base64"),
        ({"public_key": f"-----BEGIN PUBLIC KEY-----\n{public_key()}"}, "without a PEM header"),
        ({"public_key": encoded(KEY.public_key(), PublicFormat.PKCS1)}, "SubjectPublicKeyInfo"),
        (
            {"public_key": base64.b64encode(base64.b64decode(public_key()) + b"x").decode()},
            "public_key must be",
        ),
        (
            {"public_key": encoded(ec.generate_private_key(ec.SECP256R1()).public_key())},
            "public_key must be an RSA key",
        ),
        (
            {"public_key": encoded(ed25519.Ed25519PrivateKey.generate().public_key())},
            "public_key must be an RSA key",
        ),
        ({"secret": "x"}, "secret"),
    ],
)
def test_settings_that_cannot_be_used(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({**SETTINGS, **changes}, Options)
    assert reason in str(refused.value)
    assert SECRET_KEY not in str(refused.value)


def test_settings_keep_their_secrets() -> None:
    options = msgspec.convert({**SETTINGS, "public_key": public_key()}, Options)
    for shown in (repr(options), str(options), f"{options!r}", repr(options.__rich_repr__())):
        assert SECRET_KEY not in shown
        assert SHOP_ID in shown


# Notifications by credentials


def test_without_a_key_the_credentials_count() -> None:
    for header in (basic(), basic().replace("Basic", "basic"), basic().replace(" ", "  ")):
        outcome = account().notification({"authorization": header}, PAID)
        assert (outcome.status, outcome.id) == (Status.PAID, "u-1")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic !"},
        {"authorization": "Bearer " + basic().removeprefix("Basic ")},
        {"authorization": basic(secret_key=SECRET_KEY + "x")},
        {"authorization": basic(secret_key=SECRET_KEY[:-1])},
        {"authorization": basic(secret_key="")},
        {"authorization": basic(shop_id="362")},
        {"authorization": "Basic ünïcode"},
        {"content-signature": signature(PAID)},
    ],
)
def test_without_a_key_nothing_else_counts(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorized):
        account().notification(headers, PAID)


def test_with_a_key_only_its_signature_counts() -> None:
    gateway = account(public_key="\n".join(textwrap.wrap(public_key(), 64)))
    wrapped = "\n ".join(textwrap.wrap(signature(PAID), 76))
    assert gateway.notification({"content-signature": wrapped}, PAID).status is Status.PAID
    with pytest.raises(Unauthorized):
        gateway.notification({"authorization": basic()}, PAID)


# Requests


def test_request_id_belongs_to_the_key() -> None:
    assert request_id("a-1") == request_id("a-1")
    assert request_id("a-1") != request_id("a-2")
    assert str(uuid.UUID(request_id("a-1"))) == request_id("a-1")


async def test_headers() -> None:
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    async with httpx.MockTransport(answer) as transport:
        gateway = OverpayCards(msgspec.convert(SETTINGS, Options), transport)
        for _ in range(2):
            await gateway.pay(samples.CHARGE)
        await gateway.status(samples.REFERENCE)
    assert [request.headers.get("RequestID") for request in seen] == [
        request_id(samples.KEY),
        request_id(samples.KEY),
        None,
    ]
    assert {request.headers["Authorization"] for request in seen} == {basic()}


@pytest.mark.parametrize("moment", [0.0, -1.0, 1e18, float("inf"), float("nan")])
def test_a_moment_that_no_calendar_has_is_left_out(moment: float) -> None:
    order = msgspec.structs.replace(samples.CHARGE.order, expires_at=moment)
    charge = msgspec.structs.replace(samples.CHARGE, order=order)
    assert "expired_at" not in common(charge)


async def test_odd_ids_stay_in_their_place_in_the_path() -> None:
    seen: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(500)

    async with httpx.MockTransport(answer) as transport:
        gateway = OverpayApm(msgspec.convert(SETTINGS, Options), transport)
        for uid in ("a/b?c#d", "ü"):
            await gateway.status(msgspec.structs.replace(samples.REFERENCE, id=uid))
    assert seen == ["/beyag/transactions/a%2Fb%3Fc%23d", "/beyag/transactions/%C3%BC"]


# Answers


def transaction(**fields: Any) -> Transaction:
    found = transactions({"transaction": {"uid": "u-1", "status": "pending", **fields}})
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    "word", ["", "Successful", "success", "settled", "refunded", "voided", "paid"]
)
def test_only_the_documented_words_are_success(word: str) -> None:
    body = json.dumps({"transaction": {"uid": "u-1", "type": "payment", "status": word}}).encode()
    outcome = account().notification({"authorization": basic()}, body)
    assert outcome.status is Status.PENDING


@pytest.mark.parametrize(
    "amount", ["1e3", "1.0", "-1", "", " 1", "١", 1.0, -1, True, [], {}], ids=repr
)
def test_amounts_that_are_none(amount: Any) -> None:
    found = transaction(amount=amount, currency="EUR")
    assert found.facts.money is None
    assert not found.sound


@pytest.mark.parametrize("amount", [0, 1250, "0", "1250", "001250"], ids=repr)
def test_amounts(amount: Any) -> None:
    found = transaction(amount=amount, currency="EUR")
    assert found.facts.money is not None
    assert found.facts.money.minor == int(amount)


@pytest.mark.parametrize("fields", [{"currency": "eur"}, {"currency": 978}, {"tracking_id": 1.5}])
def test_stated_but_unreadable_is_unsound(fields: dict[str, Any]) -> None:
    assert transaction().sound
    assert not transaction(**fields).sound


def test_only_the_promised_digits_of_a_card_are_kept() -> None:
    number = samples.CARD_NUMBER
    fields = dict.fromkeys(("first_1", "last_4", "bin", "brand", "holder", "token"), number)
    card = transaction(credit_card={**fields, "brand": "visa"}).facts.card
    assert card is not None
    assert number not in repr(card)
    assert (card.first_1, card.last_4, card.bin, card.token) == (None, None, None, None)


def test_control_characters_are_dropped() -> None:
    assert transaction(message="a\x00b\x1b[31m\u202ec").facts.message == "ab[31mc"


@pytest.mark.parametrize("url", ["http://a.example/r", "javascript:1", "https://u:p@a.example/", 7])
def test_receipts_are_https(url: Any) -> None:
    assert transaction(receipt_url=url).facts.receipt_url is None


@pytest.mark.parametrize(
    "data", [None, 7, "x", [], {}, {"a": 1}, {"message": None, "errors": []}, {"response": []}]
)
def test_no_refusal(data: Any) -> None:
    assert refusal(data) is None


def test_refusals() -> None:
    found = refusal({"response": {"message": "No", "code": "E.1005"}})
    assert found is not None
    assert (found.reason, found.facts.message, found.code) == (Reason.INVALID, "No", "E.1005")


def test_tables() -> None:
    assert set(STATUS.values()) - WON == set(STATUS.values()) - {Status.PAID}
    assert [word for word, status in STATUS.items() if status in WON] == ["successful"]
    assert not [code for code in REASON if code[0] not in "FE"]


def test_a_successful_transaction_has_no_reason() -> None:
    body = json.loads(PAID)
    body["transaction"]["code"] = "F.0105"
    outcome = account().notification({"authorization": basic()}, json.dumps(body).encode())
    assert (outcome.status, outcome.reason) == (Status.PAID, None)


def test_two_transactions_in_one_notification_say_nothing() -> None:
    body = json.dumps({"transactions": [json.loads(PAID)["transaction"]] * 2}).encode()
    outcome = account().notification({"authorization": basic()}, body)
    assert outcome == Outcome(Status.PENDING)
