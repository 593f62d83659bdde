"""A process that keeps what it knows to itself; files that are private from the first moment."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from checkout.ledger.migrate import migrate
from checkout.ledger.store import BESIDE, open_ledger
from checkout.process import make_private, write_private
from tests.support.servers import ROOT
from tests.support.settings import NOBODY, SHOP, overpay, shop, write_settings

SAYS = """
import ctypes, os, resource
umask = os.umask(0)
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), oct(umask), resource.getrlimit(resource.RLIMIT_CORE))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, str]:
    return {each.name: oct(mode(each)) for each in folder.iterdir()}


@pytest.fixture
def open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(
    ("begins", "says"),
    [
        ("pass", "1 "),
        ("from checkout.process import keep_private; keep_private()", "0 0o77 (0, 0)"),
        ("from checkout.app import from_environment; from_environment()", "0 0o77 (0, 0)"),
    ],
    ids=["else", "server", "worker"],
)
def test_nobody_reads_its_memory(begins: str, says: str, tmp_path: Path) -> None:
    """prctl's PR_GET_DUMPABLE: 0 means no ptrace and no /proc/PID/mem, also for the same user."""
    cards = {"cards": overpay(NOBODY)}
    shops = {SHOP: shop(NOBODY, {"credit_card": "cards"})}
    config = write_settings(tmp_path, NOBODY, {"gateways": cards, "shops": shops})
    done = subprocess.run(
        [sys.executable, "-c", f"{begins}\n{SAYS}"], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT), "CHECKOUT_CONFIG": str(config)}, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(says)


async def test_a_database_is_private_from_the_beginning(tmp_path: Path, open_umask: object) -> None:
    path = tmp_path / "new.db"
    migrate(f"sqlite:///{path}")
    ledger = open_ledger(f"sqlite:///{path}")
    await ledger.write(lambda conn: conn.exec_driver_sql("DELETE FROM recent"))
    found = modes(tmp_path)
    await ledger.close()
    assert found == dict.fromkeys(("new.db", *(f"new.db{end}" for end in BESIDE)), "0o600")


async def test_a_looser_one_is_tightened(tmp_path: Path, open_umask: object) -> None:
    path = tmp_path / "old.db"
    migrate(f"sqlite:///{path}")
    first = open_ledger(f"sqlite:///{path}")
    await first.write(lambda conn: conn.exec_driver_sql("DELETE FROM recent"))
    for name in modes(tmp_path):
        (tmp_path / name).chmod(0o644)
    second = open_ledger(f"sqlite:///{path}")
    found = modes(tmp_path)
    await second.close()
    await first.close()
    assert set(found.values()) == {"0o600"}


def test_files_of_secrets(tmp_path: Path, open_umask: object) -> None:
    path = tmp_path / "key.pem"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    other = tmp_path / "other"
    make_private(other)
    assert (other.read_text(), mode(other)) == ("", 0o600)
    other.chmod(0o640)
    make_private(other)
    assert mode(other) == 0o600
