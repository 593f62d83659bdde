"""How many requests of one address, one shop's server or one gateway may be under way at once, so
that nobody waits because of another's crowd.

A request counts for the address that it comes from, also while its body hasn't come; once its
caller has shown a secret that others don't know, for that caller.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

import structlog
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from checkout.errors import Unavailable
from checkout.model.client_network import network_of
from checkout.settings import Settings
from checkout.web.proxies import address_of, peer_of, unnamed_proxy

log = structlog.get_logger(__name__)

SLOT: Final = "slot"  # in the scope's state
LIVE: Final = "/health/live"  # whoever looks after us is told, also while others crowd
RETRY_AFTER: Final = 1  # seconds
LOG_EVERY: Final = 60.0  # seconds between two lines of the log about a full one
CROWD: Final = "Too many requests at once"
UNNAMED_PROXY: Final = (
    "a proxy's header came from a peer that trusted_proxies doesn't name: all its customers count "
    "as one address"
)


class ConcurrencyLimits:
    """A Litestar middleware; Litestar calls it once for each route, and all use the same counts."""

    def __init__(self, settings: Settings) -> None:
        self.counts: Counter[str] = Counter()
        self.limits = settings.limits
        self._trusted = settings.trusted_proxies
        self._clock = time.monotonic
        self._logged_at = -LOG_EVERY
        self._warned = False

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def gate(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == LIVE:
                return await app(scope, receive, send)
            address = address_of(scope, self._trusted)
            if not self._warned and address == peer_of(scope):
                self._look_for_proxies(scope)
            slot = Slot(self, network_of(address))
            scope["state"][SLOT] = slot
            try:
                await app(scope, receive, send)
            finally:
                slot.leave()

        return gate

    def enter(self, name: str, most: int, *, shown: str) -> None:
        """Count one more. Raises Unavailable where that were more than its share."""
        if self.counts[name] >= most:
            if self._clock() >= self._logged_at + LOG_EVERY:
                self._logged_at = self._clock()
                log.warning("share.full", of=shown, most=most)
            raise Unavailable(RETRY_AFTER, CROWD)
        self.counts[name] += 1

    def leave(self, name: str) -> None:
        self.counts[name] -= 1
        if not self.counts[name]:
            del self.counts[name]

    def _look_for_proxies(self, scope: Any) -> None:
        """Once: anybody may send such a header, and only the operator knows of a proxy."""
        peer = unnamed_proxy(scope, self._trusted)
        if peer is not None:
            self._warned = True
            log.warning("proxy.unnamed", peer=peer or None, detail=UNNAMED_PROXY, alert=True)


class Slot:
    """Where one request counts."""

    def __init__(self, middleware: ConcurrencyLimits, address: str) -> None:
        self._middleware = middleware
        self._name = ""
        self._enter(address, middleware.limits.requests_per_address, "an address")

    def move(self, name: str) -> None:
        """It counts for a caller that is known. Raises Unavailable."""
        self.leave()
        self._enter(f"known:{name}", self._middleware.limits.requests_per_shop, name)

    def leave(self) -> None:
        if self._name:
            self._middleware.leave(self._name)
            self._name = ""

    def _enter(self, name: str, most: int, shown: str) -> None:
        self._middleware.enter(name, most, shown=shown)
        self._name = name


def count_as(request: Request[Any, Any, Any], name: str) -> None:
    """The caller has shown what only `name` knows: it takes of that one's share from now on.
    Raises Unavailable where that is taken."""
    slot: Slot | None = request.scope["state"].get(SLOT)
    if slot is not None:
        slot.move(name)
