"""A port that somebody has: a server says who, and does not share it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.servers import ROOT, running, wait_for
from tests.support.settings import NOBODY
from tests.web.process import serving


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen()
        yield found.getsockname()[1]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("demo", "--sandbox-port"), "--sandbox-port"),
        (("serve", "--port"), "--port"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_a_port_that_another_program_has(
    run: Run, taken: int, command: tuple[str, ...], option: str
) -> None:
    begun = time.monotonic()
    said = run(*command, taken)
    assert said.exit_code == 1
    assert said.stderr == (
        f"Port {taken} of 127.0.0.1 is taken by another program: end it, or name another port with"
        f" {option}\n"
    )
    assert time.monotonic() - begun < 12


def test_a_host_that_is_not_ours(run: Run) -> None:
    said = run("sandbox", "--host", "192.0.2.1")
    assert said.exit_code == 1
    assert "Nobody can listen at port 8002 of 192.0.2.1: " in said.stderr


def test_a_second_server(tmp_path: Path, pem: str) -> None:
    with serving(tmp_path, pem, sandbox=NOBODY) as first:
        done = subprocess.run(
            [sys.executable, "-m", "checkout", "serve", "--port", str(first.port),
             "--config", str(tmp_path / "checkout.toml")],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "is taken by a checkout that runs already: " in done.stderr


def test_a_port_that_becomes_free(tmp_path: Path) -> None:
    """As after a kill of the parent alone: the next server waits for the workers' end."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen()
        port = found.getsockname()[1]
        with running("-m", "checkout", "sandbox", "--port", str(port)) as process:
            time.sleep(1.5)
            assert process.poll() is None
            found.close()
            wait_for(f"http://127.0.0.1:{port}/sandbox/public_key", process)
