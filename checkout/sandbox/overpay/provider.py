"""The payment provider's page, and the cash desk where ERIP is paid."""

from __future__ import annotations

import hmac

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.calls import note
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.apm_transaction import PROTOCOL, ApmTransaction
from checkout.sandbox.pages import leave, page, see_other
from checkout.sandbox.world import HttpRequest, World, world_of

END = {"pay": ("successful", codes.SUCCESS), "decline": ("failed", codes.DECLINED)}
"""Button -> what becomes of the payment; going back without paying leaves it pending."""


@get("/provider/{uid:str}")
async def by_link(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by link or GET form; the query must have come through byte for byte."""
    world, payment = _looked_up(request, uid)
    if payment is None:
        return page("not_found.html", status=404)
    query = request.scope["query_string"].decode("latin-1")
    if not payment.arrived_by_get(query):
        return page("spoiled.html", status=400, payment=payment)
    return _back(world, payment) if payment.final else page("provider.html", payment=payment)


@post("/provider/{uid:str}", status_code=200)
async def by_form(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by a posted form; every field must have come through unchanged."""
    given = await form(request)
    _, payment = _looked_up(request, uid)
    if payment is None:
        return page("not_found.html", status=404)
    if not payment.arrived_by_post(given):
        return page("spoiled.html", status=400, payment=payment)
    return see_other(payment.link)


@post("/provider/{uid:str}/decision", status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay (also without a button's value), decline, or back to the shop unpaid."""
    given = await form(request)
    world, payment = _looked_up(request, uid)
    if payment is None or not _same(given.get("session", ""), payment.session):
        return page("not_found.html", status=404)
    _end(world, payment, given.get("choice", "pay"))
    return _back(world, payment)


@get("/cash-desk/{uid:str}")
async def cash_desk(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Where the QR code leads: a stand-in for the bank's app."""
    _, payment = _looked_up(request, uid)
    if payment is None or not _same(request.query_params.get("session", ""), payment.session):
        return page("not_found.html", status=404)
    return page("cash_desk.html", payment=payment)


@post("/cash-desk/{uid:str}", status_code=200)
async def pay_at_cash_desk(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay or decline; the customer's browser with the shop is elsewhere."""
    given = await form(request)
    world, payment = _looked_up(request, uid)
    if payment is None or not _same(given.get("session", ""), payment.session):
        return page("not_found.html", status=404)
    _end(world, payment, given.get("choice", "pay"))
    return see_other(payment.cash_desk)


HANDLERS = (by_link, by_form, decide, cash_desk, pay_at_cash_desk)


def _looked_up(request: HttpRequest, uid: str) -> tuple[World, ApmTransaction | None]:
    world = world_of(request)
    note(request, uid=uid)
    found = world.transactions.get(uid)
    if not isinstance(found, ApmTransaction) or found.protocol != PROTOCOL:
        return world, None
    world.expire(found)
    return world, found


def _end(world: World, payment: ApmTransaction, choice: str) -> None:
    """The first decision counts."""
    if choice in END and not payment.final:
        world.settle(payment, *END[choice])


def _back(world: World, payment: ApmTransaction) -> Response[str]:
    if payment.return_url is None:
        return page("done.html", transaction=payment)
    parameters = {"uid": payment.uid, "status": payment.status}
    return leave(payment.return_url, parameters, world.behaviour.return_method)


def _same(given: str, session: str) -> bool:
    return hmac.compare_digest(given.encode(), session.encode())
