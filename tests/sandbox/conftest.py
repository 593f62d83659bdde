"""A sandbox in this process for its logic, and one over real HTTP for its faults."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.app import create_sandbox
from checkout.sandbox.state import SandboxState

ROOT = Path(__file__).parents[2]
ORIGIN = "http://sandbox.test"  # the test client wants a dot in it


def in_process(app: Litestar) -> httpx.ASGITransport:
    """Calls of the application without a network."""
    return httpx.ASGITransport(cast(Any, app))  # httpx spells ASGI's types in its own way


class Mailbox:
    """A shop's address for notifications on a free port; `answers` are given one by one."""

    def __init__(self) -> None:
        self.notifications: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                mailbox.notifications.append((headers, body))
                self.send_response(mailbox.answers.pop(0) if mailbox.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def wait(self, count: int, seconds: float = 5.0) -> list[tuple[dict[str, str], bytes]]:
        """The notifications, once there are `count`; what came so far when time is up."""
        until = time.monotonic() + seconds
        while len(self.notifications) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.notifications


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture(scope="session")
def running() -> Iterator[TestClient[Litestar]]:
    """One sandbox for all tests: making its key takes a moment."""
    with TestClient(create_sandbox(ORIGIN), base_url=ORIGIN) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def state(running: TestClient[Litestar]) -> SandboxState:
    """What the sandbox remembers: nothing yet, and the time is right."""
    found = running.app.state.sandbox
    assert isinstance(found, SandboxState)
    found.now = time.time
    return found


@pytest.fixture
def sandbox(running: TestClient[Litestar], state: SandboxState) -> TestClient[Litestar]:
    """A client of a sandbox that has just forgotten everything."""
    running.auth = httpx.BasicAuth("361", "key")
    running.post("/sandbox/reset")
    return running


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def end(process: subprocess.Popen[bytes], seconds: float = 10) -> int:
    """Ask a server to end; its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def started(code: str, url: str) -> subprocess.Popen[bytes]:
    """A server in a process of its own, once it answers at `url`."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None, "the server ended at once"
            time.sleep(0.05)
        else:
            return process
    end(process)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The URL of a sandbox over real HTTP."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    code = f"from checkout.sandbox.serve import run; run(port={port}, public_url={url!r})"
    process = started(code, f"{url}/sandbox/public_key")
    yield url
    end(process)


@pytest.fixture
def live(served: str) -> Iterator[httpx.Client]:
    """A client of the real server, which has just forgotten everything."""
    with httpx.Client(
        base_url=served, auth=("361", "key"), trust_env=False, timeout=5, follow_redirects=False
    ) as client:
        client.post("/sandbox/reset")
        yield client
