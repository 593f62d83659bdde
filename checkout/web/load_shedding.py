"""Overload: new payments are refused early, so that payments under way can be finished.

Opening and creating payments is refused first; paying, returns and notifications go on until the
server is full, and polling longer than all: an answer to it waits for nothing. A request that waits
for its body is not counted here (`concurrency_limits` bounds those of one address).
"""

from __future__ import annotations

from typing import Final

from litestar.types import ASGIApp, Receive, ReceiveMessage, Scope, Send

from checkout.errors import Unavailable
from checkout.payments.metrics import SHED

MOST: Final = 1000  # requests under way
MOST_POLLED: Final = 2000  # above it, no polling either
MOST_NEW: Final = 600  # above it, no new work
UNDER_WAY: Final = (
    "/pay", "/payments", "/confirm", "/cancel", "/resume", "/redirect", "/wait", "/result",
)  # fmt: skip
POLLED: Final = "/status"
ALWAYS: Final = ("/return/", "/notify/", "/static/")
HEALTH: Final = "/health/"  # a full server is alive


class LoadShedder:
    """A Litestar middleware that counts what is under way in this worker, over all routes:
    Litestar calls it once for each of them."""

    def __init__(
        self, *, most: int = MOST, most_new: int = MOST_NEW, most_polled: int = MOST_POLLED
    ) -> None:
        self.under_way = 0
        self.most = {"under_way": most, "new": most_new, "polled": most_polled}

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def gate(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"]
            if path.startswith(HEALTH):
                return await app(scope, receive, send)
            slot = Slot(self, self._kind_of(path))
            slot.take()

            async def received() -> ReceiveMessage:
                slot.give_back()
                message = await receive()
                slot.take()
                return message

            try:
                await app(scope, received, send)
            finally:
                slot.give_back()

        return gate

    def _kind_of(self, path: str) -> str:
        """Which of `most` says how many may be under way where a request for this path is taken."""
        page = path.rstrip("/")
        if page.endswith(POLLED):
            return "polled"
        going_on = page.endswith(UNDER_WAY) or path.startswith(ALWAYS)
        return "under_way" if going_on else "new"


class Slot:
    """One request's place among those under way."""

    def __init__(self, shedder: LoadShedder, kind: str) -> None:
        self._shedder, self._kind, self._held = shedder, kind, False

    def take(self) -> None:
        """Raises Unavailable when the server is full."""
        if self._shedder.under_way >= self._shedder.most[self._kind]:
            SHED.labels(self._kind).inc()
            raise Unavailable
        self._shedder.under_way += 1
        self._held = True

    def give_back(self) -> None:
        if self._held:
            self._shedder.under_way -= 1
            self._held = False
