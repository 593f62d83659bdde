"""Notifications: what they carry, when they are sent, and how often."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox import notifications
from checkout.sandbox.state import SandboxState
from tests.sandbox.conftest import Mailbox
from tests.sandbox.requests import CHALLENGE, apm_request, card_request

PAYMENTS = "/transactions/payments"

Client = TestClient[Litestar]


def attempts(sandbox: Client, count: int, seconds: float = 5.0) -> list[dict[str, Any]]:
    """The record of deliveries, once it holds `count`."""
    until = time.monotonic() + seconds
    while True:
        found: list[dict[str, Any]] = sandbox.get("/sandbox/ledger").json()["notifications"]
        if len(found) >= count or time.monotonic() > until:
            return found
        time.sleep(0.01)


def test_it_is_the_answer_signed(sandbox: Client, mailbox: Mailbox) -> None:
    answer = sandbox.post(PAYMENTS, json=card_request(notification_url=mailbox.url))
    headers, body = mailbox.wait(1)[0]
    assert json.loads(body) == answer.json()
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Basic MzYxOmtleQ=="
    key = load_der_public_key(b64decode(sandbox.get("/sandbox/public_key").text))
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    signature = b64decode(headers["content-signature"])
    key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    assert attempts(sandbox, 1)[0]["answer"] == 200


def test_incomplete_is_told_once_it_is_final(sandbox: Client, mailbox: Mailbox) -> None:
    body = card_request(CHALLENGE, notification_url=mailbox.url)
    uid = sandbox.post(PAYMENTS, json=body).json()["transaction"]["uid"]
    assert mailbox.wait(1, 0.2) == []
    sandbox.post(f"/process/{uid}", data={"password": "1111"})
    assert json.loads(mailbox.wait(1)[0][1])["transaction"]["status"] == "successful"


def test_retried_until_200(
    sandbox: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.answers = [500, 302, 201]
    monkeypatch.setattr(
        notifications.Notification, "__init__", _impatient(notifications.Notification.__init__)
    )
    sandbox.post(PAYMENTS, json=card_request(notification_url=mailbox.url))
    received = mailbox.wait(4)
    assert len({(headers["content-signature"], body) for headers, body in received}) == 1
    assert [one["answer"] for one in attempts(sandbox, 4)] == [500, 302, 201, 200]
    assert len(mailbox.wait(5, 0.2)) == 4


def _impatient(init: Any) -> Any:
    def quick(self: notifications.Notification, **given: Any) -> None:
        init(self, **given, waits=(0.0,) * 15)

    return quick


def test_schedule_has_fifteen_tries() -> None:
    assert len(notifications.RETRIES) == 15
    assert notifications.RETRIES[0] == 0


def test_apm_late_success(sandbox: Client, mailbox: Mailbox) -> None:
    body = apm_request("sbp", notification_url=mailbox.url)
    uid = sandbox.post("/beyag/transactions/payments", json=body).json()["transaction"]["uid"]
    for status in ("failed", "successful", "refunded"):
        settled = sandbox.post(f"/sandbox/transactions/{uid}/settle", json={"status": status})
        assert settled.json()["status"] == status
    told = [
        json.loads(notification)["transaction"]["status"] for _, notification in mailbox.wait(3)
    ]
    assert sorted(told) == ["failed", "refunded", "successful"]


@pytest.mark.parametrize(("mode", "count"), [("lost", 0), ("doubled", 2), ("normal", 1)])
def test_switches(sandbox: Client, mailbox: Mailbox, mode: str, count: int) -> None:
    sandbox.post("/sandbox/behaviour", json={"notifications": mode})
    sandbox.post(PAYMENTS, json=card_request(notification_url=mailbox.url))
    assert len(mailbox.wait(count + 1, 0.5)) == count
    if mode == "lost":
        assert attempts(sandbox, 1)[0]["answer"] == "lost: never sent"


def test_late(sandbox: Client, mailbox: Mailbox) -> None:
    sandbox.post("/sandbox/behaviour", json={"notifications": "late", "notification_delay": 0.4})
    began = time.monotonic()
    sandbox.post(PAYMENTS, json=card_request(notification_url=mailbox.url))
    assert mailbox.wait(1)
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("url", ["https://shop.example/n", "https://127.0.0.1.example/n"])
def test_only_this_machine_is_called(sandbox: Client, url: str) -> None:
    sandbox.post(PAYMENTS, json=card_request(notification_url=url))
    assert attempts(sandbox, 1) == [
        {
            "at": attempts(sandbox, 1)[0]["at"],
            "uid": attempts(sandbox, 1)[0]["uid"],
            "url": url,
            "answer": "refused: not a loopback address",
        }
    ]


def test_unreachable_shop_is_recorded(sandbox: Client) -> None:
    sandbox.post(PAYMENTS, json=card_request(notification_url="http://127.0.0.1:1/n"))
    assert attempts(sandbox, 1)[0]["answer"] == "ConnectError"


def test_overdue_is_told_without_anyone_asking(
    sandbox: Client, mailbox: Mailbox, state: SandboxState
) -> None:
    body = card_request(
        CHALLENGE, notification_url=mailbox.url, expired_at="2099-01-01T00:00:00+00:00"
    )
    sandbox.post(PAYMENTS, json=body)
    state.now = lambda: 4_080_000_000.0
    assert json.loads(mailbox.wait(1)[0][1])["transaction"]["status"] == "expired"
