"""The card issuer's page: where the customer proves to be the cardholder, or gives up.

The gateway takes the result of 3-D Secure itself and sends the browser to the shop's
`return_url` with `uid` and `status`, which are a hint and no proof.
"""

from __future__ import annotations

import hmac

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.calls import note
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.card_transaction import PROTOCOL, CardTransaction
from checkout.sandbox.pages import leave, page
from checkout.sandbox.world import HttpRequest, World, world_of

PASSWORD = "1111"
"""What the documented challenge cards ask for."""


@get("/process/{uid:str}")
async def process(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The challenge; a transaction that is over sends the browser on."""
    world, transaction = _looked_up(request, uid)
    if transaction is None:
        return _unknown()
    if transaction.final:
        return _back(world, transaction)
    return page("bank.html", framed=transaction.iframe, transaction=transaction)


@post("/process/{uid:str}", status_code=200)
async def answer(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The password or the Cancel button; a second answer changes nothing."""
    given = await form(request)
    world, transaction = _looked_up(request, uid)
    if transaction is None:
        return _unknown()
    if not transaction.final:
        if given.get("choice") == "cancel":
            world.settle(transaction, "failed", codes.REJECTED_BY_CUSTOMER)
        elif hmac.compare_digest(given.get("password", "").encode(), PASSWORD.encode()):
            transaction.approve(world)
        else:
            world.settle(transaction, "failed", codes.WRONG_PASSWORD)
    return _back(world, transaction)


@get("/receipt/{uid:str}")
async def receipt(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """What `receipt_url` points to: a slip to keep."""
    _, transaction = _looked_up(request, uid)
    return _unknown() if transaction is None else page("receipt.html", transaction=transaction)


HANDLERS = (process, answer, receipt)


def _looked_up(request: HttpRequest, uid: str) -> tuple[World, CardTransaction | None]:
    """Whoever knows the uid may see the page: it comes from the shop by the browser."""
    world = world_of(request)
    note(request, uid=uid)
    found = world.transactions.get(uid)
    if not isinstance(found, CardTransaction) or found.protocol != PROTOCOL:
        return world, None
    world.expire(found)
    return world, found


def _back(world: World, transaction: CardTransaction) -> Response[str]:
    if transaction.return_url is None:
        return page("done.html", framed=transaction.iframe, transaction=transaction)
    parameters = {"uid": transaction.uid, "status": transaction.status}
    method = world.behaviour.return_method
    return leave(transaction.return_url, parameters, method, framed=transaction.iframe)


def _unknown() -> Response[str]:
    return page("not_found.html", status=404)
