"""`checkout migrate`: the only one that changes a schema; all others say what is to be done."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checkout.cli import main
from checkout.ledger.migrate import WAITS, migrate
from checkout.ledger.schema_version import newest
from tests.support.databases import copy_migrated
from tests.support.servers import ROOT
from tests.support.settings import NOBODY, overpay, shop, write_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of a ledger that nobody has made."""
    tables = {
        "gateways": {"cards": overpay(NOBODY)},
        "shops": {"361": shop(NOBODY, {"credit_card": "cards"})},
    }
    path = write_settings(tmp_path, NOBODY, tables)
    (tmp_path / "checkout.db").unlink()
    return path


def run(*arguments: str, config: Path) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def changed(config: Path, statement: str) -> None:
    with sqlite3.connect(config.with_name("checkout.db")) as conn:
        conn.execute(statement)
    conn.close()


def test_it_makes_the_schema_once(config: Path) -> None:
    made = run("migrate", "--json", config=config)
    assert made.exit_code == 0
    found: dict[str, Any] = json.loads(made.stdout)
    assert (found["from"], found["to"], len(found["made"])) == (None, newest(), int(newest()))
    again = run("migrate", config=config)
    assert f"The schema is {newest()} already" in again.stdout
    assert run("payments", "list", config=config).exit_code == 0


def test_check_says_what_will_be_made(config: Path) -> None:
    """In a sandbox `serve` does it; elsewhere nobody who is not told."""
    said = run("check", config=config)
    assert said.exit_code == 0
    assert "holds no ledger yet: `checkout serve` makes one there" in said.output
    assert not config.with_name("checkout.db").exists()


@pytest.mark.parametrize("command", [("payments", "list"), ("payments", "reconcile")], ids=" ".join)
def test_others_make_nothing(config: Path, command: tuple[str, ...]) -> None:
    said = run(*command, config=config)
    assert said.exit_code == 1
    assert "run `checkout migrate`" in said.output
    assert not config.with_name("checkout.db").exists()


def test_an_older_schema_is_left_and_refused(config: Path) -> None:
    copy_migrated(config.with_name("checkout.db"))
    changed(config, "DROP TABLE schema_version")
    changed(config, "UPDATE alembic_version SET version_num = '0012'")
    before = config.with_name("checkout.db").read_bytes()
    for command in (("check",), ("payments", "list"), ("serve",)):
        said = run(*command, config=config)
        assert said.exit_code == 1
        if command != ("serve",):
            assert f"schema is 0012, and this checkout needs {newest()}" in said.output
    assert config.with_name("checkout.db").read_bytes() == before


def test_a_newer_schema_that_is_compatible_is_accepted(config: Path) -> None:
    copy_migrated(config.with_name("checkout.db"))
    changed(config, "UPDATE schema_version SET version_num = '9998'")
    assert run("payments", "list", config=config).exit_code == 0
    assert run("migrate", config=config).exit_code == 0
    changed(config, "UPDATE alembic_version SET version_num = '9997'")
    for command in (("payments", "list"), ("migrate",)):
        said = run(*command, config=config)
        assert said.exit_code == 1
        assert "9998, of a newer checkout" in said.output
        assert "9997 is the oldest that may run there" in said.output


def test_a_ledger_that_breaks_under_check_is_told_in_a_line(config: Path) -> None:
    copy_migrated(config.with_name("checkout.db"))
    changed(config, "DROP TABLE restores")
    said = run("check", config=config)
    assert said.exit_code == 1
    assert "failed  gateways  The ledger is away (OperationalError)" in said.output
    assert isinstance(said.exception, SystemExit)


def test_what_root_migrates_stays_its_owners(config: Path) -> None:
    """Else the server could not take the lock at its next migration."""
    database = config.with_name("checkout.db")
    copy_migrated(database)
    if os.geteuid() == 0:
        os.chown(database, 12345, 12345)
    assert run("migrate", config=config).exit_code == 0
    assert config.with_name("checkout.db-migrate").stat().st_uid == database.stat().st_uid


def test_of_two_at_once_one_waits_and_says_so(config: Path) -> None:
    lock = config.with_name("checkout.db-migrate")
    with lock.open("wb") as held:
        flock(held, LOCK_EX)
        command = [sys.executable, "-m", "checkout", "migrate", "--config", str(config)]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as waiting:
            assert waiting.stderr is not None
            assert WAITS in waiting.stderr.readline()
            assert waiting.poll() is None
            migrate(f"sqlite:///{config.with_name('other.db')}")  # another database is another lock
            held.close()
            assert waiting.wait(30) == 0
