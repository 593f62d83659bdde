"""The card issuer's page, and the gateway's own address where its result goes.

The browser posts the parameters of the answer to the issuer's page (`/rest/acs/`), that page posts
its result to `TermUrl` (`/rest/term/`), and only then the gateway sends the browser to the shop.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.acs import challenge_result
from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.forms import form
from checkout.sandbox.pages import check, leave, page, see_other, spoiled, transaction_of
from checkout.sandbox.rest.return_url import return_to_shop
from checkout.sandbox.rest.transaction import RestTransaction
from checkout.sandbox.state import HttpRequest, SandboxState


@post("/rest/acs/{uid:str}", status_code=200)
async def arrive_or_answer(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival from the shop, with every parameter unchanged; then the password or Cancel."""
    given = await form(request)
    state, payment = transaction_of(request, uid, RestTransaction)
    check(payment.card is not None)
    if not _has_session(request, payment):
        if given != payment.parameters:
            return spoiled(payment)
        return see_other(f"{payment.acs_url}?session={payment.session}")
    if payment.final:
        return return_to_shop(state, payment)
    payment.authentication_result = payment.authentication_result or challenge_result(given)
    return leave(payment.term_url, {"cres": payment.cres}, "POST")


@get("/rest/acs/{uid:str}")
async def challenge(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The challenge; a payment that is over sends the browser on."""
    state, payment = transaction_of(request, uid, RestTransaction)
    check(payment.card is not None and _has_session(request, payment))
    if payment.final:
        return return_to_shop(state, payment)
    return page("bank.html", transaction=payment)


@post("/rest/term/{uid:str}", status_code=200)
async def term(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The result arrives, the bank decides, the browser goes to the shop."""
    given = await form(request)
    state, payment = transaction_of(request, uid, RestTransaction)
    query = request.scope["query_string"].decode("latin-1")
    if query != payment.term_query or not same_secret(given.get("cres", ""), payment.cres):
        return spoiled(payment)
    if not payment.final:
        _decide(state, payment)
    return return_to_shop(state, payment)


HANDLERS = (arrive_or_answer, challenge, term)


def _has_session(request: HttpRequest, payment: RestTransaction) -> bool:
    return payment.is_session(request.query_params.get("session", ""))


def _decide(state: SandboxState, payment: RestTransaction) -> None:
    if payment.authentication_result == codes.SUCCESS:
        state.approve(payment)
    else:
        state.settle(payment, "failed", payment.authentication_result or codes.NOT_AUTHENTICATED)
