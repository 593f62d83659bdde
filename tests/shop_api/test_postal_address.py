"""Each country's own address, out of Google's data."""

from __future__ import annotations

import re

import pytest

from checkout.shop_api.country import COUNTRIES
from checkout.shop_api.postal_address import (
    DATA,
    FIELDS,
    postal_address,
    postal_code,
    state_code,
)
from tools import postal_addresses


def test_the_table_is_made_from_the_library() -> None:
    assert DATA.read_text(encoding="utf-8") == postal_addresses.text(), "make docs writes it anew"


def test_every_country_of_iso_has_an_address() -> None:
    assert len(COUNTRIES) == 249
    assert not COUNTRIES & {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "TA", "UN", "XK", "ZZ"}
    for country in COUNTRIES:
        found = postal_address(country)
        assert found.required <= {*found.order} <= {*FIELDS}
        assert "address" in found.required


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_examples_are_written_as_they_are(country: str) -> None:
    found = postal_address(country)
    for example in found.examples:
        assert postal_code(country, example) == example
        bare = re.sub(r"\W", "", example)
        if len(bare) > 3:
            assert postal_code(country, bare.lower()) is not None
    for code, names in found.states.items():
        for name in (code, code.lower(), *names):
            assert state_code(country, name) == code


@pytest.mark.parametrize(
    ("country", "order", "required"),
    [
        ("US", "address city state zip", "address city state zip"),
        ("DE", "address zip city", "address city zip"),
        ("JP", "zip state address", "address state zip"),
        ("AE", "address state", "address state"),
        ("BY", "address zip city state", "address city"),
    ],
)
def test_what_is_asked_where(country: str, order: str, required: str) -> None:
    found = postal_address(country)
    assert (" ".join(found.order), {*found.required}) == (order, {*required.split()})
