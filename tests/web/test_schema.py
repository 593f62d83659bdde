"""`/schema` for programs: sets of values have types, objects have names, nothing else changes."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.web.api.components import PLACE, Components, pascal
from checkout.web.api.document import DESCRIBED
from checkout.web.api.schema import SCHEMAS
from checkout.web.api.typed_schema import typed
from tests.web.server import Customer

BOOLEANS: list[Any] = [True, False, 1, 0, "true", "false", "1", "0"]
ENUM = {"properties": {"enum": {"type": "string"}}}
EXAMPLES = {"examples": {"x": {"enum": [1, "1"]}}}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": [1, 4, None]}, {"type": ["integer", "null"], "enum": [1, 4, None]}),
        ({"enum": BOOLEANS}, {"type": "boolean"}),
        ({"enum": [*BOOLEANS, None]}, {"type": ["boolean", "null"]}),
        (
            {"enum": [1, "1"], "description": "x"},
            {
                "anyOf": [{"type": "integer", "enum": [1]}, {"type": "string", "enum": ["1"]}],
                "description": "x",
            },
        ),
        ({"const": ""}, {"const": "", "type": "string"}),
        (ENUM, ENUM),
        (EXAMPLES, EXAMPLES),
        ({"anyOf": [{"enum": ["a"]}]}, {"anyOf": [{"type": "string", "enum": ["a"]}]}),
    ],
)
def test_sets_of_values(written: Any, read: Any) -> None:
    assert typed(written) == read
    assert typed(read) == read


VALUES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "1", "true"])


@given(st.lists(VALUES, min_size=1, unique_by=repr), VALUES)
def test_what_is_said_is_taken(values: list[Any], value: Any) -> None:
    """The typed schema takes nothing that the plain one does not."""
    plain = {"enum": values}
    if jsonschema_rs.is_valid(typed(plain), value):
        assert jsonschema_rs.is_valid(plain, value)


def test_each_set_in_the_document_has_a_type() -> None:
    def look(schema: Any) -> None:
        if isinstance(schema, list):
            for each in schema:
                look(each)
        elif isinstance(schema, dict):
            if isinstance(schema.get("enum"), list):
                assert schema["type"], schema
            for name, each in schema.items():
                if name not in ("example", "examples"):
                    look(each)

    look(list(DESCRIBED.values()))
    look(SCHEMAS)


# --- Names -------------------------------------------------------------------------------------


def test_words() -> None:
    assert pascal("credit_card") == "CreditCard"
    assert pascal("createCheckout") == "CreateCheckout"


def operation(id: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {
        "operationId": id,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }


def body(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"]["application/json"]["schema"]["properties"]


def test_objects_have_names() -> None:
    made = Components({"Card": {"type": "object"}})
    name = {"name": {"type": "string"}}
    card = {"type": ["object", "null"], "properties": name, "description": "the card"}
    first = made.operation(operation("pay", card=card, note={"type": "string"}))
    assert body(first) == {
        "card": {
            "anyOf": [{"$ref": f"{PLACE}CardRequest"}, {"type": "null"}],
            "description": "the card",
        },
        "note": {"type": "string"},
    }
    # Equal objects are one, others have another name.
    other = {"type": "object", "properties": {"x": {"type": "string"}}}
    request = {"type": "object", "properties": {"card": card, "credit": other}}
    second = made.operation(operation("refund", request=request, card=other))
    assert body(second)["request"] == {"$ref": f"{PLACE}Refund"}
    assert body(second)["card"] == {"$ref": f"{PLACE}Credit"}
    assert made.schemas == {
        "Card": {"type": "object"},
        "CardRequest": {"type": "object", "properties": name},
        "Credit": other,
        "Refund": {
            "type": "object",
            "properties": {
                "card": body(first)["card"],
                "credit": {"$ref": f"{PLACE}Credit"},
            },
        },
    }
    without = {"operationId": "read"}
    assert made.operation(without) == without


async def test_the_whole_document_says_the_same(customer: Customer) -> None:
    """With each name put back, a request is what the table that reads it says."""
    document = (await customer.get("/schema")).json()
    schemas = document["components"]["schemas"]

    def whole(schema: Any) -> Any:
        if isinstance(schema, list):
            return [whole(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return whole(schemas[schema["$ref"].removeprefix(PLACE)])
        found = {name: whole(each) for name, each in schema.items()}
        match found:
            case {"allOf": [only], **rest}:
                return only | rest
            case {"anyOf": [{"type": "object", **inner}, {"type": "null"}], **rest}:
                return {"type": ["object", "null"], **inner, **rest}
        return found

    for path, verbs in document["paths"].items():
        for verb, found in verbs.items():
            if "requestBody" in found:
                assert whole(found["requestBody"]) == DESCRIBED[path, verb]["requestBody"]
