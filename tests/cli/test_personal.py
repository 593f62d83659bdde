"""`checkout payments purge | export | erase`."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from checkout.payments.context import Context
from tests.cli.conftest import Run, answered
from tests.cli.test_payments import Kept, made, with_context
from tests.web.server import DECLINED, PAID
from tests.web.settings import write_usual_settings
from tests.web.traces import on_disk

ANNA: Final = "Anna.Canary@example.com"
HER: Final[dict[str, Any]] = {
    "customer": {"email": ANNA, "first_name": "Annamaria", "address": "Canary street 7"},
    "settings": {"return_url": None, "notification_url": None},
}
HIS: Final[dict[str, Any]] = HER | {"customer": {"email": "xanna.canary@example.com"}}


@pytest.fixture(scope="module")
def filled(pem: str, sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A ledger with payments of hers, and one of somebody whose address has hers in it."""
    key = httpx.get(f"{sandbox}/sandbox/public_key", trust_env=False).text
    folder = tmp_path_factory.mktemp("personal")
    config = write_usual_settings(folder, pem, sandbox=sandbox, gateway=f'public_key = "{key}"')

    async def fill(context: Context) -> dict[str, str]:
        return {
            "paid": await made(context, PAID, **HER),  # by whoever `made` types: her address again
            "declined": await made(context, DECLINED, **HER | {"attempts": 1}),
            "open": await made(context, None, **HER),
            "his": await made(context, None, **HIS),
        }

    return config, with_context(config, fill)


@pytest.fixture
def ledger(filled: Kept, tmp_path: Path) -> Kept:
    config, uids = filled
    shutil.copytree(config.parent, tmp_path / "copy")
    copy = tmp_path / "copy" / config.name
    copy.write_text(config.read_text().replace(str(config.parent), str(copy.parent)))
    return copy, uids


def rows(config: Path, query: str) -> list[Any]:
    with sqlite3.connect(config.parent / "checkout.db") as conn:
        found = conn.execute(query).fetchall()
    conn.close()
    return [value for row in found for value in row if value]


@pytest.mark.parametrize("email", [ANNA, ANNA.upper(), f" {ANNA.lower()} "])
def test_export(run: Run, ledger: Kept, email: str) -> None:
    config, uids = ledger
    found = answered(run("payments", "export", "--customer", email, "--config", config))
    assert found["customer"] == ANNA.lower()
    told = {each["uid"]: each for each in found["payments"]}
    assert set(told) == {uids["paid"], uids["declined"], uids["open"]}
    paid = told[uids["paid"]]
    assert paid["customer"]["address"] == "Canary street 7"
    assert (paid["status"], paid["amount"]) == ("paid", 1999)
    (attempt,) = paid["attempts"]
    assert attempt["customer"]["email"] == "anna.canary@example.com"
    assert (attempt["card"]["last_4"], attempt["card"]["holder"]) == (PAID[-4:], "ANNA LEE")


def test_an_export_holds_no_secret(run: Run, ledger: Kept) -> None:
    config, _ = ledger
    said = run("payments", "export", "--customer", ANNA, "--config", config).stdout
    secrets = rows(config, "SELECT token, secret FROM payments")
    secrets += rows(config, "SELECT key, return_ticket, notify_ticket, address_mark FROM attempts")
    facts = rows(config, "SELECT facts FROM attempts")
    secrets += [json.loads(each).get("card", {}).get("token") or "-" * 9 for each in facts]
    secrets += re.findall(r'"([0-9a-f]{64})"', config.read_text())
    assert len(secrets) > 15
    assert not [each for each in secrets if each in said]
    assert not re.search(r"\d{12,19}", re.sub(r"[0-9a-f-]{36}", "", said))


def test_nobody_by_that_name(run: Run, ledger: Kept) -> None:
    config, _ = ledger
    for email in ("canary@example.com", "%@example.com", "anna_canary@example.com"):
        found = answered(run("payments", "export", "--customer", email, "--config", config))
        assert (found["payments"], found["invoices"]) == ([], [])
    said = run("payments", "export", "--customer", "anna", "--config", config)
    assert (said.exit_code, said.output) == (2, "--customer must be an e-mail address\n")


def test_erase(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    arguments = ("payments", "erase", "--customer", ANNA, "--config", config)
    asked = run(*arguments)  # nobody says yes
    assert asked.exit_code == 1
    assert "to erase: 2 payments, 0 invoices" in asked.output
    assert f"stays: {uids['open']}, as it is open" in asked.output
    held = answered(run("payments", "export", "--customer", ANNA, "--config", config))
    assert len(held["payments"]) == 3
    refused = run(*arguments, "--json")
    assert refused.exit_code == 2
    done = run(*arguments, "--yes", "--json")
    assert done.exit_code == 1  # something stays
    assert json.loads(done.stdout) == {
        "customer": ANNA.lower(), "payments": 2, "invoices": 0, "cards": 0,
        "stays": [[uids["open"], "it is open"]],
    }  # fmt: skip
    left = answered(run("payments", "export", "--customer", ANNA, "--config", config))
    assert [each["uid"] for each in left["payments"]] == [uids["open"]]
    listed = answered(run("payments", "list", "--json", "--config", config))
    assert {each["uid"]: (each["status"], each["amount"]) for each in listed} == {
        uids["paid"]: ("paid", 1999), uids["declined"]: ("declined", 1999),
        uids["open"]: ("open", 1999), uids["his"]: ("open", 1999),
    }  # fmt: skip
    acts = answered(run("audit", "list", "--json", "--config", config))
    assert {each["subject"] for each in acts if each["act"] == "erase"} == {
        uids["paid"], uids["declined"]
    }  # fmt: skip
    assert sum(each["act"] == "export" for each in acts) == 3 + 1
    assert ANNA.lower() not in json.dumps(acts).lower()
    his = answered(run("payments", "export", "--customer", HIS["customer"]["email"],
                       "--config", config))  # fmt: skip
    assert his["payments"][0]["customer"]["email"] == HIS["customer"]["email"]
    again = run(*arguments, "--yes")
    assert again.exit_code == 1
    assert "erased: 0 payments" in again.output


def test_purge(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    arguments = ("payments", "purge", "--config", config)
    assert answered(run(*arguments, "--json"))["payments"] == 0  # all of today
    with sqlite3.connect(config.parent / "checkout.db") as conn:
        conn.execute("UPDATE payments SET updated_at = updated_at - 50 * 86400")
    conn.close()
    dry = answered(run(*arguments, "--json", "--older-than", "7w", "--dry-run"))
    assert dry == {"dry_run": True, "payments": 2, "invoices": 0, "marks": 0, "kept": {}}
    assert answered(run(*arguments, "--json"))["payments"] == 1  # by the settings: the declined
    said = run(*arguments, "--older-than", "40d", "--vacuum")
    assert "purged: 1 payments, 0 unopened invoices" in said.output
    left = answered(run("payments", "export", "--customer", ANNA, "--config", config))
    assert [each["uid"] for each in left["payments"]] == [uids["open"]]
    assert b"ANNA LEE" not in on_disk(config.parent)  # the card's holder, of both that ended


@pytest.mark.parametrize("age", ["400", "0d", "d", "-1d", "1y", "99999d"])
def test_an_age_that_is_none(run: Run, ledger: Kept, age: str) -> None:
    said = run("payments", "purge", "--older-than", age, "--config", ledger[0])
    assert said.exit_code == 2
    assert said.output.startswith("--older-than must be days or weeks")
