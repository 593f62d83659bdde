"""The controls under /sandbox/."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox import bounded, codes, controls, faults, settings, transaction
from checkout.sandbox.bounded import Bounded
from checkout.sandbox.card_results import TEST_CARDS
from checkout.sandbox.overpay.methods import METHODS
from checkout.sandbox.state import SandboxState
from tests.sandbox.requests import CHALLENGE, apm_request, card_request

Client = TestClient[Litestar]


def books(sandbox: Client) -> dict[str, Any]:
    said: dict[str, Any] = sandbox.get("/sandbox/ledger").json()
    return said


def test_ledger(sandbox: Client) -> None:
    paid = sandbox.post("/transactions/payments", json=card_request()).json()["transaction"]
    sandbox.post("/transactions/payments", json=card_request(CHALLENGE, tracking_id="key-2"))
    sandbox.get(f"/transactions/{paid['uid']}")
    sandbox.get("/v2/transactions/tracking_id/key-1")
    said = books(sandbox)
    assert said["charges"] == 1
    first, second = said["transactions"]
    assert (first["uid"], first["queries"], first["charged"]) == (paid["uid"], 2, True)
    assert (second["status"], second["charged"]) == ("incomplete", False)
    assert first["facts"]["brand"] == "visa"
    assert [(call["method"], call["path"], call["status"]) for call in said["calls"]] == [
        ("POST", "/transactions/payments", 200),
        ("POST", "/transactions/payments", 200),
        ("GET", f"/transactions/{paid['uid']}", 200),
        ("GET", "/v2/transactions/tracking_id/key-1", 200),
    ]
    assert {call["tracking_id"] for call in said["calls"][:2]} == {"key-1", "key-2"}
    assert all(call["uid"] == paid["uid"] for call in (said["calls"][0], said["calls"][2]))


def test_unknown_fault(sandbox: Client) -> None:
    answer = sandbox.post("/sandbox/faults", json={"faults": ["ok", "earthquake"]})
    assert answer.status_code == 422
    assert "earthquake" in answer.json()["message"]
    assert set(answer.json()["known"]) == set(faults.FAULTS)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", b"{", 400),
        ("faults", b"[]", 422),
        ("faults", b"{}", 422),
        ("faults", b'{"faults": "ok"}', 422),
        ("faults", b'{"fault": []}', 422),
        ("behaviour", b'{"return_method": "PUT"}', 422),
        ("behaviour", b'{"latency_ms": -1}', 422),
        ("behaviour", b'{"latency": 1}', 422),
        ("credentials", b'{"shop_id": ""}', 422),
        ("transactions/none/settle", b'{"status": "successful"}', 404),
        ("transactions/none/settle", b'{"status": 1}', 422),
    ],
)
def test_bad_input_is_explained(sandbox: Client, path: str, body: bytes, status: int) -> None:
    answer = sandbox.post(f"/sandbox/{path}", content=body)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_behaviour_keeps_what_is_not_named(sandbox: Client) -> None:
    sandbox.post("/sandbox/behaviour", json={"return_method": "POST"})
    said = sandbox.post("/sandbox/behaviour", json={"latency_ms": 7}).json()
    assert (said["return_method"], said["latency_ms"]) == ("POST", 7)


def test_settle(sandbox: Client) -> None:
    body = apm_request("erip")
    uid = sandbox.post("/beyag/transactions/payments", json=body).json()["transaction"]["uid"]
    path = f"/sandbox/transactions/{uid}/settle"
    assert sandbox.post(path, json={"status": "paid"}).json()["known"]
    assert sandbox.post(path, json={"status": "failed", "code": "F.1"}).status_code == 422
    assert sandbox.post(path, json={"status": "refunded"}).status_code == 409
    said = sandbox.post(path, json={"status": "failed", "code": "F.0114"}).json()
    assert (said["status"], said["code"], said["charged"]) == ("failed", "F.0114", False)
    assert sandbox.post(path, json={"status": "successful"}).json()["charged"] is True
    assert sandbox.post(path, json={"status": "failed"}).status_code == 409
    assert books(sandbox)["charges"] == 1


def test_reset_forgets_all_but_the_key(sandbox: Client) -> None:
    key = sandbox.get("/sandbox/public_key").text
    sandbox.post("/transactions/payments", json=card_request(), headers={"RequestID": "one"})
    sandbox.post("/sandbox/faults", json={"faults": ["429"]})
    sandbox.post("/sandbox/credentials", json={"shop_id": "1", "secret_key": "2"})
    sandbox.post("/sandbox/behaviour", json={"iframe": False})
    assert sandbox.post("/sandbox/reset").status_code == 200
    said = books(sandbox)
    assert not any(
        said[name] for name in ("transactions", "charges", "calls", "notifications", "faults")
    )
    assert said["behaviour"]["iframe"] is True
    assert sandbox.get("/sandbox/public_key").text == key
    answer = sandbox.post(
        "/transactions/payments", json=card_request(), headers={"RequestID": "one"}
    )
    assert answer.status_code == 200


def test_index_tells_everything(sandbox: Client) -> None:
    assert sandbox.get("/").headers["location"] == "/sandbox/"
    page = sandbox.get("/sandbox/").text
    text = re.sub(r"\s", "", page)
    for number in TEST_CARDS:
        assert number in re.sub(r"<[^>]*>", "", text)
    for name in (*METHODS, *faults.FAULTS, *settings.SandboxSettings.__struct_fields__):
        assert f"<code>{name}</code>" in page
    for handler in controls.HANDLERS:
        for path in handler.paths:
            if path not in ("/", "/sandbox", "/sandbox/open/{uid:str}"):
                assert path.replace(":str", "") in page


def test_index_lets_people_pay(sandbox: Client) -> None:
    uids = [
        sandbox.post("/beyag/transactions/payments", json=apm_request(method)).json()[
            "transaction"
        ]["uid"]
        for method in ("erip", "sbp")
    ]
    page = sandbox.get("/sandbox/").text
    assert all(f'action="/sandbox/open/{uid}"' in page for uid in uids)
    sandbox.post(f"/sandbox/open/{uids[0]}", data={"choice": "pay"})
    sandbox.post(f"/sandbox/open/{uids[1]}", data={"choice": "decline"})
    assert [row["status"] for row in books(sandbox)["transactions"]] == ["successful", "failed"]


def test_unknown_addresses(sandbox: Client) -> None:
    for answer in (sandbox.get("/nowhere"), sandbox.delete("/transactions/payments")):
        assert answer.status_code in (404, 405)
        assert answer.json()["message"] == answer.json()["response"]["message"]


def test_memory_is_bounded(
    monkeypatch: pytest.MonkeyPatch, sandbox: Client, state: SandboxState
) -> None:
    monkeypatch.setattr(bounded, "CAP", 5)
    for number in range(1, 12):
        body = card_request(amount=number, tracking_id=f"key-{number}")
        sandbox.post("/transactions/payments", json=body, headers={"RequestID": str(number)})
    assert len(state.transactions) == 5
    assert len(state.memory) == 5
    assert sandbox.get("/v2/transactions/tracking_id/key-1").json() == {"transactions": []}
    assert sandbox.get("/v2/transactions/tracking_id/key-11").json()["transactions"]
    box: Bounded[int, int] = Bounded()
    for number in range(9):
        box[number] = number
    assert list(box) == [4, 5, 6, 7, 8]


def test_every_status_and_code_has_its_words() -> None:
    reachable = {status for ends in transaction.MOVES.values() for status in ends}
    assert reachable == set(codes.BY_STATUS)
    assert set(codes.BY_STATUS.values()) <= codes.CODES.keys()
    assert {result.code for result in TEST_CARDS.values()} <= codes.CODES.keys()
