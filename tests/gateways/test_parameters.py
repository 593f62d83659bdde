"""The kit says every parameter that a shop can say: so it holds what gateways declare of them."""

from __future__ import annotations

from checkout.model.charge_parameters import PARAMETERS
from tests.gateways.kit.details import SAID


def test_every_parameter_is_said_here() -> None:
    assert set(SAID) == PARAMETERS
