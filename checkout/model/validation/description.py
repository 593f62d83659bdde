"""A rule's own description of what it accepts: in JSON Schema for programs, in words for people.

    @says("`true` or `false`", type="boolean")
    def flag(value: Any) -> bool: ...

Rules that are made of others pass on their descriptions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Json = dict[str, Any]
NEVER: Json = {"not": {}}  # the schema of what is refused, whatever it is
F = TypeVar("F", bound=Callable[..., Any])


def says(words: str, **schema: Any) -> Callable[[F], F]:
    """Decorates a rule with its description; calls of the rule stay direct."""

    def describe(rule: F) -> F:
        vars(rule).update(words=words, schema=schema)
        return rule

    return describe


def blank_too(rule: F) -> F:
    """Marks a rule by which "" says something; to all others it is a field that is left out."""
    vars(rule)["blank"] = True
    return rule


def takes_blank(rule: Any) -> bool:
    return getattr(rule, "blank", False)


def schema_of(rule: Any) -> Json:
    """JSON Schema of what a rule accepts; {} of one without a description."""
    found: Json = getattr(rule, "schema", {})
    return found


def words_of(rule: Any) -> str:
    """The description in words; "" of a rule without one."""
    found: str = getattr(rule, "words", "")
    return found


def or_null(schema: Json) -> Json:
    """The schema of what is taken besides null."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return schema | {"type": [*kinds, "null"]}


def or_blank(schema: Json) -> Json:
    """The schema of what is taken besides ""."""
    blank = {"const": ""}
    if "enum" in schema:
        return schema if "" in schema["enum"] else schema | {"enum": [*schema["enum"], ""]}
    if "anyOf" in schema:
        return schema if blank in schema["anyOf"] else schema | {"anyOf": [*schema["anyOf"], blank]}
    if "string" not in schema.get("type", "string") or "pattern" in schema or "format" in schema:
        return {"anyOf": [schema, blank]}
    return {name: value for name, value in schema.items() if name != "minLength"}
