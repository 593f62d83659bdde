"""The state machine: many random payments, and proof that it finds a wrong context."""

from __future__ import annotations

import pytest

from tests.payments.payment_mutants import CONTEXTS, GATEWAYS, with_context, with_gateway
from tests.payments.payment_state_machine import Payments
from tests.payments.state_machine_runs import run_many, run_until_it_falls
from tests.support.ledgers import InlineLedger


def test_every_payment_ends_well(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    run_many(Payments, inline_ledger, capsys, "payments")


MUTANTS = [*map(with_gateway, GATEWAYS), *map(with_context, CONTEXTS)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Payments]) -> None:
    with pytest.raises(AssertionError):
        run_until_it_falls(mutant)
