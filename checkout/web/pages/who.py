"""Takes the form by which a stranger proves to be the customer, by the e-mail address."""

from __future__ import annotations

from typing import Final

from litestar import post, route

from checkout.i18n import N_
from checkout.payments.customer_check import is_customer
from checkout.web.pages.payment import show_payment
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.pages.recognition import ANSWER, LONGEST, cookie_of
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse

NOT_KNOWN: Final = N_("The shop has a different e-mail address. Check it and try again")


@route(f"{PAYMENT_PATH}/who", http_method=READ, include_in_schema=False)
async def who_again(request: AppRequest) -> RawResponse:
    """The form's target was reloaded."""
    page = await enter(request)
    return page.to_current()


@post(f"{PAYMENT_PATH}/who", include_in_schema=False)
async def who(request: AppRequest) -> RawResponse:
    """With the right e-mail address the page shows the customer's data; where the browser keeps no
    cookie, as in some frames, only this once."""
    page = await enter(request)
    if await _knows_email(page):
        page.recognise()
    if page.current or (page.is_customer and page.cookie):
        return page.to_current(cookie_of(page))
    if page.is_customer:
        return await show_payment(page)
    return await show_payment(page, errors={ANSWER: NOT_KNOWN}, status_code=422)


async def _knows_email(page: PaymentRequest) -> bool:
    """Raises TooMany, Forbidden."""
    fields = await page.posted_for("who")
    email = fields.get(ANSWER, "")
    known = email if len(email) <= LONGEST else ""
    return await is_customer(page.app.context, page.payment, known, page.address)


HANDLERS: Final = (who, who_again)
