"""The shops' logos: fetched once, at most 100 kB each, and served by us, so that the customer's
browser calls no other site. One that could not be fetched is tried again at the next turn."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx
import structlog

from checkout.payments.answer_bodies import image_of
from checkout.payments.call_failures import in_words
from checkout.payments.shop_requests import FAILURES
from checkout.settings import Shop
from checkout.web.context import AppContext

log = structlog.get_logger(__name__)

LARGEST: Final = 100 * 1024
SECONDS: Final = 10.0
AT_ONCE: Final = 20
ENDINGS: Final = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
}


async def fetch(app: AppContext, http: httpx.AsyncClient) -> None:
    """Fill `app.logos`; a shop whose logo can't be fetched shows its name only."""
    room = asyncio.Semaphore(AT_ONCE)
    wanted = [
        (each, url)
        for each in app.settings.shops.values()
        for url in (each.logo, each.dark_logo)
        if url and (each.id, url) not in app.logos
    ]
    await asyncio.gather(*(_fetch(app, http, shop, url, room) for shop, url in wanted))


async def _fetch(
    app: AppContext, http: httpx.AsyncClient, shop: Shop, logo: str, room: asyncio.Semaphore
) -> None:
    try:
        async with room, asyncio.timeout(SECONDS):
            ending, body = await _read(http, logo)
    except FAILURES as error:
        log.warning("logo.unavailable", shop=shop.id, error=in_words(error))
        return
    app.logos[shop.id, logo] = app.render.assets.add(f"logo-{shop.id}.{ending}", body)


async def _read(http: httpx.AsyncClient, url: str) -> tuple[str, bytes]:
    async with http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        kind, body = await image_of(response, ENDINGS, LARGEST)
    return ENDINGS[kind], body
