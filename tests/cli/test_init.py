"""`checkout init`: a folder that a server starts from, by flags or by answers."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Final

import httpx
import pytest

from checkout.gateways import OPTIONS
from checkout.settings import load
from checkout.settings.env_file import env_line, read_env_file, with_env_file
from tests.cli.conftest import Run, answered
from tests.support.servers import free_port, running, wait_for

SECRET: Final = "h7Yt-5kQz19pLw3x"
SHOP: Final = (
    "--shop", "361", "--shop-name", 'Tables & "chairs"', "--shop-url", "https://shop.example.com",
    "--shop-email", "help@shop.example.com",
)  # fmt: skip
SERVER: Final = ("--url", "https://pay.example.com")
# What each adapter is asked for, as flags.
ACCOUNTS: Final = {
    "overpay_cards": ("shop_id=361", "secret_key=env:GIVEN", "public_key="),
    "overpay_apm": ("shop_id=361", "secret_key=env:GIVEN", "public_key="),
    "rest": (
        "member_id=11344", "secure_key=env:GIVEN", "partner_id=195", "username=shop",
        "terminal_id=",
    ),
    "exchanger": (
        "route_id=507f", "ipn_secret=env:GIVEN", "terms_url=https://a.example/rules",
        "agreement=", "to_values.wallet=DE02",
    ),
}  # fmt: skip


def flags(adapter: str, *options: str, base_url: str = "https://gateway.example.com") -> list[str]:
    every = (f"base_url={base_url}", *options)
    said = [word for each in every for word in ("--option", each)]
    return ["--adapter", adapter, *said, "--method", "credit_card", *SHOP]


@pytest.mark.parametrize("adapter", sorted(ACCOUNTS))
def test_a_server_by_flags(run: Run, tmp_path: Path, adapter: str) -> None:
    """For each adapter there is; nothing is asked."""
    assert set(ACCOUNTS) == set(OPTIONS)
    words = ["--folder", tmp_path, *SERVER, *flags(adapter, *ACCOUNTS[adapter])]
    told = answered(run("init", "--json", *words, GIVEN=SECRET))
    settings = load(Path(told["files"]["settings"]), {}, OPTIONS)
    shop = settings.shops["361"]
    assert shop.name == 'Tables & "chairs"'
    assert told["shop"]["public_key"] == shop.public_key
    assert told["shop"]["secret_key"] == shop.secret_key
    assert told["shop"]["domain"] == "pay.example.com"
    for path in map(Path, told["files"].values()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = (tmp_path / "checkout.toml").read_text()
    for value in (SECRET, shop.secret_key, *settings.secrets, *shop.link_keys):
        assert value not in written
    assert SECRET in (tmp_path / ".env").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"checkout.toml", ".env", "shop-361.pem"}


def test_a_server_by_answers(run: Run, tmp_path: Path) -> None:
    """An answer that can't be used is asked for again; a secret that was typed goes to `.env`."""
    typed = (
        "pay.example.com", "https://pay.example.com", "nobody", "rest", "http://a.example",
        "https://a.example", "11344", SECRET, "195", "shop", "", "7", "Chairs",
        "https://shop.example.com", "", "",
    )  # fmt: skip
    said = run("init", "--folder", tmp_path, input="\n".join([*typed, ""]))
    assert said.exit_code == 0, said.output
    settings = load(tmp_path / "checkout.toml", {}, OPTIONS)
    assert [each.name for each in settings.shops["7"].methods] == ["credit_card"]
    assert f"REST_SECURE_KEY={SECRET}\n" in (tmp_path / ".env").read_text()
    assert settings.shops["7"].public_key in said.stdout
    assert "checkout migrate --config" in said.stdout


def test_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    words = ["--folder", tmp_path, *SERVER, *flags("rest", *ACCOUNTS["rest"])]
    (tmp_path / ".env").write_text("MINE=1\n")
    said = run("init", *words, GIVEN=SECRET)
    assert said.exit_code == 2
    assert ".env is there already" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "Not said: --url"),
        (("--url", "pay.example.com"), "--url must begin with https://"),
        ((*SERVER, "--database", "postgresql://a:b@c/d"), "list of processes"),
        ((*SERVER, "--database", "env:NOWHERE"), "NOWHERE is not set"),
        ((*SERVER, "--database", "mysql://c/d"), "--database must be like sqlite:///"),
        ((*SERVER, "--adapter", "nobody"), "--adapter must be one of exchanger"),
        ((*SERVER, *flags("rest", "secure_key=x")), "list of processes"),
        ((*SERVER, *flags("rest")), "Not said: --option member_id="),
        (
            (*SERVER, *flags("overpay_cards", "shop_id=1", "secret_key=env:GIVEN", "public_key=x")),
            "public_key must be base64",
        ),
    ],
    ids=[
        "no url",
        "no https",
        "password",
        "no variable",
        "database",
        "adapter",
        "secret",
        "option",
        "not loaded",
    ],
)
def test_what_can_not_be_used(
    run: Run, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    said = run("init", "--folder", tmp_path, *words, GIVEN=SECRET)
    assert said.exit_code == 2
    assert reason in said.stderr
    assert "Traceback" not in said.output
    assert list(tmp_path.iterdir()) == []


def test_the_server_runs_from_the_folder(run: Run, tmp_path: Path, sandbox: str) -> None:
    """Nothing in its environment: `.env` is read."""
    port = free_port()
    base = flags("overpay_cards", *ACCOUNTS["overpay_cards"], base_url=sandbox)
    url = f"http://127.0.0.1:{port}"
    words = ["--folder", tmp_path, "--sandbox", "--url", url, *base]
    shop = answered(run("init", "--json", *words, GIVEN=SECRET))["shop"]
    config = tmp_path / "checkout.toml"
    order = {"amount": 1999, "currency": "EUR", "description": "Chairs"}
    with running(
        "-m", "checkout", "serve", "--config", str(config), "--port", str(port)
    ) as process:
        wait_for(f"{url}/health/ready", process)
        assert run("check", "--online", "--config", config).exit_code == 0
        made = httpx.post(
            f"{url}/ctp/api/checkouts", auth=(shop["id"], shop["secret_key"]), trust_env=False,
            json={"checkout": {"transaction_type": "payment", "order": order}},
        )  # fmt: skip
    assert made.status_code == 201, made.text
    assert json.loads(made.text)["checkout"]["redirect_url"].startswith(shop["checkout_url"])


# --- .env --------------------------------------------------------------------------------------


def test_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        '\ufeff# secrets\nA=1\nexport B = two words \r\nC=\'x="y"\'\nD=\n\nno line\nE="z"\n'
    )
    assert read_env_file(tmp_path) == {
        "A": "1", "B": "two words", "C": 'x="y"', "D": "", "E": "z",
    }  # fmt: skip
    known = with_env_file({"A": "mine", "E": "", "F": "6"}, tmp_path)
    assert known == {"A": "mine", "B": "two words", "C": 'x="y"', "D": "", "E": "z", "F": "6"}
    assert read_env_file(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("value", ["a+b/c=", "two words", 'x"y$z'], ids=str)
def test_a_line_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text(env_line("NAME", value) + "\n")
    assert read_env_file(tmp_path) == {"NAME": value}


@pytest.mark.parametrize("value", ["two\nlines", "it's"], ids=ascii)
def test_what_can_not_stand_in_a_line(value: str) -> None:
    with pytest.raises(ValueError, match="put it into a file"):
        env_line("NAME", value)
