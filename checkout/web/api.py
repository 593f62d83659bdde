"""The shop's API, as Overpay's shop plugins speak it, and the existing widget's address."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import HttpMethod, Response, get, post, route

from checkout.flow.app_limits import count_app_payment
from checkout.i18n import choose_language
from checkout.ledger.rows import Payment
from checkout.merchant.app_orders import read_app_order
from checkout.merchant.apps import app_checkout
from checkout.merchant.orders import read_link_order, read_order
from checkout.merchant.shapes import checkout
from checkout.model.checks import decode, form_pairs
from checkout.signing import read_link
from checkout.web.bodies import posted_form, read_json
from checkout.web.callers import authenticated, by_key, key_holder
from checkout.web.context import web_of
from checkout.web.pages.payment_request import payment_request
from checkout.web.request import READ, Web_Request
from checkout.web.response import see_other
from checkout.web.security import client_address

# Before the idempotency keys of those who have the publishable key alone: no header can hold it, so
# that nobody can come upon, or take, a key of the shop's own.
APPS_OWN: Final = "\x1f"
LONGEST_KEY: Final = 255


def idempotency_key(request: Web_Request) -> str:
    """By either of the names that clients know; "" for none."""
    key = request.headers.get("idempotency-key") or request.headers.get("requestid") or ""
    return key[:LONGEST_KEY]


@post("/ctp/api/checkouts", status_code=201, tags=["checkouts"], summary="Create a payment")
async def create_checkout(request: Web_Request) -> Response[Any]:
    """Answers `{"checkout": {"token", "redirect_url"}}`; 422 names every wrong field."""
    web = web_of(request)
    by_app = by_key(request)
    if by_app:
        shop, read = key_holder(request, web.settings).one(), read_app_order
    else:
        shop, read = authenticated(request, web.settings), read_order
    body = await read_json(request)
    flow = web.flow
    order = read(decode(body), shop, sandbox=web.settings.sandbox, now=flow.clock())
    key = idempotency_key(request)
    if by_app:
        address = client_address(request, web.settings.trusted_proxies)
        await count_app_payment(flow, shop, address)
        key = key and (APPS_OWN + key)[:LONGEST_KEY]
    payment = await flow.create(
        order,
        shop,
        idempotency_key=key or None,
        digest=hashlib.sha256(body).hexdigest(),
    )
    address = web.settings.url(f"/widget/hpp.html?token={payment.token}")
    return Response(
        {"checkout": {"token": payment.token, "redirect_url": address}}, status_code=201
    )


@get("/ctp/api/checkouts/{token:str}", tags=["checkouts"], summary="Read a payment")
async def read_checkout(request: Web_Request) -> Response[Any]:
    """Answers `{"checkout": {…}}` with the payment's status; to the publishable key alone, what
    the payment page would show."""
    web = web_of(request)
    token, now = request.path_params["token"], web.flow.clock()
    if by_key(request):
        holder = key_holder(request, web.settings)
        story = await web.flow.open_token(token)
        return Response({"checkout": app_checkout(story, holder.of(web.flow.shop(story)), now)})
    shop = authenticated(request, web.settings)
    story = await web.flow.open_token(token, shop)
    return Response({"checkout": checkout(story, shop, now)})


@route(
    "/widget/hpp.html",
    http_method=(*READ, HttpMethod.POST),
    status_code=303,
    include_in_schema=False,
)
async def hosted_page(request: Web_Request) -> Response[bytes]:
    """Where `redirect_url` leads: on to the payment's own address. Some plugins cut its query off
    and post `token` there by a form of the shop's page: that changes nothing either."""
    # Not by `request.query_params`, which leaves whole queries in a cache.
    query = form_pairs(request.scope["query_string"], blanks=False)
    token = query.get("token", "")
    if request.method == HttpMethod.POST and not token:
        form = await posted_form(request)
        token = form.get("token", "")
    story = await web_of(request).flow.open_token(token)
    return await to_payment(request, story.payment)


@route("/pay/{signed:str}", http_method=READ, include_in_schema=False)
async def offline_link(request: Web_Request) -> Response[bytes]:
    """An offline-signed link: the same payment at every opening; opening takes nothing up."""
    web = web_of(request)
    link = read_link(request.path_params["signed"], web.settings.shops)
    shop = web.settings.shop(link.shop)
    now = web.flow.clock()
    request.scope["state"]["shop"] = shop  # whom to ask when it has ended
    order = read_link_order(link.data, shop, sandbox=web.settings.sandbox, now=now)
    address = client_address(request, web.settings.trusted_proxies)
    return await to_payment(request, await web.flow.open_link(link.digest, order, shop, address))


async def to_payment(request: Web_Request, payment: Payment) -> Response[bytes]:
    web = web_of(request)
    story = await web.flow.open(payment.uid, payment.secret)
    accept = request.headers.get("accept-language", "")
    lang = choose_language(payment.order.ways.language, accept=accept)
    visit = payment_request(web, request, lang, story)
    return see_other(visit.url(visit.current))


HANDLERS: Final = (create_checkout, read_checkout, hosted_page, offline_link)
