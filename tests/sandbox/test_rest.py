"""The REST gateway: token, checksums, payments, and what goes to one payment."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from xml.etree import ElementTree

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox import bounded
from checkout.sandbox.rest.codes import LONG_STATUS
from checkout.sandbox.rest.settings import RestSettings
from checkout.sandbox.rest.signature import checksum
from checkout.sandbox.rest.transaction import major
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import MOVES
from tests.sandbox.conftest import Mailbox
from tests.sandbox.requests import CHALLENGE, DECLINED, PAID
from tests.sandbox.rest_requests import (
    BASE,
    KEY,
    MEMBER,
    PAYMENTS,
    act,
    charge,
    credentials,
    hashed,
    inquire,
    pay,
    token,
)

Client = TestClient[Litestar]
MERCHANT = {"member_id": MEMBER, "secure_key": KEY, "partner_id": "195", "username": "shop"}


def books(sandbox: Client) -> dict[str, Any]:
    said: dict[str, Any] = sandbox.get("/sandbox/ledger").json()
    return said


def behave(sandbox: Client, **switches: Any) -> None:
    answer = sandbox.post("/sandbox/rest/behaviour", json=switches)
    assert answer.status_code == 200, answer.text


def refused(answer: dict[str, Any], *words: str) -> None:
    assert answer["paymentId"] == "-"
    assert answer["result"]["code"] == "10001"
    assert "transactionStatus" not in answer
    for word in words:
        assert word in answer["result"]["description"]


# Tokens


def test_token(sandbox: Client) -> None:
    answer = sandbox.post(f"{BASE}/authToken", data=credentials()).json()
    assert answer["result"] == {"code": "200", "description": "Token generated successfully"}
    assert (answer["partnerId"], answer["LoginName"]) == ("195", "shop")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", answer["AuthToken"])
    assert answer["AuthToken"] != token(sandbox)
    assert KEY not in json.dumps(answer)


@pytest.mark.parametrize("missing", list(credentials()))
def test_no_token_without_all_credentials(sandbox: Client, missing: str) -> None:
    given = {name: value for name, value in credentials().items() if name != missing}
    answer = sandbox.post(f"{BASE}/authToken", data=given)
    assert answer.status_code == 200
    assert "AuthToken" not in answer.json()
    assert answer.json()["result"]["code"] == "10001"


@pytest.mark.parametrize("headers", [{}, {"AuthToken": ""}, {"AuthToken": "a.b.c"}])
def test_nothing_without_a_token(sandbox: Client, headers: dict[str, str]) -> None:
    for path in (PAYMENTS, f"{PAYMENTS}/1"):
        answer = sandbox.post(path, data=charge(), headers=headers)
        assert answer.status_code == 401
        assert answer.json()["result"]["code"] == "401"
    assert books(sandbox)["transactions"] == []


def test_tokens_expire(sandbox: Client, state: SandboxState) -> None:
    given = {"AuthToken": token(sandbox)}
    assert sandbox.post(PAYMENTS, data=charge(), headers=given).status_code == 200
    clock = state.now()
    state.now = lambda: clock + 3599
    assert sandbox.post(PAYMENTS, data=charge(), headers=given).status_code == 200
    state.now = lambda: clock + 3601
    assert sandbox.post(PAYMENTS, data=charge(), headers=given).status_code == 401
    behave(sandbox, token_seconds=0)
    fresh = {"AuthToken": token(sandbox)}
    assert sandbox.post(PAYMENTS, data=charge(), headers=fresh).status_code == 401


def test_only_registered_merchants(sandbox: Client) -> None:
    before = {"AuthToken": token(sandbox, "other")}
    said = sandbox.post("/sandbox/rest/merchants", json=MERCHANT).json()
    assert said == {"merchants": [MEMBER]}
    assert "AuthToken" not in sandbox.post(f"{BASE}/authToken", data=credentials("other")).json()
    other = charge() | {"authentication.checksum": hashed(MEMBER, "other", "key-1", "19.99")}
    refused(sandbox.post(PAYMENTS, data=other, headers=before).json(), "Checksum")
    assert pay(sandbox)["transactionStatus"] == "Y"
    sandbox.post("/sandbox/rest/merchants", json=MERCHANT | {"member_id": "2", "username": "b"})
    stranger = charge() | {
        "authentication.memberId": "2",
        "authentication.checksum": hashed("2", KEY, "key-1", "19.99"),
    }
    mine = {"AuthToken": token(sandbox)}
    refused(sandbox.post(PAYMENTS, data=stranger, headers=mine).json(), "Checksum")


def test_switches_outlive_many_payments(
    sandbox: Client, state: SandboxState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "CAP", 6)
    sandbox.post("/sandbox/rest/merchants", json=MERCHANT)
    behave(sandbox, list_name="listofParameters")
    for number in range(20):
        pay(sandbox, merchantTransactionId=f"key-{number}")
    assert "listofParameters" in pay(sandbox, CHALLENGE)["redirect"]
    assert "AuthToken" not in sandbox.post(f"{BASE}/authToken", data=credentials("other")).json()


# Checksums


def test_documented_checksums() -> None:
    assert checksum("11344", "secureKey", "RestTransaction01", "50.00") == (
        "fcae56890665174a5d03fce306414d0d"
    )
    assert checksum("21565", "testTransaction", "50.00", "Y", "secureKey") == (
        "742628b97396ff13bcf64dd2ab49da3c"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"authentication.checksum": ""},
        {"authentication.checksum": "0" * 32},
        {"authentication.checksum": hashed(MEMBER, "other", "key-1", "19.99")},
        {"authentication.memberId": "11345"},
        {"merchantTransactionId": "key-2"},
        {"amount": "19.98"},
    ],
    ids=repr,
)
def test_wrong_checksums(sandbox: Client, change: dict[str, str]) -> None:
    answer = sandbox.post(
        PAYMENTS, data=charge() | change, headers={"AuthToken": token(sandbox)}
    ).json()
    refused(answer, "Checksum")
    assert books(sandbox)["transactions"] == []


def test_wrong_checksum_of_an_inquiry(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    answer = act(sandbox, "IN", uid, **{"authentication.checksum": hashed(MEMBER, KEY, "1")})
    refused(answer, "Checksum")


# Payments


def test_paid(sandbox: Client) -> None:
    answer = pay(sandbox, paymentBrand="VISA")
    assert re.fullmatch(r"[0-9]{12}", answer["paymentId"])
    assert (answer["transactionStatus"], answer["status"]) == ("Y", "capturesuccess")
    assert answer["result"] == {"code": "00001", "description": "Transaction succeeded"}
    assert (answer["amount"], answer["currency"]) == ("19.99", "EUR")
    assert answer["merchantTransactionId"] == "key-1"
    assert answer["card"] == {"bin": "420000", "last4Digits": "0000"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", answer["timestamp"])
    assert "redirect" not in answer
    said = books(sandbox)
    row = said["transactions"][0]
    assert said["charges"] == 1
    assert (row["protocol"], row["shop_id"], row["tracking_id"]) == ("rest", MEMBER, "key-1")
    assert (row["method"], row["type"], row["charged"]) == ("credit_card", "payment", True)
    assert (row["amount"], row["currency"], row["status"]) == (1999, "EUR", "successful")
    assert PAID not in json.dumps(said)
    assert KEY not in json.dumps(said)
    call = said["calls"][-1]
    assert (call["uid"], call["tracking_id"]) == (row["uid"], "key-1")


def test_authorized(sandbox: Client) -> None:
    answer = pay(sandbox, paymentType="PA")
    assert (answer["transactionStatus"], answer["status"]) == ("Y", "authsuccessful")
    row = books(sandbox)["transactions"][0]
    assert (row["type"], row["charged"]) == ("authorization", True)


@pytest.mark.parametrize(
    ("number", "remark"),
    [
        (DECLINED, "Do not honour"),
        ("4000000000000119", "Insufficient funds"),
        ("4012000000001014", "3-D Secure: not authenticated"),
    ],
)
def test_declined(sandbox: Client, number: str, remark: str) -> None:
    answer = pay(sandbox, number)
    assert (answer["transactionStatus"], answer["status"]) == ("N", "authfailed")
    assert answer["result"] == {"code": "10001", "description": "Transaction failed"}
    assert answer["remark"] == remark
    assert books(sandbox)["charges"] == 0


def test_expired_card(sandbox: Client) -> None:
    assert pay(sandbox, **{"card.expiryYear": "2020"})["remark"] == "Card expired"


@pytest.mark.parametrize("number", ["4012000000001006", "5204240000015003"])
def test_unnoticed_three_d_secure(sandbox: Client, number: str) -> None:
    assert pay(sandbox, number)["transactionStatus"] == "Y"


def test_challenge(sandbox: Client) -> None:
    answer = pay(sandbox, CHALLENGE)
    assert answer["transactionStatus"] == "3D"
    assert answer["result"]["code"] == "90026"
    assert "status" not in answer
    redirect = answer["redirect"]
    assert redirect["method"] == "POST"
    assert redirect["url"].startswith("http://sandbox.test/rest/acs/")
    fields = {one["name"]: one["value"] for one in redirect["parameters"]}
    assert fields["creq"].endswith("=")
    assert fields["TermUrl"].startswith("http://sandbox.test/rest/term/")
    assert books(sandbox)["charges"] == 0


def test_challenge_in_the_other_spelling(sandbox: Client) -> None:
    behave(sandbox, list_name="listofParameters", pending_code="10004")
    answer = pay(sandbox, CHALLENGE)
    assert answer["result"]["code"] == "10004"
    assert "parameters" not in answer["redirect"]
    assert answer["redirect"]["listofParameters"][0]["name"] == "creq"


def test_asynchronous(sandbox: Client) -> None:
    net = pay(sandbox, None)
    assert (net["transactionStatus"], net["result"]["code"]) == ("P", "10004")
    assert list(net["redirect"]) == ["url"]
    wallet = pay(sandbox, None, paymentMode="EW")
    assert "transactionStatus" not in wallet
    assert "status" not in wallet
    voucher = pay(sandbox, None, paymentMode="PV")
    assert voucher["redirect"]["method"] == "POST"
    methods = [row["method"] for row in books(sandbox)["transactions"]]
    assert methods == ["net_banking", "wallet", "voucher"]


def test_json_with_nested_objects(sandbox: Client) -> None:
    nested: dict[str, Any] = {}
    for name, value in charge(**{"customer.email": "a@b.example"}).items():
        *path, last = name.split(".")
        place = nested
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    answer = sandbox.post(PAYMENTS, json=nested, headers={"AuthToken": token(sandbox)}).json()
    assert answer["transactionStatus"] == "Y"
    row = books(sandbox)["transactions"][0]
    assert row["facts"]["customer.email"] == "a@b.example"


def test_json_credentials(sandbox: Client) -> None:
    body = {"authentication": {"partnerId": 195, "sKey": KEY}, "merchant": {"username": "shop"}}
    assert "AuthToken" in sandbox.post(f"{BASE}/authToken", json=body).json()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a": [1]}', b"\xff", b'{"a":' * 5000])
def test_unreadable_json(sandbox: Client, body: bytes) -> None:
    headers = {"AuthToken": token(sandbox), "Content-Type": "application/json"}
    refused(sandbox.post(PAYMENTS, content=body, headers=headers).json(), "Validation")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"amount": "19.9"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "123456789.00"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "19.50", "currency": "JPY"}, "amount"),
        ({"currency": "KWD"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"paymentType": "XX"}, "paymentType"),
        ({"paymentMode": "card"}, "paymentMode"),
        ({"merchantTransactionId": "a|b"}, "merchantTransactionId"),
        ({"merchantRedirectUrl": "https://a.example/" + "x" * 90}, "merchantRedirectUrl"),
        ({"merchantRedirectUrl": "javascript:1"}, "merchantRedirectUrl"),
        ({"notificationUrl": "ftp://a.example/"}, "notificationUrl"),
        ({"card.number": "4200000000000001"}, "card.number"),
        ({"card.expiryMonth": "7"}, "card.expiryMonth"),
        ({"card.expiryYear": "40"}, "card.expiryYear"),
        ({"card.cvv": "12"}, "card.cvv"),
        ({"customer.phone": "+49 1"}, "customer.phone"),
        ({"customer.birthDate": "1993-05-28"}, "customer.birthDate"),
        ({"billing.country": "Germany"}, "billing.country"),
        ({"attemptThreeD": "yes"}, "attemptThreeD"),
    ],
    ids=repr,
)
def test_wrong_fields(sandbox: Client, change: dict[str, str], name: str) -> None:
    refused(pay(sandbox, PAID, **change), "Validation", name)
    assert books(sandbox)["transactions"] == []


def test_where_to_send_the_browser_must_be_known(sandbox: Client) -> None:
    for number in (CHALLENGE, None):
        refused(pay(sandbox, number, merchantRedirectUrl=""), "merchantRedirectUrl")
    assert pay(sandbox, PAID, merchantRedirectUrl="")["transactionStatus"] == "Y"


def test_yen(sandbox: Client) -> None:
    assert pay(sandbox, amount="1999.00", currency="JPY")["amount"] == "1999.00"
    assert books(sandbox)["transactions"][0]["amount"] == 1999
    assert major(5, "EUR") == "0.05"


# XML


def test_xml(sandbox: Client) -> None:
    headers = {"AuthToken": token(sandbox), "Accept": "application/xml"}
    answer = sandbox.post(PAYMENTS, data=charge(CHALLENGE), headers=headers)
    assert answer.headers["content-type"].startswith("application/xml")
    found = ElementTree.fromstring(answer.content)
    assert found.findtext("transactionStatus") == "3D"
    assert found.findtext("result/code") == "90026"
    listed = found.findall("redirect/parameters")
    assert [one.findtext("name") for one in listed] == ["creq", "threeDSSessionData", "TermUrl"]
    assert listed[1].findtext("value") == 'a b+c/=&"<é>%2f'
    given = sandbox.post(f"{BASE}/authToken", data=credentials(), headers=headers)
    assert ElementTree.fromstring(given.content).findtext("AuthToken")
    refusal = sandbox.post(PAYMENTS, data={}, headers={"Accept": "application/xml"})
    assert refusal.status_code == 401
    assert ElementTree.fromstring(refusal.content).findtext("result/code") == "401"


# Inquiry


def test_inquiry(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    for found in (inquire(sandbox, uid), inquire(sandbox, "key-1", "MID")):
        assert found["paymentId"] == uid
        assert found["result"]["code"] == "00026"
        assert (found["transactionStatus"], found["status"]) == ("Y", "capturesuccess")
    assert books(sandbox)["transactions"][0]["queries"] == 2


def test_nothing_found(sandbox: Client) -> None:
    pay(sandbox)
    for answer in (
        inquire(sandbox, "1"),
        inquire(sandbox, "key-2", "MID"),
        inquire(sandbox, "key-1"),
    ):
        assert answer == {
            "transactionStatus": "N",
            "result": {"code": "10009", "description": "Record not found"},
        }
    behave(sandbox, not_found="result")
    assert list(inquire(sandbox, "1")) == ["result"]


def test_the_newest_under_a_key(sandbox: Client) -> None:
    pay(sandbox, DECLINED)
    second = pay(sandbox)
    assert inquire(sandbox, "key-1", "MID")["paymentId"] == second["paymentId"]


def test_trailing_blanks(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    behave(sandbox, trailing_blanks=True)
    found = inquire(sandbox, uid)
    assert found["paymentId "] == uid
    assert found["transactionStatus "] == "Y"
    assert "amount" not in found


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("failed", ("N", "authfailed")),
        ("expired", ("C", "cancelled")),
        ("error", ("N", "failed")),
        ("successful", ("Y", "capturesuccess")),
    ],
)
def test_settled_by_a_control(sandbox: Client, status: str, words: tuple[str, str]) -> None:
    uid = pay(sandbox, None)["paymentId"]
    sandbox.post(f"/sandbox/transactions/{uid}/settle", json={"status": status})
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == words


def test_every_status_has_its_words() -> None:
    assert set(LONG_STATUS) == set(MOVES)


# After the payment


def test_capture(sandbox: Client) -> None:
    uid = pay(sandbox, paymentType="PA")["paymentId"]
    assert "more than 19.99" in act(sandbox, "CP", uid, "20.00")["result"]["description"]
    done = act(sandbox, "CP", uid, "5.00")
    assert (done["result"]["code"], done["amount"]) == ("00004", "5.00")
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == ("Y", "capturesuccess")
    assert act(sandbox, "CP", uid, "1.00")["result"]["code"] == "10001"
    assert act(sandbox, "RV", uid)["result"]["code"] == "10001"
    assert "more than 5.00" in act(sandbox, "RF", uid, "5.01")["result"]["description"]
    rows = books(sandbox)["transactions"]
    assert [(row["type"], row["amount"], row["charged"]) for row in rows] == [
        ("authorization", 1999, True),
        ("capture", 500, False),
    ]
    assert books(sandbox)["charges"] == 1


def test_refund_is_possible_once(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    assert act(sandbox, "RF", uid, "20.00")["result"]["code"] == "10001"
    done = act(sandbox, "RF", uid, "5.00")
    assert done["result"] == {"code": "00005", "description": "Transaction refunded"}
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == ("Y", "reversed")
    assert "not possible" in act(sandbox, "RF", uid, "1.00")["result"]["description"]
    assert books(sandbox)["transactions"][0]["facts"]["refunded"] == 500


def test_whole_refund(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    assert act(sandbox, "RF", uid, "19.99")["status"] == "reversed"
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == ("Y", "reversed")


def test_reversal(sandbox: Client) -> None:
    uid = pay(sandbox, paymentType="PA")["paymentId"]
    assert act(sandbox, "RV", uid)["result"]["code"] == "00006"
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == ("Y", "authcancelled")
    assert act(sandbox, "CP", uid, "1.00")["result"]["code"] == "10001"
    assert act(sandbox, "RF", uid, "1.00")["result"]["code"] == "10001"
    assert act(sandbox, "RV", pay(sandbox)["paymentId"])["result"]["code"] == "10001"


def test_operations_need_a_payment(sandbox: Client) -> None:
    failed = pay(sandbox, DECLINED)["paymentId"]
    for kind, amount in (("CP", "1.00"), ("RF", "1.00"), ("RV", None)):
        assert act(sandbox, kind, failed, amount)["result"]["code"] == "10001"
        assert act(sandbox, kind, "1", amount)["result"]["code"] == "10009"
    assert act(sandbox, "XX", failed)["result"]["code"] == "10001"
    assert act(sandbox, "RF", failed)["result"]["code"] == "10001"
    child = act(sandbox, "RF", pay(sandbox)["paymentId"], "1.00")
    last = books(sandbox)["transactions"][-1]
    assert (last["type"], last["facts"]) == ("refund", {"parent_uid": child["paymentId"]})
    assert inquire(sandbox, last["uid"])["result"]["code"] == "10009"


def test_series(sandbox: Client) -> None:
    first = pay(sandbox, recurringType="INITIAL", createRegistration="true")
    assert first["result"]["code"] == "00002"
    assert re.fullmatch(r"[0-9a-f]{32}", first["registrationId"])
    assert inquire(sandbox, first["paymentId"])["registrationId"] == first["registrationId"]
    again = {"recurringType": "REPEATED", "merchantTransactionId": "key-2"}
    second = act(sandbox, "DB", first["paymentId"], "5.00", **again)
    assert (second["transactionStatus"], second["amount"]) == ("Y", "5.00")
    assert second["paymentId"] != first["paymentId"]
    assert inquire(sandbox, "key-2", "MID")["paymentId"] == second["paymentId"]
    assert books(sandbox)["charges"] == 2
    alone = pay(sandbox)["paymentId"]
    assert act(sandbox, "DB", alone, "5.00", **again)["result"]["code"] == "10001"
    assert "registrationId" not in pay(sandbox, DECLINED, createRegistration="true")


# Words


@pytest.mark.parametrize(
    ("word", "short", "code"),
    [
        ("reversed", "Y", "00026"),
        ("markedforreversal", "Y", "00026"),
        ("authcancelled", "Y", "00026"),
        ("settled", "Y", "00026"),
        ("setteled", "Y", "00026"),
        ("capturefailed", "N", "00026"),
        ("partialrefund", "N", "10009"),
        ("cancelstarted", "N", "10009"),
        ("chargeback", "N", "10009"),
        ("heldforreview", "N", "10009"),
    ],
)
def test_words_as_the_platform_sends_them(
    sandbox: Client, mailbox: Mailbox, word: str, short: str, code: str
) -> None:
    uid = pay(sandbox, notificationUrl=mailbox.url)["paymentId"]
    mailbox.wait(1)
    put = sandbox.post(f"/sandbox/rest/payments/{uid}/state", json={"status": word})
    assert put.json()["words"] == [short, word]
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"]) == (short, word)
    assert (found["result"]["code"], found["paymentId"]) == (code, uid)
    told = json.loads(mailbox.wait(2)[1][1])
    assert told.pop("checksum") == hashed(uid, "key-1", "19.99", short, KEY)
    assert told == found


# Registrations, payments and payouts by them


def call(sandbox: Client, path: str, signed: tuple[str, ...], **changes: str) -> dict[str, Any]:
    fields = charge() | {"authentication.checksum": hashed(*signed)} | changes
    headers = {"AuthToken": token(sandbox)}
    said: dict[str, Any] = sandbox.post(f"{BASE}/{path}", data=fields, headers=headers).json()
    return said


def registered(sandbox: Client) -> str:
    signed = (MEMBER, KEY, PAID)
    said = call(sandbox, "registrations", signed, createRegistration="true")
    assert said["result"]["code"] == "00002"
    assert said["card"] == {"bin": "420000", "last4Digits": "0000"}
    assert "paymentId" not in said
    registration: str = said["id"]
    return registration


def test_a_registration_alone(sandbox: Client, mailbox: Mailbox) -> None:
    registration = registered(sandbox)
    assert re.fullmatch(r"[0-9a-f]{32}", registration)
    assert inquire(sandbox, "key-1", "MID")["result"]["code"] == "10009"
    row = books(sandbox)["transactions"][0]
    assert inquire(sandbox, row["uid"])["result"]["code"] == "10009"
    assert (row["type"], row["charged"]) == ("tokenization", False)
    for changes, words in (
        ({"createRegistration": ""}, "createRegistration"),
        ({"card.number": "4200000000000001"}, "Checksum"),
        ({"card.expiryMonth": "13"}, "card.expiryMonth"),
        ({"paymentMode": "NB"}, "paymentMode"),
    ):
        fields = {"createRegistration": "true"} | changes
        refused(call(sandbox, "registrations", (MEMBER, KEY, PAID), **fields), words)
    refused(call(sandbox, "registrations", (MEMBER, KEY, "key-1"), createRegistration="true"))


def test_by_a_registration(sandbox: Client) -> None:
    path = f"paywithtoken/{(registration := registered(sandbox))}"
    signed = (MEMBER, KEY, registration, "19.99")
    none = dict.fromkeys(("card.number", "card.expiryMonth", "card.expiryYear"), "")
    said = call(sandbox, path, signed, **none)
    assert (said["transactionStatus"], said["status"]) == ("Y", "capturesuccess")
    assert (said["registrationId"], said["result"]["code"]) == (registration, "00001")
    assert inquire(sandbox, "key-1", "MID")["paymentId"] == said["paymentId"]
    refused(call(sandbox, path, (MEMBER, KEY, "key-1", "19.99")), "Checksum")
    refused(call(sandbox, path, signed, **{"card.cvv": "1"}), "card.cvv")
    refused(call(sandbox, path, signed, paymentMode="NB"), "paymentMode")
    refused(call(sandbox, path, signed, recurringType="REPEATED"), "no series")
    other = "0" * 32
    refused(call(sandbox, f"paywithtoken/{other}", (MEMBER, KEY, other, "19.99")), "registration")
    assert books(sandbox)["charges"] == 1


def test_payout(sandbox: Client) -> None:
    signed = (MEMBER, "key-1", "19.99", KEY)
    to = {"registrationId": registered(sandbox), "paymentType": "PO"}
    said = call(sandbox, "payout", signed, **to)
    assert (said["transactionStatus"], said["status"]) == ("Y", "payoutsuccessful")
    assert inquire(sandbox, "key-1", "MID")["status"] == "payoutsuccessful"
    refused(call(sandbox, "payout", (MEMBER, KEY, "key-1", "19.99"), **to), "Checksum")
    refused(call(sandbox, "payout", signed, **to | {"paymentType": "DB"}), "paymentType")
    refused(call(sandbox, "payout", signed, **to | {"registrationId": "1"}), "registration")
    refused(pay(sandbox, paymentType="PO"), "paymentType")
    assert books(sandbox)["charges"] == 0


def test_a_token_for_the_member(sandbox: Client) -> None:
    own = {"authentication.memberId": MEMBER, "authentication.sKey": KEY}
    answer = sandbox.post(f"{BASE}/authToken", data=own).json()
    assert answer["memberId"] == MEMBER
    given = {"AuthToken": answer["AuthToken"]}
    assert sandbox.post(PAYMENTS, data=charge(), headers=given).json()["transactionStatus"] == "Y"
    sandbox.post("/sandbox/rest/merchants", json=MERCHANT)
    assert "AuthToken" in sandbox.post(f"{BASE}/authToken", data=own).json()
    for changes in ({"authentication.memberId": "1"}, {"authentication.sKey": "x"}):
        assert "AuthToken" not in sandbox.post(f"{BASE}/authToken", data=own | changes).json()


def test_the_other_inquiry(sandbox: Client) -> None:
    uid = pay(sandbox)["paymentId"]
    for id_type, name, field in (
        ("PID", uid, "paymentId"),
        ("MID", "key-1", "merchantTransactionId"),
    ):
        fields = {"idType": id_type, field: name, "paymentType": "IN"}
        said = call(sandbox, "inquiry", (MEMBER, KEY, name), **fields)
        assert (said["paymentId"], said["result"]["code"]) == (uid, "00026")
    refused(call(sandbox, "inquiry", (MEMBER, KEY, uid), paymentId=uid), "paymentType")


# Notifications


def test_notification(sandbox: Client, mailbox: Mailbox) -> None:
    uid = pay(sandbox, notificationUrl=mailbox.url)["paymentId"]
    headers, body = mailbox.wait(1)[0]
    told = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert told.pop("checksum") == hashed(uid, "key-1", "19.99", "Y", KEY)
    assert told == inquire(sandbox, uid)


@pytest.mark.parametrize(
    ("switches", "word", "key"),
    [
        ({"signed_status": "long"}, "capturesuccess", KEY),
        ({"checksums": "wrong"}, "Y", "another key"),
    ],
)
def test_signed_otherwise(
    sandbox: Client, mailbox: Mailbox, switches: dict[str, str], word: str, key: str
) -> None:
    behave(sandbox, **switches)
    uid = pay(sandbox, notificationUrl=mailbox.url)["paymentId"]
    told = json.loads(mailbox.wait(1)[0][1])
    assert told["checksum"] == hashed(uid, "key-1", "19.99", word, key)


def test_sent_once_whatever_the_answer(sandbox: Client, mailbox: Mailbox) -> None:
    mailbox.answers = [500]
    pay(sandbox, notificationUrl=mailbox.url)
    mailbox.wait(1)
    time.sleep(0.2)
    assert len(mailbox.notifications) == 1
    assert [one["answer"] for one in books(sandbox)["notifications"]] == [500]


def test_what_follows_is_told_too(sandbox: Client, mailbox: Mailbox) -> None:
    uid = pay(sandbox, notificationUrl=mailbox.url)["paymentId"]
    mailbox.wait(1)
    act(sandbox, "RF", uid, "19.99")
    told = json.loads(mailbox.wait(2)[1][1])
    assert (told["paymentId"], told["status"]) == (uid, "reversed")
    assert told["checksum"] == hashed(uid, "key-1", "19.99", "Y", KEY)


# Controls


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("behaviour", b"{", 400),
        ("behaviour", b"[]", 422),
        ("behaviour", b'{"token_seconds": -1}', 422),
        ("behaviour", b'{"return_method": "PUT"}', 422),
        ("behaviour", b'{"token": 1}', 422),
        ("merchants", b"{}", 422),
        ("merchants", b'{"member_id": 1}', 422),
        (
            "merchants",
            b'{"member_id": "1|2", "secure_key": "k", "partner_id": "1", "username": "u"}',
            422,
        ),
        ("payments/1/state", b'{"status": "reversed"}', 404),
        ("payments/1/state", b'{"status": "Reversed!"}', 422),
    ],
)
def test_bad_input_is_explained(sandbox: Client, path: str, body: bytes, status: int) -> None:
    answer = sandbox.post(f"/sandbox/rest/{path}", content=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_behaviour_keeps_what_is_not_named(sandbox: Client) -> None:
    behave(sandbox, token_seconds=7)
    said = sandbox.post("/sandbox/rest/behaviour", json={"return_method": "GET"}).json()
    assert (said["token_seconds"], said["return_method"]) == (7, "GET")
    assert set(said) == set(RestSettings.__struct_fields__)


def test_reset_forgets_all(sandbox: Client) -> None:
    sandbox.post("/sandbox/rest/merchants", json=MERCHANT)
    behave(sandbox, token_seconds=0)
    given = token(sandbox)
    sandbox.post("/sandbox/reset")
    assert sandbox.post(PAYMENTS, headers={"AuthToken": given}).status_code == 401
    assert sandbox.post("/sandbox/rest/behaviour").json()["token_seconds"] == 3600
    assert pay(sandbox)["transactionStatus"] == "Y"


def test_index_names_it(sandbox: Client) -> None:
    page = sandbox.get("/sandbox/").text
    assert f"{BASE}/payments" in page
    assert "/sandbox/rest/merchants" in page
