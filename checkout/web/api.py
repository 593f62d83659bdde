"""The shop's API, as Overpay's shop plugins speak it, and the existing widget's address."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final
from urllib.parse import parse_qs

from litestar import Response, get, post, route

from checkout.errors import Unauthorized
from checkout.ledger.rows import Payment
from checkout.links import read_link
from checkout.merchant.orders import read_link_order, read_order
from checkout.merchant.shapes import checkout
from checkout.model.checks import decode
from checkout.settings import Settings, Shop
from checkout.texts import choose
from checkout.web.security import read_body
from checkout.web.visit import READ, Visit, Web_Request, see_other, web_of


@post("/ctp/api/checkouts", status_code=201, tags=["checkouts"], summary="Create a payment")
async def create_checkout(request: Web_Request) -> Response[Any]:
    """Answers `{"checkout": {"token", "redirect_url"}}`; 422 names every wrong field."""
    web = web_of(request)
    shop = authenticated(request, web.settings)
    body = await read_body(request)
    flow = web.flow
    order = read_order(decode(body), shop, sandbox=web.settings.sandbox, now=flow.clock())
    headers = request.headers
    payment = await flow.create(
        order,
        shop,
        idempotency_key=(headers.get("idempotency-key") or headers.get("requestid") or "")[:255]
        or None,
        digest=hashlib.sha256(body).hexdigest(),
    )
    address = web.settings.url(f"/widget/hpp.html?token={payment.token}")
    return Response(
        {"checkout": {"token": payment.token, "redirect_url": address}}, status_code=201
    )


@get("/ctp/api/checkouts/{token:str}", tags=["checkouts"], summary="Read a payment")
async def read_checkout(request: Web_Request) -> Response[Any]:
    """Answers `{"checkout": {…}}` with the payment's status."""
    web = web_of(request)
    shop = authenticated(request, web.settings)
    story = await web.flow.open_token(request.path_params["token"], shop)
    return Response({"checkout": checkout(story, shop, web.flow.clock())})


@route("/widget/hpp.html", http_method=READ, include_in_schema=False)
async def hosted_page(request: Web_Request) -> Response[bytes]:
    """Where `redirect_url` leads: on to the payment's own address."""
    # Not by `request.query_params`, which leaves whole queries in a cache.
    query = parse_qs(request.scope["query_string"].decode("latin-1"))
    story = await web_of(request).flow.open_token(query.get("token", [""])[0])
    return await to_payment(request, story.payment)


@route("/pay/{signed:str}", http_method=READ, include_in_schema=False)
async def offline_link(request: Web_Request) -> Response[bytes]:
    """An offline-signed link: the same payment at every opening; opening takes nothing up."""
    web = web_of(request)
    link = read_link(request.path_params["signed"], web.settings.shops)
    shop = web.settings.shop(link.shop)
    now = web.flow.clock()
    order = read_link_order(link.data, shop, sandbox=web.settings.sandbox, now=now)
    return await to_payment(request, await web.flow.open_link(link.digest, order, shop))


async def to_payment(request: Web_Request, payment: Payment) -> Response[bytes]:
    web = web_of(request)
    story = await web.flow.open(payment.uid, payment.secret)
    accept = request.headers.get("accept-language", "")
    lang = choose(payment.order.ways.language, accept=accept)
    visit = Visit(web, request, lang, story, web.flow.shop(story))
    return see_other(visit.url(visit.page))


def authenticated(request: Web_Request, settings: Settings) -> Shop:
    """The shop of the Basic credentials, compared in constant time. Raises Unauthorized."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        plain = (
            base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
        )
    except ValueError:  # no base64, or not even ASCII
        plain = b""
    name, _, password = plain.partition(b":")
    shop = settings.shops.get(name.decode("utf-8", "replace"))
    expected = shop.secret_key.encode() if shop else b"-" * 64
    if not hmac.compare_digest(expected, password) or shop is None:
        raise Unauthorized
    return shop


HANDLERS: Final = (create_checkout, read_checkout, hosted_page, offline_link)
