"""The exchanger's public API: making an order, reading it, and the customer's word about it.

Nobody signs in: an order's uid and secret together are the permission.
"""

from __future__ import annotations

import hmac
from decimal import Decimal

import msgspec
from litestar import Response, get, post, put

from checkout.sandbox.calls import note
from checkout.sandbox.exchanger import desk, pages
from checkout.sandbox.exchanger.answer import Json, created, envelope, shown, told
from checkout.sandbox.exchanger.order import PROTOCOL as NAME
from checkout.sandbox.exchanger.order import WAITING, Order
from checkout.sandbox.exchanger.request import Refusal, decoded, order_of
from checkout.sandbox.exchanger.routes import ROUTES
from checkout.sandbox.protocol import Protocol
from checkout.sandbox.world import HttpRequest, World, world_of

API = "/service/api/v1/public/exchanger/order"
SAYS = frozenset({"inProgress", "deleted"})
"""What a customer may say of an order: paid, or given up."""

NOT_FOUND = Refusal("Order not found", status=404)


@post(f"{API}/create", status_code=200, opt={"creates_payment": True})
async def create(request: HttpRequest) -> Response[bytes]:
    """A new order; its number and secret are told here and nowhere else."""
    world = world_of(request)
    await world.lag()
    body = await request.body()
    try:
        order = order_of(world, decoded(body))
    except Refusal as refusal:
        return _refused(refusal)
    world.add(order)
    note(request, uid=order.uid)
    more = Decimal(1).scaleb(-order.route.source.decimals)
    given = order.given + (more if _fault(request) == "wrong_amount" else 0)
    return _json(created(order, f"{given:f}"))


@get("/service/api/v1/public/exchanger/route/get/one")
async def route(request: HttpRequest) -> Response[bytes]:
    """`id`, `lang`: what may be exchanged, at which rate, and what an order has to tell."""
    world = world_of(request)
    await world.lag()
    asked = request.query_params
    found = ROUTES.get(asked.get("id") or "")
    if found is None:
        return _refused(Refusal("Route not found", status=404))
    return _json(told(asked["id"], found, asked.get("lang") or "en"))


@get(f"{API}/get")
async def read(request: HttpRequest) -> Response[bytes]:
    """`orderUID`, `orderSecret`; with `type=payment` also how it is paid."""
    world = world_of(request)
    await world.lag()
    asked = request.query_params
    try:
        order = _permitted(world, asked.get("orderUID"), asked.get("orderSecret"))
    except Refusal as refusal:
        return _refused(refusal)
    note(request, uid=order.uid)
    order.queries += 1
    return _json(shown(order, payment=asked.get("type") == "payment"))


@put(f"{API}/update-status")
async def update(request: HttpRequest) -> Response[bytes]:
    """ "I have paid" (inProgress) or "I give up" (deleted), while the order waits for that."""
    world = world_of(request)
    await world.lag()
    body = await request.body()
    try:
        data = decoded(body)
        order = _permitted(world, data.get("orderUID"), data.get("orderSecret"))
        note(request, uid=order.uid)
        word = data.get("status")
        if word not in SAYS or order.word not in WAITING:
            raise Refusal("Param status isn't valid", "status", "order")
    except Refusal as refusal:
        return _refused(refusal)
    desk.move(world, order, str(word))
    return _json(envelope({}))


def _permitted(world: World, uid: object, secret: object) -> Order:
    """The order that both belong to. Raises Refusal."""
    order = desk.find(world, str(uid))
    known = order.secret if order else "-"
    if not hmac.compare_digest(known.encode(), str(secret).encode()) or order is None:
        raise NOT_FOUND
    return order


def _fault(request: HttpRequest) -> object:
    """The fault that this call took off the queue: the middleware notes it in the call's record."""
    entry = request.scope["state"].get("call")
    return entry.get("fault") if isinstance(entry, dict) else None


def _refused(refusal: Refusal) -> Response[bytes]:
    return _json({"success": False, "error": refusal.body}, refusal.status)


def _json(body: Json, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


PROTOCOL = Protocol(
    name=NAME,
    handlers=(create, route, read, update, *desk.HANDLERS, *pages.HANDLERS),
    letter=desk.told,
)
