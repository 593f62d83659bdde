"""All that a server writes is lines of one shape, whoever says it; none has a secret address."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import __version__
from checkout.log_lines import told
from tests.support.metrics import scraped
from tests.support.polling import wait_until
from tests.support.served import served
from tests.support.servers import ROOT, stop
from tests.support.settings import NOBODY

SAYS = """
import asyncio, logging, sys, threading, warnings
from checkout import log
log.configure()
logging.getLogger("some.library").warning("lost https://u:secret@pay.example/en/payment/1/secret?k=secret")
warnings.warn("secret ways are deprecated\\nsecret()", DeprecationWarning)
async def fail():
    card = "4200000000000000"
    raise ValueError(card)
async def main():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
asyncio.run(main())
thread = threading.Thread(target=lambda: int("secret"))
thread.start(); thread.join()
raise KeyError("secret")
"""


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_libraries_and_exceptions_are_lines_without_values() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", SAYS], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = lines(done.stderr)
    assert {line["event"] for line in found} == {"library"}
    assert {"level", "timestamp", "detail", "logger"} <= set.intersection(*map(set, found))
    assert [line.get("error") for line in found if "error" in line] == [
        "ValueError", "ValueError", "KeyError"
    ]  # fmt: skip
    assert "4200000000000000" not in done.stderr
    assert "lost https://pay.example" in done.stderr
    assert not any("secret" in str(line) for line in found if line["logger"] != "py.warnings")
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Listening at: http://127.0.0.1:8001", "Listening at: http://127.0.0.1:8001"),
        ("postgresql://me:word@db/pay is away", "postgresql://db is away"),
        ("GET /en/payment/1/abc/status 500", "GET /… 500"),
        ("for /return/abc none", "for /… none"),
        ("one\ntwo", "one"),
    ],
    ids=str,
)
def test_no_address_goes_further_than_its_host(text: str, kept: str) -> None:
    assert told(text) == kept


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")
def test_a_server_writes_lines_from_its_first_to_its_last(tmp_path: Path) -> None:
    with served(tmp_path, NOBODY) as server:
        version = f'checkout_build_info{{version="{__version__}"}}'
        wait_until(lambda: scraped(server.url)[version] == 2)  # both serve
        before = server.workers()
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(server.workers() - before) == 1)
        wait_until(lambda: scraped(server.url)[version] == 2)
        assert stop(server.process) == 0
    found = lines(server.log.read_text())
    assert {line["event"] for line in found} == {"server", "worker.ended"}
    said = " ".join(str(line.get("detail")) for line in found)
    for word in ("Listening at", "Spawning worker", "Shutting down"):
        assert word in said
    assert {line["level"] for line in found} == {"info", "error"}
    assert all(isinstance(line["timestamp"], str) for line in found)
