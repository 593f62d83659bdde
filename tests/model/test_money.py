from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.money import EXPONENTS, LARGEST, MOST_DECIMALS, TWO_WAYS, Money, decimals_of

currencies = st.sampled_from(sorted(EXPONENTS))
counts = st.none() | st.integers(0, MOST_DECIMALS)


@given(st.integers(0, LARGEST), currencies, counts)
def test_amounts_come_back(minor: int, currency: str, decimals: int | None) -> None:
    money = Money(minor, currency, decimals)
    assert Money.from_major(f"{money.major:f}", currency, decimals) == money
    assert money.major * 10**money.exponent == minor
    assert money.exponent == (EXPONENTS[currency] if decimals is None else decimals)
    assert msgspec.json.decode(msgspec.json.encode(money), type=Money) == money


@given(st.integers(0, LARGEST), currencies, counts)
def test_isos_own_number_is_no_other_value(minor: int, currency: str, decimals: int | None) -> None:
    counted = Money(minor, currency, decimals)
    plain = Money(minor, currency)
    assert (counted == plain) is (counted.exponent == plain.exponent)
    assert counted.same_sum(plain)
    assert counted.counted(EXPONENTS[currency]) == plain
    assert plain.counted(counted.exponent) == counted
    assert counted.part(minor) == counted
    assert counted.part(7) == Money(7, currency, decimals)
    assert not counted.same_sum(counted.part(minor + 1))


@pytest.mark.parametrize(
    ("money", "major"),
    [(Money(1999, "IDR", 0), "1999"), (Money(1999, "IDR", 2), "19.99"),
     (Money(1999, "MOP", 1), "199.9"), (Money(1999, "UGX", 2), "19.99"),
     (Money(1999, "JPY", 2), "19.99"), (Money(1999, "KWD", 4), "0.1999")],
)  # fmt: skip
def test_decimals_may_be_an_accounts_own(money: Money, major: str) -> None:
    assert str(money.major) == major
    assert Money.from_major(major, money.currency, money.decimals) == money


@pytest.mark.parametrize(
    ("text", "currency", "decimals"), [("1.5", "IDR", 0), ("1.55", "MOP", 1), ("1.005", "IQD", 2)]
)
def test_no_more_decimals_than_the_account_counts(text: str, currency: str, decimals: int) -> None:
    with pytest.raises(ValueError, match=f"{currency} has {decimals} decimals"):
        Money.from_major(text, currency, decimals)


def test_twelve_are_counted_in_two_ways() -> None:
    assert sorted(TWO_WAYS) == [
        "CLF", "CVE", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MMK", "MOP", "UGX", "UYW",
    ]  # fmt: skip
    for currency, other in TWO_WAYS.items():
        assert other != EXPONENTS[currency]
        assert decimals_of(currency, {}) is None
        assert decimals_of(currency, {"EUR": 2}) is None
        for stated in (other, EXPONENTS[currency]):
            assert decimals_of(currency, {currency: stated}) == stated


@given(currencies.filter(lambda currency: currency not in TWO_WAYS), st.integers(0, MOST_DECIMALS))
def test_all_others_are_isos_unless_the_account_says_more(currency: str, decimals: int) -> None:
    assert decimals_of(currency, {}) == EXPONENTS[currency]
    assert decimals_of(currency, {currency: decimals}) == decimals


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
    with pytest.raises(ValueError, match=r"ISO 4217|capitals|write it|decimals|too large"):
        Money.from_major(text, currency)


def test_only_money_can_be_paid_with() -> None:
    assert not {"XAU", "XTS", "XXX", "XDR"} & set(EXPONENTS)
    assert set(EXPONENTS.values()) <= {0, 2, 3, 4}
