"""The card issuer's page, and the gateway's own address where its result goes.

The browser posts the parameters of the answer to the issuer's page (`/rest/acs/`), that page posts
its verdict to `TermUrl` (`/rest/term/`), and only then the gateway sends the browser to the shop.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.forms import form
from checkout.sandbox.pages import leave, page, see_other
from checkout.sandbox.rest.back import back, looked_up, same, unknown
from checkout.sandbox.rest.transaction import RestTransaction
from checkout.sandbox.world import HttpRequest, World

PASSWORD = "1111"
"""What the documented challenge cards ask for."""


@post("/rest/acs/{uid:str}", status_code=200)
async def arrive_or_answer(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """Arrival from the shop, with every parameter unchanged; then the password or Cancel."""
    given = await form(request)
    world, payment = looked_up(request, uid)
    if payment is None or payment.card is None:
        return unknown()
    if not _is_session(request, payment):
        if given != payment.parameters:
            return page("spoiled.html", status=400, payment=payment)
        return see_other(f"{payment.acs}?session={payment.session}")
    if payment.final:
        return back(world, payment)
    payment.verdict = payment.verdict or _verdict(given)
    return leave(payment.term_url, {"cres": payment.proof}, "POST")


@get("/rest/acs/{uid:str}")
async def challenge(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The challenge; a payment that is over sends the browser on."""
    world, payment = looked_up(request, uid)
    if payment is None or payment.card is None or not _is_session(request, payment):
        return unknown()
    return back(world, payment) if payment.final else page("bank.html", transaction=payment)


@post("/rest/term/{uid:str}", status_code=200)
async def term(request: HttpRequest, uid: FromPath[str]) -> Response[str]:
    """The verdict arrives, the bank decides, the browser goes to the shop."""
    given = await form(request)
    world, payment = looked_up(request, uid)
    if payment is None:
        return unknown()
    query = request.scope["query_string"].decode("latin-1")
    if query != payment.term_query or not same(given.get("cres", ""), payment.proof):
        return page("spoiled.html", status=400, payment=payment)
    if not payment.final:
        _decide(world, payment)
    return back(world, payment)


HANDLERS = (arrive_or_answer, challenge, term)


def _is_session(request: HttpRequest, payment: RestTransaction) -> bool:
    return same(request.query_params.get("session", ""), payment.session)


def _verdict(given: dict[str, str]) -> str:
    if given.get("choice") == "cancel":
        return codes.REJECTED_BY_CUSTOMER
    return codes.SUCCESS if same(given.get("password", ""), PASSWORD) else codes.WRONG_PASSWORD


def _decide(world: World, payment: RestTransaction) -> None:
    if payment.verdict == codes.SUCCESS:
        payment.approve(world)
    else:
        world.settle(payment, "failed", payment.verdict or codes.NOT_AUTHENTICATED)
