"""The state machine of rounds, and proof that it finds wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from checkout.ledger.rounds import Rounds
from tests.ledger.rounds_state_machine import MUTANTS, RoundsMachine

UNHURRIED = settings(
    deadline=None,
    max_examples=25,
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
UNTIL_IT_FALLS = settings(
    UNHURRIED, max_examples=500, phases=[Phase.generate], database=None, print_blob=False
)


def test_what_was_answered_is_so() -> None:
    run_state_machine_as_test(RoundsMachine, settings=UNHURRIED)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_wrong_rounds_are_found_out(mutant: type[Rounds]) -> None:
    class Wrong(RoundsMachine):
        rounds_class = mutant

    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(0)(Wrong), settings=UNTIL_IT_FALLS)
