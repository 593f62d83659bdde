"""The tests of this folder that put an adapter through the kit: found, not listed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from tests.gateways.kit import Conformance

HERE = Path(__file__).parent


@cache
def kits() -> tuple[type[Conformance], ...]:
    files = [path for path in sorted(HERE.glob("test_*.py")) if "(Conformance)" in path.read_text()]
    found = [vars(import_module(f"tests.gateways.{path.stem}")).values() for path in files]
    classes = [each for values in found for each in values if isinstance(each, type)]
    return tuple(
        dict.fromkeys(
            each for each in classes if issubclass(each, Conformance) and each is not Conformance
        )
    )
