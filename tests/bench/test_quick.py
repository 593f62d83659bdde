"""The short form of `make bench`: whole servers, and figures beside a baseline of the same run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.servers import ROOT

pytestmark = pytest.mark.bench


def test_no_figure_misses_half_of_its_target() -> None:
    """A machine has its moments: what misses is measured a second time."""
    missed = _missed()
    assert not missed or not missed & _missed()


def _missed() -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        timeout=500,
        check=False,
    )
    assert ran.stdout, ran.stderr.decode()
    figures = {each["name"]: each for each in json.loads(ran.stdout)}
    assert {"payments, SQLite, 1 worker / bare", "page / bare", "added to a charge, p50"} <= {
        *figures
    }
    found = {name for name, each in figures.items() if not each["met"]}
    assert (ran.returncode == 0) is not bool(found)
    return found
