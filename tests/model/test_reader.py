"""Decoding, and reading field by field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import BadRequest, Unprocessable
from checkout.model.validation.reader import (
    FORM,
    LONGEST_NAME,
    MOST_LISTED,
    SETTINGS,
    Bounds,
    Invalid,
    Problems,
    Reader,
    check_bounds,
    decode,
    drop_nulls,
    form_pairs,
    repeated,
)
from checkout.model.validation.rules import choice, integer, many, minor_units, text

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def nested(depth: int, opening: bytes, closing: bytes, heart: bytes = b"") -> bytes:
    return opening * depth + heart + closing * depth


# --- decode ------------------------------------------------------------------------------------


@given(plain)
def test_json_comes_back(data: Any) -> None:
    raw = json.dumps(data).encode()
    try:
        assert decode(raw) == data
    except BadRequest:
        assert raw.count(b"[") + raw.count(b"{") > DEEPEST


@given(st.binary())
def test_any_bytes_are_read_or_a_bad_request(raw: bytes) -> None:
    with suppress(BadRequest):
        decode(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b"{}{}", b"{'a': 1}", b'{"a": NaN}', b"Infinity", b"-Infinity", b"\xff",
     b'"\xed\xa0\x80"', b'{"\xc3": 1}', b'"\\ud800"', b"\xef\xbb\xbf{}", b"[1,]", b"// x\n1",
     b"01", b"1.", b"+1", b'"a\nb"', "{}".encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(raw)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_depth_is_bounded(opening: bytes, closing: bytes) -> None:
    heart = b"1"
    assert decode(nested(DEEPEST, opening, closing, heart))
    for depth in (DEEPEST + 1, 900, 1100, 100_000):
        with pytest.raises(BadRequest):
            decode(nested(depth, opening, closing, heart))


MOST = Bounds()
WIDE: list[tuple[Any, Any, str]] = [  # just within bounds, just out of them, what is said then
    (
        {str(n): n for n in range(MOST.members)},
        {str(n): n for n in range(MOST.members + 1)},
        "The JSON has an object of more than 1000 members",
    ),
    ([0] * MOST.items, [0] * (MOST.items + 1), "The JSON has a list of more than 1000 items"),
    (
        [[0] * 999] * 10,
        [[0] * 999] * 10 + [0],
        "The JSON has more than 10000 values in all",
    ),
    (
        {"ä" * MOST.name: 1},
        {"ä" * (MOST.name + 1): 1},
        "The JSON has a name of more than 256 characters",
    ),
]


@pytest.mark.parametrize(("most", "more", "said"), WIDE, ids=range(len(WIDE)))
def test_the_width_is_bounded(most: Any, more: Any, said: str) -> None:
    for inner in (most, [{"a": most}]):
        if "in all" not in said or inner is most:
            assert decode(json.dumps(inner).encode()) == inner
    for outer in (more, [{"a": more}]):
        with pytest.raises(BadRequest) as caught:
            decode(json.dumps(outer).encode())
        assert caught.value.message == said


def test_settings_may_have_more() -> None:
    shops = {"shops": {f"shop-{n}": {"methods": {"card": "cards"}} for n in range(5000)}}
    check_bounds(shops, SETTINGS)
    with pytest.raises(Invalid):
        check_bounds(shops, MOST)


@given(plain, st.integers(0, 4), st.integers(0, 4), st.integers(0, 20))
def test_bounds_are_what_they_say(data: Any, depth: int, width: int, values: int) -> None:
    def deep(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(deep, inner), default=0) if isinstance(value, dict | list) else 0

    def holders(value: Any) -> list[Any]:
        if not isinstance(value, dict | list):
            return []
        inner = value.values() if isinstance(value, dict) else value
        return [value, *(each for one in inner for each in holders(one))]

    bounds = Bounds(depth=depth, members=width, items=width, values=values, name=3)
    within = (
        deep(data) <= depth
        and all(len(each) <= width for each in holders(data))
        and sum(map(len, holders(data))) <= values
        and all(len(name) <= 3 for each in holders(data) if isinstance(each, dict) for name in each)
    )
    try:
        check_bounds(data, bounds)
    except Invalid:
        assert not within
    else:
        assert within


# --- forms -------------------------------------------------------------------------------------


def test_the_first_of_equal_fields_counts() -> None:
    assert form_pairs(b"a=1&b=%C3%A4+x&a=2&c=") == {"a": "1", "b": "ä x", "c": ""}
    assert form_pairs(b"a=&b=1", blanks=False) == {"b": "1"}
    assert form_pairs(b"") == {}


@pytest.mark.parametrize(
    "raw",
    [b"&".join(b"a%d=1" % n for n in range(FORM.members + 1)), b"a" * (FORM.name + 1) + b"=1",
     b"a=%ff", b"a=%ED%A0%80", "a=ä".encode()],
    ids=range(5),
)  # fmt: skip
def test_what_is_no_form(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        form_pairs(raw)


# JSON in which objects are lists of pairs, so that a name can come twice.
doubled = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('":\\\\ a{}[],', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.text('a":\\\\', max_size=2), inner), max_size=4).map(tuple)
    ),
    max_leaves=12,
)


def text_of(data: Any, blank: str) -> str:
    """As JSON, with blanks wherever there may be one."""
    if isinstance(data, tuple):
        pairs = (f"{json.dumps(name)}{blank}:{blank}{text_of(each, blank)}" for name, each in data)
        return "{" + blank + f",{blank}".join(pairs) + blank + "}"
    if isinstance(data, list):
        return "[" + blank + f"{blank},".join(text_of(each, blank) for each in data) + "]"
    return json.dumps(data)


def objects_in(data: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(data, tuple):
        yield data
        for _, each in data:
            yield from objects_in(each)
    elif isinstance(data, list):
        for each in data:
            yield from objects_in(each)


@given(doubled, st.sampled_from(["", " ", "\n\t "]))
def test_a_name_that_is_there_twice_is_found(data: Any, blank: str) -> None:
    raw = text_of(data, blank).encode()
    twice = {
        name
        for pairs in objects_in(data)
        for name, many in Counter(name for name, _ in pairs).items()
        if many > 1
    }
    found = repeated(raw, json.loads(raw))
    assert found in twice if twice else found is None
    if twice:
        with pytest.raises(BadRequest, match="twice in one object"):
            decode(raw)


@pytest.mark.parametrize(
    ("raw", "found", "differing"),
    [
        (b'{"a":1,"a":1}', "a", None),
        (b'{"a":1,"a":2}', "a", "a"),
        (b'{"a":{"b":1},"a":{"b":1}}', "a", None),
        (b'{"a":{"b":1},"a":{"b":2}}', "a", "a"),
        (b'{"a":1,"\\u0061":2}', "a", "a"),
        (b'{"a":1,"A":2}', None, None),
        (b'{"a":"x:y","b":":"}', None, None),
        (b'{"a":"\\"a\\":1"}', None, None),
        (b"[]", None, None),
    ],
    ids=ascii,
)
def test_what_is_told_twice(raw: bytes, found: str | None, differing: str | None) -> None:
    data = msgspec.json.decode(raw)
    assert repeated(raw, data) == found
    assert repeated(raw, data, differing=True) == differing


# --- Fields ------------------------------------------------------------------------------------

DEEPEST = Bounds().depth
BODY: dict[str, Any] = {
    "checkout": {
        "order": {"amount": "1250", "currency": "EUR", "description": "Tickets"},
        "settings": {"language": None},
        "customer": [],
    }
}


def read(body: Any) -> tuple[Any, ...]:
    """As the shops' API reads: fields under "checkout", named without it."""
    fields = Reader(body, tolerant=True).within("checkout", shown="")
    found = (
        fields.need("order.amount", minor_units()),
        fields.need("order.currency", choice(("EUR", "USD"))),
        fields.need("order.description", text(20)),
        fields.get("settings.language", text(2)),
        fields.get("customer.email", text(99), "none"),
        fields.get("attempts", integer(1, 10), 1),
    )
    fields.done()
    return found


def test_fields_are_read_by_path() -> None:
    assert read(BODY) == (1250, "EUR", "Tickets", None, "none", 1)


def test_every_wrong_field_is_told() -> None:
    body = {
        "checkout": {
            "order": {"amount": 12.5, "currency": "EURO", "description": None},
            "settings": "de",
            "customer": {"email": 1},
            "attempts": 11,
        }
    }
    with pytest.raises(Unprocessable) as caught:
        read(body)
    assert caught.value.fields == {
        "order.amount": ["must be an integer: minor units have no fractions"],
        "order.currency": ["must be one of: EUR, USD (did you mean EUR?)"],
        "order.description": ["is required"],
        "settings": ["must be an object"],
        "customer.email": ["must be text"],
        "attempts": ["must be from 1 to 10"],
    }


@pytest.mark.parametrize(
    "body",
    [{}, {"checkout": None}, {"checkout": []}, {"checkout": {}}, {"checkout": {"order": ""}}, []],
)
def test_what_is_missing_is_told_by_its_field(body: Any) -> None:
    with pytest.raises(Unprocessable) as caught:
        read(body)
    assert list(caught.value.fields) == ["order.amount", "order.currency", "order.description"]


@pytest.mark.parametrize(
    ("body", "where"),
    [(1, "base"), ("x", "base"), ([1], "base"), ({"checkout": 1}, "base"), (False, "base"),
     ({"checkout": {"order": [1]}}, "order"), ({"checkout": {"order": False}}, "order"),
     ({"checkout": {"order": "x"}}, "order")],
)  # fmt: skip
def test_what_is_no_object_is_told_once(body: Any, where: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        read(body)
    assert caught.value.fields == {where: ["must be an object"]}


def test_without_tolerance_nulls_and_lists_are_wrong() -> None:
    fields = Reader({"a": None, "b": [], "c": {"d": None}})
    assert fields.get("a", text(), "x") == "x"
    fields.within("b")
    fields.need("c.d", text())
    assert fields.problems == {
        "a": ["must be text"],
        "b": ["must be an object"],
        "c.d": ["must be text"],
    }
    assert not fields.ok
    assert not fields.within("c").ok


def test_unknown_fields_are_ignored_until_they_are_refused() -> None:
    fields = Reader({"naem": 1, "zzz": {"a": 1}, "inner": {"y": 1}})
    fields.get("name", text())
    fields.get("inner.x", text())
    fields.done()
    fields.no_others()
    fields.within("inner").no_others()
    assert fields.problems == {
        "naem": ["is unknown (did you mean name?)"],
        "zzz": ["is unknown"],
        "inner.y": ["is unknown"],
    }


def test_names_with_dots_are_children() -> None:
    fields = Reader({"a.b": {"c": 1}, "n": None})
    assert fields.names == ("a.b", "n")
    assert fields.child("a.b").need("c", integer(0, 9)) == 1
    assert Reader({"n": None}, tolerant=True).names == ()
    assert fields.has("n")
    assert not fields.has("a.c")


def test_problems_of_no_rule() -> None:
    fields = Reader({"from": 2, "to": 1})
    fields.wrong("to", "must be after from")
    fields.wrong("to", "must be after from")
    fields.wrong("to", "must be even")
    fields.wrong("", "is empty")
    with pytest.raises(Unprocessable) as caught:
        fields.done()
    assert caught.value.fields == {
        "to": ["must be after from", "must be even"],
        "base": ["is empty"],
    }
    assert fields.get("to", integer(0, 9)) is None, "told already"


def test_the_first_problems_are_told() -> None:
    fields = Reader({str(n): n for n in range(200)} | {"inner": {"x": 1}}, tolerant=True)
    inner = fields.within("inner")
    before = inner.ok
    for name in fields.names:
        fields.named(name, text())
    assert (before, inner.ok) == (True, False), "it may be among those that are not told"
    with pytest.raises(Unprocessable) as caught:
        fields.done()
    told = caught.value.fields
    assert list(told) == [*map(str, range(MOST_LISTED)), "base"]
    assert told["base"] == ["and 151 more"]


def test_what_is_wrong_with_all_of_it_stands_before_the_number() -> None:
    problems = Problems()
    problems.add("base", "is empty")
    for number in range(MOST_LISTED + 2):
        problems.add("a", f"reason {number}")
    problems.add("a", "reason 0")
    assert len(problems["a"]) == MOST_LISTED - 1
    assert problems.by_path()["base"] == ["is empty", "and 3 more"]
    assert list(problems.by_path()) == ["base", "a"]


def test_dots_in_a_name_that_came_with_the_data_are_no_path() -> None:
    fields = Reader({"a.b": "x", "a": {"b": "y"}, "." * 200: 1})
    assert fields.named("a.b", text()) == "x"
    assert fields.get("a.b", text()) == "y"
    fields.named("." * 200, text())
    assert list(fields.problems) == ["." * LONGEST_NAME + "…"]


def test_a_reason_is_told_with_its_place_in_a_list() -> None:
    with pytest.raises(Invalid, match=r"^item 2 must be text$"):
        many(text())(["a", 1])


@given(plain)
def test_any_data_is_read_or_unprocessable(data: Any) -> None:
    for body in (data, {"checkout": data}, {"checkout": {"order": data, "customer": data}}):
        with suppress(Unprocessable):
            read(body)


@given(plain)
def test_nulls_are_dropped(data: Any) -> None:
    def has_null(value: Any) -> bool:
        if isinstance(value, dict):
            return any(item is None or has_null(item) for item in value.values())
        return isinstance(value, list) and any(item is None or has_null(item) for item in value)

    assert not has_null(drop_nulls(data))
    if not has_null(data):
        assert drop_nulls(data) == data
