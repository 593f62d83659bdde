"""The exchanger's own pages: how to pay an order, and how it stands.

`/{language}/payment/{uid}/{secret}`, and `/{language}/order/...` with the state alone.
"""

from __future__ import annotations

import hmac
from html import unescape
from re import sub
from typing import NamedTuple

import segno
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.calls import note
from checkout.sandbox.exchanger import desk
from checkout.sandbox.exchanger.answer import TEXT
from checkout.sandbox.exchanger.order import WAITING, Order
from checkout.sandbox.pages import page, see_other
from checkout.sandbox.world import HttpRequest, world_of

LANGUAGES = ("en", "ru")


class Words(NamedTuple):
    """What a page says of a status; `tone` as in `templates/marks.html`."""

    title: str
    text: str
    tone: str


WORDS: dict[str, Words] = {
    "new": Words("Pay this order", "Send this amount, then press the button.", "open"),
    "waitPayment": Words("Pay this order", "Send this amount, then press the button.", "open"),
    "inProgress": Words("Looking for your payment", "This page follows by itself.", "open"),
    "inProgressPayout": Words("Your payment has arrived", "The shop is being paid out.", "open"),
    "errorPayout": Words("The payout has a fault", "One of us is looking at it.", "open"),
    "hold": Words("This order is on hold", "One of us is looking at it.", "open"),
    "done": Words("Done", "The shop has been paid.", "good"),
    "errorPayment": Words("The payment failed", "Nothing was exchanged.", "bad"),
    "returned": Words("Returned", "Your payment was sent back to you.", "bad"),
    "deleted": Words("Cancelled", "This order was cancelled.", "bad"),
}


def _paths(kind: str, action: str = "") -> list[str]:
    # Languages by name: a parameter as the first part would catch the addresses of others.
    return [f"/{language}/{kind}/{{uid:str}}/{{secret:str}}{action}" for language in LANGUAGES]


@get(_paths("payment"))
async def payment(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    """Amount, account, code, and what the customer may say."""
    order = _looked_up(request, uid, secret)
    return _unknown() if order is None else _shown(request, order, actions=True)


@get(_paths("order"))
async def state(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    """The same without buttons."""
    order = _looked_up(request, uid, secret)
    return _unknown() if order is None else _shown(request, order, actions=False)


@post(_paths("payment", "/paid"), status_code=200)
async def paid(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    return _say(request, uid, secret, "inProgress")


@post(_paths("payment", "/cancel"), status_code=200)
async def cancel(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    return _say(request, uid, secret, "deleted")


HANDLERS = (payment, state, paid, cancel)


def _say(request: HttpRequest, uid: str, secret: str, word: str) -> Response[str]:
    """The customer's word counts while the order waits for it."""
    order = _looked_up(request, uid, secret)
    if order is None:
        return _unknown()
    if order.word in WAITING:
        desk.move(world_of(request), order, word)
    return see_other(_address(request, order))


def _shown(request: HttpRequest, order: Order, *, actions: bool) -> Response[str]:
    text = order.route.kind == "text"
    code = None if text else (order.link or order.account)
    return page(
        "exchanger/order.html",
        order=order,
        words=WORDS[order.word],
        address=_address(request, order),
        waits=actions and order.word in WAITING,
        moves=not order.final and order.word not in WAITING,
        lines=_lines(order) if text else [],
        code=segno.make(code, micro=False).svg_data_uri(scale=4, border=4, light="#fff")
        if code
        else None,
    )


def _lines(order: Order) -> list[str]:
    values = {
        "uid": order.uid,
        "account": order.account,
        "inAmount": order.in_amount,
        "inSymbol": order.route.source.symbol,
    }
    plain = unescape(sub(r"<[^>]*>", "\n", TEXT.replace("<b>", "").replace("</b>", "")))
    for name, value in values.items():
        plain = plain.replace(f"[[{name}]]", value)
    return [line for line in plain.splitlines() if line.strip()]


def _address(request: HttpRequest, order: Order) -> str:
    """Of the payment page, in the language of the page that is asked for."""
    language = request.url.path.split("/")[1]
    return f"/{language}/payment/{order.uid}/{order.secret}"


def _looked_up(request: HttpRequest, uid: str, secret: str) -> Order | None:
    note(request, path=request.url.path.replace(secret, "…"))
    order = desk.find(world_of(request), uid)
    known = order.secret if order else "-"
    if not hmac.compare_digest(known.encode(), secret.encode()):
        return None
    note(request, uid=uid)
    return order


def _unknown() -> Response[str]:
    return page("not_found.html", status=404)
