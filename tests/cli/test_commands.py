"""The command `checkout`: what each prints, for people and for machines, and how it ends."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_private_key,
)

from checkout import __version__
from checkout.cli.check import _private
from checkout.gateways import OPTIONS
from checkout.gateways.overpay.options import Options
from checkout.settings import Account, load
from checkout.settings.secret_strength import strong
from checkout.settings.shops import publishable_key
from checkout.settings.signing_keys import BROKEN
from checkout.signing import read_link
from tests.cli.conftest import Run, answered
from tests.support import samples
from tests.support.merchant import APPLE_PAY, write_identity
from tests.support.samples import broken_pem
from tests.support.servers import ROOT
from tests.support.settings import toml
from tests.web.settings import write_usual_settings

LINK = (
    "link",
    "--shop",
    "361",
    "--amount",
    "12.50",
    "--currency",
    "EUR",
    "--description",
    "Chairs",
)


def test_help_and_version(run: Run) -> None:
    said = run("--help")
    assert said.exit_code == 0
    commands = "init demo serve reload sandbox link check payments invoices keys widget drill pci"
    for command in commands.split():
        assert re.search(rf"^  {command} ", said.output, re.MULTILINE), command
        assert run(command, "-h").exit_code == 0
    assert run("--version").output.strip().endswith(__version__)
    assert run().exit_code in (0, 2)
    assert run("nonsense").exit_code == 2


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "checkout", "keys", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["secret"]
    assert done.stderr == ""


# --- keys --------------------------------------------------------------------------------------


def test_keys(run: Run) -> None:
    first, second = answered(run("keys", "--json")), answered(run("keys", "--json"))
    assert set(first) == {
        "secret", "shop_secret_key", "link_key", "operator_token", "publishable_key",
        "webhook_secret", "private_key", "public_key", "shops_key",
    }  # fmt: skip
    assert not set(first.values()) & set(second.values())
    for name in ("secret", "shops_key", "link_key", "shop_secret_key"):
        assert strong()(first[name]) == first[name]
    assert strong(16)(first["operator_token"])
    assert publishable_key(first["publishable_key"]) == first["publishable_key"]
    private = load_pem_private_key(first["private_key"].encode(), password=None)
    public = load_der_public_key(base64.b64decode(first["public_key"], validate=True))
    assert private.public_key() == public
    assert private.key_size >= 2048  # type: ignore[union-attr]


def test_keys_for_people(run: Run) -> None:
    said = run("keys")
    assert said.exit_code == 0
    assert "-----BEGIN PRIVATE KEY-----" in said.output
    assert "link_keys" in said.output


def test_fresh_keys_make_good_settings(run: Run, tmp_path: Path) -> None:
    keys = answered(run("keys", "--json"))
    path = write_usual_settings(
        tmp_path, keys["private_key"], secret=keys["secret"], shop_secret=keys["shop_secret_key"],
        link_key=keys["link_key"], top=f'operator_token = "{keys["operator_token"]}"',
        apps=f'apps = true\npublishable_key = "{keys["publishable_key"]}"',
    )  # fmt: skip
    settings = load(path, {}, OPTIONS)
    assert settings.shops["361"].public_key == keys["public_key"]


def test_what_a_shop_of_the_settings_verifies_with(run: Run, tmp_path: Path) -> None:
    keys = answered(run("keys", "--json"))
    path = str(
        write_usual_settings(
            tmp_path,
            keys["private_key"],
            secret=keys["secret"],
            shop_secret=keys["shop_secret_key"],
            link_key=keys["link_key"],
        )
    )
    ours = {name: keys[name] for name in ("webhook_secret", "public_key")}
    assert answered(run("keys", "--shop", "361", "--config", path, "--json")) == ours
    plain = run("keys", "--shop", "361", "--config", path).output
    assert all(value in plain for value in ours.values())
    assert keys["shop_secret_key"] not in plain
    assert ours["webhook_secret"].startswith("whsec_")
    unknown = run("keys", "--shop", "362", "--config", path)
    assert (unknown.exit_code, unknown.output) == (2, "The settings have no shop '362'\n")


# --- widget ------------------------------------------------------------------------------------


def test_widget(run: Run, config: Path) -> None:
    said = run("widget", "--config", str(config)).output
    found = answered(run("widget", "--config", str(config), "--json"))
    (ours,) = found["versions"]
    assert ours["latest"]
    assert ours["version"] == __version__
    assert ours["src"].endswith(f"/widget-{__version__}.js")
    assert f'src="{ours["src"]}" integrity="{ours["integrity"]}" crossorigin="anonymous"' in said
    assert found["latest"].endswith("/widget.js")


# --- link --------------------------------------------------------------------------------------


def test_link(run: Run, config: Path) -> None:
    said = run(*LINK, "--config", config)
    assert said.exit_code == 0
    (url,) = said.output.splitlines()
    settings = load(config, {}, OPTIONS)
    assert url.startswith(f"{settings.public_url}/pay/")
    link = read_link(url.rpartition("/")[2], settings.shops)
    assert link.shop == "361"
    order = {name: link.data[name] for name in ("amount", "currency", "description")}
    assert order == {"amount": 1250, "currency": "EUR", "description": "Chairs"}
    assert run(*LINK, "--config", config).output != said.output  # two invoices, two payments


def test_link_with_everything(run: Run, config: Path) -> None:
    found = answered(
        run(*LINK, "--tracking-id", "chair-7", "--expires", "30m", "--language", "de",
            "--json", "--config", config)
    )  # fmt: skip
    assert set(found) == {"url", "expires"}
    settings = load(config, {}, OPTIONS)
    data = read_link(found["url"].rpartition("/")[2], settings.shops).data
    assert (data["tracking_id"], data["language"]) == ("chair-7", "de")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["expires"])


def test_the_settings_are_named_by_the_environment(run: Run, config: Path) -> None:
    assert run(*LINK, CHECKOUT_CONFIG=str(config)).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [(("--amount", "1e3"), "--amount"), (("--amount", "12,50"), "--amount"),
     (("--amount", "12.505"), "EUR has 2 decimals"), (("--amount", "-1"), "--amount"),
     (("--amount", "0"), "amount"), (("--amount", ""), "--amount"),
     (("--amount", "9" * 30), "--amount"), (("--currency", "EURO"), "must be an ISO 4217 code"),
     (("--currency", "JPY"), "JPY has 0 decimals"),
     (("--currency", "eur"), "must be in capitals: EUR"),
     (("--currency", "BYR"), "was replaced by BYN"),
     (("--description", " "), "description"), (("--description", "x" * 300), "description"),
     (("--expires", "soon"), "--expires"), (("--expires", "0d"), "--expires"),
     (("--expires", "7"), "--expires"), (("--language", "tlh"), "--language"),
     (("--shop", "nobody"), "nobody"), (("--tracking-id", "x" * 300), "tracking_id")],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_link_that_can_not_be_made(
    run: Run, config: Path, changes: tuple[str, str], named: str
) -> None:
    said = run(*LINK, *changes, "--config", config)
    assert said.exit_code == 2
    assert named in said.stderr
    assert said.stdout == ""


def test_a_shop_without_link_keys(run: Run, config: Path) -> None:
    text = config.read_text()
    config.write_text(re.sub(r"^link_keys.*$", "", text, flags=re.MULTILINE))
    said = run(*LINK, "--config", config)
    assert said.exit_code == 2
    assert "shops.361.link_keys" in said.stderr


# --- check -------------------------------------------------------------------------------------


def test_check(run: Run, config: Path) -> None:
    said = run("check", "--config", config)
    assert said.exit_code == 0, said.output
    found = answered(run("check", "--config", config, "--json"))
    assert [(each["check"], each["ok"]) for each in found] == [
        (name, True)
        for name in ("settings", "proxy", "templates", "catalogues", "challenge", "database")
    ]
    for name in ("settings", "templates", "catalogues", "database"):
        assert re.search(rf"^ok\s+{name}", said.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("top", "remarked"), [("", True), ('trusted_proxies = ["127.0.0.1"]\n', False)]
)
def test_check_remarks_a_proxy_without_a_name(
    run: Run, config: Path, top: str, remarked: bool
) -> None:
    config.write_text(top + config.read_text())
    found = answered(run("check", "--config", config, "--json"))
    told = [each["detail"] for each in found if each["check"] == "proxy"]
    assert ["trusted_proxies is empty" in each for each in told] == [True] * remarked
    assert all(each["ok"] for each in found)
    said = run("check", "--config", config)
    assert said.exit_code == 0
    assert ("trusted_proxies is empty" in said.output) is remarked


def test_check_warns_of_sites_without_tls(run: Run, config: Path) -> None:
    table = "[shops.361]\n"
    origins = 'return_origins = ["http://old.example.com", "https://shop.example.com"]\n'
    written = config.read_text()
    assert table in written
    config.write_text(written.replace(table, table + origins))
    said = run("check", "--config", config)
    assert said.exit_code == 0
    assert re.search(r"^warning\s+http\s+shops.361.return_origins", said.output, re.MULTILINE)
    found = answered(run("check", "--config", config, "--json"))
    assert "lists http://old.example.com: " in next(
        each["detail"] for each in found if each["check"] == "http"
    )


@pytest.mark.parametrize("sent", [True, False])
def test_check_warns_of_mails_that_nobody_sends(run: Run, config: Path, sent: bool) -> None:
    table = "[shops.361]\n"
    written = config.read_text().replace(table, f'{table}notify_email = "owner@example.com"\n')
    smtp = '\n[smtp]\nurl = "smtp://mail.example.com"\nsender = "pay@example.com"\n'
    config.write_text(written + smtp * sent)
    said = run("check", "--config", config)
    assert said.exit_code == 0
    assert ("shops.361.notify_email gets nothing" in said.output) is not sent


def test_check_warns_of_a_certificate_that_ends(run: Run, config: Path) -> None:
    """Of Apple Pay: the one of the tests has two days."""
    write_identity(config.parent)
    table = toml({"shops": {"361": {"apple_pay": APPLE_PAY}}})
    config.write_text(config.read_text() + table)
    said = run("check", "--config", config)
    assert said.exit_code == 0
    ends = r"^warning\s+apple_pay\s+shops.361.apple_pay.certificate ends on 20\d\d-\d\d-\d\d"
    assert re.search(ends, said.output, re.MULTILINE)


def test_a_newer_database_is_refused_in_a_sentence(run: Run, config: Path) -> None:
    assert run("check", "--config", config).exit_code == 0
    file = next(config.parent.glob("*.db"))
    with sqlite3.connect(file) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    refused = "The database's schema is 9999, of a newer checkout"
    said = run("check", "--config", config)
    assert said.exit_code == 1
    assert re.search(rf"^failed\s+database\s+{refused}", said.output, re.MULTILINE)
    said = run("serve", "--config", config)
    assert said.exit_code == 1
    assert f"database: {refused}" in said.stderr


SPOILED = {
    "public_url": ('public_url = "https://pay.example.com"', 'public_url = "not a url"'),
    "secrets": ("secrets = [", 'secrets = ["short", '),
    "gateways.cards.adapter": ('adapter = "overpay_cards"', 'adapter = "overpay_cadrs"'),
    "shops.361.url": ('url = "https://shop.example.com"', 'url = "javascript:1"'),
    "shops.361.methods.sbp": ('sbp = "local"', 'sbp = "nobody"'),
    "limits.submits_per_payment": ("submits_per_payment = 1000", "submits_per_payment = 0"),
    "lmits": ("[limits]", "[lmits]\nx = 1\n[limits]"),
    "shops.361.private_key": ('"file:shop.pem"', '"file:nowhere.pem"'),
}


@pytest.mark.parametrize("command", ["check", "serve", "link", "list"])
def test_every_bad_setting_is_named(run: Run, config: Path, command: str) -> None:
    text = config.read_text()
    for old, new in SPOILED.values():
        assert old in text
        text = text.replace(old, new, 1)
    config.write_text(text)
    words = {"check": ("check",), "serve": ("serve",), "link": LINK, "list": ("payments", "list")}
    said = run(*words[command], "--config", config)
    assert said.exit_code == 2
    assert said.stdout == ""
    named = {line.partition(": ")[0]: line.partition(": ")[2] for line in said.stderr.splitlines()}
    for key in SPOILED:
        assert any(name.startswith(key) for name in named), key
    assert all(reason for name, reason in named.items() if name in SPOILED)
    assert "did you mean overpay_cards?" in said.stderr
    for secret in re.findall(r'= "([0-9a-f]{64})"', text):
        assert secret not in said.stderr


@pytest.mark.parametrize("command", [("check",), ("serve",), LINK, ("payments", "list")], ids=str)
def test_no_settings_at_all(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    said = run(*command, "--config", tmp_path / "none.toml")
    assert said.exit_code == 2
    assert "none.toml" in said.stderr
    (tmp_path / "bad.toml").write_text("= =")
    said = run(*command, "--config", tmp_path / "bad.toml")
    assert said.exit_code == 2
    assert "not valid TOML" in said.stderr


@pytest.mark.parametrize(
    "command", [("check",), ("serve",), ("payments", "list"), ("payments", "reconcile")], ids=str
)
def test_a_database_that_is_not_there(run: Run, config: Path, command: tuple[str, ...]) -> None:
    text = config.read_text()
    config.write_text(re.sub(r'database = ".*"', 'database = "sqlite:////nowhere/at/all.db"', text))
    said = run(*command, "--config", config)
    assert said.exit_code == 1
    if command[0] == "check":
        assert "folder" in said.output
    elif command != ("serve",):  # a sandbox's server would make it
        assert "holds no ledger yet: run `checkout migrate`" in said.output
    assert "Traceback" not in said.output


def test_a_database_that_is_none(run: Run, config: Path) -> None:
    (config.parent / "checkout.db").write_text(
        "this is no database, and longer than its header" * 9
    )
    said = run("check", "--config", config)
    assert said.exit_code == 1
    assert re.search(r"^failed\s+database .*file is not a database", said.output, re.MULTILINE)


def test_a_broken_key_is_told_before_it_is_used(run: Run, config: Path, pem: str) -> None:
    """The server only reads keys at its start."""
    assert run("check", "--config", config).exit_code == 0
    (config.parent / "shop.pem").write_text(broken_pem())
    said = run("check", "--config", config)
    assert said.exit_code == 1
    assert re.search(rf"^failed\s+keys .*361.private_key {BROKEN}", said.output, re.MULTILINE)


def test_check_online(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    found = answered(run("check", "--online", "--json", "--config", config))
    gateways = [each["check"] for each in found if each["check"].startswith("gateways.")]
    assert gateways == ["gateways.cards", "gateways.plain", "gateways.local"]
    assert all(each["ok"] for each in found)


def test_check_warns_of_files_that_others_can_read(run: Run, config: Path) -> None:
    key = config.parent / "shop.pem"
    key.chmod(0o644)
    said = run("check", "--config", config)
    assert said.exit_code == 0
    assert re.search(rf"^warning\s+files\s+{key}: others .* read it", said.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("url", "sandbox", "fine"),
    [
        ("https://127.0.0.1", False, False),
        ("https://10.0.0.1:8443", False, False),
        ("https://8.8.8.8", False, True),
        ("http://127.0.0.1:8002", True, True),
    ],
)
async def test_check_online_of_a_private_address(url: str, sandbox: bool, fine: bool) -> None:
    """Where the name in the settings is a public one, and leads there all the same."""
    options = Options(base_url=url, shop_id="361", secret_key="x")
    account = Account(name="cards", adapter="overpay_cards", options=options)
    settings = samples.settings(sandbox=sandbox, gateways={"cards": account})
    found = await _private(settings, "cards")
    wrong = {
        "check": "gateways.cards",
        "ok": False,
        "detail": "base_url leads to a private address",
    }
    assert found == (None if fine else wrong)


def test_check_online_with_wrong_credentials(
    run: Run, tmp_path: Path, pem: str, sandbox: str
) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    other = {"shop_id": "361", "secret_key": "another one"}
    try:
        httpx.post(f"{sandbox}/sandbox/credentials", json=other, trust_env=False)
        said = run("check", "--online", "--config", config)
        assert said.exit_code == 1
        assert re.search(
            r"^failed\s+gateways.cards\s+refused our credentials", said.output, re.MULTILINE
        )
        assert re.search(r"^ok\s+database", said.output, re.MULTILINE)
    finally:
        httpx.post(f"{sandbox}/sandbox/reset", trust_env=False)


def test_check_online_when_nobody_is_there(run: Run, config: Path) -> None:
    said = run("check", "--online", "--json", "--config", config)
    assert said.exit_code == 1
    found = {each["check"]: each for each in json.loads(said.stdout)}
    assert found["gateways.cards"] == {
        "check": "gateways.cards", "ok": False, "detail": "did not answer",
    }  # fmt: skip
    assert found["database"]["ok"]
    assert "gateway.query_failed" in said.stderr  # what is logged is no part of the answer


# --- serve -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [("--port", "0"), ("--port", "x"), ("--workers", "0"), ("--nonsense",)], ids=str
)
def test_serve_with_bad_options(run: Run, config: Path, wrong: tuple[str, ...]) -> None:
    assert run("serve", "--config", config, *wrong).exit_code == 2


def test_serve_refuses_without_a_trace(config: Path) -> None:
    """As from a shell: exit code 2, the key and the reason on standard error, nothing else."""
    text = config.read_text().replace("sandbox = true", "sandbox = false")
    config.write_text(text)
    (config.parent / "checkout.db").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "checkout", "serve"], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
        env=os.environ | {"CHECKOUT_CONFIG": str(config), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert "gateways.cards.base_url: must begin with https://" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (config.parent / "checkout.db").exists()
