"""The state machine of operations: many random payments, and proof that it finds a wrong one."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.payments.operations_mutants import MUTANTS
from tests.payments.operations_state_machine import Operations
from tests.payments.payment_state_machine import on
from tests.payments.test_payment_state_machine import EXAMPLES, UNHURRIED, UNTIL_IT_FALLS
from tests.support.ledgers import InlineLedger

USUAL = 100


def test_every_payment_ends_well(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    # The same payments at every run of the usual number; a longer run makes new ones.
    found = settings(UNHURRIED, max_examples=EXAMPLES, derandomize=EXAMPLES <= USUAL, database=None)
    run_state_machine_as_test(on(inline_ledger, Operations), settings=found)
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f" {EXAMPLES} payments of 30 steps in {seconds:.1f} s ")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Operations]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(0)(on(InlineLedger(), mutant)), settings=UNTIL_IT_FALLS)
