"""Links are forwarded: who may see the customer's data on a page.

The first browser that opens a payment is the customer's; our cookie keeps that. Everybody else is a
stranger, and so is a browser without cookies at its next page: they may pay, and the customer's
data are used without being shown. A stranger who enters the customer's e-mail address sees them.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from checkout.i18n import N_
from checkout.payments.customer_check import opens_first
from checkout.signing import CustomerCookie
from checkout.web.pages.components import Field
from checkout.web.pages.customer_fields import input_names
from checkout.web.pages.payment_request import PaymentRequest
from checkout.web.request import AppRequest, header

EMAIL: Final = N_("E-mail")
ANSWER: Final = "known_email"  # the field's name
LONGEST: Final = 254


class WhoForm(Struct, frozen=True):
    """The form by which a stranger proves to be the customer, by the e-mail address the shop
    has."""

    action: str  # POST .../who
    form_token: str
    field: Field


def shows_customer_data(page: PaymentRequest) -> bool:
    """Whether the page would show any of the customer's data."""
    order = page.order
    known = order.card_token or order.page_settings.card_fields.holder or page.payment.attempts
    return bool(known or any(getattr(order.customer, name) for name in input_names(order)))


async def recognise_first_browser(page: PaymentRequest) -> None:
    """The first browser that opens the payment is the customer's. Programs that fetch links (mail
    scanners, previews of messengers, prefetches) often come first and don't count."""
    if not page.is_customer and _is_person(page.request):
        if await opens_first(page.app.context, page.payment):
            page.recognise()


def _is_person(request: AppRequest) -> bool:
    """Current browsers mark a navigation by a header; older ones are recognised when they submit
    the form. A prefetched page may never be seen."""
    if request.method == "POST":
        return True
    fetched = (header(request, b"sec-purpose") or "") + (header(request, b"purpose") or "")
    goes = header(request, b"sec-fetch-mode") == "navigate"
    return request.method == "GET" and goes and "prefetch" not in fetched


def cookie_of(page: PaymentRequest) -> CustomerCookie:
    """The cookie that is set with the page."""
    kept = page.cookie or CustomerCookie(page.payment.uid, lang=page.lang)
    return (
        kept
        if kept.own == page.is_customer
        else msgspec.structs.replace(kept, own=page.is_customer)
    )


def who_form(page: PaymentRequest, error: str | None) -> WhoForm | None:
    """The form, where the shop has an e-mail address and the page has data to show."""
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
