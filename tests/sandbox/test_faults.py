"""Breaking on demand, over real HTTP: what an adapter sees and what the books say."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from checkout.sandbox import faults
from tests.sandbox.requests import apm_request, card_request

PAYMENTS = "/transactions/payments"


def break_next(live: httpx.Client, *faults: str) -> None:
    assert live.post("/sandbox/faults", json={"faults": faults}).status_code == 200


def ledger(live: httpx.Client) -> dict[str, Any]:
    books: dict[str, Any] = live.get("/sandbox/ledger").json()
    return books


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_reset_is_seen_before_any_status_line(live: httpx.Client, fault: str) -> None:
    break_next(live, fault)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        live.post(PAYMENTS, json=card_request())
    books = ledger(live)
    assert books["charges"] == (1 if fault.endswith("after") else 0)
    call = next(call for call in books["calls"] if call["path"] == PAYMENTS)
    assert call["fault"] == fault


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
def test_hang_lasts_until_the_client_gives_up(live: httpx.Client, fault: str) -> None:
    break_next(live, fault)
    with pytest.raises(httpx.ReadTimeout):
        live.post(PAYMENTS, json=card_request(), timeout=0.5)
    assert ledger(live)["charges"] == (1 if fault.endswith("after") else 0)


@pytest.mark.parametrize(
    ("fault", "status", "charges"), [("500_before", 500, 0), ("429", 429, 0), ("502_after", 502, 1)]
)
def test_error_statuses(live: httpx.Client, fault: str, status: int, charges: int) -> None:
    break_next(live, fault)
    answer = live.post(PAYMENTS, json=card_request())
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 429)
    assert ledger(live)["charges"] == charges


def test_truncated_answer_is_half_a_body(live: httpx.Client) -> None:
    break_next(live, "truncated_after")
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        live.post(PAYMENTS, json=card_request())
    assert ledger(live)["charges"] == 1


def test_html_answer(live: httpx.Client) -> None:
    break_next(live, "html_after")
    answer = live.post("/beyag/transactions/payments", json=apm_request("instant"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert ledger(live)["charges"] == 1


def test_drip_defeats_a_deadline_per_read(live: httpx.Client) -> None:
    break_next(live, "drip_after")
    began = time.monotonic()
    with live.stream("POST", PAYMENTS, json=card_request(), timeout=1) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw()
        assert b"".join(next(chunks) for _ in range(4)) == b'{"tr'
        assert 1.0 < time.monotonic() - began < 4
    assert ledger(live)["charges"] == 1


def test_wrong_amount_is_one_more_everywhere(live: httpx.Client) -> None:
    break_next(live, "wrong_amount")
    said = live.post(PAYMENTS, json=card_request()).json()["transaction"]
    assert said["amount"] == said["payment"]["amount"] == 2000
    assert ledger(live)["transactions"][0]["amount"] == 1999


def test_amounts_as_strings_are_raised_too() -> None:
    assert faults.one_more(b'{"amount": "50.00", "list": [{"amount": "7"}], "other": 1}') == (
        b'{"amount": "50.01", "list": [{"amount": "8"}], "other": 1}'
    )


def test_each_payment_call_takes_one(live: httpx.Client) -> None:
    break_next(live, "ok", "500_before", "ok")
    live.get("/transactions/unknown")  # takes none
    statuses = [
        live.post(PAYMENTS, json=card_request(amount=amount)).status_code for amount in range(1, 5)
    ]
    assert statuses == [200, 500, 200, 200]
    assert ledger(live)["faults"] == []


def test_the_connection_pool_survives_a_reset(live: httpx.Client) -> None:
    break_next(live, "reset_after")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        live.post(PAYMENTS, json=card_request())
    found = live.get("/v2/transactions/tracking_id/key-1").json()["transactions"]
    assert [one["status"] for one in found] == ["successful"]
