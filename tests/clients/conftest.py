"""checkout and the gateways as processes of their own; a shop's server that keeps what comes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from checkout.local_servers import SHOP, LocalServers
from tests.support.http_server import WebhookServer, webhook_server
from tests.support.local_servers import local_servers

APPS = "apps = true\napps_public_key = true"  # SDKs have the public key


@pytest.fixture(scope="session")
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as found:
        yield found


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with local_servers(tmp_path_factory.mktemp("clients"), of_shop=APPS) as local:
        yield local


def shop_client(local: LocalServers) -> httpx.Client:
    """The shop's own HTTP, with its credentials."""
    pair = (SHOP, local.keys.secret_key)
    return httpx.Client(base_url=local.checkout, auth=pair, trust_env=False, timeout=30)


@pytest.fixture(scope="session")
def http(local: LocalServers) -> Iterator[httpx.Client]:
    """Where a test looks past a client library."""
    with shop_client(local) as client:
        yield client


@pytest.fixture(scope="session")
def app(local: LocalServers) -> Iterator[httpx.Client]:
    """The customer, with the shop's app."""
    with httpx.Client(
        base_url=local.checkout,
        headers={"Authorization": f"Bearer {local.keys.public_key}"},
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
