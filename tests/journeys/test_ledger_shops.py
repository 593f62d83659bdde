"""Shops of the ledger, with real servers and commands: every worker of every server takes a change
over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from checkout.fresh_keys import new_secret
from checkout.signing import sign_link
from tests.support.databases import BACKENDS, database
from tests.support.servers import free_port, start, stop, wait_for
from tests.support.settings import NOBODY
from tests.web.settings import write_usual_settings

SECONDS = 20.0  # until all must know; usually one
ASKED = 10  # requests on connections of their own: each worker gets some


@contextmanager
def servers(folder: Path, pem: str, url: str, count: int) -> Iterator[list[str]]:
    """So many servers of two workers each, over one ledger."""
    config = write_usual_settings(
        folder, pem, sandbox=NOBODY, top=f'database = "{url}"\nshops_key = "env:SHOPS_KEY"'
    )
    os.environ["CHECKOUT_CONFIG"] = str(config)
    with ExitStack() as running:
        found = []
        for number in range(count):
            port = free_port()
            command = ("-m", "checkout", "serve", "--port", str(port), "--workers", "2")
            process = start(*command, log=folder / f"output-{number}")
            running.callback(stop, process)
            wait_for(f"http://127.0.0.1:{port}/health/ready", process)
            found.append(f"http://127.0.0.1:{port}")
        yield found


def shops(*words: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "checkout", "shops", *words, "--json"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def answers(servers: list[str], key: str) -> set[int]:
    """What the workers say to a link of the shop's: 303 leads to its payment, 404 is no link."""
    order = {"amount": 100, "currency": "EUR", "description": "Tea", "expires": 2_000_000_000}
    link = sign_link("tea", key, order)
    with httpx.Client(verify=False, headers={"Connection": "close"}) as http:
        return {http.get(f"{url}/pay/{link}").status_code for url in servers for _ in range(ASKED)}


def soon(what: Callable[[], set[int]], expected: set[int]) -> None:
    began = time.monotonic()
    while (found := what()) != expected:
        assert time.monotonic() < began + SECONDS, found


def test_every_worker_takes_a_change_over(
    tmp_path: Path, pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPS_KEY", new_secret())
    monkeypatch.setenv("CHECKOUT_CONFIG", "")
    backend = BACKENDS[-1]
    count = 2 if backend == "postgresql" else 1
    with database(backend, tmp_path) as url, servers(tmp_path, pem, url, count) as found:
        handed = shops(
            "add", "tea", "--name", "Tea shop", "--url", "https://shop.example.com",
            "--method", "credit_card=plain",
        )  # fmt: skip
        old = handed["link_key"]
        soon(lambda: answers(found, old), {303})
        new = shops("rotate", "tea", "link_keys")["link_key"]
        soon(lambda: answers(found, new), {303})
        assert answers(found, old) == {303}  # both hold
        shops("disable", "tea")
        soon(lambda: answers(found, new), {403})
        written = b"".join(file.read_bytes() for file in tmp_path.glob("output-*"))
    for secret in (handed["secret_key"], old, new):
        assert secret.encode() not in written
    assert b'"alert"' not in written
