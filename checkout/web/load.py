"""Overload: new work is refused early, so that payments under way keep their room.

Opening and creating payments is refused first; paying, coming back, polling and being told go on
until the server really is full.
"""

from __future__ import annotations

from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from checkout.errors import Unavailable

MOST: Final = 1000  # requests under way
MOST_NEW: Final = 600  # above it, no new work
UNDER_WAY: Final = ("/pay", "/cancel", "/redirect", "/wait", "/status", "/result")
ALWAYS: Final = ("/return/", "/notify/", "/health/", "/static/")


def shed_load(app: ASGIApp, *, most: int = MOST, most_new: int = MOST_NEW) -> ASGIApp:
    """A Litestar middleware that counts what is under way in this worker."""
    under_way = 0

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal under_way
        path = scope["path"]
        going_on = path.endswith(UNDER_WAY) or path.startswith(ALWAYS)
        if under_way >= (most if going_on else most_new):
            raise Unavailable
        under_way += 1
        try:
            await app(scope, receive, send)
        finally:
            under_way -= 1

    return gate
