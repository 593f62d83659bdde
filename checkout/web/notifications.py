"""Notifications, callbacks and IPNs from gateways: verified by the gateway's own file over the
raw body, noted, answered at once; a status query of our own tells the truth."""

from __future__ import annotations

from litestar import MediaType, Response, post

from checkout.web.security import read_body
from checkout.web.shares import known
from checkout.web.visit import Web_Request, web_of


@post("/notify/{account:str}/{ticket:str}", status_code=200, include_in_schema=False)
async def notification(request: Web_Request) -> Response[bytes]:
    flow, account = web_of(request).flow, request.path_params["account"]
    # Known before its body is waited for: nobody else's may keep us waiting.
    attempt = await flow.awaited(account, request.path_params["ticket"])
    known(request, f"gateway {account}")
    body = await read_body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.scope["query_string"].decode("latin-1")
    await flow.heard_of(attempt, headers, body, query)
    return Response(b"OK", media_type=MediaType.TEXT)


HANDLERS = (notification,)
