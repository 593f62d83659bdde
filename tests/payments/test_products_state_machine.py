"""The state machine of products: many random shelves, and proof that it finds a wrong one."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.payments.payment_state_machine import on
from tests.payments.products_mutants import MUTANTS
from tests.payments.products_state_machine import Products
from tests.payments.test_payment_state_machine import EXAMPLES, UNHURRIED, UNTIL_IT_FALLS
from tests.support.ledgers import InlineLedger


def test_every_shelf_is_right(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    machine = on(inline_ledger, Products)
    run_state_machine_as_test(machine, settings=settings(UNHURRIED, max_examples=EXAMPLES))
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f" {EXAMPLES} shelves of 30 steps in {seconds:.1f} s ")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Products]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(0)(on(InlineLedger(), mutant)), settings=UNTIL_IT_FALLS)
