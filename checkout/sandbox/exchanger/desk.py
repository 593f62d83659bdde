"""Moving orders: what the customer says, what happens by itself, and what a control wants."""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.controls import BadInput
from checkout.sandbox.exchanger.order import COMMON, Order
from checkout.sandbox.exchanger.routes import EMAIL, ROUTES, WALLET
from checkout.sandbox.protocol import Letter
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.urls import with_query
from checkout.sandbox.world import HttpRequest, World, world_of

T = TypeVar("T")
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]

NEXT: dict[str, str] = {"inProgress": "inProgressPayout", "inProgressPayout": "done"}
"""What happens by itself once the customer has said "I have paid"."""


class Desk(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The switches of `POST /sandbox/exchanger/desk`; each request may set any of them.

    by_itself       whether orders move by themselves after "I have paid"
    delay           seconds before each of the two moves, to inProgressPayout and to done
    lifetime        seconds that the customer has to pay
    carrier, place  where the notification carries its signature: the documents don't say
    captcha         whether it wants a captcha solved, which no server can
    refuses         the key of a field that it finds wrong in every new order; empty: none
    slip            how much less than by its route the shop gets, in percent: the rate has moved
    """

    by_itself: bool = True
    delay: Seconds = 1.5
    lifetime: Seconds = 1800.0
    carrier: Literal["hash", "sign", "signature"] = "hash"
    place: Literal["body", "header", "query"] = "body"
    captcha: bool = False
    refuses: str = ""
    slip: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """Where an order is to go, in the exchanger's own words; `in_amount`: what has really come of
    it, where that is another than was asked for."""

    status: str
    in_amount: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,12}(\\.[0-9]{1,18})?$")] | None = None


_DESK = ("exchanger", "desk")


def desk_of(world: World) -> Desk:
    found = world.memory.get(_DESK)
    return found if isinstance(found, Desk) else Desk()


def find(world: World, uid: str) -> Order | None:
    found = world.transactions.get(uid)
    if not isinstance(found, Order):
        return None
    world.expire(found)
    return found


def move(world: World, order: Order, word: str) -> bool:
    """Move an order and tell the shop; False, and nothing done, if it may not move."""
    if COMMON[word] != "pending":
        return world.settle(order, COMMON[word])
    if order.final or order.word == word:
        return False
    order.word = order.code = word
    order.updated_at = world.now()
    if (letter := told(world, order)) is not None:
        world.notifier.post(letter)
    desk = desk_of(world)
    if desk.by_itself and word in NEXT:
        asyncio.get_running_loop().call_later(desk.delay, _go_on, world, order, word)
    return True


def _go_on(world: World, order: Order, word: str) -> None:
    """Unless something else has happened meanwhile."""
    if world.transactions.get(order.uid) is order and order.word == word:
        move(world, order, NEXT[word])


def told(world: World, transaction: Transaction) -> Letter | None:
    """The notification: sent once, whatever the shop answers."""
    if not isinstance(transaction, Order) or transaction.notification_url is None:
        return None
    desk = desk_of(world)
    fields = {
        "orderUID": transaction.uid,
        "orderId": transaction.object_id,
        "newStatus": transaction.word,
        "inAmount": transaction.in_amount,
        "outAmount": transaction.out_amount,
        "xml_from": transaction.route.source.xml,
        "xml_to": transaction.route.target.xml,
        "timestamp": str(int(world.now())),
    }
    signature: dict[str, str] = {desk.carrier: signed(fields, transaction.ipn_secret)}
    listed = {
        f"toValues[{place}][{name}]": value
        for place, one in enumerate(() if transaction.hidden else transaction.fields)
        for name, value in one.items()
    }
    url = transaction.notification_url
    body = fields | listed | (signature if desk.place == "body" else {})
    return Letter(
        uid=transaction.uid,
        url=with_query(url, urlencode(signature)) if desk.place == "query" else url,
        headers={"Content-Type": "application/x-www-form-urlencoded"}
        | (signature if desk.place == "header" else {}),
        body=urlencode(body).encode(),
        waits=(0.0,),
    )


SIGNED = ("orderId", "newStatus", "inAmount", "outAmount", "xml_from", "xml_to", "timestamp")


def signed(fields: dict[str, str], secret: str) -> str:
    """SHA-256 in hex over the seven fields and the order's `ipnSecret`, colons between."""
    text = ":".join([*(fields[name] for name in SIGNED), secret])
    return hashlib.sha256(text.encode()).hexdigest()


@post("/sandbox/exchanger/orders/{uid:str}/move", opt={"unlogged": True}, status_code=200)
async def move_order(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Move an order as its exchanger would, and notify."""
    world = world_of(request)
    wanted = _read(await request.body(), Move, {})
    order = find(world, uid)
    if order is None:
        raise BadInput(404, "Record not found")
    if wanted.status not in COMMON:
        raise BadInput(422, f"Unknown status {wanted.status!r}", known=sorted(COMMON))
    if wanted.in_amount is not None:
        order.give(Decimal(wanted.in_amount))
    if not move(world, order, wanted.status):
        raise BadInput(409, f"An order that is {order.word} can't become {wanted.status}")
    return Response(order.row())


@post("/sandbox/exchanger/desk", opt={"unlogged": True}, status_code=200)
async def set_desk(request: HttpRequest) -> Response[Desk]:
    """Set some switches; the others stay."""
    world = world_of(request)
    desk = _read(await request.body(), Desk, msgspec.structs.asdict(desk_of(world)))
    world.memory[_DESK] = desk
    return Response(desk)


@get("/sandbox/exchanger/routes", opt={"unlogged": True})
async def routes() -> Response[dict[str, object]]:
    """What may stand in the settings: route ids, and the fields that an order has to fill."""
    listed = {
        route_id: {
            "from": route.source.name,
            "to": route.target.name,
            "rate": f"{route.give} {route.source.symbol} for {route.get} {route.target.symbol}",
            "says": route.says,
        }
        for route_id, route in ROUTES.items()
    }
    return Response(
        {
            "routes": listed,
            "fields": {"from_values": {EMAIL: "{email}"}, "to_values": {WALLET: "DE02..."}},
        }
    )


HANDLERS = (move_order, set_desk, routes)


def _read(body: bytes, shape: type[T], base: dict[str, object]) -> T:
    try:
        given = msgspec.json.decode(body or b"{}", type=dict[str, object])
        return msgspec.convert(base | given, shape)
    except msgspec.ValidationError as error:
        raise BadInput(422, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(400, "The body is not valid JSON") from None
