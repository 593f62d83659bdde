"""Breaking the REST gateway on demand, over real HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.rest_requests import PAYMENTS, charge, inquire, token


def broken(live: httpx.Client, fault: str, **options: float) -> httpx.Response:
    headers = {"AuthToken": token(live)}
    assert live.post("/sandbox/faults", json={"faults": [fault]}).status_code == 200
    return live.post(PAYMENTS, data=charge(), headers=headers, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "hang_before", "hang_after"])
def test_no_answer(live: httpx.Client, fault: str) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout)):
        broken(live, fault, timeout=0.5)
    found = inquire(live, "key-1", "MID")
    after = fault.endswith("after")
    assert found["result"]["code"] == ("00026" if after else "10009")
    assert live.get("/sandbox/ledger").json()["charges"] == after


@pytest.mark.parametrize(
    ("fault", "status", "charges"),
    [("500_before", 500, 0), ("429", 429, 0), ("502_after", 502, 1), ("html_after", 200, 1)],
)
def test_other_answers(live: httpx.Client, fault: str, status: int, charges: int) -> None:
    assert broken(live, fault).status_code == status
    books = live.get("/sandbox/ledger").json()
    assert books["charges"] == charges
    assert [call["fault"] for call in books["calls"] if call["path"] == PAYMENTS] == [fault]


def test_wrong_amount(live: httpx.Client) -> None:
    assert broken(live, "wrong_amount").json()["amount"] == "20.00"
    assert inquire(live, "key-1", "MID")["amount"] == "19.99"


def test_token_and_inquiry_take_no_fault(live: httpx.Client) -> None:
    live.post("/sandbox/faults", json={"faults": ["500_before"]})
    token(live)
    assert inquire(live, "key-1", "MID")["result"]["code"] == "10009"
    assert live.get("/sandbox/ledger").json()["faults"] == ["500_before"]
