"""JSON Schema as generators of clients read it.

A rule describes what it takes, `{"enum": [true, 1, "true"]}`, and that is valid; but a program with
types has no name for a set of values of several types, nor for values of no type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from checkout.model.validation.description import Json

TYPES: Final[dict[type, str]] = {
    bool: "boolean", int: "integer", str: "string", type(None): "null",
}  # fmt: skip
# Their values are no schemas.
VALUES: Final = frozenset({"enum", "const", "default", "example", "examples", "required"})


def typed(schema: Any) -> Any:
    """The same schema, or whole document, where each set of values says its type; one of several
    types is a union of such sets."""
    if isinstance(schema, list):
        return [typed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: value
        if name in VALUES
        else {each: typed(inner) for each, inner in value.items()}
        if name == "properties"
        else typed(value)
        for name, value in schema.items()
    }
    if isinstance(values := found.get("enum"), list):
        return _union(found, list(_sets(values)))
    if isinstance(const := found.get("const"), str):
        return found | {"type": TYPES[type(const)]}
    return found


def _sets(values: list[Any]) -> Iterator[Json]:
    """The values of each type. Where both of true and false are taken, a client needs no other
    spelling of them."""
    kinds = {kind: [each for each in values if type(each) is kind] for kind in TYPES}
    both = len(kinds[bool]) == len((True, False))
    for kind, mine in kinds.items():
        if mine and (not both or kind in (bool, type(None))):
            whole = both or kind is type(None)  # there are no other values of the type
            yield {"type": TYPES[kind]} | ({} if whole else {"enum": mine})


def _union(schema: Json, sets: list[Json]) -> Json:
    rest = {name: value for name, value in schema.items() if name not in ("enum", "type")}
    if len(sets) == 1:
        return rest | sets[0]
    if len(sets) == 2 and sets[1] == {"type": "null"}:
        values = {"enum": [*sets[0]["enum"], None]} if "enum" in sets[0] else {}
        return rest | {"type": [sets[0]["type"], "null"]} | values
    return rest | {"anyOf": sets}
