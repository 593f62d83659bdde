"""A shop's developer over real HTTP: payments are told, listed, told again, and listened to by
`checkout listen` where nobody can call."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from standardwebhooks import Webhook

from checkout.cli import main
from checkout.drill.customer import Customer, good_card
from checkout.local_servers import SHOP, LocalServers
from checkout.shop_api.webhooks import standard_secret
from tests.support.http_server import WebhookServer, webhook_server
from tests.support.local_servers import local_servers
from tests.support.polling import wait_until
from tests.support.servers import Process, free_port, interrupt, start

ORDER: Final = {"amount": 1999, "currency": "EUR", "description": "Tea", "tracking_id": "order-7"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with local_servers(tmp_path_factory.mktemp("webhooks")) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as found:
        yield found


@pytest.fixture(scope="module")
def shop(local: LocalServers) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=local.checkout, auth=(SHOP, local.keys.secret_key), trust_env=False, timeout=30
    ) as found:
        yield found


def paid(local: LocalServers, shop: httpx.Client, **settings: str) -> str:
    """The token of a payment that was paid."""
    asked = {"transaction_type": "payment", "order": ORDER, "settings": settings}
    made = shop.post("/ctp/api/checkouts", json={"checkout": asked}).json()["checkout"]
    asyncio.run(pay(local, made["redirect_url"]))
    token: str = made["token"]
    return token


async def pay(local: LocalServers, url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        customer = Customer(browser, local.checkout)
        await customer.open_payment(url)
        await customer.pay(good_card())


def newest(shop: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = shop.get("/webhooks?limit=1").json()["webhooks"][0]
    return found


def came(receiver: WebhookServer, name: str, count: int) -> bool:
    return len(receiver.webhooks.get(name, ())) >= count


def test_told_listed_and_told_again(
    local: LocalServers, shop: httpx.Client, receiver: WebhookServer
) -> None:
    token = paid(local, shop, notification_url=f"{receiver.url}/told")
    wait_until(lambda: newest(shop)["state"] == "delivered")
    listed = newest(shop)
    assert (listed["type"], listed["status"], listed["answer"]) == ("payment", "successful", "200")
    again = shop.post(f"/webhooks/{listed['id']}/resend")
    assert again.status_code == 202
    wait_until(partial(came, receiver, "told", 2))
    (first, body), (second, same) = receiver.webhooks["told"]
    assert first["webhook-id"] == second["webhook-id"] == listed["id"]
    assert body == same
    assert json.loads(body)["transaction"]["token"] == token
    Webhook(standard_secret(local.keys.secret_key)).verify(same, second)
    # The operator may as well.
    config = ("--config", str(local.folder / "checkout.toml"))
    command = ("-m", "checkout", "payments", "resend", listed["payment"], *config)
    subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=60)
    wait_until(partial(came, receiver, "told", 3))


def test_a_failure_is_told_in_words(local: LocalServers, shop: httpx.Client) -> None:
    paid(local, shop, notification_url=f"http://127.0.0.1:{free_port()}/nobody")
    wait_until(lambda: newest(shop)["answer"] is not None)
    found = newest(shop)
    assert (found["answer"], found["state"]) == ("connection refused", "waiting")


@contextmanager
def listening(local: LocalServers, forward_to: str, log: Path, *options: str) -> Iterator[Process]:
    """`checkout listen`, once it does; what it says is in `log`."""
    process = start(
        "-m", "checkout", "listen", "--forward-to", forward_to, "--url", local.checkout,
        "--shop", SHOP, "--interval", "0.1", *options,
        log=log, SHOP_SECRET=local.keys.secret_key,
    )  # fmt: skip
    try:
        wait_until(lambda: "Listening" in log.read_text() or process.poll() is not None)
        yield process
    finally:
        process.send_signal(interrupt())
        process.wait(10)


def test_listening_forwards_with_signatures_that_verify(
    local: LocalServers, shop: httpx.Client, receiver: WebhookServer, tmp_path: Path
) -> None:
    """Of a payment that names no address, too; each once, and nothing of what was before."""
    paid(local, shop, notification_url=f"{receiver.url}/before")
    log = tmp_path / "log"
    with listening(local, f"{receiver.url}/hook", log, "--json") as process:
        token = paid(local, shop)
        wait_until(partial(came, receiver, "hook", 1))
        uid = newest(shop)["payment"]
        refund = {"request": {"parent_uid": uid, "reason": "returned"}}
        assert shop.post("/transactions/refunds", json=refund).status_code == 200
        wait_until(lambda: log.read_text().count('"answer"') == 2)
    assert process.returncode in (0, -signal.SIGTERM), "Ctrl-C is how it ends"
    (headers, body), (_, refunded) = receiver.webhooks["hook"]
    told = json.loads(body)["transaction"]
    assert (told["token"], told["status"], told["type"]) == (token, "successful", "payment")
    assert json.loads(refunded)["transaction"]["type"] == "refund"
    # As the server would have sent it: with all three proofs.
    Webhook(standard_secret(local.keys.secret_key)).verify(body, headers)
    key = load_pem_private_key(local.keys.private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    signature = base64.b64decode(headers["content-signature"])
    key.public_key().verify(signature, body, PKCS1v15(), SHA256())
    basic = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert basic == f"{SHOP}:{local.keys.secret_key}"
    assert headers["content-type"] == "application/json"
    said = log.read_text()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [(each["type"], each["answer"]) for each in lines] == [
        ("payment", "200"),
        ("refund", "200"),
    ]
    assert local.keys.secret_key not in said
    # Nothing was sent by the server itself, and nothing counts as delivered.
    assert newest(shop)["state"] == "unaddressed"


def test_nobody_is_at_home(local: LocalServers, shop: httpx.Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with listening(local, f"http://127.0.0.1:{free_port()}/", log):
        paid(local, shop)
        wait_until(lambda: "connection refused" in log.read_text())
    assert "payment successful" in log.read_text()


def test_a_wrong_secret_ends_it(local: LocalServers, tmp_path: Path) -> None:
    wrong, log = tmp_path / "wrong", tmp_path / "log"
    wrong.write_text("not-the-secret")
    with listening(local, "http://127.0.0.1:9/", log, "--secret", f"file:{wrong}") as process:
        assert process.wait(30) == 1
    assert "id or secret is wrong" in log.read_text()


def test_a_server_that_is_no_checkout_ends_it(local: LocalServers, tmp_path: Path) -> None:
    log, other = tmp_path / "log", local.sandbox
    with listening(local, "http://127.0.0.1:9/", log, "--url", other) as process:
        assert process.wait(30) == 1
    assert "is --url the address of a checkout?" in log.read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--secret", "very-secret"), "name where it is"),
        (("--secret", "env:NOT_THERE"), "NOT_THERE"),
        (("--url", "http://pay.example.com"), "must be https"),
        (("--forward-to", "localhost:3000"), "must be an address"),
        (("--forward-to", "http://[::1/"), "must be an address"),
        (("--url", "https://a:very-secret@pay.example.com"), "must be an address"),
        (("--since", "yesterday"), "write it as"),
    ],
)
def test_what_cant_be_used_is_named(options: tuple[str, ...], why: str) -> None:
    usual = ("listen", "--forward-to", "http://127.0.0.1:9/", "--shop", "361")
    done = CliRunner().invoke(main, [*usual, *options], env={"SHOP_SECRET": "x"})
    assert done.exit_code == 2
    assert why in done.output
    assert "very-secret" not in done.output
