"""`checkout trigger`: each of its payments, on running servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result

from checkout.drill.trigger import TRIGGERS
from checkout.drill.webhook_receiver import receiving
from checkout.local_servers import SHOP, LocalServers
from tests.cli.conftest import Run, answered
from tests.cli.conftest import run as run  # the fixture
from tests.support.local_servers import local_servers
from tests.support.servers import free_port


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with local_servers(tmp_path_factory.mktemp("trigger")) as found:
        yield found


def triggered(run: Run, servers: LocalServers, *options: object, **environment: str) -> Result:
    where = ("--url", f"{servers.checkout}/", "--sandbox-url", servers.sandbox)
    given = {"SHOP_SECRET": servers.keys.secret_key} | environment
    return run("trigger", *options[:1], *where, *options[1:], **given)


# name -> (the payment's status, its notifications, the types of what followed it)
ENDS: dict[str, tuple[str, list[tuple[str, str]], list[str]]] = {
    "paid": ("successful", [("payment", "successful")], []),
    "declined": ("failed", [("payment", "failed")], []),
    "expired": ("error", [("payment", "error")], []),
    "canceled": ("canceled", [], []),
    "refunded": ("refunded", [("payment", "successful"), ("refund", "successful")], ["refund"]),
    "captured": (
        "successful", [("authorization", "successful"), ("capture", "successful")], ["capture"],
    ),
    "voided": ("refunded", [("authorization", "successful"), ("void", "successful")], ["void"]),
    "late": ("successful", [("payment", "failed"), ("payment", "successful")], []),
}  # fmt: skip


def test_each_is_here() -> None:
    assert list(ENDS) == list(TRIGGERS)


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_as_it_is_called(run: Run, servers: LocalServers, name: str) -> None:
    options = ("--json", "--amount", "12.50", "--currency", "USD", "--tracking-id", f"t {name}/ü")
    found = answered(triggered(run, servers, name, *options))
    status, told, followed = ENDS[name]
    assert (found["trigger"], found["status"], found["tracking_id"]) == (
        name, status, f"t {name}/ü",
    )  # fmt: skip
    assert (found["amount"], found["currency"]) == (1250, "USD")
    shown = [(each["type"], each["status"]) for each in found["notifications"]]
    if name == "canceled":  # told to some shops only
        assert shown in ([], [("payment", "canceled")])
    else:
        assert sorted(shown) == sorted(told)
    with httpx.Client(
        base_url=servers.checkout, auth=(SHOP, servers.keys.secret_key), trust_env=False
    ) as shop:
        checkout = shop.get(f"/ctp/api/checkouts/{found['token']}").json()["checkout"]
        assert (checkout["status"], checkout["test"]) == (status, True)
        types = [
            shop.get(f"/transactions/{uid}").json()["transaction"]["type"]
            for uid in (found["uid"], *found["operations"])
        ]
    assert types[1:] == followed


def test_for_people(run: Run, servers: LocalServers) -> None:
    said = triggered(run, servers, "refunded")
    assert said.exit_code == 0, said.output
    for line in (
        "Paid, then all of it refunded.",
        "status        refunded",
        "notification  payment successful",
        "notification  refund successful",
    ):
        assert line in said.stdout.splitlines()
    assert servers.keys.secret_key not in said.output


def test_notifications_go_to_the_shop(run: Run, servers: LocalServers) -> None:
    with receiving() as shop:
        found = answered(
            triggered(run, servers, "paid", "--json", "--notification-url", f"{shop.url}n")
        )
        assert found["notifications"] is None
        for _ in range(100):
            if shop.webhooks:
                break
            httpx.get(f"{servers.checkout}/health/ready", trust_env=False)
        assert [each["uid"] for each in shop.webhooks] == [found["uid"]]


def unusable(said: Result, why: str) -> None:
    assert said.exit_code == 2, said.output
    assert why in said.stderr
    assert said.stdout == ""


def test_what_can_not_be_used(run: Run, servers: LocalServers) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    wrong: Any = {"SHOP_SECRET": "wrong" * 8}
    unusable(triggered(run, servers, "paid", SHOP_SECRET=""), "SHOP_SECRET")
    unusable(triggered(run, servers, "stolen"), "stolen")
    unusable(triggered(run, servers, "paid", "--sandbox-url", nobody), f"No sandbox at {nobody}")
    unusable(triggered(run, servers, "paid", "--sandbox-url", servers.checkout), "No sandbox at")
    unusable(triggered(run, servers, "paid", "--url", nobody), "can't be asked (ConnectError)")
    unusable(triggered(run, servers, "paid", "--url", "http://"), "can't be asked")
    unusable(triggered(run, servers, "paid", **wrong), "answered 401: Access denied")
    unusable(triggered(run, servers, "paid", "--shop", "nobody"), "answered 401: Access denied")
    unusable(triggered(run, servers, "paid", "--amount", "1.234"), "EUR has 2 decimals")
    unusable(triggered(run, servers, "paid", "--currency", "EURO"), "must be an ISO 4217 code")
    unusable(triggered(run, servers, "paid", "--notification-url", "x"), "notification_url")


def test_another_sandbox(run: Run, servers: LocalServers, tmp_path: Path) -> None:
    """The bank's page leads to where the server pays, and that is not the sandbox that is named."""
    with local_servers(tmp_path) as others:
        said = triggered(run, servers, "late", "--sandbox-url", others.sandbox)
    unusable(said, "pays by other gateways")
