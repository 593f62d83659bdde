"""The short form of `make bench`: whole servers, and figures beside a baseline of the same run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.servers import ROOT

pytestmark = pytest.mark.bench


def test_no_figure_misses_half_of_its_target() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        timeout=500,
        check=False,
    )
    assert ran.stdout, ran.stderr.decode()
    figures = json.loads(ran.stdout)
    missed = {each["name"]: (each["value"], each["target"]) for each in figures if not each["met"]}
    assert not missed
    assert ran.returncode == 0
    assert {"payments, SQLite, 1 worker / bare", "page / bare", "added to a charge, p50"} <= {
        each["name"] for each in figures
    }
