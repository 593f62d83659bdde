"""The shops' logos: fetched once at start, at most 8 kB each, and served by us, so that the
customer's browser calls nobody else."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx
import structlog

from checkout.web.visit import Web

log = structlog.get_logger(__name__)

LARGEST: Final = 8 * 1024
SECONDS: Final = 10.0
ENDINGS: Final = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
}


async def fetch(web: Web, http: httpx.AsyncClient) -> None:
    """Fill `web.logos`; a shop whose logo can't be had shows its name alone."""
    for shop in web.settings.shops.values():
        if shop.logo is None:
            continue
        try:
            async with asyncio.timeout(SECONDS):
                ending, body = await _read(http, shop.logo)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            log.warning("logo.unavailable", shop=shop.id, error=type(error).__name__)
            continue
        web.logos[shop.id] = web.render.assets.add(f"logo-{shop.id}.{ending}", body)


async def _read(http: httpx.AsyncClient, url: str) -> tuple[str, bytes]:
    async with http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if response.status_code != 200 or kind not in ENDINGS:
            raise ValueError("no image")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > LARGEST:
                raise ValueError("too large")
    return ENDINGS[kind], bytes(body)
