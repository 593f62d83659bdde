"""What the exchanges don't show: settings, credentials, keys, the tables."""

from __future__ import annotations

import base64
import json
import textwrap
import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import Unauthorized
from checkout.gateways.overpay.apm import OverpayApm
from checkout.gateways.overpay.cards import OverpayCards
from checkout.gateways.overpay.codes import APM, CARDS, FORM, OPERATION, REASON, REASON_OF_FORM
from checkout.gateways.overpay.errors import refusal
from checkout.gateways.overpay.gateway import Overpay
from checkout.gateways.overpay.options import Options
from checkout.gateways.overpay.request import common, request_id
from checkout.gateways.overpay.response import Transaction, transactions
from checkout.gateways.parsing import app_link, meaning
from checkout.model.card import SavedCard
from checkout.model.order import Customer
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import SUCCESSFUL, Status
from checkout.model.urls import FORBIDDEN_SCHEMES
from tests.gateways import samples
from tests.gateways.kit import unreachable
from tests.gateways.overpay.side import (
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
    assert (found.reason, found.facts.message, found.code) == (
        DeclineReason.INVALID,
        "No",
        "E.1005",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*FORM, "base", "a.b"]), inner),
    max_leaves=12,
)


@given(JSON, st.sampled_from([None, "E.1005", "E.1018", "F.0105", "P.0000", "?"]))
def test_whatever_is_refused_can_be_read(errors: Any, code: str | None) -> None:
    found = refusal({"message": "No", "errors": errors, "code": code})
    assert found is not None
    assert found.field in (None, *FORM.values())
    if code in ("E.1018", "F.0105", "P.0000"):
        assert found.field is None


@pytest.mark.parametrize(
    ("errors", "field"),
    [
        ({"credit_card": {"number": ["is invalid"]}}, "number"),
        ({"credit_card": {"number": "is invalid"}}, "number"),
        ({"credit_card.number": ["is invalid"]}, "number"),
        ({"request": {"credit_card": {"holder": ["is too long"]}}}, "holder"),
        ({"request.credit_card.holder": ["is too long"]}, "holder"),
        ({"encrypted_credit_card": {"verification_value": ["is invalid"]}}, "code"),
        ({"exp_year": ["is in the past"]}, "expiry"),
        ({"credit_card": {"date": ["is expired"]}}, "expiry"),
        ({"travel": {"date": ["is expired"]}}, None),
        ("Currency can't be blank. Date is expired.", "expiry"),
        (["Birth date is expired"], "birth_date"),
        ({"customer": {"birth_date": ["is invalid"]}}, "birth_date"),
        (["credit_card.number is invalid"], "number"),
        (["credit_card[exp_month] must be between 1 and 12"], "expiry"),
        (["Card number is invalid"], "number"),
        (["Verification value can't be blank"], "code"),
        (["Billing address first name is too long"], "first_name"),
        ({"base": ["Email is invalid"]}, "email"),
        ("Amount is wrong; holder can't be blank", "holder"),
        ({"customer": {"number": ["is invalid"]}}, None),
        ({"credit_card": {"email": ["is invalid"]}}, None),
        ({"credit_card": ["can't be blank"]}, None),
        ({"credit_card": {"token": ["is invalid"]}}, None),
        ({"order": {"number": ["is invalid"]}}, None),
        ({"travel": {"airline": {"passengers[0]": {"first_name": ["?"]}}}}, None),
        (["The number of payments is over the limit"], None),
        (["currency is not supported"], None),
        ([["number is invalid"]], None),
        (None, None),
    ],
    ids=str,
)
def test_which_field_is_refused(errors: Any, field: str | None) -> None:
    found = refusal({"message": "No", "errors": errors})
    assert found is not None
    assert found.field == field


SCRIPTS = ("javascript", "data", "vbscript", "file", "intent", "blob", "http", "tel", "view-source")


@pytest.mark.parametrize(
    "scheme",
    [
        *SCRIPTS,
        "ms-msdt",
        "search-ms",
        "JavaScript",
        "a\tb",
        "",
        "x",
        "tg",
        "steam",
        "zoommtg",
        "vscode",
        "itms-services",
        "bank",
        "bank2",
        "android-app",
        "facetime",
    ],
)
def test_no_app(scheme: str) -> None:
    assert app_link({"link": f"{scheme}://pay?id=1"}, "link") is None


@pytest.mark.parametrize("url", ["sbolpay:pay", "sbolpay://", "sbolpay://a b", "s://\\a", 7, None])
def test_no_link(url: Any) -> None:
    assert app_link({"link": url}, "link") is None


@given(st.text(max_size=60))
def test_what_opens_an_app_is_never_a_script(url: str) -> None:
    found = app_link({"link": url}, "link")
    assert found in (None, url)
    assert found is None or found.partition(":")[0].lower() not in FORBIDDEN_SCHEMES


def test_an_app() -> None:
    for url in ("sbolpay://invoicing/v2?id=1&a=b", "bank100000000004://qr.nspk.ru/AS1?type=02"):
        assert app_link({"link": url}, "link") == url


# What is documented of codes, and what they come to
DOCUMENTED = {
    "F.0105": DeclineReason.DO_NOT_HONOUR,
    "F.0108": DeclineReason.DUPLICATE,
    "F.0111": DeclineReason.CARD_EXPIRED,
    "F.0112": DeclineReason.SECURITY_CODE,
    "F.0113": DeclineReason.CURRENCY,
    "F.0114": DeclineReason.INSUFFICIENT_FUNDS,
    **dict.fromkeys(("F.0115", "F.0116"), DeclineReason.SUSPECTED_FRAUD),
    **{f"F.01{number}": DeclineReason.PROVIDER for number in range(17, 23)},
    **{f"F.01{number}": DeclineReason.LIMIT for number in range(23, 26)},
    **dict.fromkeys(("F.0129", "F.0130"), DeclineReason.AUTHENTICATION),
    "F.0132": DeclineReason.CUSTOMER_CANCELLED,
    "F.0998": DeclineReason.TIMED_OUT,
    "F.0999": DeclineReason.UNKNOWN,
    "E.1005": DeclineReason.INVALID,
    "E.1018": DeclineReason.DUPLICATE,
    **dict.fromkeys(("E.1021", "E.1065"), DeclineReason.CREDENTIALS),
}


def test_tables() -> None:
    for codes, unfinished in ((CARDS, "incomplete"), (APM, "pending")):
        won = [word for word in codes if meaning(codes, word, "payment") in SUCCESSFUL]
        assert won == ["successful"]
        assert meaning(codes, "successful", "payment") is Status.PAID
        assert {
            word for word in codes if codes[word] in (Status.PENDING, Status.REQUIRES_ACTION)
        } == {
            *("incomplete", "pending"),
        }
        assert [word for word in codes if codes[word] is Status.REQUIRES_ACTION] == [unfinished]
        assert set(codes) == set(OPERATION)
    assert not [code for code in REASON if code[0] not in "FE"]
    assert {code: REASON.get(code) for code in DOCUMENTED} == DOCUMENTED
    assert set(FORM.values()) - {"number", "expiry", "code", "holder"} <= set(
        Customer.__struct_fields__
    )
    assert set(REASON_OF_FORM) <= set(FORM.values())


TYPES = (
    *("payment", "authorization", "charge", "tokenization", "credit", "payout", "capture"),
    *("void", "refund", "chargeback", "confirm", "", None, 7),
)
WON_AS: Mapping[tuple[type[Overpay], str, str | int | None], Status] = {
    (OverpayCards, "payment", "payment"): Status.PAID,
    (OverpayCards, "authorization", "authorization"): Status.AUTHORIZED,
    (OverpayCards, "charge", "charge"): Status.PAID,
    (OverpayCards, "charge", "payment"): Status.PAID,
    (OverpayCards, "tokenization", "tokenization"): Status.PAID,
    (OverpayCards, "credit", "credit"): Status.PAID,
    (OverpayCards, "payout", "payout"): Status.PAID,
    (OverpayApm, "payment", "payment"): Status.PAID,
}


@pytest.mark.parametrize("word", ["successful", "refunded", "settled", "authorized", "SUCCESSFUL"])
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("adapter", [OverpayCards, OverpayApm])
async def test_only_what_was_asked_for_is_won(
    adapter: type[Overpay], later: bool, word: str
) -> None:
    """Every type asked for, and every type that may be stated: in the answer, and by the key."""
    said: dict[str, Any] = {"uid": "u-1", "status": word, "tracking_id": samples.KEY}

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json={"transactions": [said]} if later else {"transaction": said}
        )

    async with httpx.MockTransport(answer) as transport:
        gateway = adapter(msgspec.convert(SETTINGS, Options), transport)
        for asked in adapter.CREATE:
            order = msgspec.structs.replace(samples.CHARGE.order, transaction_type=asked)
            card = SavedCard("t-1") if asked in ("credit", "payout") else samples.CHARGE.card
            charge = msgspec.structs.replace(samples.CHARGE, order=order, card=card)
            about = msgspec.structs.replace(samples.REFERENCE, transaction_type=asked)
            for stated in TYPES:
                said["type"] = stated
                outcome = await (gateway.status(about) if later else gateway.pay(charge))
                won = (
                    WON_AS.get((adapter, asked, stated or asked)) if word == "successful" else None
                )
                assert outcome.status is (won or Status.PENDING), (asked, stated)


def test_an_account_that_takes_cards_without_a_code() -> None:
    assert not account().capabilities.code_optional
    assert account(code="optional").capabilities.code_optional


def test_a_successful_transaction_has_no_reason() -> None:
    body = json.loads(PAID)
    body["transaction"]["code"] = "F.0105"
    outcome = account().notification({"authorization": basic()}, json.dumps(body).encode())
    assert (outcome.status, outcome.reason) == (Status.PAID, None)


def test_two_transactions_in_one_notification_say_nothing() -> None:
    body = json.dumps({"transactions": [json.loads(PAID)["transaction"]] * 2}).encode()
    outcome = account().notification({"authorization": basic()}, body)
    assert outcome == Outcome(Status.PENDING)
