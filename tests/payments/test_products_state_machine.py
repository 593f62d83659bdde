"""The state machine of products: many random shelves, and proof that it finds a wrong one."""

from __future__ import annotations

import pytest

from tests.payments.products_mutants import MUTANTS
from tests.payments.products_state_machine import Products
from tests.payments.state_machine_runs import run_many, run_until_it_falls
from tests.support.ledgers import InlineLedger


def test_every_shelf_is_right(
    inline_ledger: InlineLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    run_many(Products, inline_ledger, capsys, "shelves")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_context_is_found_out(mutant: type[Products]) -> None:
    with pytest.raises(AssertionError):
        run_until_it_falls(mutant)
