"""What mypy says of an adapter whose verbs or constructor are not as `base` has them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout.gateways.base import Refunds, constructor

ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).parent / "stranger" / "piggybank.py"
SAMPLE = """\
from collections.abc import Mapping
from typing import Final

import httpx

from checkout.gateways import base
from checkout.gateways.base import Capabilities, Charge, Constructor, FindsOperations
from checkout.gateways.base import OperationReference, PaymentReference
from checkout.gateways.base import Refunds, capabilities_of, constructor
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, Outcome

TYPES: Final = frozenset({"payment"})
CAPABILITIES: Final = Capabilities(
    card=False, browser=False, lookup_by_key=True, transaction_types=TYPES
)


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pin: str


class Some(Refunds, FindsOperations):
    def __init__(
        self,
        options: Options,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = 25,
        query_seconds: float = 6,
    ) -> None:
        self.capabilities = capabilities_of(CAPABILITIES, options)

    async def pay(self, charge: Charge) -> Outcome:
        return UNKNOWN

    async def status(self, reference: PaymentReference) -> Outcome:
        return UNKNOWN

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        return UNKNOWN

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        return UNKNOWN

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        return UNKNOWN


gateway: Final[Constructor[Options]] = constructor(Some)
"""
MISSING = SAMPLE.replace("async def operation_status", "async def operation_state")
MISTAKES = {  # how -> the code, and what mypy must say
    "a verb is missing": (MISSING, r"[Oo]nly concrete class"),
    "a verb has another argument": (
        SAMPLE.replace("key: str, reason: str", "key: str, amount: int"),
        r'"refund" incompatible|incompatible with supertype',
    ),
    "a verb lacks an argument": (
        SAMPLE.replace(", reason: str", ""),
        r'Signature of "refund" incompatible',
    ),
    "a verb answers something else": (
        SAMPLE.replace("reason: str\n    ) -> Outcome", "reason: str\n    ) -> bool"),
        r'"refund" incompatible',
    ),
    "a verb is no coroutine": (
        SAMPLE.replace("async def refund", "def refund"),
        r'"refund" incompatible',
    ),
    "the deadlines are missing": (
        SAMPLE.replace("        query_seconds: float = 6,\n", ""),
        r"Incompatible types in assignment",
    ),
    "other options": (
        SAMPLE.replace("options: Options,", "options: Capabilities,").replace(
            "capabilities_of(CAPABILITIES, options)", "CAPABILITIES"
        ),
        r"Incompatible types in assignment",
    ),
    "no gateway at all": (SAMPLE.replace("constructor(Some)", "Options"), r"Incompatible types"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of each, all in one run."""
    folder = tmp_path_factory.mktemp("typed")
    names = {"": "right.py"} | {how: f"{how.replace(' ', '_')}.py" for how in MISTAKES}
    for how, name in names.items():
        (folder / name).write_text(MISTAKES[how][0] if how else SAMPLE)
    names["the example of the documents"] = "piggybank.py"
    shutil.copy(EXAMPLE, folder)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"),
         "--cache-dir", str(folder / "cache"), *(str(folder / name) for name in names.values())],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if ": error: " in line]
    return {how: [line for line in lines if f"{name}:" in line] for how, name in names.items()}


def test_what_is_right_is_right(said: dict[str, list[str]]) -> None:
    assert said[""] == []
    assert said["the example of the documents"] == []


@pytest.mark.parametrize("how", MISTAKES)
def test_a_mistake_is_seen(how: str, said: dict[str, list[str]]) -> None:
    code, expected = MISTAKES[how]
    assert code != SAMPLE
    assert said[how]
    assert any(re.search(expected, line) for line in said[how]), said[how]


def test_a_verb_that_is_missing_is_seen_without_mypy_too() -> None:
    class Lacking(Refunds):
        """It says that it refunds."""

    with pytest.raises(TypeError, match="Lacking lacks notification, pay, refund, status"):
        constructor(Lacking)  # type: ignore[type-abstract]


def test_nothing_casts() -> None:
    """What is cast is seen by nobody."""
    for folder in ("gateways", "payments"):
        for path in (ROOT / "checkout" / folder).rglob("*.py"):
            assert not re.search(r"\bcast\(", path.read_text()), path
