"""Landings: the customer comes back from a bank or a payment service.

By GET or by a cross-site POST, in this browser or another, with or without a cookie. What the
landing's query or body claims is a hint: only the gateway's own answer counts.
"""

from __future__ import annotations

from litestar import HttpMethod, route

from checkout.web.answer import Answer
from checkout.web.visit import READ, Visit, Web_Request, web_of


@route(
    "/return/{ticket:str}",
    http_method=(*READ, HttpMethod.POST),
    status_code=303,
    include_in_schema=False,
)
async def landing(request: Web_Request) -> Answer:
    web, ticket = web_of(request), request.path_params["ticket"]
    story = await web.flow.returned(ticket)
    attempt = next(a for a in story.attempts if a.return_ticket == ticket)
    return Visit(web, request, attempt.language, story).to_page()


HANDLERS = (landing,)
