"""Commands run in this process; the gateways are a sandbox of its own, as `checkout sandbox`
starts it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from checkout.cli import main
from tests.web.house import written

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture(scope="session")
def pem() -> str:
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a running sandbox."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "checkout", "sandbox", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/sandbox/public_key", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the sandbox ended at once"
                assert time.monotonic() < until
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()  # a kill would leave its worker
        process.wait(timeout=15)


@pytest.fixture
def config(tmp_path: Path, pem: str) -> Path:
    """Settings that work; the gateways are at an address where nobody is."""
    return written(tmp_path, pem, sandbox="http://127.0.0.1:9")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("keys", "--json")`: the command as from a shell, without its settings."""
    monkeypatch.delenv("CHECKOUT_CONFIG", raising=False)

    def invoke(*arguments: object, **environment: str) -> Result:
        words = [str(each) for each in arguments]
        result = CliRunner().invoke(main, words, env={"COLUMNS": "200", **environment})
        structlog.reset_defaults()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def answered(result: Result) -> Any:
    """The JSON that a command printed, and nothing else."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
