"""Links are forwarded: who is shown what is known of the customer, and who isn't.

The first browser that opens a payment is its customer's, and keeps that in our cookie. Everybody
else, and a browser without cookies at its next page, may pay all the same: what is known is used
without being shown. Whoever knows the e-mail address that the shop has of the customer sees it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from checkout.flow.customers import is_customer, opens_first
from checkout.i18n import N_
from checkout.signing import CustomerCookie
from checkout.web.bodies import posted_form
from checkout.web.forms import asked_names
from checkout.web.security import guard_form
from checkout.web.views import Field, Who
from checkout.web.visit import Visit, Web_Request, header

NOT_KNOWN: Final = N_("The shop knows another e-mail address. Check it and try again")
EMAIL: Final = N_("E-mail")
ANSWER: Final = "known_email"  # the field's name
LONGEST: Final = 254


def knows_somebody(visit: Visit) -> bool:
    """Whether the page would show anything of the customer's."""
    order = visit.story.payment.order
    known = order.card_token or order.ways.card_fields.holder or visit.story.attempts
    return bool(known or any(getattr(order.customer, name) for name in asked_names(order)))


async def take_opening(visit: Visit) -> None:
    """Where nobody has opened the payment before, whoever looks is the customer. Programs that look
    at links (scanners of mails, previews of messengers, prefetches) come first and are none."""
    if not visit.own and _is_person(visit.request):
        if await opens_first(visit.web.flow, visit.story):
            visit.owned()


def _is_person(request: Web_Request) -> bool:
    """Every browser of today says that it goes to a page; older ones are known by the form that
    they send. A prefetch may be looked at by nobody."""
    if request.method == "POST":
        return True
    fetched = (header(request, b"sec-purpose") or "") + (header(request, b"purpose") or "")
    goes = header(request, b"sec-fetch-mode") == "navigate"
    return request.method == "GET" and goes and "prefetch" not in fetched


def cookie_of(visit: Visit) -> CustomerCookie:
    """What the browser keeps when the page is shown to it."""
    kept = visit.cookie or CustomerCookie(visit.story.payment.uid, lang=visit.lang)
    return kept if kept.own == visit.own else msgspec.structs.replace(kept, own=visit.own)


def who(visit: Visit, error: str | None) -> Who | None:
    """The question "which e-mail?", where there is an answer and something to see by it."""
    order = visit.story.payment.order
    if visit.own or not order.customer.email or not knows_somebody(visit):
        return None
    _ = visit._
    return Who(
        action=visit.url("who"),
        form_token=visit.form_token("who", visit.story.next_number),
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


async def answered(request: Web_Request, visit: Visit) -> bool:
    """Whether the posted form has the customer's e-mail address. Raises TooMany, Forbidden."""
    guard_form(request, visit.web.settings.public_url)
    fields = await posted_form(request)
    visit.web.signer.read_form("who", visit.story.payment.uid, fields.get("form_token", ""))
    email = fields.get(ANSWER, "")[:LONGEST]
    return await is_customer(visit.web.flow, visit.story, email, visit.address)
