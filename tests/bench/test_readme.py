"""The README's table of figures names what `make bench` has to reach."""

from __future__ import annotations

from typing import Final

import pytest

from bench import charges, ledger, memory, pages, payments, transport, waiting, webhooks
from tests.support.servers import ROOT

TARGETS: Final = {
    "page,": [pages.OF_BARE["page"]],
    "polled status,": [pages.OF_BARE["status"]],
    "whole payments": [payments.OF_BARE],
    "the same on 2 and 4 workers": [payments.WORKERS[2], payments.WORKERS[4]],
    "the same on one worker over PostgreSQL": [payments.OF_SQLITE],
    "the same on 2 and 4 servers": [payments.SERVERS[2], payments.SERVERS[4]],
    "writes of 4 processes": [ledger.LEAST],
    "Pay at 16 payers a worker": [payments.PAY_P99],
    "added to a charge": [charges.P50, charges.P99],
    "a call to a gateway": [transport.OF_HTTPX],
    "a poll of 10,000 customers": [waiting.P99 / 1000],
    "memory of one who waits": [waiting.MEMORY],
    "payments meanwhile": [waiting.MEANWHILE],
    "idle memory": [memory.IDLE],
    "a notification": [waiting.KNOWN],
    "first view": [pages.BYTES, pages.REQUESTS],
    "a shop is told": [webhooks.MOST],
}


@pytest.mark.parametrize("row", TARGETS)
def test_each_row_says_what_is_to_be_reached(row: str) -> None:
    (line,) = (each for each in (ROOT / "README.md").read_text().splitlines() if f"| {row}" in each)
    target = line.split("|")[3].split(",")
    assert [float(part.split()[0]) for part in target if part.strip() != "no 503"] == TARGETS[row]
