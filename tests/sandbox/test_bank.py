"""The bank's 3-D Secure page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.sandbox.requests import CHALLENGE, RETURN, card_request

Client = TestClient[Litestar]


def challenge(sandbox: Client, number: str = CHALLENGE) -> str:
    answer = sandbox.post("/transactions/payments", json=card_request(number))
    uid: str = answer.json()["transaction"]["uid"]
    return uid


def status(sandbox: Client, uid: str) -> dict[str, Any]:
    said: dict[str, Any] = sandbox.get(f"/transactions/{uid}").json()["transaction"]
    return said


@pytest.mark.parametrize(
    ("given", "ends", "code"),
    [
        ({"password": "1111"}, "successful", "S.0000"),
        ({"password": "1112"}, "failed", "F.0129"),
        ({"password": "пароль"}, "failed", "F.0129"),
        ({}, "failed", "F.0129"),
        ({"choice": "cancel"}, "failed", "F.0132"),
        ({"choice": "cancel", "password": "1111"}, "failed", "F.0132"),
    ],
)
def test_decision(sandbox: Client, given: dict[str, str], ends: str, code: str) -> None:
    uid = challenge(sandbox)
    assert sandbox.get(f"/process/{uid}").status_code == 200
    back = sandbox.post(f"/process/{uid}", data=given)
    assert back.status_code == 303
    assert back.headers["location"] == f"{RETURN}&uid={uid}&status={ends}"
    said = status(sandbox, uid)
    assert (said["status"], said["code"]) == (ends, code)
    verified = "successful" if ends == "successful" else "failed"
    assert said["three_d_secure_verification"]["status"] == verified


def test_password_is_no_money(sandbox: Client) -> None:
    uid = challenge(sandbox, "4000000000003220")
    sandbox.post(f"/process/{uid}", data={"password": "1111"})
    assert status(sandbox, uid)["code"] == "F.0114"


def test_the_first_decision_counts(sandbox: Client) -> None:
    uid = challenge(sandbox)
    sandbox.post(f"/process/{uid}", data={"choice": "cancel"})
    again = sandbox.post(f"/process/{uid}", data={"password": "1111"})
    assert again.headers["location"].endswith("status=failed")
    assert sandbox.get("/sandbox/ledger").json()["charges"] == 0
    assert sandbox.get(f"/process/{uid}").status_code == 303


def test_way_back_by_post(sandbox: Client) -> None:
    sandbox.post("/sandbox/behaviour", json={"return_method": "POST"})
    uid = challenge(sandbox)
    page = sandbox.post(f"/process/{uid}", data={"password": "1111"})
    assert page.status_code == 200
    assert f'<form method="post" action="{RETURN}">' in page.text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert fields == {"uid": uid, "status": "successful"}
    assert "<button" in page.text


@pytest.mark.parametrize(("iframe", "ancestors"), [(True, "*"), (False, "'none'")])
def test_framing(sandbox: Client, iframe: bool, ancestors: str) -> None:
    sandbox.post("/sandbox/behaviour", json={"iframe": iframe})
    uid = challenge(sandbox)
    assert status(sandbox, uid)["gateway"] == {"iframe": iframe}
    policy = sandbox.get(f"/process/{uid}").headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors {ancestors}")


def test_unknown(sandbox: Client) -> None:
    for answer in (
        sandbox.get("/process/x"),
        sandbox.post("/process/x"),
        sandbox.get("/receipt/x"),
    ):
        assert answer.status_code == 404
        assert "There is no such payment" in answer.text


def test_receipt(sandbox: Client) -> None:
    said = sandbox.post("/transactions/payments", json=card_request()).json()["transaction"]
    page = sandbox.get(said["receipt_url"])
    assert page.status_code == 200
    assert "19.99 EUR" in page.text
    assert said["payment"]["rrn"] in page.text


def test_text_of_the_shop_is_escaped(sandbox: Client) -> None:
    body = card_request(CHALLENGE, description="<script>alert(1)</script>")
    uid = sandbox.post("/transactions/payments", json=body).json()["transaction"]["uid"]
    assert "<script>alert" not in sandbox.get(f"/process/{uid}").text
