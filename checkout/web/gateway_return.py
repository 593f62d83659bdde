"""The customer returns from a bank or a payment service.

By GET or by a cross-site POST, in this browser or another, with or without a cookie. What the
request's query or body claims is a hint: only the gateway's answer to our own query counts.
"""

from __future__ import annotations

from litestar import HttpMethod, route

from checkout.payments import customer_actions
from checkout.web.context import app_of
from checkout.web.pages.payment_request import payment_request
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse


@route(
    "/return/{ticket:str}",
    http_method=(*READ, HttpMethod.POST),
    status_code=303,
    include_in_schema=False,
)
async def gateway_return(request: AppRequest) -> RawResponse:
    app, ticket = app_of(request), request.path_params["ticket"]
    payment = await customer_actions.returned(app.context, ticket)
    attempt = next(each for each in payment.attempts if each.return_ticket == ticket)
    return payment_request(app, request, attempt.language, payment).to_current()


HANDLERS = (gateway_return,)
