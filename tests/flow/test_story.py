"""The state machine: many random stories, and proof that it can tell a wrong flow."""

from __future__ import annotations

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from checkout.gateways.base import Charge
from checkout.gateways.overpay_cards import OverpayCards
from checkout.model.outcome import UNKNOWN, Outcome, Reason
from checkout.model.status import Status
from tests.flow.machine import Payments

EXAMPLES = int(os.environ.get("CHECKOUT_EXAMPLES", "100"))
UNHURRIED = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)
# A mutant has to fall, not to fall with the shortest story.
UNTIL_IT_FALLS = settings(
    UNHURRIED, max_examples=300, phases=[Phase.generate], database=None, print_blob=False
)


def test_every_story_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    run_state_machine_as_test(Payments, settings=settings(UNHURRIED, max_examples=EXAMPLES))
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f" {EXAMPLES} stories of 30 steps in {seconds:.1f} s ")


class TimeoutMeansFailed(OverpayCards):
    async def pay(self, charge: Charge) -> Outcome:
        outcome = await super().pay(charge)
        if outcome == UNKNOWN:
            return Outcome(Status.DECLINED, reason=Reason.TIMED_OUT)
        return outcome


@seed(1)
class WithTimeoutMeansFailed(Payments):
    gateway_class = TimeoutMeansFailed


def test_timeout_means_failed_is_found_out() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(WithTimeoutMeansFailed, settings=UNTIL_IT_FALLS)
