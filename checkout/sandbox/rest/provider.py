"""The page of a net bank, wallet or voucher: pay, decline, or go back unpaid."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.forms import form
from checkout.sandbox.pages import page, see_other
from checkout.sandbox.rest.back import back, looked_up, same, unknown
from checkout.sandbox.world import HttpRequest

TITLES = {"NB": "Net banking", "EW": "Wallet", "PV": "Prepaid voucher", "SEPA": "SEPA"}
END = {
    "pay": ("successful", codes.SUCCESS),
    "decline": ("failed", codes.DECLINED),
    "cancel": ("failed", codes.REJECTED_BY_CUSTOMER),
}
"""Button -> what becomes of the payment; going back without paying leaves it pending."""


@get("/rest/checkout/{uid:str}")
async def arrive(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by link; the query must have come through byte for byte."""
    world, payment = looked_up(request, uid)
    if payment is None or payment.card is not None:
        return unknown()
    if request.scope["query_string"].decode("latin-1") != payment.checkout_query:
        return page("spoiled.html", status=400, payment=payment)
    if payment.final:
        return back(world, payment)
    title = TITLES.get(payment.mode, payment.mode)
    return page("rest/checkout.html", payment=payment, title=title)


@post("/rest/checkout/{uid:str}", status_code=200)
async def arrive_by_form(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by a posted form, as a voucher's."""
    given = await form(request)
    _, payment = looked_up(request, uid)
    if payment is None or payment.card is not None:
        return unknown()
    if given != {"token": payment.session}:
        return page("spoiled.html", status=400, payment=payment)
    return see_other(f"{payment.checkout}?{payment.checkout_query}")


@post("/rest/checkout/{uid:str}/decision", status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay (also without a button's value), decline, cancel, or back to the shop unpaid."""
    given = await form(request)
    world, payment = looked_up(request, uid)
    if payment is None or not same(given.get("session", ""), payment.session):
        return unknown()
    choice = given.get("choice", "pay")
    if choice in END and not payment.final:
        world.settle(payment, *END[choice])
    return back(world, payment)


HANDLERS = (arrive, arrive_by_form, decide)
