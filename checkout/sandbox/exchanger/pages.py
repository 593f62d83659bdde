"""The exchanger's own pages: how to pay an order, and how it stands.

`/{language}/payment/{uid}/{secret}`, and `/{language}/order/...` with the state alone.
"""

from __future__ import annotations

from html import unescape
from re import sub
from typing import NamedTuple

import segno
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.call_log import annotate
from checkout.sandbox.exchanger import transitions
from checkout.sandbox.exchanger.codes import AWAITING_PAYMENT
from checkout.sandbox.exchanger.order import Order
from checkout.sandbox.exchanger.response import TEXT
from checkout.sandbox.pages import UnknownTransaction, page, see_other
from checkout.sandbox.state import HttpRequest, state_of

LANGUAGES = ("en", "ru")


class PageText(NamedTuple):
    """What a page says of a status; `tone` as in `templates/marks.html`."""

    title: str
    text: str
    tone: str


PAGE_TEXT: dict[str, PageText] = {
    "new": PageText("Pay this order", "Send this amount, then press the button.", "open"),
    "waitPayment": PageText("Pay this order", "Send this amount, then press the button.", "open"),
    "inProgress": PageText("Looking for your payment", "This page follows by itself.", "open"),
    "inProgressPayout": PageText("Your payment has arrived", "The shop is being paid out.", "open"),
    "errorPayout": PageText("The payout has a fault", "One of us is looking at it.", "open"),
    "hold": PageText("This order is on hold", "One of us is looking at it.", "open"),
    "done": PageText("Done", "The shop has been paid.", "good"),
    "errorPayment": PageText("The payment failed", "Nothing was exchanged.", "bad"),
    "returned": PageText("Returned", "Your payment was sent back to you.", "bad"),
    "deleted": PageText("Cancelled", "This order was cancelled.", "bad"),
}


def _paths(kind: str, action: str = "") -> list[str]:
    # Languages by name: a parameter as the first part would catch the addresses of others.
    return [f"/{language}/{kind}/{{uid:str}}/{{secret:str}}{action}" for language in LANGUAGES]


@get(_paths("payment"))
async def payment_page(
    request: HttpRequest, uid: FromPath[str], secret: FromPath[str]
) -> Response[str]:
    """Amount, account, code, and what the customer may say."""
    return _order_page(request, uid, secret, actions=True)


@get(_paths("order"))
async def order_page(
    request: HttpRequest, uid: FromPath[str], secret: FromPath[str]
) -> Response[str]:
    """The same without buttons."""
    return _order_page(request, uid, secret, actions=False)


@post(_paths("payment", "/paid"), status_code=200)
async def paid(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    return _set_status(request, uid, secret, "inProgress")


@post(_paths("payment", "/cancel"), status_code=200)
async def cancel(request: HttpRequest, uid: FromPath[str], secret: FromPath[str]) -> Response[str]:
    return _set_status(request, uid, secret, "deleted")


HANDLERS = (payment_page, order_page, paid, cancel)


def _set_status(request: HttpRequest, uid: str, secret: str, order_status: str) -> Response[str]:
    """The customer's word counts while the order waits for it."""
    order = _find(request, uid, secret)
    if order.order_status in AWAITING_PAYMENT:
        transitions.move(state_of(request), order, order_status)
    return see_other(_address(request, order))


def _order_page(request: HttpRequest, uid: str, secret: str, *, actions: bool) -> Response[str]:
    order = _find(request, uid, secret)
    text = order.route.kind == "text"
    code = None if text else (order.link or order.account)
    return page(
        "exchanger/order.html",
        order=order,
        words=PAGE_TEXT[order.order_status],
        address=_address(request, order),
        waits=actions and order.order_status in AWAITING_PAYMENT,
        moves=not order.final and order.order_status not in AWAITING_PAYMENT,
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


def _find(request: HttpRequest, uid: str, secret: str) -> Order:
    annotate(request, path=request.url.path.replace(secret, "…"))
    order = transitions.find(state_of(request), uid)
    if order is None or not same_secret(order.secret, secret):
        raise UnknownTransaction
    annotate(request, uid=uid)
    return order
