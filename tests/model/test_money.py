from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.money import EXPONENTS, LARGEST, Money

currencies = st.sampled_from(sorted(EXPONENTS))


@given(st.integers(0, LARGEST), currencies)
def test_amounts_come_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_major(str(money.major), currency) == money
    assert money.major * 10**money.exponent == minor


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [(1990, "EUR", "19.90"), (1999, "JPY", "1999"), (1234, "KWD", "1.234"), (5, "EUR", "0.05"),
     (100, "RSD", "1.00"), (1000, "IQD", "1.000"), (12345, "CLF", "1.2345")],
)  # fmt: skip
def test_decimals_are_isos(minor: int, currency: str, major: str) -> None:
    assert str(Money(minor, currency).major) == major
    assert Money.from_major(major, currency) == Money(minor, currency)


def test_missing_decimals_are_noughts() -> None:
    assert Money.from_major("12.5", "EUR").minor == Money.from_major("12.50", "EUR").minor == 1250
    assert Money.from_major("12", "KWD").minor == 12000


@given(st.text() | st.from_regex(r"\s?[+-]?[\d.,eE_]{1,8}\s?", fullmatch=True), currencies)
def test_nothing_else_is_money(text: str, currency: str) -> None:
    try:
        money = Money.from_major(text, currency)
    except ValueError:
        return
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    assert money.major == Decimal(text)
    assert 0 <= money.minor <= LARGEST


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1e3", "EUR"), ("1,5", "EUR"), ("-1", "EUR"), ("+1", "EUR"), ("", "EUR"), (".5", "EUR"),
     ("5.", "EUR"), ("01", "EUR"), (" 1", "EUR"), ("1\n", "EUR"), ("１２", "EUR"), ("NaN", "EUR"),
     ("1.234", "EUR"), ("1.5", "JPY"), ("1.0", "JPY"), ("1", "XAU"), ("1", "eur"), ("1", ""),
     ("999999999999999", "EUR"), ("1000000000000.01", "EUR"), ("9" * 5000, "EUR")],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_what_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"currency|write it|decimals|too large"):
        Money.from_major(text, currency)


def test_only_money_can_be_paid_with() -> None:
    assert not {"XAU", "XTS", "XXX", "XDR"} & set(EXPONENTS)
    assert set(EXPONENTS.values()) <= {0, 2, 3, 4}
