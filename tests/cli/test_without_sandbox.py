"""An installation without the sandbox: the package is copied without that folder, and works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import ROOT

IMPORT_ALL = """
import importlib, pkgutil, checkout
for each in pkgutil.walk_packages(checkout.__path__, "checkout."):
    if each.name != "checkout.__main__":
        importlib.import_module(each.name)
print(checkout.__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As an installed wheel has it, but for the one folder."""
    folder = tmp_path_factory.mktemp("without-sandbox")
    left_out = shutil.ignore_patterns("sandbox", "__pycache__")
    shutil.copytree(ROOT / "checkout", folder / "checkout", ignore=left_out)
    for name in ("templates", "static"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def python(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    others = [path for path in sys.path if path and not (Path(path) / "checkout").is_dir()]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), *others])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_other_module_is_imported(installed: Path) -> None:
    done = python(installed, "-c", IMPORT_ALL)
    assert done.stdout.strip() == str(installed / "checkout" / "__init__.py"), done.stderr


def test_the_server_and_the_check_work(installed: Path, config: Path) -> None:
    for arguments in (("serve", "--help"), ("check", "--config", str(config))):
        done = python(installed, "-m", "checkout", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("sandbox",), ("demo",), ("drill", "--demo")])
def test_what_needs_it_says_so(installed: Path, arguments: tuple[str, ...]) -> None:
    done = python(installed, "-m", "checkout", *arguments)
    assert done.returncode == 2
    assert done.stderr == "The sandbox is not part of this installation.\n"
    assert done.stdout == ""
