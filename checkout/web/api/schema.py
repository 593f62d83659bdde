"""How an address of the API is described: its body by the table that reads it, its answers by the
types that make them, its errors by their status.

The handlers read bytes themselves (money is strict, shops' plugins are not), so nothing of it can
be read off their signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict

import msgspec

from checkout.model.validation.description import Json
from checkout.model.validation.table import FieldTable
from checkout.shop_api import answers
from checkout.web.api.typed_schema import typed

TOKEN: Final = "6e0ea1e0b7bd6d8a2d8b5f3c8a53dc4bfa1d1a3e9c27cf6b6ab1d0ffb3a0c9d1"
UID: Final = "7f3c1a9e-2b40-4c11-9a4e-5d0e6a1f8b27"
ORDER: Final = {
    "amount": 1999,
    "currency": "EUR",
    "description": "Two tickets",
    "tracking_id": "order-7",
}


class _Code(TypedDict, total=False):
    code: str


class ErrorResponse(_Code):
    status: str
    message: str
    errors: Json


class Error(_Code):
    """`errors`: by field, each a list of reasons or an object of them. `response` says the same
    once more, for older clients."""

    message: str
    errors: Json
    response: ErrorResponse


ANSWERS: Final = (
    answers.Created, answers.Checkout, answers.Transaction, answers.Operation, answers.AppPayment,
    answers.Product, answers.Invoice, answers.Webhook, answers.SignedWebhook, Error,
)  # fmt: skip
_REFS, _COMPONENTS = msgspec.json.schema_components(
    ANSWERS, ref_template="#/components/schemas/{name}"
)
SCHEMAS: Final[dict[str, Json]] = typed(_COMPONENTS)
REF: Final[Mapping[Any, Json]] = dict(zip(ANSWERS, _REFS, strict=True))
SCHEMAS["Transaction"]["additionalProperties"] = {"type": "object"}  # of a method, by its name

# status -> what it means here, and a message.
ERRORS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("No JSON, or nested too deeply", "The body is not valid JSON"),
    401: ("Not a shop's credentials", "Access denied"),
    403: ("An app's key, where apps are off or call by another", "Payments by apps are off"),
    404: ("No such record of this shop", "Record not found"),
    413: ("More than 64 KiB", "The request is too large"),
    415: ("No JSON", "Send the body as application/json"),
    422: ("Every wrong field, at once", "Some fields are wrong"),
    429: ("Too many attempts: see Retry-After", "Too many attempts"),
    503: ("Full, or the database is away: see Retry-After", "Temporarily unavailable"),
}
ALWAYS: Final = (401, 429, 503)
OF_BODIES: Final = (400, 413, 415, 422)


def described(
    text: str = "",
    *,
    answer: Json,
    status: int = 200,
    body: Json | None = None,
    errors: tuple[int, ...] = (),
    parameters: list[Json] | None = None,
) -> Json:
    """One address. `errors`: those beside the ones of every address and of every body."""
    found: Json = {"description": text} if text else {}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    codes = sorted({*ALWAYS, *errors, *(OF_BODIES if body else ())})
    return found | {"responses": {str(status): answer} | {str(each): error(each) for each in codes}}


def sent(table: FieldTable, example: Json, *, under: str = "", required: bool = True) -> Json:
    """A body that a table reads, perhaps under a name."""
    schema, name = table.schema(), under or "body"
    if under:
        schema, example = within(under, schema), {under: example}
    content = {"schema": schema, "examples": {name: {"value": example}}}
    return {"required": required, "content": {"application/json": content}}


def answered(schema: Json, text: str, *, example: Json | None = None) -> Json:
    content: Json = {"schema": schema}
    if example is not None:
        content["examples"] = {"answer": {"value": example}}
    return {"description": text, "content": {"application/json": content}}


def within(name: str, schema: Json) -> Json:
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def many(name: str, schema: Json) -> Json:
    """A list that has one page."""
    return within(name, {"type": "array", "items": schema})


def listed(name: str, schema: Json) -> Json:
    """A page of a list."""
    following: Json = {
        "type": ["string", "null"],
        "description": "The `after` of the next page; null on the last one",
    }
    properties = {name: {"type": "array", "items": schema}, "next": following}
    return {"type": "object", "properties": properties, "required": [name, "next"]}


def with_fields(answer: Any, table: FieldTable) -> Json:
    """An answer with its own fields and those of a table that the request had."""
    echoed: Json = {name: {} for name in table}
    return {"allOf": [REF[answer], {"type": "object", "properties": echoed}]}


def error(status: int) -> Json:
    text, message = ERRORS[status]
    value: Json = {"message": message, "errors": {}}
    example = value | {"response": {"status": "error"} | value}
    return answered(REF[Error], text, example=example if status == 422 else None)


def header(name: str, gives: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": f"The same value and body within 24 hours give the same {gives}",
        "schema": {"type": "string", "maxLength": 255},
    }


def query(table: FieldTable) -> list[Json]:
    # What is left out is left out: there is no null in a query.
    there = FieldTable({name: field._replace(required=True) for name, field in table.items()})
    properties = there.schema()["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ]
