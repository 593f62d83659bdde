"""Addresses that lead to a page: of a payment the `redirect_url` of the API, those that plugins
make of its token, and offline-signed links; of a product the older ones."""

from __future__ import annotations

from typing import Final

from litestar import HttpMethod, Response, route

from checkout.errors import NotFound
from checkout.i18n import choose_language
from checkout.ledger.products import ProductStock
from checkout.ledger.rows import Payment
from checkout.model.validation.reader import form_pairs
from checkout.payments import create, find, products
from checkout.shop_api.checkout_request import read_link_order
from checkout.signing import read_link
from checkout.web.bodies import posted_form
from checkout.web.context import app_of
from checkout.web.own_address import located, only_at_own_address
from checkout.web.pages.payment_request import payment_request
from checkout.web.request import READ, AppRequest, header
from checkout.web.response import see_other
from checkout.web.security import client_address

# Plugins write the older ones themselves, from the token alone.
RENEWS: Final = "renew"  # in the query: the customer wants to pay although the link has expired
PAGES: Final = ["/widget/hpp.html", "/checkout", "/v2/checkout"]


@route(
    PAGES,
    http_method=(*READ, HttpMethod.POST),
    status_code=303,
    include_in_schema=False,
)
async def hosted_page(request: AppRequest) -> Response[bytes]:
    """Where `redirect_url` leads, and the family's older addresses: on to the payment's own. Some
    plugins cut the query off and post `token` there by a form of the shop's page: that changes
    nothing either."""
    # Not by `request.query_params`, which keeps whole queries in a cache.
    query = form_pairs(request.scope["query_string"], blanks=False)
    token = query.get("token", "")
    if request.method == HttpMethod.POST and not token:
        form = await posted_form(request)
        token = form.get("token", "")
    return to_payment(request, await find.by_token(app_of(request).context, token))


@route("/pay/{signed:str}", http_method=READ, include_in_schema=False)
async def offline_link(request: AppRequest) -> Response[bytes]:
    """An offline-signed link: every opening leads to the same payment; the first creates it."""
    app = app_of(request)
    link = read_link(request.path_params["signed"], app.settings.shops)
    shop = app.settings.shop(link.shop)
    only_at_own_address(request, app.settings, shop)
    now = app.context.clock()
    request.scope["state"]["shop"] = shop  # shown on the error page of an expired link
    order = read_link_order(link.data, shop, sandbox=app.settings.sandbox, now=now)
    address = client_address(request, app.settings.trusted_proxies)
    renews = RENEWS in form_pairs(request.scope["query_string"])
    made = await create.open_link(app.context, link.digest, order, shop, address, renews=renews)
    # With its attempts: it may have been opened and paid before.
    return to_payment(request, await find.by_address(app.context, made.uid, made.secret))


@route("/products/{product_id:str}/pay", http_method=READ, include_in_schema=False)
async def older_product_link(request: AppRequest) -> Response[bytes]:
    """The PHP SDK makes this address of a product's id, for customers."""
    return to_product(await products.find(app_of(request).context, _product_id(request)))


@route(
    "/v2/confirm_order/{product_id:str}/{shop_id:str}", http_method=READ, include_in_schema=False
)
async def confirm_order(request: AppRequest) -> Response[bytes]:
    """The same, with the shop's id beside it."""
    app = app_of(request)
    shop = app.settings.shops.get(request.path_params["shop_id"])
    if shop is None:
        raise NotFound
    return to_product(await products.find(app.context, _product_id(request), shop))


def _product_id(request: AppRequest) -> str:
    found: str = request.path_params["product_id"]
    return found


def to_product(stocked: ProductStock) -> Response[bytes]:
    return see_other(f"/product/{stocked.id}")


def to_payment(request: AppRequest, payment: Payment) -> Response[bytes]:
    app = app_of(request)
    accept = header(request, b"accept-language") or ""
    among = app.context.shop(payment).languages
    lang = choose_language(payment.order.page_settings.language, accept=accept, among=among)
    page = payment_request(app, request, lang, payment)
    return see_other(located(request, app.settings, page.shop, page.url(page.current)))


HANDLERS: Final = (hosted_page, offline_link, older_product_link, confirm_order)
