"""The tests of this folder that put an adapter through the kit: found, not listed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from tests.gateways.kit import Conformance

HERE = Path(__file__).parent


@cache
def kits() -> tuple[type[Conformance], ...]:
    files = [path for path in sorted(HERE.glob("*/test_*.py")) if path.parent.name != "stranger"]
    names = [
        f"tests.gateways.{path.parent.name}.{path.stem}"
        for path in files
        if "(Conformance)" in path.read_text()
    ]
    found = [each for name in names for each in vars(import_module(name)).values()]
    classes = [each for each in found if isinstance(each, type) and issubclass(each, Conformance)]
    return tuple(dict.fromkeys(each for each in classes if each is not Conformance))
