"""The page of a net bank, wallet or voucher: pay, decline, or go back unpaid."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.forms import form
from checkout.sandbox.pages import check, page, see_other, spoiled, transaction_of
from checkout.sandbox.rest.return_url import return_to_shop
from checkout.sandbox.rest.transaction import RestTransaction
from checkout.sandbox.state import HttpRequest

TITLES = {"NB": "Net banking", "EW": "Wallet", "PV": "Prepaid voucher", "SEPA": "SEPA"}
DECISIONS = {
    "pay": ("successful", codes.SUCCESS),
    "decline": ("failed", codes.DECLINED),
    "cancel": ("failed", codes.REJECTED_BY_CUSTOMER),
}
"""Button -> what becomes of the payment; going back without paying leaves it pending."""


@get("/rest/checkout/{uid:str}")
async def arrive(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by link; the query must have come through byte for byte."""
    state, payment = transaction_of(request, uid, RestTransaction)
    check(payment.card is None)
    if request.scope["query_string"].decode("latin-1") != payment.provider_query:
        return spoiled(payment)
    if payment.final:
        return return_to_shop(state, payment)
    title = TITLES.get(payment.mode, payment.mode)
    return page("rest/checkout.html", payment=payment, title=title)


@post("/rest/checkout/{uid:str}", status_code=200)
async def arrive_by_form(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by a posted form, as a voucher's."""
    given = await form(request)
    _, payment = transaction_of(request, uid, RestTransaction)
    check(payment.card is None)
    if given != {"token": payment.session}:
        return spoiled(payment)
    return see_other(f"{payment.provider_url}?{payment.provider_query}")


@post("/rest/checkout/{uid:str}/decision", status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay (also without a button's value), decline, cancel, or back to the shop unpaid."""
    given = await form(request)
    state, payment = transaction_of(request, uid, RestTransaction)
    check(payment.is_session(given.get("session", "")))
    choice = given.get("choice", "pay")
    if choice in DECISIONS and not payment.final:
        state.settle(payment, *DECISIONS[choice])
    return return_to_shop(state, payment)


HANDLERS = (arrive, arrive_by_form, decide)
