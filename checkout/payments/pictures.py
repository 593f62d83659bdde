"""Pictures of what is bought, at shops' own addresses: fetched when a browser asks for one and kept
in memory.

Slow shops hold slots of their own, and what could not be fetched is not asked for again for a
while: a page with a hundred broken addresses costs its shop a hundred requests in five minutes.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httpx
import structlog
from msgspec import Struct

from checkout.bounded_cache import BoundedCache
from checkout.ledger.outbox import host_of
from checkout.payments.answer_bodies import image_of
from checkout.payments.call_failures import in_words
from checkout.payments.concurrency import NoSlot, Slots
from checkout.payments.context import Context
from checkout.payments.dns import Resolve, Resolver
from checkout.payments.shop_requests import FAILURES, fetched

log = structlog.get_logger(__name__)

LARGEST: Final = 100 * 1024  # bytes of one
ROOM: Final = 8 * 1024 * 1024  # bytes of those that are kept
WAIT: Final = 2.0  # seconds for a slot
SECONDS: Final = 5.0  # to fetch it
AGAIN: Final = 300.0  # seconds until one that could not be fetched is tried again
# No SVG: opened by itself it would be a page of ours with the shop's script in it.
TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif")


class Picture(Struct, frozen=True):
    """`media_type` is one of `TYPES`; "" where it could not be fetched. `until`: when it is fetched
    again, by the context's clock."""

    media_type: str
    body: bytes
    until: float


class Pictures:
    """Those of one worker, fetched with the HTTP client of the webhooks."""

    def __init__(
        self, context: Context, http: httpx.AsyncClient, resolve: Resolve | None = None
    ) -> None:
        self._context = context
        self._http = http
        self._slots = Slots("pictures", total=64, shop=8, host=8)
        self._names = Resolver("picture_names")
        self._resolve = resolve
        self._kept = BoundedCache[tuple[str, str], Picture](ROOM)
        self._fetching: dict[tuple[str, str], asyncio.Task[Picture]] = {}

    async def get(self, shop: str, url: str) -> Picture | None:
        """None where it can't be fetched. Two that ask for one at once wait for one request."""
        key, now = (shop, url), self._context.clock()
        found = self._kept.get(key)
        if found is None or found.until <= now:
            task = self._fetching.get(key)
            if task is None:
                task = self._fetching[key] = self._context.run(self._fetch(shop, url))
                task.add_done_callback(lambda _: self._fetching.pop(key, None))
            found = await asyncio.shield(task)
        return found if found.media_type else None

    async def _fetch(self, shop: str, url: str) -> Picture:
        host, now = host_of(url), self._context.clock()
        try:
            async with self._slots.enter(shop, host, WAIT), asyncio.timeout(SECONDS):
                media_type, body = await self._read(shop, url)
            found = Picture(media_type, body, now + 12 * AGAIN)
        except NoSlot:  # nothing was tried
            return Picture("", b"", now)
        except FAILURES as error:
            log.info("picture.unavailable", shop=shop, error=in_words(error))
            found = Picture("", b"", now + AGAIN)
        self._kept.put((shop, url), found)
        return found

    async def _read(self, shop: str, url: str) -> tuple[str, bytes]:
        response = await fetched(
            self._http,
            url,
            {"Accept": ", ".join(TYPES), "Accept-Encoding": "identity"},
            resolve=self._resolve or self._names.of(shop),
            settings=self._context.settings,
        )
        try:
            return await image_of(response, TYPES, LARGEST)
        finally:
            await response.aclose()
