"""What the operator learns of an exchanger: which currencies its accounts take, and where an order
can be seen there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from checkout.model.browser import Browser
from checkout.model.order import Customer
from checkout.payments import charge, find
from checkout.payments.charge import Submission
from checkout.payments.context import Context
from checkout.payments.transitions import read
from checkout.sandbox.exchanger.routes import ROUTES
from tests.cli.conftest import Run, answered
from tests.cli.test_payments import made, with_context
from tests.support.settings import exchanger, toml
from tests.web.settings import write_usual_settings

BITCOIN, MEMO, *_, EURO, NEITHER = ROUTES
ACCOUNTS: dict[str, dict[str, Any]] = {
    "coins": {"route_id": BITCOIN},
    "euros": {"route_id": EURO},
    "dollars": {"route_id": NEITHER, "rate_routes": {"EUR": MEMO}},
    "useless": {"route_id": NEITHER},
    "forgotten": {"route_id": BITCOIN, "to_values": None},
    "closed": {"route_id": "507f1f77bcf86cd799439099"},
}


@pytest.fixture
def config(tmp_path: Path, pem: str, sandbox: str) -> Path:
    path = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    accounts = {name: exchanger(sandbox, **account) for name, account in ACCOUNTS.items()}
    path.write_text(path.read_text() + toml({"gateways": accounts}))
    return path


def test_check_online(run: Run, config: Path) -> None:
    said = run("check", "--online", "--config", config)
    assert said.exit_code == 1  # three of them can take nothing
    parts = said.output.split("gateways.")
    told = {part.split()[0]: part for part in parts[1:]}
    assert "Bitcoin -> Bank EUR: 0.0000161193 BTC for 1 EUR" in told["coins"]
    assert "takes EUR from 0.63 to 124074.86" in told["coins"]
    assert "a captcha or a check by hand can't be seen from here" in told["coins"]
    assert "takes EUR from 10.00 to 5000.00" in told["euros"]
    assert "asks the customer for: E-mail, Phone" in told["euros"]
    assert "takes EUR, by the rate of Tether TON -> Bank EUR" in told["dollars"]
    assert "takes no currency" in told["useless"]
    assert "to_values leaves out where the shop is paid out to: wallet" in told["forgotten"]
    assert "its route could not be read" in told["closed"]


def test_check_online_for_machines(run: Run, config: Path) -> None:
    said = run("check", "--online", "--json", "--config", config)
    found = {each["check"]: each for each in msgspec.json.decode(said.stdout)}
    assert {name: found[f"gateways.{name}"]["ok"] for name in ACCOUNTS} == {
        "coins": True,
        "euros": True,
        "dollars": True,
        "useless": False,
        "forgotten": False,
        "closed": False,
    }


def test_where_an_order_can_be_seen(run: Run, config: Path, sandbox: str) -> None:
    text = config.read_text()
    config.write_text(text.replace('credit_card = "cards"', 'credit_card = "coins"', 1))

    async def pay(context: Context) -> Any:
        uid = await made(context, None)
        payment = await find.by_address(context, uid, (await context.ledger.read(read, uid)).secret)
        sent = Submission(
            number=1, method="credit_card", card=None, browser=Browser(),
            customer=Customer(email="anna@example.com"), language="en",
        )  # fmt: skip
        return (await charge.pay(context, payment, sent)).attempts[0].gateway_id, uid

    identity, uid = with_context(config, pay)
    number, _, secret = identity.partition("/")
    (attempt,) = answered(run("payments", "show", uid, "--json", "--config", config))["attempts"]
    assert attempt["gateway_id"] == number
    assert attempt["link"] == f"{sandbox}/en/order/{number}/{secret}"
    assert httpx.get(attempt["link"], trust_env=False).status_code == 200
    assert attempt["agreed"] == {"gives": "0.00032223 BTC", "gets": "19.99 EUR"}
    said = run("payments", "show", uid, "--config", config)
    assert secret not in said.output.replace(attempt["link"], "")
    assert secret not in said.stderr
    assert secret not in run("payments", "list", "--config", config).output
