"""A card as people and autofill write it."""

from __future__ import annotations

import re
import string
import unicodedata
from datetime import date
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pprint

from checkout.assets import STATIC
from checkout.model import card_form as words
from checkout.model.card import Card
from checkout.model.card_form import digits, expiry, read_card
from checkout.model.pan import BRANDS, Brand, brand_of, holds_card_number, luhn, mask_card_numbers

TODAY = date(2026, 6, 15)
FORM = {
    "number": "4200 0000 0000 0000",
    "expiry": "08/29",
    "code": "123",
    "holder": "Jane Doe",
}


def read(**fields: str) -> tuple[Card | None, dict[str, str]]:
    return read_card(FORM | fields, today=TODAY)


def error(**fields: str) -> str | None:
    """The one error of the field that was given."""
    found, errors = read(**fields)
    assert (found is None) == bool(errors)
    assert set(errors) <= set(fields)
    return next(iter(errors.values()), None)


def with_check_digit(head: str) -> str:
    return next(head + last for last in string.digits if luhn(head + last))


# --- Expiry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "08/29", "8/29", "08/2029", "8/2029", "08 / 29", " 08 / 2029 ", "08-29", "08.29", "08 29",
        "0829", "082029", "829", "2029-08", "2029/08", "2029-8", "2029-08-31", "202908",
        "08\u201329", "08|29", "08\\29", "08//29", "08,29", "٠٨/٢٩", "۰۸/۲۹", "०८/२९", "０８／２９",
        "\u200e08/29\u200f",
    ],
)  # fmt: skip
def test_every_form_of_an_expiry(written: str) -> None:
    assert expiry(written) == (8, 2029)
    assert error(expiry=written) is None


@pytest.mark.parametrize(
    "written",
    ["", " ", "/", "08", "29", "2029", "00/29", "13/29", "08/", "/29", "08/0", "08/029", "8/9",
     "Aug 29", "08/29/x", "0", "1", "123456789", "08/20290", "²8/29", "08/29\n08/29"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_expiry(written: str) -> None:
    assert expiry(written) is None


@given(st.integers(1, 12), st.integers(2000, 2099), st.sampled_from(["/", " / ", "-", ".", " "]))
def test_an_expiry_comes_back(month: int, year: int, between: str) -> None:
    for written in (
        f"{month:02}{between}{year}", f"{month}{between}{year}", f"{year}{between}{month:02}",
        f"{month:02}{between}{year % 100:02}", f"{month:02}{year % 100:02}", f"{year}{month:02}",
    ):  # fmt: skip
        assert expiry(written) == (month, year)


@given(st.text())
def test_any_text_is_an_expiry_or_none(written: str) -> None:
    found = expiry(written)
    assert found is None or (1 <= found[0] <= 12 and found[1] >= 0)


def test_split_fields_serve_where_there_is_no_expiry() -> None:
    card, errors = read(expiry="", exp_month="8", exp_year="2029")
    assert not errors
    assert card
    assert (card.month, card.year) == (8, 2029)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("06/26", None), ("05/26", words.EXPIRY_PAST), ("12/25", words.EXPIRY_PAST),
     ("06/76", None), ("07/76", None), ("01/77", words.EXPIRY_MISSING),
     ("08/1929", words.EXPIRY_PAST),
     ("soon", words.EXPIRY_MISSING), ("", words.EXPIRY_MISSING)],
)  # fmt: skip
def test_a_card_has_its_time(written: str, expected: str | None) -> None:
    assert error(expiry=written) == expected


def test_on_the_first_of_a_month_the_last_has_not_ended_everywhere() -> None:
    for day, expected in ((1, {}), (2, {"expiry": words.EXPIRY_PAST})):
        _, errors = read_card(FORM | {"expiry": "05/26"}, today=date(2026, 6, day))
        assert errors == expected
    assert not read_card(FORM | {"expiry": "12/25"}, today=date(2026, 1, 1))[1]


# --- Number ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "4200000000000000", "4200-0000-0000-0000", " 4200 0000 0000 0000 ",
        "4200\u00a00000\u20090000 0000", "4200\u20110000\u20130000\u20140000",
        "٤٢٠٠٠٠٠٠٠٠٠٠٠٠٠٠", "۴۲۰۰۰۰۰۰۰۰۰۰۰۰۰۰", "४२००००००००००००००",
        "４２００ ００００ ００００ ００００",
        "\u200f4200000000000000\u2069", "4200\t0000\n00000000",
    ],
    ids=ascii,
)  # fmt: skip
def test_every_form_of_a_number(written: str) -> None:
    card, errors = read(number=written)
    assert not errors
    assert card
    assert card.number == "4200000000000000"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("", words.NUMBER_MISSING), (" - ", words.NUMBER_MISSING), ("4200", words.NUMBER_LENGTH),
     ("4200 0000 0000 000x", words.NUMBER_LENGTH), ("4200.0000.0000.0000", words.NUMBER_LENGTH),
     ("4200 0000 0000 0000" + " " * 60 + "1", words.NUMBER_LENGTH),
     ("420000000000000²", words.NUMBER_LENGTH), ("4200000000000001", words.NUMBER_WRONG),
     ("4" * 5000, words.NUMBER_LENGTH), ("42000000000000000", words.NUMBER_LENGTH)],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_number(written: str, expected: str) -> None:
    assert error(number=written) == expected


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4200000000000000", "visa"), ("4005550000000019", "visa"), ("4222222222222", "visa"),
        ("5204240000015003", "master"), ("5555555555554444", "master"),
        ("2221000000000009", "master"), ("2720990000000007", "master"), ("2200000000000004", "mir"),
        ("2204000000000000", "mir"), ("378282246310005", "amex"), ("341111111111111", "amex"),
        ("30569309025904", "diners"), ("36700102000000", "diners"), ("3530111333300000", "jcb"),
        ("6011111111111117", "discover"), ("6440000000000007", "discover"),
        ("6200000000000005", "unionpay"), ("8100000000000006", "unionpay"),
        ("6759649826438453", "maestro"), ("9112000000000008", "belkart"),
    ],
)  # fmt: skip
def test_brands(number: str, brand: str) -> None:
    found = brand_of(number)
    assert found is not None
    assert found.name == brand
    number = with_check_digit(number[:-1])
    code = "1234" if brand == "amex" else "123"
    card, errors = read(number=number, code=code)
    assert not errors
    assert card
    assert card.brand == brand
    assert card.without_secrets().brand == brand
    assert read_card(
        FORM | {"number": number, "code": code}, today=TODAY, excluded_brands=frozenset({brand})
    ) == (None, {"number": words.BRAND_EXCLUDED})


def test_a_number_of_no_brand_is_the_gateways_to_judge() -> None:
    assert brand_of("7") is brand_of("") is brand_of("0000000000000000") is None
    assert error(number=with_check_digit("700000000000000")) is None


@given(st.sampled_from(BRANDS), st.data())
def test_every_number_of_a_brands_length_is_taken(brand: Brand, data: st.DataObject) -> None:
    low, high = data.draw(st.sampled_from(brand.prefixes))
    head = str(data.draw(st.integers(low, high)))
    length = data.draw(st.sampled_from(sorted(brand.lengths)))
    rest = data.draw(st.text("0123456789", min_size=length - len(head) - 1, max_size=length))
    number = with_check_digit((head + rest)[: length - 1])
    found = brand_of(number)
    assert found is not None
    if found.name == brand.name:
        assert error(number=number, code="1" * brand.code) is None


@given(st.text("0123456789", min_size=2, max_size=19), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_is_found(head: str, place: int, by: int) -> None:
    number = with_check_digit(head)
    place %= len(number)
    other = str((int(number[place]) + by) % 10)
    assert not luhn(number[:place] + other + number[place + 1 :])


@given(st.text())
def test_digits_are_ascii(text: str) -> None:
    found = digits(text)
    assert found is None or not set(found) - set(string.digits)


# --- Code and holder ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [("123", None), (" 123 ", None), ("١٢٣", None), ("1 2 3", None), ("", words.CODE_MISSING),
     (" ", words.CODE_MISSING), ("-", words.CODE_MISSING), ("12", words.CODE_THREE),
     ("1234", words.CODE_THREE), ("12a", words.CODE_THREE)],
    ids=ascii,
)  # fmt: skip
def test_codes(code: str, expected: str | None) -> None:
    assert error(code=code) == expected


def test_amex_has_its_code_on_the_front() -> None:
    amex = FORM | {"number": "3782 822463 10005"}
    assert read_card(amex | {"code": "1234"}, today=TODAY)[1] == {}
    assert read_card(amex, today=TODAY)[1] == {"code": words.CODE_FOUR}


@pytest.mark.parametrize(
    ("holder", "expected"),
    [("Иван Петров", None), ("O'Neil-Smith Jr.", None), ("X" * 32, None), ("Jane 2nd", None),
     ("", words.HOLDER_MISSING), (" \t", words.HOLDER_MISSING), ("\0", words.HOLDER_MISSING),
     ("X" * 33, words.HOLDER_LONG), ("4200 0000 0000 0000", words.HOLDER_DIGITS),
     ("Jane ٤٢٠٠٠٠٠٠", words.HOLDER_DIGITS)],
    ids=ascii,
)  # fmt: skip
def test_holders(holder: str, expected: str | None) -> None:
    assert error(holder=holder) == expected


def test_blanks_and_controls_of_a_holder_go() -> None:
    card, _ = read(holder="  Jane \n\t Doe\0\x1b ")
    assert card
    assert card.holder == "Jane Doe"


# --- The whole ---------------------------------------------------------------------------------


def test_every_error_at_once() -> None:
    assert read_card({}, today=TODAY) == (
        None,
        {
            "number": words.NUMBER_MISSING,
            "expiry": words.EXPIRY_MISSING,
            "code": words.CODE_MISSING,
            "holder": words.HOLDER_MISSING,
        },
    )


@given(st.dictionaries(st.sampled_from([*FORM, "exp_month", "exp_year"]), st.text()))
def test_any_form_is_a_card_or_errors(fields: dict[str, str]) -> None:
    card, errors = read_card(FORM | fields, today=TODAY)
    assert (card is None) == bool(errors)
    assert not [
        text
        for text in errors.values()
        for value in fields.values()
        if len(value) > 9 and value in text
    ]


def test_a_card_is_never_shown() -> None:
    card, _ = read()
    assert card
    page = StringIO()
    pprint([card], console=Console(file=page))
    for text in (repr(card), str(card), f"{card}", f"{[card]}", f"{card!a}", page.getvalue()):
        assert "4200" not in text
        assert "123" not in text
        assert "Jane" not in text
    kept = card.without_secrets()
    assert (kept.last_4, kept.first_1, kept.brand) == ("0000", "4", "visa")
    assert card.number not in repr(kept)


# --- The page's own table ----------------------------------------------------------------------


def scripted() -> list[tuple[str, re.Pattern[str], frozenset[int], int]]:
    """The brands of static/js/card.js: name, first digits, lengths, length of the code."""
    text = (STATIC / "js" / "card.js").read_text()
    rows = re.findall(r'\["(\w+)", /(\S+)/, \[([\d, ]+)\], (\d)\]', text)
    return [
        (name, re.compile(head), frozenset(map(int, lengths.split(", "))), int(code))
        for name, head, lengths, code in rows
    ]


def test_the_script_knows_the_same_brands() -> None:
    """Over every beginning of a number: what the page says while it is typed, the server says."""
    table = scripted()
    assert [(name, lengths, code) for name, _, lengths, code in table] == [
        (brand.name, brand.lengths, brand.code) for brand in BRANDS
    ]
    longest = max(len(str(end)) for brand in BRANDS for ends in brand.prefixes for end in ends)

    def theirs(head: str) -> str | None:
        return next((name for name, first, _, _ in table if first.search(head)), None)

    def ours(head: str) -> str | None:
        found = brand_of(head)
        return found.name if found else None

    whole = {f"{value:0{longest}d}" for value in range(10**longest)}
    assert {head: theirs(head) for head in whole} == {head: ours(head) for head in whole}
    for length in range(longest):
        for head in {each[:length] for each in whole}:
            # It may say so earlier, where nothing else can come of it.
            sure = {ours(each) for each in whole if each.startswith(head)} == {theirs(head)}
            assert sure or theirs(head) == ours(head), head


# A number where none belongs


@pytest.mark.parametrize(
    "text",
    [
        "4200000000000000",
        "card: 4200-0000-0000-0000.",
        "4200.0000.0000.0000",
        "Flat 7, 4200 0000 0000 0000",
        "4200 0000 0000 0000 12/29 123",
        "371449635398431",
        "4222222222222",  # 13 digits of a known brand
        "6304 0000 0000 0000 000",
        "４２００００００００００００００",
        "4200\u00a00000\u202f0000\u20110000",
        "4200\u200b000000000000",
        "x4200000000000000y",
    ],
)
def test_holds_a_card_number(text: str) -> None:
    assert holds_card_number(text)


def plainly(text: str) -> bool:
    """The same, said as simply as can be: every run of whole groups is tried."""
    plain = "".join(c for c in text if unicodedata.category(c) != "Cf")
    for run in re.finditer(r"\d+(?:[\s.\-\u2010-\u2015\u2212]\d+)*", plain):
        groups = re.findall(r"\d+", run[0])
        for first in range(len(groups)):
            for last in range(first, len(groups)):
                number = "".join(
                    str(unicodedata.decimal(c)) for c in "".join(groups[first : last + 1])
                )
                known = brand_of(number)
                if (
                    13 <= len(number) <= 19
                    and number[0] not in "01"
                    and luhn(number)
                    and (len(number) > 13 or (known is not None and 13 in known.lengths))
                    and plain[max(run.start() - 1, 0) : run.start()] != "+"
                ):
                    return True
    return False


ALPHABETS = [
    string.digits, "0123456789 ", "3456 -.", "42 0\u00a0", "+01 8", "٣4\u200b\u00ad5 ",
    "\u2212\u00b24 0", "4200000000000000 ,",
]  # fmt: skip


@given(
    st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, min_size=13, max_size=60))
)
@settings(max_examples=1000)
def test_the_window_finds_what_is_there(text: str) -> None:
    assert holds_card_number(text) == plainly(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12 Main Street",
        "4200000000000001",  # fails the check
        "420000000000000000000",  # 21 digits
        "+49 1512 1234566",
        "4915121234563",  # 13 digits that fail the check
        "8613812345678",  # 13 digits that pass it, of no brand: a phone
        "0000 0000 0000 0000",
        "25b98e6c5e40982e13a483fe48a62dea",
        "1990-12-31",
        "4200 0000, 0000 0000",
    ],
)
def test_holds_none(text: str) -> None:
    assert not holds_card_number(text)


# --- Masking ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("4005550000000019", "400555******0019"),
        ("a 4005 5500 0000 0019 b", "a 4005 55** **** 0019 b"),
        ("x 4005550000000019 y 4005-5500-0000-0019", "x 400555******0019 y 4005-55**-****-0019"),
        ("378282246310005", "378282*****0005"),
        ("\uff14005550000000019", "\uff1400555******0019"),
        ("4005\u200b550000000019", "400555******0019"),
        ("4005550000000018", "4005550000000018"),
        ("+4005550000000019", "+4005550000000019"),
        ("", ""),
    ],
)  # fmt: skip
def test_masked(said: str, masked: str) -> None:
    assert mask_card_numbers(said) == masked
    assert not holds_card_number(masked)


@given(st.text(alphabet="0123456789 -.x+\u0664", max_size=80))
def test_what_holds_a_number_holds_none_when_masked(said: str) -> None:
    masked = mask_card_numbers(said)
    assert holds_card_number(said) == (masked != said)
    assert not holds_card_number(masked)
    assert len(masked) == len(said)
