"""Which of our answers pages of other sites may read (CORS): what a shop's page does by the
publishable key, as its app does. The key is public, so any origin may; cookies play no part in it.

The shop's secret is not for pages: where they may call at all, one that sends it is refused, and no
answer to it can be read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from litestar.types import Message

from checkout.errors import Forbidden
from checkout.settings import Settings
from checkout.web.request import AppRequest, header

ADDRESSES: Final = re.compile(
    r"/ctp/api/(?:checkouts(?:/[^/]+)?|payments|(?:apple|google)_pay/payment)/?"
)
READABLE: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After"),
)
# To the question that a browser asks first (the preflight, which Litestar answers): what clients of
# the family send. A browser keeps the answer for two hours at most.
ALLOWED: Final = (
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Accept, Idempotency-Key, RequestID, X-API-Version",
    ),
    (b"access-control-max-age", b"7200"),
)
NO_PAGES: Final = (
    "This came from a page: secret_key is for the shop's own server, a page calls with "
    "publishable_key"
)


def pages_may_call(settings: Settings) -> bool:
    """Whether any shop has apps: a preflight does not say whose it is."""
    return settings.shops.has_apps


def refuse_pages(request: AppRequest, settings: Settings) -> None:
    """Of a caller with a secret. Raises Forbidden where a page of another site sends it: the
    preflight, which would have stopped it, is allowed to keys."""
    origin = header(request, b"origin")
    if origin is not None and not settings.is_ours(origin) and pages_may_call(settings):
        raise Forbidden(NO_PAGES)


def readable_by_pages(settings: Settings) -> Any:
    """A `before_send` hook: answers to keys, errors too, may be read by any page; answers to a
    secret by none."""

    async def before_send(message: Message, scope: Any) -> None:
        if not pages_may_call(settings) or message["type"] != "http.response.start":
            return
        if ADDRESSES.fullmatch(scope["path"]) and not _by_secret(scope):
            asked = ALLOWED if scope["method"] == "OPTIONS" else ()
            message["headers"] = [*message["headers"], *READABLE, *asked]

    return before_send


def _by_secret(scope: Any) -> bool:
    return any(
        name == b"authorization" and value[:6].lower() == b"basic "
        for name, value in scope["headers"]
    )
