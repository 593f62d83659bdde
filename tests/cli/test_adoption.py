"""`checkout backup`, `checkout payments adopt` and `release`."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from checkout.model.status import Status
from checkout.payments import transitions
from checkout.payments.context import Context
from tests.cli.conftest import Run, answered
from tests.cli.test_payments import made, pay, with_context
from tests.web.server import PAID
from tests.web.settings import write_usual_settings


@pytest.fixture
def config(pem: str, sandbox: str, tmp_path: Path) -> Path:
    key = httpx.get(f"{sandbox}/sandbox/public_key", trust_env=False).text
    return write_usual_settings(tmp_path, pem, sandbox=sandbox, gateway=f'public_key = "{key}"')


def status(config: Path, uid: str) -> Status:
    async def work(context: Context) -> Status:
        return (await context.ledger.read(transitions.read, uid)).status

    found: Status = with_context(config, work)
    return found


def test_a_copy_is_restored(run: Run, config: Path, tmp_path: Path) -> None:
    uid = with_context(config, lambda context: made(context, None))
    copy, ledger = tmp_path / "copy.db", tmp_path / "checkout.db"
    assert answered(run("backup", copy, "--config", config, "--json"))["file"] == str(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("copy.db?*"))
    again = run("backup", copy, "--config", config)
    assert (again.exit_code, "is there already" in again.output) == (1, True)

    with_context(config, lambda context: pay(context, uid, PAID))
    assert status(config, uid) is Status.PAID
    for file in tmp_path.glob("checkout.db*"):
        file.unlink()
    shutil.copy(copy, ledger)
    said = answered(run("payments", "adopt", "--config", config, "--json"))
    assert said == {
        "asked": [{"uid": uid, "standing": "released", "status": "paid", "found": 1}], "held": []
    }  # fmt: skip
    assert status(config, uid) is Status.PAID
    assert answered(run("payments", "adopt", "--config", config, "--json"))["asked"] == []


def test_another_copy_is_said_to_be_one(run: Run, config: Path, tmp_path: Path) -> None:
    """A gateway that is away lets nothing go: a person may."""
    uid = with_context(config, lambda context: made(context, None))
    text = config.read_text()
    base = next(line for line in text.splitlines() if line.startswith("base_url"))
    config.write_text(text.replace(base, 'base_url = "http://127.0.0.1:9"'))
    adopt = ("payments", "adopt", "--config", config)
    assert run(*adopt, "--since", "2999-01-01").exit_code == 2
    said = run(*adopt, "--since", "1h")
    assert said.exit_code == 1
    assert f"{uid}  held" in said.output
    assert status(config, uid) is Status.PENDING
    release = ("payments", "release", "--config", config, "--reason", "looked")
    assert run(*release).exit_code == 2
    assert answered(run(*release, "--all", "--json")) == [uid]
    assert status(config, uid) is Status.OPEN
    assert run(*adopt).exit_code == 0


def test_what_is_no_ledger_is_not_copied(run: Run, config: Path, tmp_path: Path) -> None:
    for file in tmp_path.glob("checkout.db*"):
        file.unlink()
    missing = run("backup", tmp_path / "copy.db", "--config", config)
    assert (missing.exit_code, "There is no ledger" in missing.output) == (1, True)
    with closing(sqlite3.connect(tmp_path / "checkout.db")) as other:
        other.execute("CREATE TABLE x (y)")
    said = run("backup", tmp_path / "copy.db", "--config", config)
    assert (said.exit_code, "can't be copied" in said.output) == (1, True)
    assert not list(tmp_path.glob("copy*"))


def test_a_settlement_file_beside_the_ledger(run: Run, config: Path, tmp_path: Path) -> None:
    with_context(config, lambda context: made(context, PAID))
    file = tmp_path / "november.csv"
    file.write_text("UID,Sum,Currency\nelsewhere,1.00,EUR\n")
    compare = ("payments", "compare", file, "--config", config)
    assert run(*compare, "--account", "none").exit_code == 2
    assert run(*compare, "--since", "1d", "--account", "cards").exit_code == 2
    whole = ("--account", "cards", "--since", "1d", "--until", "2999-01-01")
    said = run(*compare, *whole)
    assert said.exit_code == 1
    assert "missing here  line=2" in said.output
    assert "missing there  kind=payment" in said.output
    assert "1 rows, 0 the same, 2 differences" in said.output
    file.write_text("a,b\n")
    said = run(*compare, "--account", "cards")
    assert (said.exit_code, "has no column for" in said.output) == (2, True)
