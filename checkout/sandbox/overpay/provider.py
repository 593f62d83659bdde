"""The payment provider's page, and the cash desk where ERIP is paid."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.apm_transaction import ApmTransaction
from checkout.sandbox.overpay.return_url import return_to_shop
from checkout.sandbox.pages import check, page, see_other, spoiled, transaction_of
from checkout.sandbox.state import HttpRequest, SandboxState

DECISIONS = {"pay": ("successful", codes.SUCCESS), "decline": ("failed", codes.DECLINED)}
"""Button -> what becomes of the payment; going back without paying leaves it pending."""


@get("/provider/{uid:str}")
async def by_link(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by link or GET form; the query must have come through byte for byte."""
    state, payment = transaction_of(request, uid, ApmTransaction)
    if not payment.arrived_by_get(request.scope["query_string"].decode("latin-1")):
        return spoiled(payment)
    if payment.final:
        return return_to_shop(state, payment)
    return page("provider.html", payment=payment)


@post("/provider/{uid:str}", status_code=200)
async def by_form(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival by a posted form; every field must have come through unchanged."""
    given = await form(request)
    _, payment = transaction_of(request, uid, ApmTransaction)
    return see_other(payment.link) if payment.arrived_by_post(given) else spoiled(payment)


@post("/provider/{uid:str}/decision", status_code=200)
async def decide(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay (also without a button's value), decline, or back to the shop unpaid."""
    return return_to_shop(*await _decided(request, uid))


@get("/cash-desk/{uid:str}")
async def cash_desk(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Where the QR code leads: a stand-in for the bank's app."""
    _, payment = transaction_of(request, uid, ApmTransaction)
    check(payment.is_session(request.query_params.get("session", "")))
    return page("cash_desk.html", payment=payment)


@post("/cash-desk/{uid:str}", status_code=200)
async def pay_at_cash_desk(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Pay or decline; the customer's browser with the shop is elsewhere."""
    _, payment = await _decided(request, uid)
    return see_other(payment.cash_desk)


HANDLERS = (by_link, by_form, decide, cash_desk, pay_at_cash_desk)


async def _decided(request: HttpRequest, uid: str) -> tuple[SandboxState, ApmTransaction]:
    """The first decision counts."""
    given = await form(request)
    state, payment = transaction_of(request, uid, ApmTransaction)
    check(payment.is_session(given.get("session", "")))
    choice = given.get("choice", "pay")
    if choice in DECISIONS and not payment.final:
        state.settle(payment, *DECISIONS[choice])
    return state, payment
