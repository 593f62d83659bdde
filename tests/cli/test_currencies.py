"""The commands count a currency as the shop's accounts do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from checkout.gateways import OPTIONS
from checkout.model.money import TWO_WAYS
from checkout.settings import load
from checkout.signing import read_link
from tests.cli.conftest import Run, answered
from tests.cli.test_link_mail import with_smtp
from tests.cli.test_payments import made, with_context
from tests.support.mail_server import MailServer, open_mail_server
from tests.web.server import PAID
from tests.web.settings import write_usual_settings

COUNTS = "decimals = { IDR = 0, UGX = 2 }"


def link(currency: str, amount: str) -> tuple[str, ...]:
    return ("link", "--shop", "361", "--amount", amount, "--currency", currency,
            "--description", "Two chairs")  # fmt: skip


@pytest.fixture
def counting(tmp_path: Path, pem: str) -> Path:
    """Settings whose accounts say how they count; their gateways are nowhere."""
    return write_usual_settings(tmp_path, pem, sandbox="http://127.0.0.1:9", gateway=COUNTS)


@pytest.mark.parametrize("currency", sorted(TWO_WAYS))
def test_no_link_while_nobody_says(run: Run, config: Path, currency: str) -> None:
    said = run(*link(currency, "1999"), "--config", config)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert f"--currency: {currency}: is counted with" in said.stderr
    assert "gateways.cards.decimals and gateways.local.decimals" in said.stderr


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("IDR", "1999", 1999), ("UGX", "19.99", 1999), ("UGX", "20", 2000), ("EUR", "19.99", 1999)],
)
def test_a_link_reads_what_the_accounts_count(
    run: Run, counting: Path, currency: str, amount: str, minor: int
) -> None:
    said = run(*link(currency, amount), "--config", counting)
    assert said.exit_code == 0, said.output
    settings = load(counting, {}, OPTIONS)
    data = read_link(said.stdout.strip().rpartition("/")[2], settings.shops).data
    assert (data["amount"], data["currency"]) == (minor, currency)


@pytest.mark.parametrize(
    ("currency", "amount", "why"),
    [("IDR", "19.99", "IDR has 0 decimals"), ("UGX", "1.999", "UGX has 2 decimals")],
)
def test_an_amount_that_the_accounts_do_not_count(
    run: Run, counting: Path, currency: str, amount: str, why: str
) -> None:
    said = run(*link(currency, amount), "--config", counting)
    assert said.exit_code == 2
    assert why in said.stderr


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


def test_the_mail_says_the_same(run: Run, counting: Path, mail_server: MailServer) -> None:
    config = with_smtp(counting, mail_server.port)
    said = run(*link("IDR", "1999"), "--email", "anna@example.com", "--config", config)
    assert said.exit_code == 0, said.output
    (mail,) = mail_server.mails
    assert mail["Subject"].replace("\u00a0", " ") == "Invoice from Demo shop: IDR 1,999"


def test_payments(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    """Listed, shown and sent back by the payment's own count."""
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox, gateway=COUNTS)
    uids = {
        currency: with_context(config, partial(made, number=PAID, order={"currency": currency}))
        for currency in ("IDR", "UGX")
    }
    listed = run("payments", "list", "--config", config).stdout
    assert re.search(r"\b1999 IDR\b", listed)
    assert re.search(r"\b19\.99 UGX\b", listed)
    shown = answered(run("payments", "show", uids["IDR"], "--json", "--config", config))
    assert (shown["amount"], shown["currency"], shown["decimals"]) == (1999, "IDR", 0)
    assert shown["status"] == "paid"
    for currency, written_amount in (("IDR", "500"), ("UGX", "5.00")):
        refund = ("payments", "refund", uids[currency], "--config", config)
        wrong = run(*refund, "--amount", written_amount + ".001")
        assert wrong.exit_code == 2
        done = answered(run(*refund, "--amount", written_amount, "--json"))
        assert (done["amount"], done["currency"]) == (500, currency)
    wrong = run("payments", "refund", uids["IDR"], "--amount", "5.00", "--config", config)
    assert "IDR has 0 decimals" in wrong.stderr
