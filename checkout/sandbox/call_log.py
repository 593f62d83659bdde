"""A record of every call that the gateways received: who asked what, and what was broken."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from checkout.sandbox.state import HttpRequest, SandboxState

_CALL = "call"


class CallLog(ASGIMiddleware):
    """Enters each call before it is handled, so that one which hangs is seen too.

    An entry: `at` (Unix seconds), `method`, `path`, `status` (None until answered), and what
    handlers note about it: `uid`, `tracking_id`, `fault`. Never a query, a header or a body.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "unlogged"

    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        entry: dict[str, object] = {
            "at": self._state.now(),
            "method": str(scope.get("method", "")),
            "path": scope["path"],
            "status": None,
            "uid": None,
            "tracking_id": None,
            "fault": None,
        }
        scope["state"][_CALL] = entry
        self._state.calls.append(entry)

        async def record_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        await next_app(scope, receive, record_status)


def annotate(request: HttpRequest, **facts: str | None) -> None:
    """Add facts to the record of this call."""
    annotate_scope(request.scope, **facts)


def annotate_scope(scope: Scope, **facts: str | None) -> None:
    """The same, for a middleware."""
    entry = scope["state"].get(_CALL)
    if isinstance(entry, dict):
        entry.update(facts)
