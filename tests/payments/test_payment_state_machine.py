"""The state machine: many random payments, and proof that it finds a wrong context."""

from __future__ import annotations

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.payments.payment_mutants import CONTEXTS, GATEWAYS, with_context, with_gateway
from tests.payments.payment_state_machine import Payments, on
from tests.support.ledgers import InlineLedger

EXAMPLES = int(os.environ.get("CHECKOUT_EXAMPLES", "100"))
# Not shrunk: that may take the five minutes after which a hanging test is killed, and then nothing
# is reported.
UNHURRIED = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
# A mutant has to fall, not to fall with the shortest payment.
UNTIL_IT_FALLS = settings(
    UNHURRIED, max_examples=1000, phases=[Phase.generate], database=None, print_blob=False
)


def test_every_payment_ends_well(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    machine = on(inline_ledger, Payments)
    run_state_machine_as_test(machine, settings=settings(UNHURRIED, max_examples=EXAMPLES))
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f" {EXAMPLES} payments of 30 steps in {seconds:.1f} s ")


MUTANTS = [*map(with_gateway, GATEWAYS), *map(with_context, CONTEXTS)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Payments]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(0)(on(InlineLedger(), mutant)), settings=UNTIL_IT_FALLS)
