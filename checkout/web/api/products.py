"""The shop's API of products: `POST /products`, `GET`, `PUT /products/{id}`, the list."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post, put

from checkout.ledger.products import listed as listed_products
from checkout.model.product import Product
from checkout.model.validation.reader import decode
from checkout.payments import products
from checkout.shop_api import answers
from checkout.shop_api.products import PRODUCT, read_product, shape
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.paging import PAGES, answer_of, page_of
from checkout.web.api.schema import answered, described, listed, query, sent, with_fields
from checkout.web.bodies import read_json
from checkout.web.context import app_of
from checkout.web.request import AppRequest


@post("/products", status_code=201, tags=["products"], summary="Create a product")
async def create_product(request: AppRequest) -> Response[Any]:
    """Answers the product with its `id` and `pay_url`; 422 names every wrong field."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    data, now = decode(await read_json(request)), app.context.clock()
    product, given = read_product(data, shop, sandbox=app.settings.sandbox, now=now)
    made = await products.make(app.context, product, given, shop, by=actor_of(request, shop))
    return Response(shape(made, shop, app.settings.origin(shop), now), status_code=201)


@get("/products", tags=["products"], summary="List products")
async def list_products(request: AppRequest) -> Response[Any]:
    """Answers `{"products": [...], "next"}`, the newest first; `limit` and `after` turn the
    pages."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    fields, limit, after, offset = page_of(request)
    fields.done()
    found, following = await app.context.ledger.read(
        listed_products, shop.id, limit=limit, offset=offset, after=after
    )
    now, base = app.context.clock(), app.settings.origin(shop)
    shown = [shape(each, shop, base, now) for each in found]
    return Response(answer_of("products", shown, following))


@get(
    "/products/{product_id:str}",
    tags=["products"],
    summary="Read a product",
    operation_id="read_product",
)
async def read_one_product(request: AppRequest) -> Response[Any]:
    """Answers the product: its terms, where it is bought, how many are sold, reserved, left."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    found = await products.find(app.context, request.path_params["product_id"], shop)
    return Response(shape(found, shop, app.settings.origin(shop), app.context.clock()))


@put("/products/{product_id:str}", tags=["products"], summary="Update a product")
async def update_product(request: AppRequest) -> Response[Any]:
    """Replaces the fields that are sent, leaves the others; answers the product."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    data, now = decode(await read_json(request)), app.context.clock()

    def read(before: dict[str, Any]) -> tuple[Product, dict[str, Any]]:
        return read_product(data, shop, sandbox=app.settings.sandbox, now=now, before=before)

    changed = await products.change(
        app.context, request.path_params["product_id"], shop, read, by=actor_of(request, shop)
    )
    return Response(shape(changed, shop, app.settings.origin(shop), now))


SHOWN: Final = with_fields(answers.Product, PRODUCT)
TICKET: Final = {
    "name": "Evening ticket",
    "description": "Stalls, row 5",
    "currency": "EUR",
    "amount": 1250,
    "quantity": 100,
    "immortal": True,
}
SCHEMA: Final = {
    ("/products", "post"): described(
        body=sent(PRODUCT, TICKET), status=201, answer=answered(SHOWN, "Created")
    ),
    ("/products", "get"): described(
        parameters=query(PAGES),
        answer=answered(listed("products", SHOWN), "The newest first"),
        errors=(422,),
    ),
    ("/products/{product_id}", "get"): described(
        answer=answered(SHOWN, "The product"), errors=(404,)
    ),
    ("/products/{product_id}", "put"): described(
        body=sent(PRODUCT.optional(), {"amount": 1500}),
        answer=answered(SHOWN, "The product as it is now"),
        errors=(404,),
    ),
}
HANDLERS: Final = (create_product, list_products, read_one_product, update_product)
