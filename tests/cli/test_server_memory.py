"""What `checkout serve` keeps in memory: the supervising process does not load the application, a
worker nothing that only commands and tests need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from checkout.ledger.migrate import migrate
from checkout.worker import UNUSED
from tests.support.servers import ROOT
from tests.web.process import serving
from tests.web.settings import write_usual_settings

# The whole server, idle, beside the tests' tools: 141 MiB were measured (128 without them), 222
# when its parent loaded the application.
LARGEST: Final = 150 * 1024 * 1024

# What a process has loaded: a module that is kept out is there as None.
SAYS: Final = "import json, sys; print(json.dumps([n for n, m in sys.modules.items() if m]))"


def loaded(code: str, **environment: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{SAYS}"], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout))


def test_who_supervises_loads_no_application() -> None:
    found = loaded("import checkout.cli.serve")
    heavy = {"litestar", "sqlalchemy", "httpx", "jinja2", "cryptography", "msgspec", "structlog"}
    assert "granian" in found
    assert not found & (heavy | {"rich", "babel"})
    assert {name for name in found if name.startswith("checkout.")} <= {
        "checkout.cli",
        "checkout.cli.basics",
        "checkout.cli.ports",
        "checkout.cli.serve",
        "checkout.control",
        "checkout.listening",
        "checkout.log_lines",
        "checkout.process",
        "checkout.shared_metrics",
        "checkout.supervisor",
        "checkout.worker",
    }


def test_a_worker_loads_what_it_serves_with(tmp_path: Path, pem: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox="http://127.0.0.1:9")
    migrate(f"sqlite:///{tmp_path.as_posix()}/checkout.db")
    code = "from checkout.worker import application; application()"
    found = loaded(code, CHECKOUT_CONFIG=str(config))
    assert "litestar" in found
    assert not found & {*UNUSED, "pydantic", "attr", "alembic", "segno", "psycopg"}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc here")
def test_memory_of_an_idle_server(tmp_path: Path, pem: str) -> None:
    with serving(tmp_path, pem) as server:
        assert server.memory < LARGEST
