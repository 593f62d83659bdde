"""The limits of a request's head: the length of its address and the size of all headers.

Checked before routing: Litestar caches the last thousand addresses, however long.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from checkout.errors import CheckoutError, NotFound, TooLarge
from checkout.signing import LARGEST_LINK
from checkout.web.errors import on_error

LONGEST_PATH: Final = LARGEST_LINK + 64  # characters: no address of ours is longer than a link
LONGEST_QUERY: Final = 16 * 1024  # bytes: banks add theirs to the return URL
LARGEST_HEAD: Final = 64 * 1024  # bytes of all headers
SHOWN_PATH: Final = 64  # characters of a path that decide how an error is shown


def bounded(app: ASGIApp) -> ASGIApp:
    """The same application for heads that are within bounds."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        problem = _problem(scope)
        if problem is None:
            await app(scope, receive, send)
            return
        short: Any = {**scope, "path": scope["path"][:SHOWN_PATH], "headers": []}
        request: Request[Any, Any, Any] = Request(short, receive, send)
        answer = on_error(request, problem)
        await answer.to_asgi_response(None, request)(short, receive, send)

    return gate


def _problem(scope: Any) -> CheckoutError | None:
    if len(scope["path"]) > LONGEST_PATH:
        return NotFound()
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    if len(scope["query_string"]) > LONGEST_QUERY or headers > LARGEST_HEAD:
        return TooLarge()
    return None
