"""JavaScript libraries that shops use, from tests/node, as `tools/node` installs them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.support.servers import ROOT

FOLDER: Final = ROOT / "tests" / "node"


def node_modules(*packages: str) -> Path:
    """The folder of packages. Skips loudly where Node or one of these is missing."""
    found = FOLDER / "node_modules"
    if shutil.which("node") is None:
        pytest.skip("*** NO NODE: the tests with JavaScript libraries do not run ***")
    for package in packages:
        if not (found / package / "package.json").is_file():
            pytest.skip(f"*** NO {package}: tools/node installs what tests/node names ***")
    return found
