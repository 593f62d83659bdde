"""checkout and the gateways as processes of their own; a shop's server that keeps what comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from checkout.stage import SHOP, Stage
from tests.support.staged import staged

SECONDS = 30.0  # for a letter to come
APPS = "apps = true\napps_public_key = true"  # SDKs have the public key


@dataclass
class Post:
    """The shop's side. Each address `/<name>` has its letters: (headers in small letters, body)."""

    url: str
    letters: dict[str, list[tuple[dict[str, str], bytes]]] = field(default_factory=dict)
    came: threading.Condition = field(default_factory=threading.Condition)

    def letter(self, name: str) -> tuple[dict[str, str], bytes]:
        """The first letter to `/<name>`, once it has come."""
        until = time.monotonic() + SECONDS
        with self.came:
            while name not in self.letters:
                assert self.came.wait(until - time.monotonic()), f"no letter to /{name}"
            return self.letters[name][0]


@pytest.fixture(scope="session")
def post() -> Iterator[Post]:
    found = Post("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with found.came:
                found.letters.setdefault(self.path[1:], []).append((headers, body))
                found.came.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("clients"), of_shop=APPS) as stage:
        yield stage


@pytest.fixture(scope="session")
def http(stage: Stage) -> Iterator[httpx.Client]:
    """The shop's own HTTP, with its credentials, where a test looks past a client library."""
    with httpx.Client(
        base_url=stage.checkout,
        auth=(SHOP, stage.keys.secret_key),
        trust_env=False,
        timeout=30,
    ) as client:
        yield client


@pytest.fixture(scope="session")
def app(stage: Stage) -> Iterator[httpx.Client]:
    """The customer, with the shop's app."""
    with httpx.Client(
        base_url=stage.checkout,
        headers={"Authorization": f"Bearer {stage.keys.public_key}"},
        trust_env=False,
        timeout=30,
    ) as client:
        yield client


def pay(app: httpx.Client, token: str, number: str = "4200000000000000") -> str:
    """How a payment by card ends. The name is what the orders' pages ask for."""
    card = {
        "number": number, "verification_value": "123", "holder": "ANNA LEE",
        "exp_month": "12", "exp_year": "2039",
    }  # fmt: skip
    customer = {"first_name": "Anna", "last_name": "Lee"}
    request = {"token": token, "credit_card": card, "customer": customer}
    answer = app.post("/ctp/api/payments", json={"request": request})
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["response"]["status"]
    return found
