"""Commands run in this process; the gateways are a sandbox of its own, as `checkout sandbox`
starts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from checkout.cli import main
from tests.support.servers import free_port, running, wait_for
from tests.web.settings import write_usual_settings

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a running sandbox."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running("-m", "checkout", "sandbox", "--port", str(port)) as process:
        wait_for(f"{url}/sandbox/public_key", process)
        yield url


@pytest.fixture
def config(tmp_path: Path, pem: str) -> Path:
    """Settings that work; the gateways are at an address where nobody is."""
    return write_usual_settings(tmp_path, pem, sandbox="http://127.0.0.1:9")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("keys", "--json")`: the command as from a shell, without its settings."""
    monkeypatch.delenv("CHECKOUT_CONFIG", raising=False)

    def invoke(*arguments: object, input: str = "", **environment: str) -> Result:
        words = [str(each) for each in arguments]
        environ = {"COLUMNS": "200", **environment}
        result = CliRunner().invoke(main, words, input=input, env=environ)
        structlog.reset_defaults()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def answered(result: Result) -> Any:
    """The JSON that a command printed, and nothing else."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
