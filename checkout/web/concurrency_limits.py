"""How many requests of one address, one shop's server or one gateway may be under way at once, so
that a flood from one of them does not block the others.

A request counts for its client address, also while its body is incomplete; once the caller has
authenticated, for that caller.
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
from checkout.payments.metrics import SHED
from checkout.settings import Settings
from checkout.web.proxies import address_of, peer_of, unnamed_proxy

log = structlog.get_logger(__name__)

SLOT: Final = "slot"  # in the scope's state
KNOWN: Final = "known:"  # before the names of callers who have authenticated
LIVE: Final = "/health/live"  # not limited: the operator's probe is always answered
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
                self._warn_of_proxy(scope)
            slot = Slot(self, network_of(address))
            scope["state"][SLOT] = slot
            try:
                await app(scope, receive, send)
            finally:
                slot.leave()

        return gate

    def enter(self, name: str, most: int, *, shown: str) -> None:
        """Count one more. Raises Unavailable above `most`."""
        if self.counts[name] >= most:
            SHED.labels("caller" if name.startswith(KNOWN) else "address").inc()
            if self._clock() >= self._logged_at + LOG_EVERY:
                self._logged_at = self._clock()
                log.warning("share.full", of=shown, most=most)
            raise Unavailable(RETRY_AFTER, CROWD)
        self.counts[name] += 1

    def leave(self, name: str) -> None:
        self.counts[name] -= 1
        if not self.counts[name]:
            del self.counts[name]

    def _warn_of_proxy(self, scope: Any) -> None:
        """Warns once: the header may be forged, and only the operator knows whether it is a
        proxy."""
        peer = unnamed_proxy(scope, self._trusted)
        if peer is not None:
            self._warned = True
            log.warning("proxy.unnamed", peer=peer or None, detail=UNNAMED_PROXY, alert=True)


class Slot:
    """The counter that one request is counted in."""

    def __init__(self, middleware: ConcurrencyLimits, address: str) -> None:
        self._middleware = middleware
        self._name = ""
        self._enter(address, middleware.limits.requests_per_address, "an address")

    def move(self, name: str) -> None:
        """Count it for an authenticated caller. Raises Unavailable."""
        self.leave()
        self._enter(f"{KNOWN}{name}", self._middleware.limits.requests_per_shop, name)

    def leave(self) -> None:
        if self._name:
            self._middleware.leave(self._name)
            self._name = ""

    def _enter(self, name: str, most: int, shown: str) -> None:
        self._middleware.enter(name, most, shown=shown)
        self._name = name


def count_as(request: Request[Any, Any, Any], name: str) -> None:
    """The caller has authenticated as `name`: the request counts for that caller from now on.
    Raises Unavailable above its limit."""
    slot: Slot | None = request.scope["state"].get(SLOT)
    if slot is not None:
        slot.move(name)
