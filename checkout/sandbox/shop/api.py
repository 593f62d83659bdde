"""Notifications, and the shop as JSON for tests."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.shop.checkout_client import CheckoutFailure
from checkout.sandbox.shop.notification import verified
from checkout.sandbox.shop.shop import shop_of
from checkout.sandbox.state import HttpRequest

Json = dict[str, object]


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An order for a test; everything has a default, everything goes to checkout as given."""

    amount: Annotated[int, msgspec.Meta(ge=0)] = 1999
    currency: str = "EUR"
    description: str = "1 × Green tea, 1 × Porcelain cup"
    language: str | None = None
    attempts: int | None = None
    expired_at: str | None = None
    settings: dict[str, Any] | None = None
    payment_method: dict[str, Any] | None = None
    customer: dict[str, Any] | None = None
    transaction_type: str | None = None
    additional_data: dict[str, Any] | None = None
    test: bool = True
    iframe: bool | None = None


@post("/orders.json", status_code=201)
async def create(request: HttpRequest) -> Response[Json]:
    """Open an order: `{"number", "token", "redirect_url"}`; 502 with checkout's own refusal."""
    try:
        wanted = msgspec.json.decode(await request.body() or b"{}", type=Wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Response({"message": str(error)}, status_code=422)
    more = msgspec.structs.asdict(wanted)
    money = (more.pop("amount"), more.pop("currency"), more.pop("description"))
    try:
        order = await shop_of(request).sell(*money, more)
    except CheckoutFailure as failure:
        body: Json = {"message": failure.message, "status": failure.status, "said": failure.body}
        return Response(body, status_code=502)
    return Response(
        {"number": order.number, "token": order.token, "redirect_url": order.redirect_url}
    )


@get("/orders.json")
async def all_orders(request: HttpRequest) -> Response[Json]:
    return Response({"orders": [order.to_json() for order in shop_of(request).orders]})


@post("/notifications/{number:str}", status_code=200)
async def receive(request: HttpRequest, number: FromPath[str]) -> Response[Json]:
    """200 once kept; 401 to whoever can't prove to be checkout, 404 for unknown orders."""
    body = await request.body()
    shop = shop_of(request)
    order = shop.orders.find(number)
    if order is None:
        return Response({"message": "No such order"}, status_code=404)
    notification = verified(shop.config, number, request.headers, body)
    shop.receive(order, notification)
    if not notification.accepted:
        return Response({"message": f"Refused: {notification.reason}"}, status_code=401)
    return Response({"message": "Received"})


HANDLERS = (create, all_orders, receive)
