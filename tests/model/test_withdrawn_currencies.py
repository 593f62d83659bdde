"""Currencies that were: what they count like, and what came after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.money import EXPONENTS, KNOWN_EXPONENTS, Money
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import currency
from checkout.model.withdrawn_currencies import WITHDRAWN, successor

PEGS = {"BYR": "BYN", "HRK": "EUR", "LTL": "EUR", "LVL": "EUR", "DEM": "EUR", "BGN": "EUR",
        "ANG": "XCG", "SLL": "SLE", "VEF": "VES", "MRO": "MRU", "STD": "STN", "ZMK": "ZMW",
        "TRL": "TRY", "AZM": "AZN", "RUR": "RUB", "GHC": "GHS", "CUC": "CUP",
        "ZWL": "ZWG"}  # fmt: skip


def reason(code: object) -> str:
    with pytest.raises(Invalid) as refused:
        currency(code)
    return str(refused.value)


def test_the_list() -> None:
    assert not WITHDRAWN.keys() & EXPONENTS.keys()
    assert len(WITHDRAWN) > 100
    assert {len(code) for code in WITHDRAWN} == {3}
    assert set(WITHDRAWN.values()) == {0, 2}
    assert not {"CNH", "XAU", "XXX", "XDR"} & set(WITHDRAWN), "were never replaced"


@pytest.mark.parametrize("code", [code for code in WITHDRAWN if successor(code)])
def test_what_came_after_is_in_use(code: str) -> None:
    assert successor(code) in EXPONENTS
    assert reason(code) == f"was replaced by {successor(code)}: state the amount in that currency"


@pytest.mark.parametrize(("old", "new"), PEGS.items())
def test_the_ones_that_shops_still_send(old: str, new: str) -> None:
    assert successor(old) == new


@pytest.mark.parametrize("code", [code for code in WITHDRAWN if not successor(code)])
def test_where_several_came_after(code: str) -> None:
    assert reason(code) == "must be a currency that is in use"


@pytest.mark.parametrize("code", ["EURO", "EUX", "RUP", "UAN", "XAU", "XXX", "XTS", "E", "€"])
def test_nothing_is_guessed_by_spelling(code: str) -> None:
    assert reason(code) == "must be an ISO 4217 code, like EUR"


def test_small_letters() -> None:
    assert reason("eur") == reason("Eur") == "must be in capitals: EUR"


@given(st.text())
def test_any_text(code: str) -> None:
    if code not in EXPONENTS:
        assert reason(code)


@pytest.mark.parametrize(
    ("money", "major"),
    [(Money(1999, "BYR"), "1999"), (Money(1999, "HRK"), "19.99"), (Money(5, "ITL"), "5"),
     (Money(1999, "MRO"), "19.99"), (Money(1999, "LVL", 3), "1.999")],
    ids=str,
)  # fmt: skip
def test_money_in_one(money: Money, major: str) -> None:
    assert str(money.major) == major


@pytest.mark.parametrize("code", WITHDRAWN)
def test_none_can_be_made_anew(code: str) -> None:
    assert Money(1, code).exponent == KNOWN_EXPONENTS[code]
    with pytest.raises(ValueError, match=r"was replaced by|must be a currency that is in use"):
        Money.from_major("1", code)
