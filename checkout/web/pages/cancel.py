"""The form that gives a payment up, or chooses another way to pay."""

from __future__ import annotations

from typing import Final

from litestar import post

from checkout.payments import customer_actions
from checkout.web.pages.payment_request import PAYMENT_PATH, enter
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse


@post(f"{PAYMENT_PATH}/cancel", status_code=303, include_in_schema=False)
async def cancel(request: AppRequest) -> RawResponse:
    """`what=attempt`: choose another way to pay; else the payment is given up."""
    page = await enter(request)
    fields = await page.posted_for("cancel")
    verb = customer_actions.abandon if fields.get("what") == "attempt" else customer_actions.cancel
    page.payment = await verb(page.app.context, page.payment)
    return page.to_current()


HANDLERS: Final = (cancel,)
