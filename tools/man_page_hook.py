"""hatchling, as it makes the wheel: adds the manual page, `share/man/man1/checkout.1`.

The page comes from the commands, so it is there where they can be imported: with `make build`, from
an environment that has what they need. A wheel that is made elsewhere is without it; `checkout man`
prints the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE: Final = "share/man/man1/checkout.1"


class ManPageHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        done = subprocess.run(
            [sys.executable, "-m", "checkout", "man"],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": self.root},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return
        page = Path(self.directory) / "checkout.1"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(done.stdout)
        build_data["shared_data"][str(page)] = PAGE
