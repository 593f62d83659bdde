"""Each rule: what it takes, how it keeps it, what it refuses."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.money import EXPONENTS, LARGEST
from checkout.model.validation.description import schema_of, words_of
from checkout.model.validation.reader import Invalid, Rule
from checkout.model.validation.rules import (
    LARGEST_ECHO,
    LARGEST_OBJECT,
    MOST_VALUES,
    choice,
    country,
    day,
    echoed,
    email_address,
    flag,
    integer,
    ip_address,
    loose_flag,
    many,
    matching,
    minor_units,
    moment,
    passed_on,
    plain_object,
    shop_address,
    text,
    texts,
    web_address,
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
ALL: list[Rule[Any]] = [
    text(), text(10, least=0, numbers=True), integer(0, 9), minor_units(), minor_units(least=0),
    flag, loose_flag, choice(("a", "b")), choice(EXPONENTS), matching("[a-z]+", "must be small"),
    many(text()), texts(), plain_object, passed_on(), shop_address(origins=("https://a.example",)),
    shop_address(origins=("app://",)),
    web_address(), web_address(sandbox=True), email_address, country, day, moment, ip_address,
]  # fmt: skip


def wrong(rule: Rule[Any], value: Any) -> bool:
    try:
        rule(value)
    except Invalid as reason:
        return bool(str(reason))
    return False


@pytest.mark.parametrize("rule", ALL, ids=range(len(ALL)))
@given(value=anything)
def test_a_rule_raises_wrong_or_nothing(rule: Rule[Any], value: Any) -> None:
    if not wrong(rule, value):
        assert rule(rule(value)) == rule(value) or rule is moment, "what is kept is right"


@pytest.mark.parametrize("rule", ALL, ids=range(len(ALL)))
@given(value=anything)
def test_what_a_rule_takes_its_schema_takes(rule: Rule[Any], value: Any) -> None:
    assert words_of(rule)
    if not wrong(rule, value) and value != []:  # which is an empty object to them
        assert jsonschema_rs.is_valid(schema_of(rule), value)


# --- Money -------------------------------------------------------------------------------------


SPACES = " \t\r\n"
amounts = st.integers(1, LARGEST)


@given(anything | st.from_regex(r"\s?[+-]?[\d_.,eE]{1,6}\s?", fullmatch=True))
def test_money_is_nearly_an_integer_in_ascii_digits(value: Any) -> None:
    if not wrong(minor_units(), value):
        kept = minor_units()(value)
        assert type(kept) is int
        assert 1 <= kept <= LARGEST
        if isinstance(value, str):
            assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip(SPACES))
        assert abs(Fraction(value.strip(SPACES) if isinstance(value, str) else value) - kept) <= (
            Fraction(1, 10**6)
        )


@given(amounts)
def test_amounts_come_back(amount: int) -> None:
    rule = minor_units()
    assert (
        rule(amount) == rule(str(amount)) == rule(f"{amount}.00") == rule(f" {amount}\n") == amount
    )
    assert rule(float(amount)) == amount, "every integer up to 2**53 is a float"


@given(st.integers(1, 10**9), st.integers(1, 10**6 - 1).filter(lambda n: 2 <= n <= 10**6 - 2))
def test_a_fraction_is_never_rounded(whole: int, millionths: int) -> None:
    for value in (f"{whole}.{millionths:06}", whole + millionths / 10**6):
        with pytest.raises(Invalid, match="minor units have no fractions"):
            minor_units()(value)


@given(st.integers(1, 10**9), st.sampled_from([10, 100, 1000]))
def test_prices_that_were_multiplied_in_floating_point_are_meant(cents: int, unit: int) -> None:
    """`19.99 * 100` is 1998.9999999999998 in PHP and JavaScript as well."""
    assert minor_units()(cents / unit * unit) == cents


@pytest.mark.parametrize(
    "value",
    [1999, 1999.0, 19.99 * 100, "1999", "1999.0", "1999.00", "01999", " 1999 ", "1999\n",
     "1998.9999999999998", 1999.0000001, "1999.0000001"],
    ids=repr,
)  # fmt: skip
def test_what_shops_write_for_1999(value: Any) -> None:
    assert minor_units()(value) == 1999


NO_AMOUNTS = [
    "1e3", "+1", "-1", "1,0", "1_000", "0x10", "", " ", "१२", "１２", "NaN", "1.", ".5", "1 000",
    "0", "9" * 18, "9" * 5000, True, False, None, [], [1], {}, 0, -1, LARGEST + 1, 10**5000,
    0.0, -1.0, 0.5, 1.5, 1999.5, "1999.50", 1998.999, "1998.999", float("nan"), float("inf"),
    -float("inf"), float(2**53), 1e300, "1." + "0" * 5000, " " * 9 + "1", "\u00a01",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_AMOUNTS, ids=range(len(NO_AMOUNTS)))
def test_what_is_no_amount(value: Any) -> None:
    assert wrong(minor_units(), value)


def test_an_integer_is_no_text_unless_asked() -> None:
    assert wrong(integer(0, 9), "5")
    assert integer(0, 9, digits=True)("5") == 5
    assert minor_units(least=0)(0) == minor_units(least=0)("0.00") == 0
    assert wrong(minor_units(least=0), -1e-9)


# --- Text --------------------------------------------------------------------------------------


@given(st.text())
def test_what_is_text_can_be_stored_and_shown(value: str) -> None:
    if not wrong(text(), value):
        assert "\0" not in value
        assert value.encode().decode() == value
        assert value.strip()


@pytest.mark.parametrize(
    "value", ["", " ", "\n\t", "a\0", "a\x1b[1m", "\ud800", "x" * 256, 1, None]
)
def test_what_is_no_text(value: Any) -> None:
    assert wrong(text(), value)


def test_text_is_kept_as_it_came() -> None:
    assert text()(" Äpfel\r\n\t苹果 ") == " Äpfel\r\n\t苹果 "
    assert text(least=0)("") == ""
    assert text(numbers=True)(1042) == "1042"
    assert wrong(text(numbers=True), True)
    assert wrong(text(numbers=True), 1.5)
    assert wrong(text(9999, numbers=True), 10**5000)


def test_lists_of_texts() -> None:
    assert texts()(["a", None, "b"]) == ("a", "b")
    assert texts()([]) == ()
    assert wrong(texts(most=2), ["a", "b", "c"])
    assert wrong(texts(longest=2), ["abc"])
    assert wrong(texts(), "abc")
    assert wrong(texts(), {"a": "b"})


def test_choices() -> None:
    assert choice(EXPONENTS)("EUR") == "EUR"
    with pytest.raises(Invalid, match=r"^is unknown \(did you mean EUR\?\)$"):
        choice(EXPONENTS)("EURO")
    with pytest.raises(Invalid, match=r"^must be one of: a, b$"):
        choice(("b", "a"))("c")


# --- The rest ----------------------------------------------------------------------------------


def test_flags() -> None:
    for value, expected in [
        (True, True), (1, True), ("1", True), ("true", True), ("True", True),
        (False, False), (0, False), ("0", False), ("false", False),
    ]:  # fmt: skip
        assert loose_flag(value) is expected
    odds: list[Any] = [2, -1, "", "yes", "on", None, 1.0, 0.0, [], {}]
    for odd in odds:
        assert wrong(loose_flag, odd)
    for loose in (1, 0, "true", "false", None):
        assert wrong(flag, loose)
    assert flag(True) is True


def test_objects() -> None:
    kept = {"a": [1, 2.5, None, {"b": True}]}
    assert plain_object(kept) is kept
    assert plain_object([]) == {}
    for odd in (None, "", (), [1], {"a": float("nan")}, {1: 2}, {"a": b""}, {"a": {"b": {1}}}):
        assert wrong(plain_object, odd)


def test_objects_that_go_on() -> None:
    kept = {"a": [1, 2.5, None, {"b": True}]}
    assert passed_on()(kept) is kept
    assert passed_on()([]) == {}
    full = {"a": "x" * (LARGEST_OBJECT - len('{"a":""}'))}
    assert passed_on()(full) is full
    assert passed_on()({"a": [0] * (MOST_VALUES - 1)})
    for odd in (None, 1, {"a": full["a"] + "x"}, {"a": [0] * MOST_VALUES}, {"a": "\ud800"}):
        assert wrong(passed_on(), odd)
    assert wrong(passed_on(values=2), {"a": 1, "b": 2, "c": 3})


def test_objects_that_are_answered_back() -> None:
    assert echoed({"a": [1, None, "ä"]}) == msgspec.Raw('{"a":[1,null,"ä"]}'.encode())
    assert echoed([]) == msgspec.Raw(b"{}")
    assert echoed({"a": [0] * 10_000}), "how many values: they are kept as text"
    for odd in (None, [1], {"a": "x" * LARGEST_ECHO}, {"a": float("inf")}, {"a": "\ud800"}):
        assert wrong(echoed, odd)


@pytest.mark.parametrize(
    "value", ["a@b.c", "Jane.Doe+x@shop.example", "a@b-c.d.example", "дом@пример.рф"]
)
def test_email_addresses(value: str) -> None:
    assert email_address(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "a", "@", "a@", "@b", "a@b", "anna@example", "a@.b", "a@b.", "a@b..c", "a@b@c.d",
     "a b@c.d", "a@b.c\n", "a@b.c\r\nBcc: c@d.e", "a@b.c,c@d.e",
     "<a@b.c>",
     "a@" + "b" * 300 + ".c", "a@" + "b." * 95 + "c", "a\0@b.c", None, 1],
)  # fmt: skip
def test_what_is_no_email_address(value: Any) -> None:
    assert wrong(email_address, value)


def test_countries_days_and_addresses() -> None:
    assert country("by") == country("BY") == "BY"
    assert wrong(country, "BLR")
    assert wrong(country, "ß")
    assert day("2024-02-29") == "2024-02-29"
    for odd in ("2023-02-29", "20240229", "2024-2-9", "29.02.2024", "２０２４-02-29", "", None, 1):
        assert wrong(day, odd)
    assert ip_address("127.0.0.1") == "127.0.0.1"
    assert ip_address("::0001") == "::1"
    for odd in ("127.1", "localhost", "127.0.0.1/8", "", 1, None):
        assert wrong(ip_address, odd)


@given(st.integers(0, 253_402_300_799))
def test_moments_are_seconds(seconds: int) -> None:
    when = datetime.fromtimestamp(seconds, UTC)
    for written in (when.isoformat(), when.strftime("%04Y-%m-%dT%H:%M:%SZ"), str(when)):
        assert moment(written) == seconds


def test_moments() -> None:
    assert moment("1970-01-01T03:00:00+03:00") == 0
    assert moment("1970-01-01T00:00:00.500Z") == 0.5
    assert moment("1970-01-01T00:01") == 60  # UTC where no zone is given
    assert moment("1969-12-31T21:00:00-0300") == 0
    for odd in (
        "", "1970-01-01", "now", "1970-13-01T00:00:00Z", "1970-01-01T25:00:00Z", "1970-W01-1T00:00",
        "0001-01-01T00:00:00+23:00", "٢٠٣٠-01-01T00:00:00Z", 0, 0.0, None, "1" * 5000,
    ):  # fmt: skip
        assert wrong(moment, odd) or odd == "0001-01-01T00:00:00+23:00"
