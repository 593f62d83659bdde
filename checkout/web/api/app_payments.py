"""Paying from a shop's own app: the card comes as JSON from the app's SDK, authorised by the shop's
publishable key, and is handled like the page's form: the same checks and limits, one charge."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, post

from checkout.errors import Unprocessable
from checkout.i18n import choose_language
from checkout.model.order import CARD_METHOD
from checkout.model.status import Status
from checkout.model.validation.reader import Reader, decode
from checkout.model.validation.rules import text
from checkout.model.wallet import APPLE_PAY, GOOGLE_PAY
from checkout.payments import charge, find
from checkout.payments.charge import CHOOSE_METHOD, Submission
from checkout.payments.dropped_data import log_dropped
from checkout.shop_api.answers import AppPayment
from checkout.shop_api.app_payments import (
    PAYMENT,
    app_answer,
    app_browser,
    app_customer,
    app_form,
    app_wallet,
    form_path,
    refused_field,
    request_of,
    with_opened_card,
)
from checkout.shop_api.app_wallets import wallet_request
from checkout.web.api.authentication import KeyHolder, payer
from checkout.web.api.schema import REF, TOKEN, answered, described, sent, within
from checkout.web.bodies import read_json
from checkout.web.challenge_policy import address_standing, no_challenge
from checkout.web.context import app_of
from checkout.web.pages.customer_fields import fixed_names, input_names
from checkout.web.pages.payment_request import PaymentRequest, payment_request
from checkout.web.pages.saved_card import NEW, SAVED, SavedCardOffer, saved_card
from checkout.web.pages.submission import read_submission
from checkout.web.request import AppRequest

ASKS_MORE: Final = "asks the customer for more than an app can send: open the payment page"
SAVED_ONLY: Final = "is of no use here: this payment takes the saved card alone"
UNUSABLE: Final = "can't be used any more: send another card's number"


@post("/ctp/api/payments", status_code=200, tags=["apps"], summary="Pay from the shop's app")
async def pay_in_app(request: AppRequest) -> Response[Any]:
    """Answers `{"response": {"status", "url", ...}}`. A payment that is under way or over is
    answered as it is: a request sent twice charges once."""
    holder = await payer(request)
    return await _paid(request, holder, request_of(decode(await read_json(request))))


@post("/ctp/api/apple_pay/payment", status_code=200, include_in_schema=False)
async def pay_by_apple_pay(request: AppRequest) -> Response[Any]:
    """As the SDKs for iOS and Flutter pay."""
    holder = await payer(request)
    body = decode(await read_json(request))
    return await _paid(request, holder, request_of(wallet_request(APPLE_PAY, body)))


@post("/ctp/api/google_pay/payment", status_code=200, include_in_schema=False)
async def pay_by_google_pay(request: AppRequest) -> Response[Any]:
    """As the SDKs for Android and Flutter pay."""
    holder = await payer(request)
    body = decode(await read_json(request))
    return await _paid(request, holder, request_of(wallet_request(GOOGLE_PAY, body)))


async def _paid(request: AppRequest, holder: KeyHolder, fields: Reader) -> Response[Any]:
    app = app_of(request)
    token = fields.need("token", text(255))
    fields.done()
    payment = await find.by_token(app.context, token)
    holder.of(payment, app.context.shop(payment))  # raises NotFound for another shop's payment
    lang = choose_language(payment.order.page_settings.language, accept=_languages(request))
    page = payment_request(app, request, lang, payment)
    number = payment.next_number
    if page.status is Status.OPEN:
        no_challenge(address := await address_standing(page))
        sent = msgspec.structs.replace(await _submission(page, fields), address=address)
        log_dropped(fields.dropped, payment=payment.uid)
        page.payment = await charge.pay(app.context, payment, sent)
        if refused := refused_field(page.payment, number):
            raise Unprocessable(refused)
    if page.payment.shown:
        page.lang = page.payment.shown.language
    shown = app_answer(
        page.payment,
        app.context.clock(),
        url=app.settings.url(page.url(page.current), page.shop),
        result_url=app.settings.url(page.url("result"), page.shop),
        ours=page.payment.next_number > number,
    )
    return Response({"response": shown})


def _languages(request: AppRequest) -> str:
    return request.headers.get("accept-language", "")


async def _submission(page: PaymentRequest, fields: Reader) -> Submission:
    """What the page's form would have sent. Raises Unprocessable, naming every wrong field."""
    order, fields = page.payment.order, with_opened_card(fields, page.shop.private_keys)
    wallet = app_wallet(fields)
    form = app_form(fields, order, wallet)
    if order.card_token is not None and form["method"] == CARD_METHOD:
        saved = saved_card(page, await page.offered_methods())
        _check_card(fields, form["card"], saved, "token" if wallet else "number")
    asked = tuple(name for name in input_names(order) if name not in fixed_names(order))
    known, shown = app_customer(fields, order, page.known_customer, asked)
    headers = {key.lower(): value for key, value in page.request.headers.items()}
    _, sent, errors = await read_submission(
        page,
        form | shown,
        number=page.payment.next_number,
        known=known,
        browser=app_browser(fields, headers),
        code_always=True,
        wallet=wallet,
    )
    no_card = fields.problems.about("credit_card.token")  # then its other problems are left out
    for name, problem in errors.items():
        path = form_path(fields, name)
        if not (fields.problems.about(path) or (no_card and path.startswith("credit_card."))):
            fields.wrong(path, _problem(path, problem))
    fields.done()
    if sent is None:
        raise ValueError("a submission without problems is read")
    return sent


def _check_card(fields: Reader, card: str, saved: SavedCardOffer | None, name: str) -> None:
    """Whether the card is one that the page would let the customer pay with. `name`: of the field
    that a new one stands in."""
    if card == SAVED and saved is None:
        fields.within("credit_card").wrong("token", UNUSABLE)
    elif card == NEW and saved is not None and not saved.other:
        fields.within("credit_card").wrong(name, SAVED_ONLY)


def _problem(path: str, problem: str) -> str:
    """What is wrong, where a gateway has fields of its own that only a page can show."""
    return ASKS_MORE if path == "payment_method" and problem != CHOOSE_METHOD else problem


SCHEMA: Final = {
    ("/ctp/api/payments", "post"): described(
        "The card is charged once, however often the request is sent: a payment that is under way "
        "or over is told as it stands.",
        body=sent(
            PAYMENT,
            {
                "token": TOKEN,
                "payment_method": "credit_card",
                "credit_card": {
                    "number": "4200000000000000",
                    "verification_value": "123",
                    "holder": "ANNA LEE",
                    "exp_month": "12",
                    "exp_year": "2039",
                },
                "browser": {"screen_width": 412, "screen_height": 915},
            },
            under="request",
        ),
        answer=answered(
            within("response", REF[AppPayment]), "Charged, declined, or to be gone on with at `url`"
        ),
        errors=(403, 404),
    )
}
HANDLERS: Final = (pay_in_app, pay_by_apple_pay, pay_by_google_pay)
