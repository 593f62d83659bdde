"""The fields of a JSON object as a table, which reads the object; `/schema` and the documents are
generated from it.

    CARD = FieldTable(
        token=Field(card_token, "the saved card", required=True),
        test=Field(loose_flag, default=False),
    )
    CARD.read(fields)  # {"token": ..., "test": False}; problems are added to `fields`
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from checkout.model.validation.description import (
    NEVER,
    Json,
    or_blank,
    or_null,
    schema_of,
    words_of,
)
from checkout.model.validation.reader import Reader, Rule


class Scope(NamedTuple):
    """What a rule may need of a request: the addresses that the shop may use, and the time."""

    origins: Collection[str]
    ports: Collection[int]
    sandbox: bool
    now: float


class Scoped(NamedTuple):
    """A rule that depends on the request."""

    rule: Callable[[Scope], Rule[Any]]
    words: str
    schema: Json


class ListOf(NamedTuple):
    """A list of objects."""

    item: FieldTable
    most: int


class Field(NamedTuple):
    """`note`: what it means, for the documents; `default` stands in where it is missing or
    wrong."""

    rule: Rule[Any] | Scoped | FieldTable | ListOf
    note: str = ""
    required: bool = False
    default: Any = None


class Row(NamedTuple):
    """A field as the documents list it."""

    path: str
    required: bool
    takes: str
    note: str


class FieldTable(dict[str, Field]):
    """Fields by name, in the order in which they are read. `others`: the rule of further fields, of
    any name."""

    others: Field | None = None
    blank = False
    optional_data = False

    def __init__(self, fields: Mapping[str, Field] | None = None, /, **named: Field) -> None:
        super().__init__(fields or {}, **named)
        self._required = {name for name, field in self.items() if field.required}
        self._defaults = {name: field.default for name, field in self.items()}
        self._objects = {
            name: field.rule
            for name, field in self.items()
            if isinstance(field.rule, FieldTable) and not field.rule.blank
        }
        self._lists = [name for name, field in self.items() if isinstance(field.rule, ListOf)]

    def read(self, given: Reader, scope: Scope | None = None) -> dict[str, Any]:
        """Every field, by its name."""
        there = given.there(self) | self._required
        found = self.nothing()
        for name in self if there else ():
            if name in there:
                found[name] = self.take(given, name, scope)
        return found

    def take(self, given: Reader, name: str, scope: Scope | None = None) -> Any:
        """One field."""
        rule, _, required, default = self[name]
        if isinstance(rule, FieldTable):
            inner = given.optional_child(name) if rule.optional_data else given.child(name)
            if rule.blank and not inner.names:
                return default
            return rule.read(inner, scope)
        if isinstance(rule, ListOf):
            return [rule.item.read(each, scope) for each in given.each(name, most=rule.most)]
        if isinstance(rule, Scoped):
            if scope is None:
                raise ValueError(f"{name} is read with a scope")
            rule = rule.rule(scope)
        return given.read(name, rule, default, required)

    def nothing(self) -> dict[str, Any]:
        """What is read of an object that is not there."""
        found = self._defaults.copy()
        for name, table in self._objects.items():
            found[name] = table.nothing()
        for name in self._lists:
            found[name] = []
        return found

    def rule(self, name: str) -> Rule[Any]:
        """The rule of a field that holds no object and depends on no request."""
        found = self[name].rule
        if isinstance(found, FieldTable | ListOf | Scoped):
            raise TypeError(f"{name} has no rule of its own")
        return found

    def only(self, names: Collection[str]) -> FieldTable:
        """A part of the table."""
        return FieldTable({name: self[name] for name in names})

    def optional(self) -> FieldTable:
        """The same, nothing of it required."""
        return FieldTable({name: each._replace(required=False) for name, each in self.items()})

    def schema(self) -> Json:
        """JSON Schema of the object. Null and "" are taken for every field that is not required."""
        shown = {name: field for name, field in self.items() if _takes(field.rule)}
        required = [name for name, field in shown.items() if field.required]
        found: Json = {
            "type": "object",
            "properties": {name: _field_schema(field) for name, field in shown.items()},
        }
        if required:
            found["required"] = required
        if self.others:
            found["additionalProperties"] = _field_schema(self.others)
        return found

    def rows(self, before: str = "") -> Iterator[Row]:
        """Its fields, those of the objects in it too, by their paths."""
        for name, (rule, note, required, _) in self.items():
            path = before + name
            if isinstance(rule, ListOf):
                yield Row(f"{path}[]", required, f"up to {rule.most} objects", note)
                yield from rule.item.rows(f"{path}[].")
            elif isinstance(rule, FieldTable):
                if note:
                    yield Row(path, required, "an object", note)
                yield from rule.rows(f"{path}.")
            elif _takes(rule):
                yield Row(path, required, words_of(rule), note)
        if self.others:
            yield Row(f"{before}…", False, words_of(self.others.rule), self.others.note)


class UnlessBlank(FieldTable):
    """Plugins send an object of empty values for a missing one."""

    blank = True


class OptionalData(FieldTable):
    """What no payment is refused for: what should be an object and is none is dropped and noted.
    Each field's own rule says what becomes of a wrong value."""

    optional_data = True


def _takes(rule: Any) -> bool:
    """Whether the field accepts anything: some are always refused."""
    return isinstance(rule, FieldTable | ListOf) or schema_of(rule) != NEVER


def _field_schema(field: Field) -> Json:
    rule = field.rule
    if isinstance(rule, FieldTable):
        found = rule.schema()
    elif isinstance(rule, ListOf):
        found = {"type": "array", "items": rule.item.schema(), "maxItems": rule.most}
    else:
        found = schema_of(rule)
    if not field.required:
        blank = isinstance(rule, FieldTable | ListOf) or found.get("type") in ("object", "array")
        found = or_null(found if blank else or_blank(found))
    return found | {"description": field.note} if field.note else found
