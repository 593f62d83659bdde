"""Amounts as people type them."""

from __future__ import annotations

import pytest

from checkout.model.money import Money
from checkout.web.pages.amount_input import TwoReadings, read_amount, write_amount
from checkout.web.pages.formatting import amount


@pytest.mark.parametrize(
    ("text", "currency", "language", "minor"),
    [("12.50", "EUR", "en", 1250), ("12,50", "EUR", "en", 1250), ("12.5", "EUR", "de", 1250),
     (" 12 ", "EUR", "de", 1200), ("12,50 €", "EUR", "de", 1250), ("€12.50", "EUR", "en", 1250),
     ("EUR 12.50", "EUR", "en", 1250), ("12.50eur", "EUR", "en", 1250),
     ("1,234", "EUR", "en", 123400), ("1.234", "EUR", "de", 123400),
     ("1,234.5", "EUR", "de", 123450), ("1.234,50", "EUR", "en", 123450),
     ("1 234,50", "EUR", "ru", 123450), ("1\u00a0234\u202f567,50", "EUR", "ru", 123456750),
     ("1'234.50", "CHF", "de", 123450), ("1,234,567", "EUR", "en", 123456700),
     ("1.999", "KWD", "en", 1999), ("0,999", "KWD", "en", 999),
     ("1,999", "KWD", "de", 1999), ("1,5", "KWD", "en", 1500),
     ("1,234.567", "KWD", "de", 1234567), ("1999", "JPY", "en", 1999),
     ("1,999", "JPY", "en", 1999), ("12.", "EUR", "en", 1200), ("٣٫٥", "EUR", "en", 350),
     ("１２．５０", "EUR", "en", 1250), ("0", "EUR", "en", 0), ("007", "EUR", "en", 700),
     ("1,23,456.50", "INR", "en", 12345650), ("1,23,456", "EUR", "en", 12345600),
     ("12,-", "EUR", "de", 1200), ("12.–", "CHF", "de", 1200), (",5", "EUR", "de", 50),
     ("1234 руб.", "RUB", "ru", 123400), ("12 р", "RUB", "ru", 1200), ("5 евро", "EUR", "ru", 500),
     ("12,50 euros", "EUR", "en", 1250), ("1.234", "EUR", "ru", 123400),
     ("١٢٣٤", "EUR", "en", 123400),
     ("١٬٢٣٤٫٥", "EUR", "en", 123450), ("১,২৩,৪৫৬.০০", "EUR", "en", 12345600)],
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
    ["", " ", "-5", "+5", "1e3", "1E3", "0x10", "12.505", "1.2.3", "12..5", ".", "12 50", "1 23",
     "01,234", "1,234'567", "1²", "12k", "1 234 56",
     "twelve", "USD 5", "5 USD", "12;50", "∞", "½", "1.234", "9" * 20, "1" * 41, "nan", "5/2",
     "12-"],
)  # fmt: skip
def test_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|much"):
        read_amount(text, Money(1, "EUR"), "en")


def test_yen_have_no_decimals() -> None:
    with pytest.raises(ValueError, match="decimals"):
        read_amount("12.50", Money(1, "JPY"), "en")
    with pytest.raises(ValueError, match="decimals"):
        read_amount("12.50", Money(1, "IDR", 0), "en")


@pytest.mark.parametrize(("text", "language"), [("1,234", "en"), ("1.234", "de"), ("1.234", "ru")])
def test_what_may_be_two_amounts_is_asked_about(text: str, language: str) -> None:
    """Dinars have three decimals: a mark that is not the language's own may be either."""
    with pytest.raises(TwoReadings) as asked:
        read_amount(text, Money(1, "KWD"), language)
    assert (asked.value.first.minor, asked.value.second.minor) == (1234, 1234000)


def test_a_mark_that_the_language_means_otherwise_is_no_guess() -> None:
    """In German 1,234 € is one euro and too many decimals, and not a thousand."""
    with pytest.raises(ValueError, match="too many decimals"):
        read_amount("1,234", Money(1, "EUR"), "de")


SPOKEN = [
    "en", "en_GB", "en_IN", "es", "es_419", "es_MX", "tr", "de", "de_AT", "de_CH", "it", "ru",
    "zh_Hans", "fr", "fr_CH", "fr_CA", "da", "sv", "nb", "fi", "pl", "ja", "be", "uk", "ka", "ro",
    "az", "lv", "et", "pt_PT", "pt_BR", "sr_Latn", "bn", "tg", "kk", "ar", "ar_EG", "he", "fa",
    "ur",
]  # fmt: skip
SUMS = [1, 50, 999, 1234, 12345, 99999, 123456, 1234567, 123456789, 10**12 + 1]
PAID_IN = [
    "EUR",
    "USD",
    "GBP",
    "JPY",
    "KWD",
    "CHF",
    "RUB",
    "BYN",
    "AED",
    "SEK",
    "PLN",
    "AZN",
    "TJS",
    "CLF",
]


@pytest.mark.parametrize("language", SPOKEN)
def test_what_we_write_is_read_back(language: str) -> None:
    """In every language and region, with its currency and without."""
    for money in (Money(minor, currency) for minor in SUMS for currency in PAID_IN):
        assert read_amount(amount(money, language), money, language) == money
        assert read_amount(write_amount(money, language), money, language) == money
