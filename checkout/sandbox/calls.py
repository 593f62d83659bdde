"""A record of every call that the gateways received: who asked what, and what was broken."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from checkout.sandbox.world import HttpRequest, World

_STATE = "call"


class CallLog(ASGIMiddleware):
    """Enters each call before it is handled, so that one which hangs is seen too.

    An entry: `at` (Unix seconds), `method`, `path`, `status` (None until answered), and what
    handlers note about it: `uid`, `tracking_id`, `fault`. Never a query, a header or a body.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "unlogged"

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        entry: dict[str, object] = {
            "at": self._world.now(),
            "method": str(scope.get("method", "")),
            "path": scope["path"],
            "status": None,
            "uid": None,
            "tracking_id": None,
            "fault": None,
        }
        scope["state"][_STATE] = entry
        self._world.calls.append(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        await next_app(scope, receive, noting)


def note(request: HttpRequest, **facts: str | None) -> None:
    """Add facts to the record of this call."""
    note_in(request.scope, **facts)


def note_in(scope: Scope, **facts: str | None) -> None:
    """The same, for a middleware."""
    entry = scope["state"].get(_STATE)
    if isinstance(entry, dict):
        entry.update(facts)
