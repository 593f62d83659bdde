"""A storm over the whole product: two servers, every fault at once, kill -9 again and again.

`make test` has a small one; `make storm` 2,000 payments and 30 kills (CHECKOUT_STORM=payments,
CHECKOUT_STORM_SEED=which). The same seed makes the same plans; what meets what is left to chance.
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from secrets import randbelow
from typing import Final

import pytest

from checkout.ledger.rows import Payment
from tests.storm import judge
from tests.storm.plans import CALM, CHARGE_FAULTS, QUERY_FAULTS, SHOP_FAULTS, PaymentPlan, plan
from tests.storm.run import PACE, Storm, payments_of
from tests.support.databases import sqlite
from tests.support.postgres import PROGRAMS, postgres_server

COUNT: Final = int(os.environ.get("CHECKOUT_STORM", "24"))
KILLS: Final = max(2, min(30, COUNT * 30 // 2000))
SEED: Final = int(os.environ.get("CHECKOUT_STORM_SEED", randbelow(1_000_000)))
ALL: Final = 500  # payments that meet every fault there is


async def ended(storm: Storm) -> dict[int, Payment]:
    """The payments in the ledger after it, by their numbers."""
    await storm.rage()
    async with storm.context() as context:
        found = await context.ledger.read(payments_of, storm.uids)
    return {storm.number(payment): payment for payment in found}


# A killed server leaves connections at the gateway of this process, which its loop may end with.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("backend", ("sqlite", "postgresql") if PROGRAMS else ("sqlite",))
async def test_storm(backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plans = [plan(SEED, number) for number in range(COUNT)]
    with ExitStack() as opened:
        postgres = None if backend == "sqlite" else opened.enter_context(postgres_server())
        url = postgres.url() if postgres else sqlite(tmp_path)
        storm = Storm(tmp_path, SEED, plans, KILLS, url, postgres)
        found = await ended(storm)
    with capsys.disabled():
        sys.stdout.write(judge.summary(storm, found))
    assert judge.faults(storm, found) == []
    assert storm.killed.total() == KILLS
    assert bool(storm.killed["PostgreSQL"]) is (backend != "sqlite")
    if COUNT >= ALL:
        played = set(storm.world.played)
        assert {f"charge: {fault}" for fault in CHARGE_FAULTS} <= played
        assert {f"query: {fault}" for fault in QUERY_FAULTS} <= played
        assert {f"shop: {fault}" for fault in SHOP_FAULTS} <= played


def slow(planned: PaymentPlan) -> PaymentPlan:
    """Its charges are six seconds on their way, and nobody waits for the answer."""
    charges = tuple(
        dataclasses.replace(charge, verdict="paid", fault=CALM, before=6.0, after=0.0)
        for charge in planned.charges
    )
    return dataclasses.replace(
        planned, attempts=3, tabs=1, hurried=True, stays=True, charges=charges
    )


async def test_a_server_without_patience_is_found_out(tmp_path: Path) -> None:
    """What a storm would see if an unknown payment counted as absent at once."""
    plans = [slow(plan(SEED, number)) for number in range(6)]
    hasty = PACE | {"charge_timeout": 8.0, "answer_timeout": 0.1, "settle_window": 0.0}
    storm = Storm(tmp_path, SEED, plans, 0, sqlite(tmp_path), pace=hasty)
    found = await ended(storm)
    wrong = judge.faults(storm, found)
    assert any("is charged beside" in fault for fault in wrong)
    # Or more often: its form may be open a third time before the first charge has arrived.
    twice = re.compile(r"the money was taken ([2-9]|\d\d+) times$")
    assert any(twice.search(fault) for fault in wrong), wrong
