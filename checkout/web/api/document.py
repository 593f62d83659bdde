"""`/schema`: the whole API as one OpenAPI document, as JSON only: pages that show such documents
load scripts from other sites."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
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
from checkout.web.api.schema import SCHEMAS
from checkout.web.context import app_of

RESOURCES: Final = (
    checkouts, payment_lists, app_payments, transactions, tracking_id, merchant_initiated, products,
    invoices, webhooks,
)  # fmt: skip
DESCRIBED: Final[dict[tuple[str, str], Json]] = {
    address: operation for resource in RESOURCES for address, operation in resource.SCHEMA.items()
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


class ShopApi(JsonRenderPlugin):
    """Litestar's document, which has the routes, with the bodies, answers and security added."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        paths = {
            path: {
                verb: operation
                | DESCRIBED[path, verb]
                | {"security": SECURITY.get((path, verb), [{"shop": []}])}
                for verb, operation in verbs.items()
            }
            for path, verbs in openapi_schema["paths"].items()
        }
        document = openapi_schema | {
            "servers": [{"url": app_of(request).settings.public_url}],
            "paths": paths,
            "components": {"schemas": SCHEMAS, "securitySchemes": {"shop": SHOP, "app": APP}},
        }
        return super().render(request, document)


RENDERERS: Final = [ShopApi(path=["/", "/openapi.json"])]
