"""The state machine of operations: many random payments, and proof that it finds a wrong one."""

from __future__ import annotations

import pytest

from tests.payments.operations_mutants import MUTANTS
from tests.payments.operations_state_machine import Operations
from tests.payments.state_machine_runs import EXAMPLES, run_many, run_until_it_falls
from tests.support.ledgers import InlineLedger

USUAL = 100


def test_every_payment_ends_well(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    # The same payments at every run of the usual number; a longer run makes new ones.
    usual = EXAMPLES <= USUAL
    run_many(Operations, inline_ledger, capsys, "payments", derandomize=usual, database=None)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Operations]) -> None:
    with pytest.raises(AssertionError):
        run_until_it_falls(mutant)
