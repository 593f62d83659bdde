"""The pages of the REST gateway: the issuer's, the gateway's TermUrl, a net bank's."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.sandbox.requests import CHALLENGE
from tests.sandbox.rest_requests import (
    KEY,
    RETURN,
    at_the_bank,
    hashed,
    inquire,
    pay,
    sent_form,
    through_the_bank,
)

Client = TestClient[Litestar]


@pytest.mark.parametrize(
    ("given", "short", "long", "remark"),
    [
        ({"password": "1111"}, "Y", "capturesuccess", "Successfully processed"),
        ({"password": "1112"}, "N", "authfailed", "3-D Secure: wrong password"),
        ({"password": "пароль"}, "N", "authfailed", "3-D Secure: wrong password"),
        ({"choice": "cancel"}, "C", "cancelled", "Rejected by the customer"),
    ],
)
def test_challenge(
    sandbox: Client, given: dict[str, str], short: str, long: str, remark: str
) -> None:
    answer = pay(sandbox, CHALLENGE)
    uid = answer["paymentId"]
    address = at_the_bank(sandbox, answer)
    page = sandbox.get(address)
    assert page.status_code == 200
    assert "19.99 EUR" in page.text
    assert inquire(sandbox, uid)["transactionStatus"] == "3D"
    where, fields = through_the_bank(sandbox, answer, given)
    assert where == RETURN
    assert fields["paymentId"] == uid
    assert fields["merchantTransactionId"] == "key-1"
    assert (fields["amount"], fields["currency"]) == ("19.99", "EUR")
    assert fields["status"] == short
    assert fields["checksum"] == hashed(uid, "key-1", "19.99", short, KEY)
    assert fields["resultCode"] == ("00001" if short == "Y" else "10001")
    found = inquire(sandbox, uid)
    assert (found["transactionStatus"], found["status"], found["remark"]) == (short, long, remark)


def test_nothing_is_decided_before_the_gateway_is_told(sandbox: Client) -> None:
    answer = pay(sandbox, CHALLENGE)
    page = sandbox.post(at_the_bank(sandbox, answer), data={"password": "1111"})
    assert inquire(sandbox, answer["paymentId"])["transactionStatus"] == "3D"
    term, fields = sent_form(page)
    sandbox.post(term, data=fields)
    assert inquire(sandbox, answer["paymentId"])["transactionStatus"] == "Y"


def test_the_first_decision_counts(sandbox: Client) -> None:
    answer = pay(sandbox, CHALLENGE)
    address = at_the_bank(sandbox, answer)
    sandbox.post(address, data={"choice": "cancel"})
    term, fields = sent_form(sandbox.post(address, data={"password": "1111"}))
    assert sent_form(sandbox.post(term, data=fields))[1]["status"] == "C"
    assert sent_form(sandbox.post(term, data=fields))[1]["status"] == "C"
    assert sent_form(sandbox.get(address))[0] == RETURN
    assert sent_form(sandbox.post(address, data={"password": "1111"}))[0] == RETURN
    assert sandbox.get("/sandbox/ledger").json()["charges"] == 0


def test_password_is_no_money(sandbox: Client) -> None:
    answer = pay(sandbox, "4000000000003220")
    through_the_bank(sandbox, answer)
    assert inquire(sandbox, answer["paymentId"])["remark"] == "Insufficient funds"


@pytest.mark.parametrize("name", ["creq", "threeDSSessionData", "TermUrl"])
def test_parameters_must_come_unchanged(sandbox: Client, name: str) -> None:
    redirect = pay(sandbox, CHALLENGE)["redirect"]
    fields = {one["name"]: one["value"] for one in redirect["parameters"]}
    for spoiled in (
        {**fields, name: fields[name][:-1]},
        {key: value for key, value in fields.items() if key != name},
        {**fields, "more": "1"},
    ):
        answer = sandbox.post(redirect["url"], data=spoiled)
        assert answer.status_code == 400
        assert "Something was lost" in answer.text


def test_term_url_must_come_unchanged(sandbox: Client) -> None:
    answer = pay(sandbox, CHALLENGE)
    term, fields = sent_form(sandbox.post(at_the_bank(sandbox, answer), data={"password": "1111"}))
    assert "%2f%2B" in term
    for where, what in (
        (term.replace("%2f", "%2F"), fields),
        (term, {"cres": "forged"}),
        (term, {}),
    ):
        assert sandbox.post(where, data=what).status_code == 400
    assert inquire(sandbox, answer["paymentId"])["transactionStatus"] == "3D"


def test_way_back_by_redirect_with_the_long_word(sandbox: Client) -> None:
    switches = {"return_method": "GET", "signed_status": "long"}
    sandbox.post("/sandbox/rest/behaviour", json=switches)
    answer = pay(sandbox, CHALLENGE, merchantRedirectUrl=f"{RETURN}?x=1")
    uid = answer["paymentId"]
    page = sandbox.post(at_the_bank(sandbox, answer), data={"password": "1111"})
    term, fields = sent_form(page)
    location = sandbox.post(term, data=fields).headers["location"]
    assert location.startswith(f"{RETURN}?x=1&trackingid={uid}&desc=key-1&")
    back = dict(parse_qsl(urlsplit(location).query))
    assert back["status"] == "capturesuccess"
    assert back["checksum"] == hashed(uid, "key-1", "19.99", "capturesuccess", KEY)


def arrived(sandbox: Client, answer: dict[str, Any]) -> str:
    """At the page of the net bank; its session."""
    redirect = answer["redirect"]
    if redirect.get("parameters"):
        fields = {one["name"]: one["value"] for one in redirect["parameters"]}
        location = sandbox.post(redirect["url"], data=fields).headers["location"]
        page = sandbox.get(location)
    else:
        page = sandbox.get(redirect["url"])
    assert page.status_code == 200, page.text
    found = re.search(r'name="session" value="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.mark.parametrize("mode", ["NB", "EW", "PV"])
@pytest.mark.parametrize(
    ("choice", "short"),
    [(None, "Y"), ("pay", "Y"), ("decline", "N"), ("cancel", "C"), ("back", "P")],
)
def test_asynchronous(sandbox: Client, mode: str, choice: str | None, short: str) -> None:
    answer = pay(sandbox, None, paymentMode=mode)
    uid = answer["paymentId"]
    given = {"session": arrived(sandbox, answer)} | ({"choice": choice} if choice else {})
    page = sandbox.post(f"/rest/checkout/{uid}/decision", data=given)
    where, fields = sent_form(page)
    assert where == RETURN
    assert (fields["status"], fields["paymentId"]) == (short, uid)
    assert fields["checksum"] == hashed(uid, "key-1", "19.99", short, KEY)
    assert inquire(sandbox, uid)["transactionStatus"] == short
    assert sandbox.get("/sandbox/ledger").json()["charges"] == (short == "Y")


def test_decided_once(sandbox: Client) -> None:
    answer = pay(sandbox, None)
    uid, session = answer["paymentId"], arrived(sandbox, answer)
    for choice in ("decline", "pay"):
        given = {"session": session, "choice": choice}
        page = sandbox.post(f"/rest/checkout/{uid}/decision", data=given)
        assert sent_form(page)[1]["status"] == "N"
    assert sent_form(sandbox.get(answer["redirect"]["url"]))[0] == RETURN


def test_addresses_must_come_unchanged(sandbox: Client) -> None:
    url = pay(sandbox, None)["redirect"]["url"]
    assert sandbox.get(url.replace("%2b", "%2B")).status_code == 400
    assert sandbox.get(url + "&a=b").status_code == 400
    form = pay(sandbox, None, paymentMode="PV")["redirect"]
    assert sandbox.post(form["url"], data={"token": "x"}).status_code == 400


def test_unknown(sandbox: Client) -> None:
    card = pay(sandbox, CHALLENGE)["paymentId"]
    net = pay(sandbox, None)["paymentId"]
    for answer in (
        sandbox.get("/rest/acs/1"),
        sandbox.get(f"/rest/acs/{card}"),
        sandbox.get(f"/rest/acs/{net}"),
        sandbox.post("/rest/acs/1"),
        sandbox.post(f"/rest/acs/{net}"),
        sandbox.post("/rest/term/1"),
        sandbox.get("/rest/checkout/1"),
        sandbox.get(f"/rest/checkout/{card}"),
        sandbox.post(f"/rest/checkout/{card}"),
        sandbox.post(f"/rest/checkout/{net}/decision", data={"session": "x"}),
    ):
        assert answer.status_code == 404
        assert "There is no such payment" in answer.text


def test_text_of_the_shop_is_escaped(sandbox: Client) -> None:
    answer = pay(sandbox, None, orderDescriptor="<script>alert(1)</script>")
    assert "<script>alert" not in sandbox.get(answer["redirect"]["url"]).text


def test_the_index_lets_people_pay(sandbox: Client) -> None:
    uid = pay(sandbox, None)["paymentId"]
    assert f'action="/sandbox/open/{uid}"' in sandbox.get("/sandbox/").text
    sandbox.post(f"/sandbox/open/{uid}", data={"choice": "pay"})
    assert inquire(sandbox, uid)["transactionStatus"] == "Y"
