"""Is an answer what `/schema` says of it? Each answer of the API that a test gets is looked at; a
field that is not declared is an error."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

import httpx
import jsonschema_rs

from checkout.web.api.document import DESCRIBED
from checkout.web.api.schema import SCHEMAS

PLACE: Final = "#/components/schemas/"
CLOSED: Final = "Closed"  # the same component, where no other object joins it


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"] + CLOSED}
    found = {
        name: value if name in ("allOf", "enum") else closed(value)
        for name, value in schema.items()
    }
    if "allOf" in schema or "properties" in schema:
        found["unevaluatedProperties"] = False
    return found


COMPONENTS: Final = {
    "schemas": SCHEMAS | {name + CLOSED: closed(each) for name, each in SCHEMAS.items()}
}


@cache
def validator(path: str, verb: str, status: int) -> Any:
    answers = DESCRIBED[path, verb]["responses"]
    assert str(status) in answers, (path, verb, status)
    schema = closed(answers[str(status)]["content"]["application/json"]["schema"])
    return jsonschema_rs.validator_for(schema | {"components": COMPONENTS})


@cache
def routes() -> list[tuple[str, str, re.Pattern[str]]]:
    """The described addresses, those without a parameter first."""
    found = sorted(DESCRIBED, key=lambda route: "{" in route[0])
    return [(path, verb, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for path, verb in found]


def check(verb: str, path: str, status: int, answer: Any) -> None:
    for route, told, pattern in routes():
        if told == verb and pattern.fullmatch(path):
            errors = list(validator(route, verb, status).iter_errors(answer))
            assert not errors, (route, status, [str(each) for each in errors], answer)
            return


async def as_described(response: httpx.Response) -> None:
    """A hook of httpx's clients."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return
    body = await response.aread()
    if body and response.status_code != 500:  # a fault of ours is no part of the API
        path = response.request.url.path.rstrip("/")
        check(response.request.method.lower(), path, response.status_code, json.loads(body))
