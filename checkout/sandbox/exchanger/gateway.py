"""The exchanger's public API: making an order, reading it, and the customer's word about it.

Nobody signs in: an order's uid and secret together are the permission.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from litestar import Response, get, post, put

from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.call_log import annotate
from checkout.sandbox.exchanger import controls, pages, transitions
from checkout.sandbox.exchanger.codes import AWAITING_PAYMENT
from checkout.sandbox.exchanger.notification import notification_of
from checkout.sandbox.exchanger.order import PROTOCOL, Order
from checkout.sandbox.exchanger.request import Refusal, decoded, order_of
from checkout.sandbox.exchanger.response import (
    Json,
    created_response,
    envelope,
    order_response,
    route_response,
)
from checkout.sandbox.exchanger.routes import ROUTES
from checkout.sandbox.state import Gateway, HttpRequest, SandboxState, state_of

API = "/service/api/v1/public/exchanger/order"
SAYS = frozenset({"inProgress", "deleted"})
"""What a customer may say of an order: paid, or given up."""

NOT_FOUND = Refusal("Order not found", status=404)


@post(f"{API}/create", status_code=200, opt={"creates_payment": True})
async def create(request: HttpRequest) -> Response[bytes]:
    """A new order; its number and secret are told here and nowhere else."""
    state = state_of(request)
    await state.simulate_latency()
    body = await request.body()
    try:
        order = order_of(state, decoded(body))
    except Refusal as refusal:
        return _refused(refusal)
    state.add(order)
    annotate(request, uid=order.uid)
    more = Decimal(1).scaleb(-order.route.source.decimals)
    given = order.given + (more if _fault(request) == "wrong_amount" else 0)
    return _json(created_response(order, f"{given:f}"))


@get("/service/api/v1/public/exchanger/route/get/one")
async def route(request: HttpRequest) -> Response[bytes]:
    """`id`, `lang`: what may be exchanged, at which rate, and what an order has to tell."""
    state = state_of(request)
    await state.simulate_latency()
    asked = request.query_params
    found = ROUTES.get(asked.get("id") or "")
    if found is None:
        return _refused(Refusal("Route not found", status=404))
    return _json(route_response(asked["id"], found, asked.get("lang") or "en"))


@get(f"{API}/get")
async def read(request: HttpRequest) -> Response[bytes]:
    """`orderUID`, `orderSecret`; with `type=payment` also how it is paid."""
    state = state_of(request)
    await state.simulate_latency()
    asked = request.query_params
    try:
        order = _permitted(state, asked.get("orderUID"), asked.get("orderSecret"))
    except Refusal as refusal:
        return _refused(refusal)
    annotate(request, uid=order.uid)
    order.queries += 1
    return _json(order_response(order, payment=asked.get("type") == "payment"))


@put(f"{API}/update-status")
async def update(request: HttpRequest) -> Response[bytes]:
    """ "I have paid" (inProgress) or "I give up" (deleted), while the order waits for that."""
    state = state_of(request)
    await state.simulate_latency()
    body = await request.body()
    try:
        data = decoded(body)
        order = _permitted(state, data.get("orderUID"), data.get("orderSecret"))
        annotate(request, uid=order.uid)
        order_status = data.get("status")
        if order_status not in SAYS or order.order_status not in AWAITING_PAYMENT:
            raise Refusal("Param status isn't valid", "status", "order")
    except Refusal as refusal:
        return _refused(refusal)
    transitions.move(state, order, str(order_status))
    return _json(envelope({}))


def _permitted(state: SandboxState, uid: object, secret: object) -> Order:
    """The order that both belong to. Raises Refusal."""
    order = transitions.find(state, str(uid))
    known = order.secret if order else "-"
    if not same_secret(known, str(secret)) or order is None:
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


GATEWAY = Gateway(
    name=PROTOCOL,
    handlers=(create, route, read, update, *controls.HANDLERS, *pages.HANDLERS),
    notification=notification_of,
)
