"""Takes the payment page's form: one attempt to pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import post, route

from checkout.errors import Unprocessable
from checkout.model.browser import FIELDS, Browser
from checkout.model.status import Status
from checkout.payments import charge
from checkout.payments.charge import CHOOSE_METHOD, Submission
from checkout.payments.offered_methods import OfferedMethod
from checkout.signing import CustomerCookie
from checkout.web.challenge_policy import address_standing, challenge_met
from checkout.web.pages import messages
from checkout.web.pages.customer_fields import CUSTOMER_INPUTS, input_names
from checkout.web.pages.gateway_inputs import name_of
from checkout.web.pages.payment import show_payment
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.pages.submission import read_submission
from checkout.web.request import READ, AppRequest, header
from checkout.web.response import RawResponse


@route(f"{PAYMENT_PATH}/pay", http_method=READ, include_in_schema=False)
async def pay_again(request: AppRequest) -> RawResponse:
    """The form's target was reloaded or bookmarked."""
    page = await enter(request)
    return page.to_current()


@post(f"{PAYMENT_PATH}/pay", status_code=303, include_in_schema=False)
async def pay(request: AppRequest) -> RawResponse:
    page = await enter(request)
    fields = await page.posted()
    token = page.app.signer.read_form("pay", page.payment.uid, fields.get("form_token", ""))
    if token.own:
        page.recognise()
    if page.current or token.attempt != page.payment.next_number:
        return page.to_current()
    kept = _browser_fields(page, fields)
    chosen, submission, errors = await read_submission(
        page,
        fields,
        number=token.attempt,
        known=page.known_customer,
        browser=_browser(request, kept),
    )
    if submission is None or chosen is None:
        return await show_payment(page, values=fields, errors=errors, status_code=422)
    address = await address_standing(page)
    if not challenge_met(page, address, fields):
        return await show_payment(page, values=fields, checks=True, status_code=422)
    if page.payment.opened_at is None:  # no browser was recognised before
        page.recognise()
    uid = page.payment.uid
    cookie = CustomerCookie(uid, page.lang, chosen.name, token.attempt, kept, page.is_customer)
    submission = msgspec.structs.replace(submission, stranger=not page.is_customer, address=address)
    try:
        page.payment = await charge.pay(page.app.context, page.payment, submission)
    except Unprocessable:  # the shop's methods changed while the form was open
        refused = {"method": CHOOSE_METHOD}
    else:
        refused = _refused_field(page, chosen, submission)
    if refused:
        return await show_payment(page, values=fields, errors=refused, status_code=422)
    return page.to_current(cookie)


def _refused_field(page: PaymentRequest, method: OfferedMethod, sent: Submission) -> dict[str, str]:
    """The error of the field that the gateway did not accept: nothing was charged, and the customer
    can correct it here."""
    last = page.payment.last
    if last is None or last.number != sent.number or last.status is not Status.NOT_SENT:
        return {}
    name = last.facts.refused
    if name is None:
        return {}
    for each in method.inputs:
        if each.name == name:
            return {name_of(method.name, each): messages.INPUT_REFUSED}
    known = messages.REFUSED.get(name) or (
        CUSTOMER_INPUTS[name].wrong if name in CUSTOMER_INPUTS else None
    )
    shown = name in messages.REFUSED or name in input_names(page.order)
    return {name: known} if known and shown else {}


def _browser_fields(page: PaymentRequest, fields: Mapping[str, str]) -> dict[str, str]:
    """The form's browser data; without JavaScript those that the cookie kept of an earlier page."""
    kept = page.cookie.browser if page.cookie else {}
    return kept | {name: fields[name] for name in FIELDS if fields.get(name)}


def _browser(request: AppRequest, fields: Mapping[str, str]) -> Browser:
    return Browser.from_form(
        fields,
        accept=header(request, b"accept") or "",
        user_agent=header(request, b"user-agent") or "",
        accept_language=header(request, b"accept-language") or "",
    )


HANDLERS: Final = (pay, pay_again)
