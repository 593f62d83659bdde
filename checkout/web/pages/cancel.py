"""Takes the form that cancels the payment, or abandons the attempt to choose another method."""

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


HANDLERS: Final = (cancel,)
