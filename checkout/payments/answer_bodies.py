"""The bodies of answers, read up to a size: whoever answers could send without an end."""

from __future__ import annotations

from collections.abc import Container

import httpx

from checkout.payments.call_failures import NO_IMAGE, TOO_LARGE, CallFailed


async def body_of(response: httpx.Response, largest: int) -> bytes:
    """As it comes, of at most so many bytes: the request asks for no compression. Raises
    CallFailed, and what httpx does."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > largest:
            raise CallFailed(TOO_LARGE)
    return bytes(body)


async def image_of(
    response: httpx.Response, types: Container[str], largest: int
) -> tuple[str, bytes]:
    """(media type, one of `types`; bytes). Raises CallFailed."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code != 200 or kind not in types:
        raise CallFailed(NO_IMAGE)
    return kind, await body_of(response, largest)
