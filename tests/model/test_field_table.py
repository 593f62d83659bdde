"""A table of fields reads an object, and says in JSON Schema and in rows what it reads."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import Unprocessable
from checkout.model.validation.description import schema_of
from checkout.model.validation.reader import Reader
from checkout.model.validation.rules import choice, loose_flag, minor_units, refused, text
from checkout.model.validation.table import (
    Field,
    FieldTable,
    ListOf,
    Row,
    Scope,
    Scoped,
    UnlessBlank,
)

PERSON = FieldTable(name=Field(text(10), "who"), old=Field(loose_flag, default=False))
ORDER = FieldTable(
    amount=Field(minor_units(), "what is paid", required=True),
    kind=Field(choice(("a", "b")), default="a"),
    number=Field(refused("is not taken here")),
    buyer=Field(PERSON, "the one who pays"),
    terms=Field(UnlessBlank(text=Field(text(10)))),
    people=Field(ListOf(PERSON, 2)),
)
NOTHING: dict[str, Any] = {
    "amount": 5,
    "kind": "a",
    "number": None,
    "buyer": {"name": None, "old": False},
    "terms": None,
    "people": [],
}


def read(data: Any) -> dict[str, Any]:
    fields = Reader(data, tolerant=True)
    found = ORDER.read(fields)
    fields.done()
    return found


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, {}),
        ({"kind": None, "buyer": [], "terms": {"text": ""}}, {}),
        ({"kind": "b", "x": 1}, {"kind": "b"}),
        ({"buyer": {"name": "Ann", "x": 1}}, {"buyer": {"name": "Ann", "old": False}}),
        ({"terms": {"text": "yes"}}, {"terms": {"text": "yes"}}),
        ({"people": [{"old": 1}]}, {"people": [{"name": None, "old": True}]}),
    ],
)
def test_it_reads(said: dict[str, Any], kept: dict[str, Any]) -> None:
    assert read({"amount": "5"} | said) == NOTHING | kept


def test_every_wrong_field_is_told() -> None:
    wrong = {"kind": "c", "number": "1", "buyer": {"name": 1}, "people": [{}, {"old": "x"}]}
    with pytest.raises(Unprocessable) as refused:
        read(wrong)
    assert list(refused.value.fields) == ["amount", "kind", "number", "buyer.name", "people[1].old"]


def test_what_is_read_by_one_is_not_kept_for_another() -> None:
    read({"amount": 5})["buyer"]["name"] = "Ann"
    read({"amount": 5})["people"].append(1)
    assert read({"amount": 5}) == NOTHING


def test_a_rule_of_the_request() -> None:
    table = FieldTable(a=Field(Scoped(lambda scope: choice(tuple(scope.origins)), "one", {})))
    fields = Reader({"a": "x"})
    assert table.read(fields, Scope(("x",), (), sandbox=False, now=0)) == {"a": "x"}
    with pytest.raises(ValueError, match="scope"):
        table.read(fields)


def test_its_schema() -> None:
    schema = ORDER.schema()
    assert schema["required"] == ["amount"]
    assert set(schema["properties"]) == set(ORDER) - {"number"}
    assert schema["properties"]["amount"] == schema_of(minor_units()) | {
        "description": "what is paid"
    }
    assert schema["properties"]["kind"] == {"enum": ["a", "b", "", None]}
    assert schema["properties"]["buyer"]["type"] == ["object", "null"]
    assert schema["properties"]["people"]["items"]["properties"].keys() == PERSON.keys()
    assert "required" not in ORDER.optional().schema()


def test_its_rows() -> None:
    rows = list(ORDER.rows())
    assert [row.path for row in rows] == [
        "amount", "kind", "buyer", "buyer.name", "buyer.old", "terms.text", "people[]",
        "people[].name", "people[].old",
    ]  # fmt: skip
    assert rows[1] == Row("kind", required=False, takes="`a`, `b`", note="")
