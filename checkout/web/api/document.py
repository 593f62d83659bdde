"""`/schema`: the whole API as one OpenAPI document, as JSON only: pages that show such documents
load scripts from other sites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin

from checkout.model.validation.description import Json
from checkout.web.api import (
    app_payments,
    checkouts,
    invoices,
    merchant_initiated,
    payment_lists,
    products,
    tracking_id,
    transactions,
    webhooks,
)
from checkout.web.api.components import Components, pascal
from checkout.web.api.schema import SCHEMAS
from checkout.web.api.typed_schema import typed
from checkout.web.context import app_of
from checkout.web.own_address import address_here

RESOURCES: Final = (
    checkouts, payment_lists, app_payments, transactions, tracking_id, merchant_initiated, products,
    invoices, webhooks,
)  # fmt: skip
DESCRIBED: Final[dict[tuple[str, str], Json]] = {
    address: typed(operation)
    for resource in RESOURCES
    for address, operation in resource.SCHEMA.items()
}
SHOP: Final = {
    "type": "http",
    "scheme": "basic",
    "description": "The shop's id and its secret_key",
}
APP: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The shop's publishable key (pk_…), for its app; where the settings say so the "
    "public key too, base64 of its DER",
}
EITHER: Final[list[Json]] = [{"shop": []}, {"app": []}]
SECURITY: Final[dict[tuple[str, str], list[Json]]] = {
    ("/ctp/api/checkouts", "post"): EITHER,
    ("/ctp/api/checkouts/{token}", "get"): EITHER,
    ("/ctp/api/payments", "post"): [{"app": []}],
}


def operation_id(handler: HTTPRouteHandler, method: str, path: Sequence[Any]) -> str:
    """For Litestar, which wants them unique: the handler's name, then its address."""
    return f"{handler.handler_name} {method} {'/'.join(map(str, path))}"


class ShopApi(JsonRenderPlugin):
    """Litestar's document, which has the routes, with the bodies, answers and security added."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        components = Components(SCHEMAS)
        names = _Names()
        paths = {
            path: {
                verb: components.operation(
                    operation
                    | DESCRIBED[path, verb]
                    | _parameters(operation, DESCRIBED[path, verb])
                    | {
                        "operationId": names.of(operation["operationId"], path),
                        "security": SECURITY.get((path, verb), [{"shop": []}]),
                    }
                )
                for verb, operation in verbs.items()
            }
            for path, verbs in openapi_schema["paths"].items()
        }
        document = openapi_schema | {
            "servers": [{"url": address_here(request, app_of(request).settings)}],
            "paths": paths,
            "components": {
                "schemas": components.schemas,
                "securitySchemes": {"shop": SHOP, "app": APP},
            },
        }
        return super().render(request, document)


def _parameters(operation: Json, described: Json) -> Json:
    """The route's, which are in its path, and those that its description adds or says better."""
    both = (*operation.get("parameters", ()), *described.get("parameters", ()))
    found = {(each["in"], each["name"]): each for each in both}
    return {"parameters": list(found.values())} if found else {}


class _Names(set[str]):
    """The operations' names, from which clients make those of functions: `createCheckout`. One that
    is taken has its address behind it."""

    def of(self, id: str, path: str) -> str:
        name = pascal(id.partition(" ")[0])
        name = name[:1].lower() + name[1:]
        if name in self:
            name += "".join(pascal(part) for part in re.findall(r"[a-z0-9_]+", path))
        self.add(name)
        return name


RENDERERS: Final = [ShopApi(path=["/", "/openapi.json"])]
