"""A payment is made and read: `/ctp/api/checkouts`, as Overpay's shop plugins speak it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import Response, get, post

from checkout.i18n import SOURCE
from checkout.model.validation.reader import decode
from checkout.model.wallet import GOOGLE_PAY
from checkout.payments import create, find
from checkout.payments.app_limits import count_app_payment
from checkout.payments.offered_methods import offered_methods
from checkout.shop_api.answers import Checkout, Created
from checkout.shop_api.app_checkout_request import read_app_order
from checkout.shop_api.app_payments import app_checkout
from checkout.shop_api.app_wallets import google_pay_account
from checkout.shop_api.checkout_request import CHECKOUT, read_order
from checkout.shop_api.responses import checkout
from checkout.web.api.authentication import (
    authenticated,
    by_key,
    by_server,
    key_holder,
    payer,
)
from checkout.web.api.idempotency import idempotency_key
from checkout.web.api.schema import (
    ORDER,
    REF,
    TOKEN,
    answered,
    described,
    header,
    sent,
    within,
)
from checkout.web.bodies import read_json
from checkout.web.context import app_of
from checkout.web.cors import refuse_pages
from checkout.web.pages.wallets import offered_wallets
from checkout.web.request import AppRequest
from checkout.web.response import as_json
from checkout.web.security import client_address


@post("/ctp/api/checkouts", status_code=201, tags=["checkouts"], summary="Create a payment")
async def create_checkout(request: AppRequest) -> Response[Any]:
    """Answers `{"checkout": {"token", "redirect_url"}}`; 422 names every wrong field."""
    app = app_of(request)
    by_app = by_key(request)
    if by_app:
        shop, read = key_holder(request, app.settings).one(), read_app_order
    else:
        refuse_pages(request, app.settings)
        shop, read = authenticated(request, app.settings), read_order
    body = await read_json(request)
    context = app.context
    order = read(decode(body), shop, sandbox=app.settings.sandbox, now=context.clock())
    if by_app:
        address = client_address(request, app.settings.trusted_proxies)
        await count_app_payment(context, shop, address)
    payment = await create.create(
        context,
        order,
        shop,
        idempotency_key=idempotency_key(request, by_app=by_app),
        digest=hashlib.sha256(body).hexdigest(),
    )
    address = app.settings.url(f"/widget/hpp.html?token={payment.token}", shop)
    made = {"token": payment.token, "redirect_url": address}
    return as_json({"checkout": made}, status_code=201)


@get("/ctp/api/checkouts/{token:str}", tags=["checkouts"], summary="Read a payment")
async def read_checkout(request: AppRequest) -> Response[Any]:
    """Answers `{"checkout": {…}}` with the payment's status; for the publishable key only
    what the payment page would show."""
    app = app_of(request)
    token, now = request.path_params["token"], app.context.clock()
    if not by_server(request):
        holder = await payer(request)
        payment = await find.by_token(app.context, token)
        shop = holder.of(payment, app.context.shop(payment))
        shown = app_checkout(payment, shop, now)
        methods = await offered_methods(app.context, payment, shop, SOURCE, payment.order.customer)
        if shop.google_pay and GOOGLE_PAY in offered_wallets(payment.order, shop, methods):
            shown["google_pay"] = google_pay_account(shop.google_pay)
        return Response({"checkout": shown})
    refuse_pages(request, app.settings)
    shop = authenticated(request, app.settings)
    payment = await find.by_token(app.context, token, shop)
    return Response({"checkout": checkout(payment, shop, now)})


SCHEMA: Final = {
    ("/ctp/api/checkouts", "post"): described(
        "Afterwards send the customer to `redirect_url`, or show it in a frame. By the publishable "
        "key: transaction_type, amount, currency, description, tracking_id, customer, language and "
        "addresses on the shop's own site alone; what says more is 422.",
        parameters=[header(name, "token") for name in ("Idempotency-Key", "RequestID")],
        body=sent(
            CHECKOUT,
            {
                "transaction_type": "payment",
                "attempts": 3,
                "order": ORDER,
                "settings": {
                    "return_url": "https://shop.example.com/thanks",
                    "notification_url": "https://shop.example.com/notify",
                    "language": "en",
                },
                "customer": {"email": "anna@example.com"},
            },
            under="checkout",
        ),
        status=201,
        answer=answered(
            within("checkout", REF[Created]),
            "Created",
            example={
                "checkout": {
                    "token": TOKEN,
                    "redirect_url": f"https://pay.example.com/widget/hpp.html?token={TOKEN}",
                }
            },
        ),
        errors=(403,),
    ),
    ("/ctp/api/checkouts/{token}", "get"): described(
        "How the payment stands. The notification says the same without asking.",
        answer=answered(within("checkout", REF[Checkout]), "The payment"),
        errors=(403, 404),
    ),
}
HANDLERS: Final = (create_checkout, read_checkout)
