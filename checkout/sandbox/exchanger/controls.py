"""The controls of the exchanger: its settings, its routes, and moving its orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.control_input import InvalidInput, read_input, update_settings
from checkout.sandbox.exchanger.codes import TRANSACTION_STATUS
from checkout.sandbox.exchanger.routes import EMAIL, ROUTES, WALLET
from checkout.sandbox.exchanger.settings import ExchangerSettings
from checkout.sandbox.exchanger.transitions import find, move
from checkout.sandbox.state import HttpRequest, state_of


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """Where an order is to go, in the exchanger's own words; `in_amount`: what has really come of
    it, where that is another than was asked for."""

    status: str
    in_amount: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,12}(\\.[0-9]{1,18})?$")] | None = None


@post("/sandbox/exchanger/orders/{uid:str}/move", opt={"unlogged": True}, status_code=200)
async def move_order(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Move an order as its exchanger would, and notify."""
    state = state_of(request)
    wanted = await read_input(request, Move)
    order = find(state, uid)
    if order is None:
        raise InvalidInput(404, "Record not found")
    if wanted.status not in TRANSACTION_STATUS:
        raise InvalidInput(
            422, f"Unknown status {wanted.status!r}", known=sorted(TRANSACTION_STATUS)
        )
    if wanted.in_amount is not None:
        order.receive(Decimal(wanted.in_amount))
    if not move(state, order, wanted.status):
        raise InvalidInput(
            409, f"An order that is {order.order_status} can't become {wanted.status}"
        )
    return Response(order.row())


@post("/sandbox/exchanger/desk", opt={"unlogged": True}, status_code=200)
async def set_settings(request: HttpRequest) -> Response[ExchangerSettings]:
    """Change some settings; the others stay."""
    return Response(await update_settings(request, state_of(request), ExchangerSettings))


@get("/sandbox/exchanger/routes", opt={"unlogged": True})
async def routes() -> Response[dict[str, object]]:
    """What may stand in the settings: route ids, and the fields that an order has to fill."""
    listed = {
        route_id: {
            "from": route.source.name,
            "to": route.target.name,
            "rate": f"{route.give} {route.source.symbol} for {route.get} {route.target.symbol}",
            "says": route.description,
        }
        for route_id, route in ROUTES.items()
    }
    return Response(
        {
            "routes": listed,
            "fields": {"from_values": {EMAIL: "{email}"}, "to_values": {WALLET: "DE02..."}},
        }
    )


HANDLERS = (move_order, set_settings, routes)
