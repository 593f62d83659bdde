"""`/metrics` of a server with several workers: any of them tells of all, also of the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from checkout import shared_metrics
from tests.support.metrics import scraped
from tests.support.polling import wait_until
from tests.support.served import Served, served
from tests.support.servers import ROOT, Process, stop, wait_for
from tests.support.settings import NOBODY, SHOP

PAYMENTS: Final = f'checkout_payments_total{{shop="{SHOP}"}}'
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")


def create(server: Served, count: int) -> None:
    """Payments, each over a connection of its own: the workers share them."""
    order = {"amount": 1999, "currency": "EUR", "description": "A book"}
    for _ in range(count):
        httpx.post(
            f"{server.url}/ctp/api/checkouts",
            json={"checkout": {"transaction_type": "payment", "order": order}},
            auth=(SHOP, server.settings.shop_secret),
            trust_env=False,
        ).raise_for_status()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, NOBODY) as started:
        yield started


def test_any_worker_tells_of_all_and_no_counter_goes_back(server: Served) -> None:
    wait_until(lambda: scraped(server.url)["checkout_workers"] == 2)
    create(server, 30)
    assert {scraped(server.url)[PAYMENTS] for _ in range(8)} == {30}

    before = server.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(server.workers() - before) == len(before))
    wait_for(f"{server.url}/health/ready", server.process)
    assert {scraped(server.url)[PAYMENTS] for _ in range(4)} == {30}
    create(server, 10)
    wait_until(lambda: scraped(server.url)["checkout_workers"] == 2)
    found = scraped(server.url)
    assert found[PAYMENTS] == 40
    assert found['checkout_requests_total{page="api",status="2xx"}'] == 40
    assert found['checkout_request_seconds_count{page="api"}'] == 40
    assert found["checkout_requests_under_way"] >= 1, "of workers that live: this very request"
    assert found["checkout_requests_under_way"] <= 2
    assert found["checkout_ledger_writable"] == 1

    refused = 'checkout_alerts_total{kind="reload.refused"}'
    assert found[refused] == 0
    server.settings.config.write_text("public_url = 5\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: scraped(server.url)[refused] == 1)  # an alert of no worker

    folder = _folder_of(server.process)
    assert folder.stat().st_mode & 0o077 == 0
    assert len(list(folder.glob("*.place"))) == 2, "a later worker takes the place of a dead one"
    assert stop(server.process) == 0
    assert not folder.exists()


def _folder_of(process: Process) -> Path:
    owners = shared_metrics.home().glob(f"{shared_metrics.PREFIX}*/{shared_metrics.OWNER}")
    (found,) = [each.parent for each in owners if each.read_text() == f"{process.pid}\n"]
    return found


def test_the_folder_of_a_killed_server_is_removed_by_the_next(tmp_path: Path) -> None:
    code = """
import os, signal
from checkout import shared_metrics
with shared_metrics.folder() as made:
    print(made, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    with shared_metrics.folder() as mine:
        assert mine is not None
        assert mine.is_dir()
        assert not left.exists()
    assert not mine.exists()
