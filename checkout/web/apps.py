"""Paying from a shop's own app: the card comes as JSON from the app's SDK, authorised by the shop's
public key, and goes the way of the form's: the same limits, the same claim, one charge."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from checkout.errors import Unprocessable
from checkout.flow.verbs import Submission
from checkout.ledger import cards
from checkout.merchant.apps import (
    app_answer,
    app_browser,
    app_card,
    app_customer,
    app_method,
    app_remembers,
    app_saved_card,
    app_token,
    refused_field,
    request_of,
)
from checkout.model import saving
from checkout.model.card import AnyCard
from checkout.model.checks import Fields, decode
from checkout.model.order import Method
from checkout.model.rules import text
from checkout.model.status import Status
from checkout.texts import choose
from checkout.web.callers import key_holder
from checkout.web.robots import no_challenge
from checkout.web.saved import today
from checkout.web.security import read_body
from checkout.web.visit import Visit, Web_Request, web_of

ASKS_MORE: Final = "asks the customer for more than an app can send: open the payment page"
NO_METHOD: Final = "is none of this payment's methods"


@post("/ctp/api/payments", status_code=200, tags=["apps"], summary="Pay from the shop's app")
async def pay_in_app(request: Web_Request) -> Response[Any]:
    """Answers `{"response": {"status", "url", ...}}`. A payment that is under way or over is told
    as it stands: a request sent twice charges once."""
    web = web_of(request)
    holder = key_holder(request, web.settings)
    fields = request_of(decode(await read_body(request)))
    token = fields.need("token", text(255))
    fields.done()
    story = await web.flow.open_token(token)
    holder.of(web.flow.shop(story))  # raises NotFound for another shop's payment
    lang = choose(story.payment.order.ways.language, accept=_languages(request))
    visit = Visit(web, request, lang, story)
    number = story.next_number
    if visit.status is Status.OPEN:
        await no_challenge(visit)
        await web.flow.prepare(story)
        visit.story = await web.flow.pay(story, await _submission(visit, fields))
        if refused := refused_field(visit.story, number):
            raise Unprocessable(refused)
    if visit.story.shown:
        visit.lang = visit.story.shown.language
    shown = app_answer(
        visit.story,
        web.flow.clock(),
        url=web.settings.url(visit.url(visit.page)),
        result_url=web.settings.url(visit.url("result")),
        ours=visit.story.next_number > number,
    )
    return Response({"response": shown})


def _languages(request: Web_Request) -> str:
    return request.headers.get("accept-language", "")


async def _submission(visit: Visit, fields: Fields) -> Submission:
    """Raises Unprocessable, naming every wrong field."""
    flow, order = visit.web.flow, visit.story.payment.order
    name = app_method(fields)
    method = next((m for m in flow.methods(visit.story) if m.name == name), None)
    if method is None:
        raise Unprocessable({"payment_method": [NO_METHOD]})
    customer = app_customer(fields, order, visit.address)
    if any(each.required for each in flow.asks(method, visit.lang, customer)):
        raise Unprocessable({"payment_method": [ASKS_MORE]})
    card, remember = await _card(visit, method, fields) if flow.takes_card(method) else (None, None)
    headers = {key.lower(): value for key, value in visit.request.headers.items()}
    browser = app_browser(fields, headers)
    fields.done()
    return Submission(
        number=visit.story.next_number,
        method=name,
        card=card,
        browser=browser,
        customer=customer,
        language=visit.lang,
        remember=remember,
    )


async def _card(visit: Visit, method: Method, fields: Fields) -> tuple[AnyCard | None, bool | None]:
    """The card, new or saved, and whether it is to be remembered, where that is asked."""
    flow, order = visit.web.flow, visit.story.payment.order
    can = flow.gateways[method.gateway].can
    if token := app_token(fields):
        known = await flow.ledger.read(cards.known, visit.shop.id, token) if can.tokens else None
        return app_saved_card(fields, order, token, known), None
    asked = can.keeps_cards and saving.asks(order)
    card = app_card(fields, order, today(visit), code_optional=can.code_optional)
    return card, app_remembers(fields) if asked else None


HANDLERS: Final = (pay_in_app,)
