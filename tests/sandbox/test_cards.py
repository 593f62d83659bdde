"""The card gateway: shapes, test cards, repeated requests, what follows a payment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.card_results import TEST_CARDS
from checkout.sandbox.codes import CODES
from checkout.sandbox.state import SandboxState
from tests.sandbox.requests import CHALLENGE, DECLINED, PAID, card_request

PAYMENTS = "/transactions/payments"

Client = TestClient[Litestar]


def pay(sandbox: Client, number: str = PAID, path: str = PAYMENTS, **more: Any) -> dict[str, Any]:
    answer = sandbox.post(path, json=card_request(number, **more))
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    inner: dict[str, Any] = said.get("transaction", said)
    return inner


def test_successful_answer_has_the_documented_shape(sandbox: Client) -> None:
    said = pay(sandbox, customer={"ip": "127.0.0.1"}, billing_address={"first_name": "Jane"})
    assert said["status"] == "successful"
    assert said["code"] == "S.0000"
    assert said["message"] == "Successfully processed"
    assert said["type"] == "payment"
    assert said["payment"].keys() == {
        *("auth_code", "bank_code", "rrn", "ref_id", "message", "amount", "currency"),
        *("billing_descriptor", "gateway_id", "status"),
    }
    assert said["payment"]["message"] == "Payment was approved"
    assert said["redirect_url"] == f"http://sandbox.test/process/{said['uid']}"
    assert said["links"]["receipt_url"] == said["receipt_url"]
    assert said["gateway"] == {"iframe": True}
    assert said["customer"]["ip"] == "127.0.0.1"
    assert said["billing_address"]["first_name"] == "Jane"
    assert said["billing_address"]["city"] is None
    card = said["credit_card"]
    assert (card["brand"], card["first_1"], card["bin"], card["bin_8"], card["last_4"]) == (
        *("visa", "4", "420000", "42000000", "0000"),
    )
    assert (card["holder"], card["exp_month"], card["exp_year"]) == ("Jane Doe", 12, 2040)
    assert len(card["stamp"]) == 64
    assert card["token"] is None
    assert said["paid_at"].endswith("Z")


def test_charge_answers_flat_and_is_shown_enveloped(sandbox: Client) -> None:
    answer = sandbox.post("/services/credit_cards/charges", json=card_request()).json()
    assert answer["type"] == "charge"
    assert answer["parent_uid"] == answer["uid"]
    assert answer["charge"]["status"] == "successful"
    shown = sandbox.get(f"/transactions/{answer['uid']}").json()["transaction"]
    assert shown["uid"] == answer["uid"]


def test_declined_authorization(sandbox: Client) -> None:
    said = pay(sandbox, DECLINED, "/transactions/authorizations")
    assert (said["status"], said["code"]) == ("failed", "F.0105")
    assert said["message"] == "Authorization was declined"
    assert said["authorization"]["message"] == "Authorization was declined"
    assert said["authorization"]["auth_code"] is None
    assert said["paid_at"] is None


@pytest.mark.parametrize("number", TEST_CARDS)
def test_every_test_card_does_what_its_story_says(sandbox: Client, number: str) -> None:
    result = TEST_CARDS[number]
    said = pay(sandbox, number)
    if result.three_d_secure == "challenge":
        assert (said["status"], said["message"], said["code"]) == ("incomplete", None, "P.0000")
        assert "payment" not in said
    else:
        assert said["status"] == ("successful" if result.code == "S.0000" else "failed")
        assert said["code"] == result.code
        assert said["friendly_message"] == CODES[result.code].friendly
    assert ("three_d_secure_verification" in said) == (
        result.three_d_secure in ("frictionless", "failed")
    )


@pytest.mark.parametrize(
    ("path", "number", "message"),
    [
        (PAYMENTS, DECLINED, "Payment was declined"),
        (PAYMENTS, "4000000000000119", "Payment was declined"),
        (PAYMENTS, "4012000000001014", "Payment was declined"),
        ("/transactions/authorizations", DECLINED, "Authorization was declined"),
        ("/transactions/tokenizations", DECLINED, "Tokenization was declined"),
        ("/services/credit_cards/charges", DECLINED, "Payment was declined"),
        ("/transactions/authorizations", PAID, "Successfully processed"),
        (PAYMENTS, CHALLENGE, None),
    ],
)
def test_the_message_of_each_outcome(
    sandbox: Client, path: str, number: str, message: str | None
) -> None:
    """The reason of a decline is in its code and its friendly message."""
    said = pay(sandbox, number, path)
    assert said["message"] == message
    assert said["friendly_message"] == CODES[said["code"]].friendly


@pytest.mark.parametrize(
    ("month", "year", "status"),
    [(12, 2010, 422), (10, 2026, 422), (11, 2026, 200), ("01", "2027", 200)],
)
def test_a_card_that_has_expired_is_refused(
    sandbox: Client, state: SandboxState, month: Any, year: Any, status: int
) -> None:
    """Until its month is over it may pay."""
    state.now = datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp
    card = card_request()["request"]["credit_card"] | {"exp_month": month, "exp_year": year}
    answer = sandbox.post(PAYMENTS, json=card_request(credit_card=card))
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["errors"] == {"credit_card": {"date": ["is expired"]}}
        assert answer.json()["response"]["message"] == "Date is expired."


@pytest.mark.parametrize(
    ("year", "sentences"),
    [
        (10, "Exp year Invalid. Format should be: yyyy. Date is expired."),
        ("10", "Exp year Invalid. Format should be: yyyy. Date is expired."),
        ("203O", "Exp year Invalid. Format should be: yyyy."),
        ("٢٠٣٠", "Exp year Invalid. Format should be: yyyy."),
        (2100, "Exp year Invalid. Format should be: yyyy."),
        ("9" * 5000, "Exp year Invalid. Format should be: yyyy."),
        (None, "Exp year can't be blank."),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_years(sandbox: Client, year: Any, sentences: str) -> None:
    card = card_request()["request"]["credit_card"] | {"exp_year": year}
    answer = sandbox.post(PAYMENTS, json=card_request(credit_card=card))
    assert answer.json()["message"] == sentences


def test_a_saved_card_that_has_expired_is_declined(sandbox: Client, state: SandboxState) -> None:
    token = kept(sandbox)
    state.now = datetime(2041, 1, 1, tzinfo=UTC).timestamp
    extra = {"contract": ["recurring"]}
    said = pay(sandbox, amount=5, credit_card={"token": token}, additional_data=extra)
    assert (said["status"], said["code"]) == ("failed", "F.0111")


def test_expected_bank_code_needs_a_test_transaction(sandbox: Client) -> None:
    extra = {"expected_bank_code": "77"}
    assert pay(sandbox, amount=1, additional_data=extra)["payment"]["bank_code"] == "77"
    said = pay(sandbox, amount=2, additional_data=extra, test=False)
    assert said["payment"]["bank_code"] == "00"


def test_every_wrong_field_is_named(sandbox: Client) -> None:
    wrong = {
        "amount": "1e3",
        "currency": "eur",
        "description": " ",
        "test": "yes",
        "notification_url": "http://shop.example/notify",
        "return_url": "javascript:alert(1)",
        "expired_at": "tomorrow",
        "credit_card": {
            "number": "4200000000000001",
            "holder": "x" * 33,
            "exp_month": 13,
            "exp_year": "26",
            "verification_value": "12",
        },
        "customer": {"ip": "1" * 46, "email": "nobody"},
        "billing_address": {"country": "Germany"},
        "additional_data": {"browser": {"screen_color_depth": 30}, "contract": ["forever"]},
    }
    answer = sandbox.post(PAYMENTS, json={"request": wrong})
    assert answer.status_code == 422
    said = answer.json()
    errors = said["errors"]
    assert errors.keys() == wrong.keys()
    card = wrong["credit_card"]
    assert errors["credit_card"].keys() == card.keys() | {"date"}  # type: ignore[attr-defined]
    assert errors["additional_data"] == {
        "browser": {"screen_color_depth": ["is invalid"]},
        "contract": ["is invalid"],
    }
    assert said["code"] == "E.1005"
    assert said["response"] == {
        "status": "error",
        "message": said["message"],
        "errors": errors,
        "code": "E.1005",
    }
    assert "Number is invalid. Holder is too long (maximum is 32 characters)." in said["message"]
    assert said["message"].startswith("Amount must be an integer. Currency is invalid.")
    assert "4200000000000001" not in answer.text
    assert sandbox.get("/sandbox/ledger").json()["transactions"] == []


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        (1, 200),
        ("100", 200),
        (0, 422),
        (-1, 422),
        ("0", 422),
        (1.0, 422),
        (True, 422),
        ("1.5", 422),
        ("१", 422),
        (10**13, 422),
        (None, 422),
    ],
    ids=repr,
)
def test_amounts(sandbox: Client, amount: object, status: int) -> None:
    assert sandbox.post(PAYMENTS, json=card_request(amount=amount)).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"request": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'{"request": []}', 422),
        (b'{"request": {"credit_card": 1, "customer": []}}', 422),
        (b" " * 300_000, 413),
    ],
)
def test_bad_bodies_never_crash(sandbox: Client, body: bytes, status: int) -> None:
    answer = sandbox.post(PAYMENTS, content=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_a_charge_with_a_challenge_needs_a_way_back(sandbox: Client) -> None:
    body = card_request(CHALLENGE, return_url=None)
    answer = sandbox.post("/services/credit_cards/charges", json=body)
    assert answer.json()["errors"] == {"return_url": ["can't be blank"]}


@pytest.mark.parametrize("number", [CHALLENGE, "4012000000003010", "4012001037141112"])
def test_a_payment_does_without_a_way_back(sandbox: Client, number: str) -> None:
    said = pay(sandbox, number, return_url="")
    assert (said["status"], said["message"]) == ("incomplete", None)
    done = sandbox.post(f"/process/{said['uid']}", data={"password": "1111"})
    assert "You can close this page." in done.text


# Who calls


def test_credentials(sandbox: Client) -> None:
    sandbox.auth = httpx.Auth()  # adds nothing
    answer = sandbox.post(PAYMENTS, json=card_request())
    assert answer.status_code == 401
    assert answer.json()["response"]["message"]
    said = sandbox.post(PAYMENTS, json=card_request(), auth=("361", "anything"))
    assert said.status_code == 200
    sandbox.post("/sandbox/credentials", json={"shop_id": "361", "secret_key": "right"})
    uid = said.json()["transaction"]["uid"]
    assert sandbox.get(f"/transactions/{uid}", auth=("361", "right")).status_code == 200
    assert sandbox.get(f"/transactions/{uid}", auth=("361", "wrong")).status_code == 401
    assert sandbox.get(f"/transactions/{uid}", auth=("362", "right")).status_code == 401


def test_a_transaction_belongs_to_its_shop(sandbox: Client) -> None:
    uid = pay(sandbox)["uid"]
    answer = sandbox.get(f"/transactions/{uid}", auth=("other", "key"))
    assert (answer.status_code, answer.json()["message"]) == (404, "Record not found")
    path = "/v2/transactions/tracking_id/key-1"
    assert sandbox.get(path, auth=("other", "key")).json() == {"transactions": []}
    assert len(sandbox.get(path).json()["transactions"]) == 1


def test_the_newest_under_a_tracking_id(sandbox: Client) -> None:
    """The older address shows one."""
    path = "/transactions/tracking_id/key-1"
    assert sandbox.get(path).status_code == 404
    pay(sandbox, amount=1)
    newest = pay(sandbox, amount=2)
    assert sandbox.get(path).json()["transaction"]["uid"] == newest["uid"]
    assert sandbox.get(path, auth=("other", "key")).json()["message"] == "Record not found"


def test_protocols_do_not_mix(sandbox: Client) -> None:
    uid = pay(sandbox)["uid"]
    assert sandbox.get(f"/beyag/transactions/{uid}").status_code == 404


def test_lookup_by_tracking_id_gives_the_newest_ten(sandbox: Client) -> None:
    uids = [pay(sandbox, amount=amount)["uid"] for amount in range(1, 13)]
    found = sandbox.get("/v2/transactions/tracking_id/key-1").json()["transactions"]
    assert [one["uid"] for one in found] == uids[:-11:-1]
    nothing = sandbox.get("/v2/transactions/tracking_id/nothing")
    assert nothing.json() == {"transactions": []}


# Repeated requests


def test_same_request_id_same_answer(sandbox: Client, state: SandboxState) -> None:
    answers = [
        sandbox.post(PAYMENTS, json=card_request(), headers={"RequestID": "one"}) for _ in range(3)
    ]
    assert answers[0].content == answers[1].content == answers[2].content
    assert len(state.transactions) == 1
    other = sandbox.post(
        PAYMENTS, json=card_request(), headers={"RequestID": "one"}, auth=("362", "k")
    )
    assert other.json()["transaction"]["uid"] != answers[0].json()["transaction"]["uid"]
    state.now = _later(state, 24 * 3600 + 1)
    late = sandbox.post(PAYMENTS, json=card_request(), headers={"RequestID": "one"})
    assert late.json()["transaction"]["uid"] != answers[0].json()["transaction"]["uid"]


def test_duplicates_within_30_seconds_are_refused(sandbox: Client, state: SandboxState) -> None:
    pay(sandbox)
    answer = sandbox.post(PAYMENTS, json=card_request(tracking_id="key-2"))
    assert answer.status_code == 422
    assert answer.json()["code"] == "E.1018"
    assert answer.json()["message"] == "Duplicate transaction"
    pay(sandbox, duplicate_check=False)
    pay(sandbox, amount=2000)
    pay(sandbox, "4012000000001006")
    state.now = _later(state, 31)
    pay(sandbox)


def kept(sandbox: Client, number: str = PAID) -> str:
    said = pay(sandbox, number, amount=1, additional_data={"contract": ["card_on_file"]})
    token: str = said["credit_card"]["token"]
    return token


@pytest.mark.parametrize(
    ("kind", "section"), [("credits", "credit_card"), ("payouts", "recipient_credit_card")]
)
def test_duplicates_of_money_sent_out(
    sandbox: Client, state: SandboxState, kind: str, section: str
) -> None:
    token = kept(sandbox)
    order = {"amount": 2500, "currency": "EUR", "description": "Back", section: {"token": token}}

    def send(**more: Any) -> int:
        answer = sandbox.post(f"/transactions/{kind}", json={"request": order | more})
        return answer.status_code

    pay(sandbox, amount=2500)  # money taken is another thing than money sent
    assert [send(), send(), send(duplicate_check=False)] == [200, 422, 200]
    state.now = _later(state, 31)
    assert send() == 200


def _later(state: SandboxState, seconds: float) -> Any:
    now = state.now
    return lambda: now() + seconds


# Saved cards


def test_saved_card(sandbox: Client) -> None:
    oneclick = {"contract": ["oneclick"]}
    first = pay(sandbox, additional_data=oneclick)
    token = first["credit_card"]["token"]
    assert token
    again = pay(
        sandbox,
        amount=5,
        credit_card={"token": token, "verification_value": "123"},
        additional_data=oneclick,
    )
    assert again["credit_card"]["last_4"] == "0000"
    assert again["credit_card"]["stamp"] == first["credit_card"]["stamp"]
    bare = card_request(amount=6, credit_card={"token": token})
    charge = sandbox.post("/services/credit_cards/charges", json=bare)
    assert charge.json()["errors"] == {"additional_data": {"contract": ["can't be blank"]}}
    assert sandbox.post(PAYMENTS, json=bare).status_code == 200  # only the charge's document asks
    card = {"token": token, "verification_value": "123"}
    other = card_request(amount=7, credit_card=card, additional_data=oneclick)
    refused = sandbox.post(PAYMENTS, json=other, auth=("other", "k"))
    assert refused.json()["errors"] == {"credit_card": {"token": ["does not exist"]}}
    assert refused.json()["message"] == "Token does not exist."


@pytest.mark.parametrize(
    ("said", "effective", "status"),
    [
        ({}, {"initiator": "merchant", "type": "delayed_charge"}, "successful"),
        ({"type": "no_show"}, {"initiator": "merchant", "type": "no_show"}, "successful"),
        ({"initiator": "customer", "type": "no_show"}, {"initiator": "customer"}, "incomplete"),
    ],
)
def test_who_begins_it_has_defaults(
    sandbox: Client, said: dict[str, str], effective: dict[str, str], status: str
) -> None:
    """What the merchant begins asks nothing of the customer, not even at the bank."""
    first = pay(sandbox, CHALLENGE, amount=1, additional_data={"contract": ["card_on_file"]})
    sandbox.post(f"/process/{first['uid']}", data={"password": "1111"})
    shown = sandbox.get(f"/transactions/{first['uid']}").json()["transaction"]
    card = {"token": shown["credit_card"]["token"]}
    extra = {"contract": ["card_on_file"], "card_on_file": said}
    again = pay(sandbox, amount=7, credit_card=card, additional_data=extra)
    assert again["status"] == status
    rows = sandbox.get("/sandbox/ledger").json()["transactions"]
    (row,) = [row for row in rows if row["amount"] == 7]
    assert row["facts"]["card_on_file"] == effective


def test_oneclick_wants_the_code(sandbox: Client) -> None:
    """A series of the shop's own does not."""
    token = pay(sandbox, additional_data={"contract": ["recurring"]})["credit_card"]["token"]
    card = {"token": token}
    bare = card_request(amount=8, credit_card=card, additional_data={"contract": ["oneclick"]})
    refused = sandbox.post(PAYMENTS, json=bare)
    assert refused.json()["errors"] == {"credit_card": {"verification_value": ["can't be blank"]}}
    again = pay(sandbox, amount=9, credit_card=card, additional_data={"contract": ["recurring"]})
    assert again["status"] == "successful"


def test_declined_cards_are_not_given_a_token(sandbox: Client) -> None:
    said = pay(sandbox, DECLINED, additional_data={"contract": ["oneclick"]})
    assert said["credit_card"]["token"] is None


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({}, "incomplete"),
        ({"skip_three_d_secure_verification": True}, "successful"),
        (
            {
                "skip_three_d_secure_verification": True,
                "force_three_d_secure_verification": True,
            },
            "incomplete",
        ),
    ],
)
def test_force_wins_over_skip(sandbox: Client, flags: dict[str, bool], status: str) -> None:
    oneclick = {"contract": ["oneclick"]}
    uid = pay(sandbox, CHALLENGE, additional_data=oneclick)["uid"]
    sandbox.post(f"/process/{uid}", data={"password": "1111"})
    shown = sandbox.get(f"/transactions/{uid}").json()["transaction"]
    card = {"token": shown["credit_card"]["token"], "verification_value": "123"} | flags
    assert pay(sandbox, amount=7, credit_card=card, additional_data=oneclick)["status"] == status


# Time


def test_incomplete_expires(sandbox: Client, state: SandboxState) -> None:
    said = pay(sandbox, CHALLENGE, expired_at="2099-01-01T00:00:00+03:00")
    assert said["expired_at"] == "2098-12-31T21:00:00.000Z"
    state.now = lambda: 4_070_908_800.0
    shown = sandbox.get(f"/transactions/{said['uid']}").json()["transaction"]
    assert (shown["status"], shown["code"]) == ("expired", "F.0998")


def test_past_expiry_is_never_charged(sandbox: Client) -> None:
    assert pay(sandbox, expired_at="2020-01-01T00:00:00+00:00")["status"] == "expired"
    assert sandbox.get("/sandbox/ledger").json()["charges"] == 0


# What follows


def follow(sandbox: Client, kind: str, uid: str, amount: int, **more: str) -> Any:
    body = {"request": {"parent_uid": uid, "amount": amount} | more}
    return sandbox.post(f"/transactions/{kind}s", json=body)


def test_capture_and_refund_are_bounded(sandbox: Client) -> None:
    uid = pay(sandbox, path="/transactions/authorizations")["uid"]
    assert follow(sandbox, "refund", uid, 1, reason="none yet").status_code == 422
    captured = follow(sandbox, "capture", uid, 1000).json()["transaction"]
    assert (captured["type"], captured["status"], captured["parent_uid"]) == (
        *("capture", "successful", uid),
    )
    assert captured["amount"] == 1000
    too_much = follow(sandbox, "capture", uid, 1000)
    assert too_much.status_code == 422
    assert too_much.json()["errors"] == {"amount": ["can't be greater than 999"]}
    assert too_much.json()["message"] == "Amount can't be greater than 999."
    assert follow(sandbox, "void", uid, 1999).status_code == 422
    taken = captured["uid"]
    assert follow(sandbox, "refund", taken, 600, reason="broken cup").status_code == 200
    assert follow(sandbox, "refund", taken, 400, reason="late").status_code == 200
    assert follow(sandbox, "refund", taken, 1, reason="too much").status_code == 422


@pytest.mark.parametrize("tracking", [{}, {"tracking_id": "op-1"}])
def test_an_operation_says_little(sandbox: Client, tracking: dict[str, str]) -> None:
    """As recorded answers have it: nothing of card and customer, no page, no `tracking_id` but one
    that was sent."""
    uid = pay(sandbox, customer={"email": "jane@example.com"})["uid"]
    said = follow(sandbox, "refund", uid, 600, reason="broken cup", **tracking).json()[
        "transaction"
    ]
    assert said.keys() == {
        *("uid", "id", "type", "status", "amount", "currency", "test", "message", "reason"),
        *("created_at", "updated_at", "paid_at", "closed_at", "settled_at", "parent_uid"),
        *("code", "friendly_message", "refund"),
        *tracking,
    }
    assert (said["reason"], said["message"]) == ("broken cup", "Successfully processed")
    assert said["refund"] == {
        "message": "Refund was approved",
        "ref_id": said["refund"]["ref_id"],
        "rrn": None,
        "auth_code": None,
        "gateway_id": 1,
        "status": "successful",
    }
    assert sandbox.get(f"/transactions/{said['uid']}").json()["transaction"] == said


def test_void(sandbox: Client) -> None:
    uid = pay(sandbox, path="/transactions/authorizations")["uid"]
    part = follow(sandbox, "void", uid, 5).json()
    assert part["message"] == "Amount must be 1999: a void is of the whole."
    more = follow(sandbox, "void", uid, 2000).json()
    assert more["message"] == "Amount can't be greater than 1999."
    assert follow(sandbox, "void", uid, 1999).status_code == 200
    assert follow(sandbox, "capture", uid, 1).status_code == 422


@pytest.mark.parametrize("kind", ["capture", "void", "refund", "chargeback"])
def test_each_operation_has_its_parents(sandbox: Client, kind: str) -> None:
    """Capture and void: the authorization; refund and chargeback: what took the money."""
    held = pay(sandbox, path="/transactions/authorizations", amount=1)["uid"]
    collected = pay(sandbox, path="/transactions/authorizations", amount=2)["uid"]
    capture = follow(sandbox, "capture", collected, 2).json()["transaction"]["uid"]
    charge = pay(sandbox, path="/services/credit_cards/charges", amount=3)["uid"]
    uids = {"authorization": held, "capture": capture, "payment": pay(sandbox)["uid"]}
    amounts = {"authorization": 1, "capture": 2, "payment": 1999, "charge": 3}
    right = {"authorization"} if kind in ("capture", "void") else {"capture", "payment", "charge"}
    for parent, uid in (uids | {"charge": charge}).items():
        if kind == "chargeback":
            said = sandbox.post(f"/sandbox/transactions/{uid}/follow", json={"kind": kind})
        else:
            said = follow(sandbox, kind, uid, amounts[parent], reason="x")
        assert (said.status_code == 200) is (parent in right), (parent, said.text)
        if said.status_code == 422:
            assert said.json()["errors"] == {"parent_uid": [f"can't be followed by a {kind}"]}


def test_a_charge_that_stays_a_payment(sandbox: Client) -> None:
    said = pay(sandbox, path="/services/credit_cards/charges")
    assert (said["type"], said["parent_uid"]) == ("charge", said["uid"])
    assert said["charge"]["message"] == "Payment was approved"
    shown = sandbox.get(f"/transactions/{said['uid']}").json()["transaction"]
    assert (shown["type"], shown["parent_uid"]) == ("payment", said["uid"])


@pytest.mark.parametrize("number", [PAID, CHALLENGE])
def test_a_charge_that_becomes_an_authorization(sandbox: Client, number: str) -> None:
    """Captured by itself: `parent_uid` leads to the capture, and that is what is sent back."""
    sandbox.post("/sandbox/behaviour", json={"charges": "authorization"})
    said = pay(sandbox, number, path="/services/credit_cards/charges")
    if number == CHALLENGE:
        assert sandbox.get(f"/transactions/{said['parent_uid']}").status_code == 404
        sandbox.post(f"/process/{said['uid']}", data={"password": "1111"})
    assert (said["type"], said["parent_uid"] != said["uid"]) == ("charge", True)
    capture = sandbox.get(f"/transactions/{said['parent_uid']}").json()["transaction"]
    assert (capture["type"], capture["status"], capture["parent_uid"], capture["amount"]) == (
        *("capture", "successful", said["uid"], 1999),
    )
    found = sandbox.get("/v2/transactions/tracking_id/key-1").json()["transactions"]
    assert [one["type"] for one in found] == ["capture", "authorization"]
    assert found[1]["parent_uid"] == capture["uid"]
    assert follow(sandbox, "refund", said["uid"], 1, reason="x").status_code == 422
    assert follow(sandbox, "void", said["uid"], 1999).status_code == 422
    assert follow(sandbox, "refund", capture["uid"], 1999, reason="x").status_code == 200
    assert sandbox.get("/sandbox/ledger").json()["charges"] == 1


@pytest.mark.parametrize(("end", "left"), [("successful", 422), ("failed", 200)])
def test_operations_that_are_settled_later(sandbox: Client, end: str, left: int) -> None:
    """An accepted refund has its amount; one that fails afterwards gives it back."""
    sandbox.post("/sandbox/behaviour", json={"operations": "later"})
    uid = pay(sandbox)["uid"]
    refund = follow(sandbox, "refund", uid, 1500, reason="x").json()["transaction"]
    assert (refund["type"], refund["status"], refund["parent_uid"]) == ("refund", "pending", uid)
    assert follow(sandbox, "refund", uid, 1500, reason="x").status_code == 422
    sandbox.post(f"/sandbox/transactions/{refund['uid']}/settle", json={"status": end})
    shown = sandbox.get(f"/transactions/{refund['uid']}").json()["transaction"]
    assert (shown["type"], shown["status"]) == ("refund", end)
    assert follow(sandbox, "refund", uid, 1500, reason="x").status_code == left


def test_what_follows_needs_a_parent_and_a_reason(sandbox: Client) -> None:
    unknown = follow(sandbox, "refund", "unknown", 5, reason="x")
    assert unknown.status_code == 422
    assert unknown.json()["errors"] == {"parent_uid": ["Parent transaction is not found"]}
    assert unknown.json()["message"] == "Parent uid Parent transaction is not found."
    silent = follow(sandbox, "refund", pay(sandbox)["uid"], 5).json()
    assert silent["errors"] == {"reason": ["can't be blank"]}
    assert silent["message"] == "Reason can't be blank."
    declined = pay(sandbox, DECLINED)["uid"]
    assert follow(sandbox, "refund", declined, 5, reason="x").status_code == 422


# Secrets


def test_no_card_number_or_code_stays(sandbox: Client, state: SandboxState) -> None:
    number, code = "4111111111111111", "987"
    card = card_request(number)["request"]["credit_card"] | {"verification_value": code}
    pay(sandbox, credit_card=card, additional_data={"contract": ["oneclick"]})
    ledger = sandbox.get("/sandbox/ledger").text
    assert number not in ledger
    assert f'"{code}"' not in ledger
    for remembered in (state.transactions, state.memory, state.calls):
        assert number not in repr(remembered)
        assert f"'{code}'" not in repr(remembered)
    assert "key" not in {row["facts"].get("secret_key") for row in _rows(sandbox)}


def _rows(sandbox: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.get("/sandbox/ledger").json()["transactions"]
    return rows
