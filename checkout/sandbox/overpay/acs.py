"""The card issuer's page: where the customer proves to be the cardholder, or gives up.

The gateway takes the result of 3-D Secure itself and sends the browser to the shop.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.acs import challenge_result
from checkout.sandbox.forms import form
from checkout.sandbox.overpay.card_transaction import CardTransaction
from checkout.sandbox.overpay.return_url import return_to_shop
from checkout.sandbox.pages import page, transaction_of
from checkout.sandbox.state import HttpRequest


@get("/process/{uid:str}")
async def process(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The challenge; a transaction that is over sends the browser on."""
    state, transaction = transaction_of(request, uid, CardTransaction)
    if transaction.final:
        return return_to_shop(state, transaction, transaction.iframe)
    return page("bank.html", framed=transaction.iframe, transaction=transaction)


@post("/process/{uid:str}", status_code=200)
async def answer(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The password or the Cancel button; a second answer changes nothing."""
    code = challenge_result(await form(request))
    state, transaction = transaction_of(request, uid, CardTransaction)
    if not transaction.final:
        if code == codes.SUCCESS:
            state.approve(transaction)
        else:
            state.settle(transaction, "failed", code)
    return return_to_shop(state, transaction, transaction.iframe)


@get("/receipt/{uid:str}")
async def receipt(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """What `receipt_url` points to: a slip to keep."""
    _, transaction = transaction_of(request, uid, CardTransaction)
    return page("receipt.html", transaction=transaction)


HANDLERS = (process, answer, receipt)
