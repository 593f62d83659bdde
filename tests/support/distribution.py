"""A distribution as an installer leaves it: its modules, and beside them what it says of itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def install(folder: Path, name: str, gateways: Mapping[str, str], **modules: str) -> None:
    """Into a folder for `sys.path`. `gateways`: name -> module; `modules`: module -> its code."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    points = "".join(f"{each} = {module}\n" for each, module in gateways.items())
    (info / "entry_points.txt").write_text(f"[checkout.gateways]\n{points}")
    for module, code in modules.items():
        (folder / f"{module}.py").write_text(code)


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """While it lasts, this process finds what is in the folder."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
