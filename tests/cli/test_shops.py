"""`checkout shops`, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkout.fresh_keys import new_pair, new_secret
from tests.cli.conftest import Run, answered
from tests.support.settings import shop, toml
from tests.web.settings import write_usual_settings

TEA = ("tea", "--name", "Tea shop", "--url", "https://tea.example.com")
CARDS = ("--method", "credit_card=cards")


@pytest.fixture
def config(tmp_path: Path, pem: str) -> Path:
    top = f'shops_key = "{new_secret()}"'
    return write_usual_settings(tmp_path, pem, sandbox="http://127.0.0.1:9", top=top)


def test_add_and_change(run: Run, config: Path) -> None:
    at = ("--config", config)
    handed = answered(run("shops", "add", *TEA, *CARDS, "--set", "apps=true", "--json", *at))
    assert set(handed) == {
        "id", "secret_key", "webhook_secret", "public_key", "link_key", "publishable_key",
        "domain", "checkout_url",
    }  # fmt: skip
    run("shops", "set", "tea", "name=Green tea", "accent=#0b5fff", "methods.erip=local",
        'languages=["de", "en"]', "apps=", "publishable_key=", *at)  # fmt: skip
    shown = answered(run("shops", "show", "tea", "--json", *at))
    settings = shown["settings"]
    assert (settings["name"], settings["accent"]) == ("Green tea", "#0b5fff")
    assert settings["methods"] == {"credit_card": "cards", "erip": "local"}
    assert settings["languages"] == ["de", "en"]
    assert "apps" not in settings
    for secret in (handed["secret_key"], handed["link_key"], "PRIVATE KEY"):
        assert secret not in json.dumps(shown) + run("shops", "show", "tea", *at).output
    # Other commands know it, too.
    verified = answered(run("keys", "--shop", "tea", "--json", *at))
    assert verified["public_key"] == handed["public_key"]
    link = ("--shop", "tea", "--amount", "1", "--currency", "EUR", "--description", "Tea")
    assert run("link", *link, *at).exit_code == 0
    assert run("check", *at).exit_code == 0
    listed = answered(run("shops", "list", "--search", "GREEN", "--json", *at))
    assert [(each["id"], each["state"], each["source"]) for each in listed] == [
        ("tea", "active", "ledger")
    ]


def test_what_can_not_be_done(run: Run, config: Path, pem: str) -> None:
    at = ("--config", config)
    answered(run("shops", "add", *TEA, *CARDS, "--json", *at))
    for words, code, why in (
        (("add", *TEA, *CARDS), 1, "There is a shop tea in the ledger already"),
        (("add", "361", *TEA[1:], *CARDS), 1, "The shop 361 is in the settings file, which wins"),
        (("add", "a b", *TEA[1:], *CARDS), 2, "shops.a b: must be named with letters"),
        (("add", "x", *TEA[1:], "--method", "erip=none"), 2, "shops.x.methods.erip: must be one"),
        (("set", "tea", "accent=pink", "nme=x"), 2, "shops.tea.nme: is unknown"),
        (("set", "tea", "logo=file:nowhere"), 2, "logo: the file nowhere can't be read"),
        (("set", "tea", "name"), 2, "name: write it as KEY=VALUE"),
        (("set", "coffee", "name=x"), 1, "There is no shop coffee in the ledger"),
        (("rotate", "tea", "secret_key", "--finish"), 1, "nothing is being rotated"),
    ):
        said = run("shops", *words, *at)
        assert (said.exit_code, why in said.output) == (code, True), (words, said.output)
    usual = write_usual_settings(config.parent, pem, sandbox="http://127.0.0.1:9")
    said = run("shops", "add", *TEA, *CARDS, "--config", usual)
    assert said.exit_code == 2
    assert "shops_key is not in the settings" in said.output


def test_import(run: Run, config: Path, pem: str, tmp_path: Path) -> None:
    file, methods = tmp_path / "more.toml", {"credit_card": "cards"}
    tables = {f"s{n}": shop(f"https://s{n}.example.com", methods) for n in range(3)}
    tables["bad"] = shop("https://bad.example.com", {"credit_card": "nowhere"})
    tables["361"] = shop("https://shop.example.com", methods)
    file.write_text(toml({"shops": tables}))
    said = run("shops", "import", file, "--json", "--config", config)
    done = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (done["added"], set(done["failed"])) == (["s0", "s1", "s2"], {"bad", "361"})
    again = json.loads(run("shops", "import", file, "--json", "--config", config).stdout)
    assert (again["added"], again["there"]) == ([], ["s0", "s1", "s2"])


def test_two_keys_of_one_shop(run: Run, config: Path) -> None:
    at = ("--config", config)
    answered(run("shops", "add", *TEA, *CARDS, "--json", *at))
    before = answered(run("keys", "--shop", "tea", "--json", *at))
    handed = answered(run("shops", "rotate", "tea", "private_key", "--json", *at))
    assert run("shops", "rotate", "tea", "private_key", *at).exit_code == 1  # two already
    both = answered(run("keys", "--shop", "tea", "--json", *at))
    assert both["public_key"] == before["public_key"]
    assert both["next_public_key"] == handed["next_public_key"]
    run("shops", "rotate", "tea", "private_key", "--finish", *at)
    after = answered(run("keys", "--shop", "tea", "--json", *at))
    assert after["public_key"] == both["next_public_key"]
    file = config.parent / "own.pem"
    pem, public = new_pair()
    file.write_text(pem)
    run("shops", "set", "tea", f"private_key=file:{file}", *at)
    assert answered(run("keys", "--shop", "tea", "--json", *at))["public_key"] == public
