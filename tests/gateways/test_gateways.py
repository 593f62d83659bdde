"""The table of adapters."""

from __future__ import annotations

import httpx
import pytest
from msgspec import Struct

from checkout.gateways import ADAPTERS, OPTIONS, base, open_gateway
from checkout.gateways.base import merged
from checkout.model.money import MOST_DECIMALS
from tests.gateways import test_exchanger, test_overpay_apm, test_overpay_cards, test_rest
from tests.gateways.kit import Conformance

TESTED: tuple[type[Conformance], ...] = (
    test_overpay_cards.TestOverpayCards,
    test_overpay_apm.TestOverpayApm,
    test_exchanger.TestExchanger,
    test_rest.TestRest,
)


def test_every_adapter_runs_the_kit() -> None:
    assert all(issubclass(tested, Conformance) for tested in TESTED)
    assert {tested.adapter for tested in TESTED} == set(ADAPTERS)


@pytest.mark.parametrize("name", list(OPTIONS))
def test_options(name: str) -> None:
    options = OPTIONS[name]
    assert issubclass(options, base.Options)
    assert options.__struct_config__.forbid_unknown_fields
    assert options.__struct_config__.frozen


@pytest.mark.parametrize("tested", TESTED, ids=lambda tested: tested.adapter)
async def test_open_gateway(tested: type[Conformance]) -> None:
    async with httpx.AsyncHTTPTransport() as transport:
        options = tested.side.options("https://gateway.example")
        gateway = open_gateway(
            tested.adapter, options, transport, charge_seconds=1, query_seconds=1
        )
    assert isinstance(gateway.can, Struct)
    assert gateway.can.transaction_types
    assert gateway.can.exponents <= set(range(MOST_DECIMALS + 1))


def test_merged() -> None:
    assert merged({"a": 1, "b": 2}, {"a": None, "b": 3, "c": False}) == {"a": 1, "b": 3, "c": False}
