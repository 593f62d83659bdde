"""How the state machines are run: many examples of the right flow, and of a wrong one until it
falls."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.payments.payment_state_machine import Machine, on
from tests.support.ledgers import InlineLedger

EXAMPLES: Final = int(os.environ.get("CHECKOUT_EXAMPLES", "100"))
# Not shrunk: that may take the five minutes after which a hanging test is killed, and then nothing
# is reported.
UNHURRIED: Final = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
# A mutant has to fall, not to fall with the shortest payment.
UNTIL_IT_FALLS: Final = settings(
    UNHURRIED, max_examples=1000, phases=[Phase.generate], database=None, print_blob=False
)


def run_many(
    machine: type[Machine],
    ledger: InlineLedger,
    capsys: pytest.CaptureFixture[str],
    examples: str,
    **more: Any,
) -> None:
    """`EXAMPLES` of them, as `examples` names them; `more`: of Hypothesis' settings."""
    began = time.monotonic()
    found = settings(UNHURRIED, max_examples=EXAMPLES, **more)
    run_state_machine_as_test(on(ledger, machine), settings=found)
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f" {EXAMPLES} {examples} of 30 steps in {seconds:.1f} s ")


def run_until_it_falls(mutant: type[Machine]) -> None:
    run_state_machine_as_test(seed(0)(on(InlineLedger(), mutant)), settings=UNTIL_IT_FALLS)
