"""Links are forwarded: who is shown what is known of the customer, and who isn't.

The first browser that opens a payment is its customer's, and keeps that in our cookie. Everybody
else, and a browser without cookies at its next page, may pay all the same: what is known is used
without being shown. Whoever knows the e-mail address that the shop has of the customer sees it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from checkout.i18n import N_
from checkout.payments.customer_check import opens_first
from checkout.signing import CustomerCookie
from checkout.web.pages.components import Field
from checkout.web.pages.customer_fields import asked_names
from checkout.web.pages.payment_request import PaymentRequest
from checkout.web.request import AppRequest, header

EMAIL: Final = N_("E-mail")
ANSWER: Final = "known_email"  # the field's name
LONGEST: Final = 254


class WhoForm(Struct, frozen=True):
    """The question to a stranger who may be the customer: which e-mail address the shop has."""

    action: str  # POST .../who
    form_token: str
    field: Field


def shows_customer_data(page: PaymentRequest) -> bool:
    """Whether the page would show anything of the customer's."""
    order = page.order
    known = order.card_token or order.page_settings.card_fields.holder or page.payment.attempts
    return bool(known or any(getattr(order.customer, name) for name in asked_names(order)))


async def recognise_first_browser(page: PaymentRequest) -> None:
    """Where nobody has opened the payment before, whoever looks is the customer. Programs that look
    at links (scanners of mails, previews of messengers, prefetches) come first and are none."""
    if not page.is_customer and _is_person(page.request):
        if await opens_first(page.app.context, page.payment):
            page.recognise()


def _is_person(request: AppRequest) -> bool:
    """Every browser of today says that it goes to a page; older ones are known by the form that
    they send. A prefetch may be looked at by nobody."""
    if request.method == "POST":
        return True
    fetched = (header(request, b"sec-purpose") or "") + (header(request, b"purpose") or "")
    goes = header(request, b"sec-fetch-mode") == "navigate"
    return request.method == "GET" and goes and "prefetch" not in fetched


def cookie_of(page: PaymentRequest) -> CustomerCookie:
    """What the browser keeps when the page is shown to it."""
    kept = page.cookie or CustomerCookie(page.payment.uid, lang=page.lang)
    return (
        kept
        if kept.own == page.is_customer
        else msgspec.structs.replace(kept, own=page.is_customer)
    )


def who_form(page: PaymentRequest, error: str | None) -> WhoForm | None:
    """The question "which e-mail?", where there is an answer and something to see by it."""
    order = page.order
    if page.is_customer or not order.customer.email or not shows_customer_data(page):
        return None
    _ = page._
    return WhoForm(
        action=page.url("who"),
        form_token=page.form_token("who", page.payment.next_number),
        field=Field(
            name=ANSWER,
            label=_(EMAIL),
            type="email",
            autocomplete="email",
            inputmode="email",
            maxlength=LONGEST,
            error=_(error) if error else None,
        ),
    )
