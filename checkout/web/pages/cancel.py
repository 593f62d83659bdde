"""Takes the forms that cancel the payment, abandon the attempt to choose another method, open a
cancelled payment again, or renew one that has expired."""

from __future__ import annotations

from typing import Final

from litestar import post

from checkout.payments import customer_actions, renewal
from checkout.web.pages.payment_request import PAYMENT_PATH, enter
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse, see_other


@post(f"{PAYMENT_PATH}/cancel", status_code=303, include_in_schema=False)
async def cancel(request: AppRequest) -> RawResponse:
    """`what=attempt`: abandon the attempt; else cancel the payment."""
    page = await enter(request)
    fields = await page.posted_for("cancel")
    abandons = fields.get("what") == "attempt"
    action = customer_actions.abandon if abandons else customer_actions.cancel
    page.payment = await action(page.app.context, page.payment)
    return page.to_current()


@post(f"{PAYMENT_PATH}/resume", status_code=303, include_in_schema=False)
async def resume(request: AppRequest) -> RawResponse:
    """ "Pay after all": the payment page again, where the payment can still be made."""
    page = await enter(request)
    await page.posted_for("resume")
    page.payment = await customer_actions.resume(page.app.context, page.payment)
    return page.to_current()


@post(f"{PAYMENT_PATH}/renew", status_code=303, include_in_schema=False)
async def renew(request: AppRequest) -> RawResponse:
    """Leads to the payment that takes the place of this one; to the same one each time."""
    page = await enter(request)
    await page.posted_for("renew")
    made = await renewal.renew(page.app.context, page.payment, page.shop, page.address)
    return see_other(f"/{page.lang}/payment/{made.uid}/{made.secret}")


HANDLERS: Final = (cancel, resume, renew)
