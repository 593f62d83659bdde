"""Notifications, callbacks and IPNs from gateways: verified by the gateway's adapter over the
raw body, recorded and answered at once; our own status query decides the result."""

from __future__ import annotations

from litestar import MediaType, Response, post

from checkout.payments import gateway_notifications
from checkout.web.concurrency_limits import count_as
from checkout.web.context import app_of
from checkout.web.request import AppRequest
from checkout.web.security import read_body


@post("/notify/{account:str}/{ticket:str}", status_code=200, include_in_schema=False)
async def gateway_notification(request: AppRequest) -> Response[bytes]:
    context, account = app_of(request).context, request.path_params["account"]
    # The ticket is checked before the body is read: an unknown sender can't hold the connection.
    attempt = await gateway_notifications.attempt_of(
        context, account, request.path_params["ticket"]
    )
    count_as(request, f"gateway {account}")
    body = await read_body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.scope["query_string"].decode("latin-1")
    await gateway_notifications.process(context, attempt, headers, body, query)
    return Response(b"OK", media_type=MediaType.TEXT)


HANDLERS = (gateway_notification,)
