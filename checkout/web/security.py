"""The headers of every answer, the guard of unsafe methods, bodies that come in time, and whose
address a request has."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.types import Message, Scope

from checkout.errors import BadRequest, Forbidden, TooLarge, WrongType
from checkout.model.wallet import GOOGLE_PAY
from checkout.settings import Settings
from checkout.web.proxies import Networks, address_of
from checkout.web.request import header

LARGEST_BODY: Final = 64 * 1024
BODY_SECONDS: Final = 10.0  # to send it in
PLAIN: Final = ("", "identity")
COMPRESSED: Final = "Send the body as it is, without Content-Encoding"
_LENGTH: Final = re.compile(r"[0-9]{1,18}", re.ASCII)

OPENER_POLICY: Final = "cross-origin-opener-policy"
# Of a shop whose sites may show its pages: one that opens a window with a page keeps hold of it,
# redirects included. Under any other value the window looks closed to it at once.
SHARED_WINDOW: Final = "unsafe-none"
HEADERS: Final[dict[str, str]] = {
    "x-content-type-options": "nosniff",
    # Not no-referrer: that makes our own form posts say `Origin: null`.
    "referrer-policy": "strict-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    OPENER_POLICY: "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
}
# Of a page that offers wallets: their sheets are the browser's, on our page alone.
WITH_PAYMENT: Final = HEADERS["permissions-policy"].replace("payment=()", "payment=(self)")
# Where a browser looks who a wallet's payment app is (Payment Method Manifest): a page's script can
# read nothing there.
WALLET_SOURCES: Final[Mapping[str, str]] = {
    GOOGLE_PAY: "https://google.com/pay https://pay.google.com"
}
REPORTS: Final = "/reports/csp"  # where browsers report what a page's policy has stopped
REPORTING: Final = {"reporting-endpoints": f'csp="{REPORTS}"'}
HSTS: Final = "max-age=63072000; includeSubDomains"


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def content_security_policy(
    nonce: str,
    *,
    ancestors: Iterable[str] = (),
    leaves: bool = False,
    wallets: Iterable[str] = (),
    sandbox: bool = False,
) -> str:
    """The policy of a page. `leaves`: the one page whose form may go to any bank; `wallets`: those
    that it offers."""
    return _policy(tuple(ancestors), leaves, tuple(wallets), sandbox).replace("NONCE", nonce)


@cache
def _policy(
    ancestors: tuple[str, ...], leaves: bool, wallets: tuple[str, ...], sandbox: bool
) -> str:
    called = " ".join(("'self'", *(WALLET_SOURCES[w] for w in wallets if w in WALLET_SOURCES)))
    targets, framed_by = "'self'", " ".join(ancestors) or "'none'"
    if leaves:
        targets = "https: http://localhost:* http://127.0.0.1:*" if sandbox else "https:"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'nonce-NONCE'",
            "style-src 'self' 'nonce-NONCE'",
            "img-src 'self' data:",
            f"connect-src {called}",
            f"form-action {targets}",
            f"frame-ancestors {framed_by}",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types htmx",
            "report-to csp",
            f"report-uri {REPORTS}",  # for browsers that don't know `report-to`
        )
    )


def security_headers(settings: Settings, *, name: str | None = None) -> Any:
    """A `before_send` hook: fills in what an answer does not say itself; errors come by it too.
    `name`: of the server, where the one beneath would say its own."""
    filled = HEADERS | ({"server": name} if name else {})
    if settings.https:
        filled["strict-transport-security"] = HSTS
    pairs = [(name.encode(), value.encode()) for name, value in filled.items()]

    async def before_send(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            if not isinstance(headers, list):
                headers = message["headers"] = list(headers)
            if _shares_window(settings, scope.get("state", {})):
                headers.append((OPENER_POLICY.encode(), SHARED_WINDOW.encode()))
            present = {name.lower() for name, _ in headers}
            headers.extend(pair for pair in pairs if pair[0] not in present)

    return before_send


def _shares_window(settings: Settings, state: dict[str, Any]) -> bool:
    """Whether the answer is about a shop that lists sites which may show its pages."""
    payment = state.get("payment")
    shop = settings.shops.get(payment.shop) if payment else state.get("shop")
    return bool(shop and shop.frame_origins)


def guard_form(request: Request[Any, Any, Any], public_url: str) -> None:
    """Refuse what another site posts. Raises Forbidden.

    It needs no cookie, so it works in a frame and with all cookies blocked.
    """
    site = header(request, b"sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise Forbidden
    elif header(request, b"origin") != public_url:
        raise Forbidden


async def read_body(request: Request[Any, Any, Any], seconds: float = BODY_SECONDS) -> bytes:
    """The raw body, at most 64 KiB of it, and in time: one that never ends would hold a place
    among the requests under way. Raises TooLarge, BadRequest for one that breaks off, WrongType for
    one that is compressed: it could be a thousand times as large.

    Read here and never by Litestar's form parser: that keeps the last bodies, cards and all, in
    a cache.
    """
    if (header(request, b"content-encoding") or "").strip().lower() not in PLAIN:
        raise WrongType(COMPRESSED)
    stated = header(request, b"content-length")
    if stated is not None and not (_LENGTH.fullmatch(stated) and int(stated) <= LARGEST_BODY):
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise TooLarge
    except (InternalServerException, TimeoutError):  # the client is gone, or as good as gone
        raise BadRequest from None
    return bytes(body)


def client_address(request: Request[Any, Any, Any], trusted: Networks) -> str:
    """The client's address: the peer's, or the one in a trusted proxy's header."""
    return address_of(request.scope, trusted)
