"""HTTP connections to the gateways: a connection pool for each host, so that a host that hangs uses
up its own pool only.

Host names are resolved first, in threads of their own, one lookup for all requests that need it: a
lookup that hangs takes no thread of those that all connections share. What is found goes along with
the request, as its extension `addresses`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import httpx

from checkout.payments.concurrency import NoSlot
from checkout.payments.dns import Resolver

FRESH: Final = 30.0  # seconds that a lookup stays valid
OWNER: Final = "gateways"  # whose slots the lookups take


class HostConnections(httpx.AsyncBaseTransport):
    """`opened` opens the connections to one host. The hosts are those of the settings' accounts."""

    def __init__(
        self, opened: Callable[[], httpx.AsyncBaseTransport], names: Resolver | None = None
    ) -> None:
        self._opened = opened
        self._names = names or Resolver("gateways_names")
        self._hosts: dict[str, httpx.AsyncBaseTransport] = {}
        self._known: dict[str, tuple[float, Sequence[str]]] = {}  # host -> valid until, addresses
        self._lookups: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        to = request.url
        host = to.raw_host.decode()
        if host not in self._hosts:
            self._hosts[host] = self._opened()
        until, addresses = self._known.get(host, (0.0, ()))
        if time.monotonic() >= until:
            addresses = await self._look_up(host, to.port or 443)
        request.extensions["addresses"] = addresses
        try:
            return await self._hosts[host].handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._known.pop(host, None)  # it may have moved
            raise

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        """Raises as httpx does where no connection can be made: nothing was sent."""
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = asyncio.ensure_future(self._names.of(OWNER)(host, port))
            self._lookups[host] = lookup
            lookup.add_done_callback(partial(self._found, host))
        try:
            return await asyncio.shield(lookup)
        except (TimeoutError, NoSlot):
            raise httpx.ConnectTimeout("the name was not found in time") from None
        except (OSError, ValueError):
            raise httpx.ConnectError("the name was not found") from None

    def _found(self, host: str, lookup: asyncio.Task[Sequence[str]]) -> None:
        del self._lookups[host]
        if not lookup.cancelled() and lookup.exception() is None:
            self._known[host] = time.monotonic() + FRESH, lookup.result()

    async def aclose(self) -> None:
        for each in self._hosts.values():
            await each.aclose()
