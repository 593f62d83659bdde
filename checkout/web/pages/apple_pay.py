"""What Apple's browsers and Apple itself ask of us before a customer can pay with Apple Pay."""

from __future__ import annotations

from typing import Final

from litestar import post, route

from checkout.errors import NotFound
from checkout.model.status import Status
from checkout.model.wallet import APPLE_PAY
from checkout.web.context import app_of
from checkout.web.pages.payment_request import PAYMENT_PATH, enter
from checkout.web.pages.wallets import offered_wallets
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse, as_json

DOMAIN: Final = "/.well-known/apple-developer-merchantid-domain-association"


@post(f"{PAYMENT_PATH}/apple-pay/session", status_code=200, include_in_schema=False)
async def merchant_session(request: AppRequest) -> RawResponse:
    """A merchant session for the customer's browser, of a payment that can be paid with Apple Pay.
    Raises NotFound for any other."""
    page = await enter(request)
    fields = await page.posted_for("pay")
    methods = await page.offered_methods()
    if page.status is not Status.OPEN or APPLE_PAY not in offered_wallets(
        page.order, page.shop, methods
    ):
        raise NotFound
    return as_json(await page.app.merchant_sessions.open(page.shop, fields.get("url", "")))


@route([DOMAIN, f"{DOMAIN}.txt"], http_method=READ, include_in_schema=False)
async def domain_association(request: AppRequest) -> RawResponse:
    """By this file Apple knows that the address is the merchant's."""
    file = app_of(request).settings.apple_pay_domain
    if file is None:
        raise NotFound
    return RawResponse(file.encode(), media_type="text/plain; charset=utf-8")


HANDLERS: Final = (merchant_session, domain_association)
