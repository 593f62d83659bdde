"""The customers that the bench sends pay whole payments, at a gateway that tells what came."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bench.load import loads, pay
from bench.servers import checkout, gateway


def test_each_customer_gets_to_the_result_of_one_charge(tmp_path: Path) -> None:
    with gateway() as upstream, checkout(tmp_path, upstream) as server, loads(1) as customers:
        paid = pay(customers, [server], seconds=0.5, payers=2)
        told = httpx.get(f"{upstream}/told", trust_env=False).json()
        assert server.cpu() > 0
        parent, worker = server.memory()
    assert paid.payments == len(paid.pay) >= 2
    assert told == {"charges": paid.payments, "queries": 0}
    assert 10 < parent < 500
    assert 10 < worker < 500


def test_a_payment_that_does_not_end_in_its_result_ends_the_run(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    with (
        checkout(tmp_path, nobody) as server,
        loads(1) as customers,
        pytest.raises(RuntimeError, match="did not get to the end"),
    ):
        pay(customers, [server], seconds=0.1, payers=1)
