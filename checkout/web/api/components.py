"""The objects of a document under names of their own, for generators of clients: what stands inline
gets a name as long as its path.

The objects in a request become components, called by their field (`order`: `Order`), and where
another object has that name already, by it and what it is (`CheckoutRequest`). Equal objects are
one component.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from checkout.model.validation.description import Json

PLACE: Final = "#/components/schemas/"
ENVELOPE: Final = "request"  # tells nothing: such an object is called by its operation


def pascal(name: str) -> str:
    """credit_card, createCheckout: CreditCard, CreateCheckout."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


class Components:
    """The schemas of a document by name; those of requests are added as they are met."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = dict(schemas)
        self._names: dict[str, str] = {}

    def operation(self, operation: Json) -> Json:
        """The operation, with the objects of its request as components."""
        if "requestBody" not in operation:
            return operation
        media = operation["requestBody"]["content"]["application/json"]
        schema = self._inside(media["schema"], pascal(operation["operationId"]))
        body = operation["requestBody"] | {
            "content": {"application/json": media | {"schema": schema}}
        }
        return operation | {"requestBody": body}

    def _inside(self, schema: Json, base: str) -> Json:
        """The schema with the objects in its fields as components."""
        found = schema
        if "properties" in schema:
            fields = schema["properties"].items()
            found = schema | {
                "properties": {name: self._field(name, each, base) for name, each in fields}
            }
        if isinstance(items := schema.get("items"), dict) and "properties" in items:
            found = found | {"items": self._component(base, self._inside(items, base))}
        return found

    def _field(self, name: str, schema: Json, base: str) -> Json:
        if "properties" not in schema:
            return self._inside(schema, pascal(name).removesuffix("s"))
        note = {"description": schema["description"]} if "description" in schema else {}
        whole = self._inside(
            {k: v for k, v in schema.items() if k not in ("description", "type")}, base
        )
        whole = {"type": "object"} | whole
        if name == ENVELOPE:
            self.schemas[called := self._free(base)] = whole
            found = {"$ref": PLACE + called}
        else:
            found = self._component(pascal(name), whole)
        if "null" in schema["type"]:
            return {"anyOf": [found, {"type": "null"}]} | note
        return {"allOf": [found]} | note if note else found

    def _component(self, called: str, schema: Json) -> Json:
        written = json.dumps(schema, sort_keys=True)
        name = self._names.get(written)
        if name is None:
            name = self._names[written] = self._free(called)
            self.schemas[name] = schema
        return {"$ref": PLACE + name}

    def _free(self, called: str) -> str:
        names = (called, f"{called}Request", *(f"{called}Request{n}" for n in range(2, 100)))
        return next(name for name in names if name not in self.schemas)
