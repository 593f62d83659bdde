"""Connections to the gateways: each host has its own, so that one that hangs uses up its own alone.

Names are looked up beforehand, in threads of their own, once for all who need them: one that hangs
is known as that before it takes a thread of those that all connections share.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import httpx

from checkout.payments.concurrency import NoRoom
from checkout.payments.dns import Resolver

FRESH: Final = 30.0  # seconds that a look-up holds
OURS: Final = "gateways"  # at whose expense names are looked up


class ByHost(httpx.AsyncBaseTransport):
    """`opened` opens the connections to one host. The hosts are those of the settings' accounts."""

    def __init__(
        self, opened: Callable[[], httpx.AsyncBaseTransport], names: Resolver | None = None
    ) -> None:
        self._opened = opened
        self._names = names or Resolver("gateways_names")
        self._hosts: dict[str, httpx.AsyncBaseTransport] = {}
        self._known: dict[str, float] = {}  # host -> until when it need not be looked up
        self._asked: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        to = request.url
        host = to.host
        if host not in self._hosts:
            self._hosts[host] = self._opened()
        if time.monotonic() >= self._known.get(host, 0.0):
            await self._look_up(host, to.port or 443, request)
        return await self._hosts[host].handle_async_request(request)

    async def _look_up(self, host: str, port: int, request: httpx.Request) -> None:
        """Raises what a connection that couldn't be made raises: nothing was sent."""
        asked = self._asked.get(host)
        if asked is None:
            asked = asyncio.ensure_future(self._names.of(OURS)(host, port))
            self._asked[host] = asked
            asked.add_done_callback(partial(self._answered, host))
        try:
            await asyncio.shield(asked)
        except (TimeoutError, NoRoom):
            raise httpx.ConnectTimeout("the name was not found in time", request=request) from None
        except (OSError, ValueError):
            raise httpx.ConnectError("the name was not found", request=request) from None

    def _answered(self, host: str, asked: asyncio.Task[Sequence[str]]) -> None:
        del self._asked[host]
        if not asked.cancelled() and asked.exception() is None:
            self._known[host] = time.monotonic() + FRESH

    async def aclose(self) -> None:
        for each in self._hosts.values():
            await each.aclose()
