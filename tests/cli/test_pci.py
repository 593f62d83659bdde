"""`checkout pci`: an inventory for the auditor, and a check for cron, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from checkout.local_servers import SHOP, LocalServers
from checkout.web.page_types import PAGE_TYPES
from tests.cli.conftest import Run, answered
from tests.support.local_servers import local_servers
from tests.web.settings import write_usual_settings


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    with local_servers(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="module")
def address(local: LocalServers) -> str:
    """A payment page of the running server."""
    order = {"amount": 1999, "currency": "EUR", "description": "Page check"}
    answer = httpx.post(
        f"{local.checkout}/ctp/api/checkouts",
        json={"checkout": {"transaction_type": "payment", "order": order}},
        auth=(SHOP, local.keys.secret_key),
        trust_env=False,
    )
    return f"{local.checkout}/widget/hpp.html?token={answer.json()['checkout']['token']}"


def test_the_inventory_for_machines(run: Run, config: Path) -> None:
    found = answered(run("pci", "inventory", "--json", "--config", config))
    assert found["card_form"] is True
    assert [page["name"] for page in found["pages"]] == [each.name for each in PAGE_TYPES]
    payment = found["pages"][0]
    assert payment["scripts"][0]["integrity"].startswith("sha384-")
    assert payment["scripts"][0]["parts"][0]["purpose"]
    assert "script-src" in payment["headers"]["content-security-policy"]
    assert {shop["id"] for shop in found["shops"]} == {"361", "framing"}
    assert found["widget"][0]["path"].startswith("/widget-")


def test_the_inventory_for_people(run: Run, config: Path) -> None:
    said = run("pci", "inventory", "--config", config).output
    words = ("payment (card form)", "card.js", "sha384-", "authorised by", "referrer-policy")
    for word in (*words, "shop framing: cards by credit_card; may be framed by https://framing"):
        assert word in said, word
    assert "No method of any shop" not in said


def test_without_a_card_form(run: Run, config: Path) -> None:
    text = config.read_text().replace('credit_card = "cards"\n', "")
    text = text.replace('credit_card = "plain"', 'bank_transfer = "local"')
    config.write_text(text)
    found = answered(run("pci", "inventory", "--json", "--config", config))
    assert found["card_form"] is False
    assert not any(page["card_form"] for page in found["pages"])
    said = run("pci", "inventory", "--config", config).output
    assert "No method of any shop takes a card here: no page has a card form." in said


def test_a_page_that_is_the_same(run: Run, local: LocalServers, address: str) -> None:
    config = local.folder / "checkout.toml"
    for more in ((), ("--framed",), ("--config", config), ("--page", "payment")):
        said = run("pci", "verify", address, *more)
        assert said.exit_code == 0, said.output
        assert said.output.startswith("payment: the same as in checkout ")
    found = answered(run("pci", "verify", address, "--json"))
    assert (found["page"], found["same"], found["changes"], found["files"]) == (
        "payment", True, [], 2
    )  # fmt: skip
    assert address not in json.dumps(found)


def test_a_page_that_has_changed(
    run: Run, local: LocalServers, address: str, tmp_path: Path
) -> None:
    """Since its inventory was authorised."""
    config, authorised = local.folder / "checkout.toml", tmp_path / "authorised.json"
    whole = run("pci", "inventory", "--json", "--config", config).output
    authorised.write_text(whole)
    assert run("pci", "verify", address, "--inventory", authorised).exit_code == 0
    found = json.loads(whole)
    script = found["pages"][0]["scripts"][0]
    authorised.write_text(whole.replace(script["integrity"], "sha384-" + "A" * 64))
    said = run("pci", "verify", address, "--inventory", authorised)
    assert said.exit_code == 1
    kinds = [line.split(": ")[1] for line in said.output.splitlines()]
    assert kinds == ["integrity", "hash"]
    told = run("pci", "verify", address, "--inventory", authorised, "--json")
    assert told.exit_code == 1
    assert [each["kind"] for each in json.loads(told.output)["changes"]] == ["integrity", "hash"]


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://pay.example.com", "http://127.0.0.1:9/en/payment/x/y"]
)
def test_what_can_not_be_looked_at(run: Run, url: str) -> None:
    said = run("pci", "verify", url)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert said.stderr


def test_files_that_can_not_be_used(run: Run, tmp_path: Path, pem: str, address: str) -> None:
    other = answered(
        run("pci", "inventory", "--json", "--config", write_usual_settings(tmp_path, pem))
    )
    other["pages"].pop()
    for text in ("", "{", "{}", json.dumps(other)):
        (tmp_path / "old.json").write_text(text)
        said = run("pci", "verify", address, "--inventory", tmp_path / "old.json")
        assert said.exit_code == 2
        assert "old.json" in said.stderr
    assert run("pci", "verify", address, "--config", tmp_path / "none.toml").exit_code == 2
    assert run("pci", "verify", address, "--page", "nonsense").exit_code == 2
    shown = httpx.get(address, trust_env=False).headers["location"]
    assert run("pci", "verify", shown.rpartition("/")[0] + "/wrong").exit_code == 2
