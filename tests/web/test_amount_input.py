"""Amounts as people type them."""

from __future__ import annotations

import pytest

from checkout.model.money import Money
from checkout.web.pages.amount_input import read_amount


@pytest.mark.parametrize(
    ("text", "currency", "language", "minor"),
    [("12.50", "EUR", "en", 1250), ("12,50", "EUR", "en", 1250), ("12.5", "EUR", "de", 1250),
     (" 12 ", "EUR", "de", 1200), ("12,50 €", "EUR", "de", 1250), ("€12.50", "EUR", "en", 1250),
     ("EUR 12.50", "EUR", "en", 1250), ("12.50eur", "EUR", "en", 1250),
     ("1,234", "EUR", "en", 123400), ("1.234", "EUR", "de", 123400),
     ("1,234.5", "EUR", "de", 123450), ("1.234,50", "EUR", "en", 123450),
     ("1 234,50", "EUR", "ru", 123450), ("1\u00a0234\u202f567,50", "EUR", "ru", 123456750),
     ("1'234.50", "CHF", "de", 123450), ("1,234,567", "EUR", "en", 123456700),
     ("1.999", "KWD", "en", 1999), ("1,999", "KWD", "en", 1999000),
     ("1,999", "KWD", "de", 1999), ("1.999", "KWD", "de", 1999000), ("1,5", "KWD", "en", 1500),
     ("1,234.567", "KWD", "de", 1234567), ("1999", "JPY", "en", 1999),
     ("1,999", "JPY", "en", 1999), ("12.", "EUR", "en", 1200), ("٣٫٥", "EUR", "en", 350),
     ("１２．５０", "EUR", "en", 1250), ("0", "EUR", "en", 0), ("007", "EUR", "en", 700)],
)  # fmt: skip
def test_read(text: str, currency: str, language: str, minor: int) -> None:
    assert read_amount(text, Money(1, currency), language) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "like", "minor"),
    [("1,999", Money(1, "IDR", 0), 1999), ("19.99", Money(1, "IDR"), 1999),
     ("199.9", Money(1, "MOP", 1), 1999), ("19,99", Money(1, "UGX", 2), 1999),
     ("1.999", Money(1, "EUR", 3), 1999)],
)  # fmt: skip
def test_read_as_the_account_counts(text: str, like: Money, minor: int) -> None:
    assert read_amount(text, like, "en") == like.part(minor)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-5", "+5", "1e3", "1E3", "0x10", "12.505", "1.2.3", "1,23,456", "12..5", ".", ",5",
     "twelve", "USD 5", "5 USD", "12;50", "∞", "½", "1.234", "9" * 20, "1" * 41, "nan", "5/2"],
)  # fmt: skip
def test_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|much"):
        read_amount(text, Money(1, "EUR"), "en")


def test_yen_have_no_decimals() -> None:
    with pytest.raises(ValueError, match="decimals"):
        read_amount("12.50", Money(1, "JPY"), "en")
    with pytest.raises(ValueError, match="decimals"):
        read_amount("12.50", Money(1, "IDR", 0), "en")
