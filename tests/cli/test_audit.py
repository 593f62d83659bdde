"""`checkout audit`: who did what by the commands, and whether the log is whole."""

from __future__ import annotations

import getpass
import socket
import sqlite3
from pathlib import Path

from tests.cli.conftest import Run, answered
from tests.cli.test_payments import made, with_context
from tests.web.server import PAID
from tests.web.settings import write_usual_settings


def test_nothing(run: Run, config: Path) -> None:
    assert answered(run("audit", "list", "--config", config, "--json")) == []
    found = answered(run("audit", "verify", "--config", config, "--json"))
    assert (found["count"], found["wrong"]) == (0, [])


def test_a_refund_by_command(run: Run, sandbox: str, tmp_path: Path, pem: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    uid = with_context(config, lambda context: made(context, PAID))
    for amount in ("5.00", "1.00"):
        done = run("payments", "refund", uid, "--amount", amount, "--reason", "late",
                   "--config", config)  # fmt: skip
        assert done.exit_code == 0, done.output
    second, first = answered(run("audit", "list", "--config", config, "--json"))
    assert (first["who"], first["via"], first["origin"]) == (
        getpass.getuser(), "cli", socket.gethostname()
    )  # fmt: skip
    assert (first["act"], first["subject"], first["shop"]) == ("refund", uid, "361")
    assert first["data"]["amount"] == 500
    assert "late" not in str(first["data"]), "it may name the customer, and goes with the operation"
    assert second["previous"] == first["hash"]
    shown = run("audit", "list", "--subject", uid, "--limit", 1, "--config", config).output
    assert uid in shown
    assert "amount=100" in shown

    said = run("audit", "verify", "--config", config)
    noted = said.output.strip().rpartition(" ")[2]
    assert noted == f"2:{second['hash']}"
    assert run("audit", "verify", "--noted", noted, "--config", config).exit_code == 0
    assert run("audit", "verify", "--noted", "x", "--config", config).exit_code == 2
    other = f"2:{first['hash']}"
    said = run("audit", "verify", "--noted", other, "--config", config)
    assert (said.exit_code, said.output.strip()) == (1, "row 2 is another than was noted")

    # Who has the database takes the guards away and changes a row.
    with sqlite3.connect(tmp_path / "checkout.db") as conn:
        conn.execute("DROP TRIGGER audit_no_change")
        conn.execute("UPDATE audit SET who = 'bob' WHERE number = 1")
    conn.close()
    said = run("audit", "verify", "--config", config)
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "the trigger audit_no_change is gone", "row 1 was changed"
    ]  # fmt: skip
