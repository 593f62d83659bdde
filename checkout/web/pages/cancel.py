"""Takes the forms that cancel the payment, abandon the attempt to choose another method, or open a
cancelled payment again."""

from __future__ import annotations

from typing import Final

from litestar import post

from checkout.payments import customer_actions
from checkout.web.pages.payment_request import PAYMENT_PATH, enter
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse


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


HANDLERS: Final = (cancel, resume)
