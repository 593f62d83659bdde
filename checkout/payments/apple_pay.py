"""Merchant sessions of Apple Pay: before its sheet asks the customer for anything, a browser wants
one, which Apple gives to the merchant alone, by the certificate of the merchant's identity.

The browser names the address that Apple wants to be asked at. Nothing but Apple's own hosts is ever
called: else anybody could let this server call whom they like.

Source: Apple's documentation, "Requesting an Apple Pay payment session", "Setting Up Your Server".
"""

from __future__ import annotations

import asyncio
import re
import ssl
import tempfile
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from checkout.errors import Unavailable, Unprocessable
from checkout.model.urls import is_loopback
from checkout.payments.answer_bodies import body_of
from checkout.payments.concurrency import NoSlot, Slots
from checkout.payments.http_transport import HttpTransport
from checkout.settings import Settings, Shop
from checkout.settings.values import ApplePay

log = structlog.get_logger(__name__)

# Both regions, test and production: each host that Apple lists is named so.
HOST: Final = re.compile(r"(?:cn-)?apple-pay-gateway(?:-[a-z0-9-]{1,32})?\.apple\.com", re.ASCII)
PATHS: Final = frozenset({"/paymentservices/paymentSession", "/paymentservices/startSession"})
NOT_APPLES: Final = "must be an address of Apple's"
LONGEST_NAME: Final = 64  # characters, Apple's limit
LARGEST: Final = 32 * 1024  # bytes of a session; Apple's have 5 kB
SECONDS: Final = 10.0

Connect = Callable[[ApplePay], httpx.AsyncBaseTransport]


class MerchantSessions:
    """Asks Apple for sessions, one connection each. `connect`: the transport that shows a shop's
    certificate."""

    def __init__(self, settings: Settings, connect: Connect | None = None) -> None:
        self._settings = settings
        self._connect = connect or connected
        self._slots = Slots("apple_pay", total=64)

    async def open(self, shop: Shop, address: str) -> dict[str, Any]:
        """Apple's answer, for the browser that named the `address`. Raises Unprocessable for an
        address that is not Apple's, Unavailable where Apple gives no session."""
        if shop.apple_pay is None or not self.is_apples(address):
            raise Unprocessable({"url": [NOT_APPLES]})
        host = urlsplit(address).hostname or ""
        try:
            async with asyncio.timeout(SECONDS), self._slots.enter(shop.id, host, SECONDS):
                return await self._asked(shop.apple_pay, address, shop)
        except (httpx.HTTPError, msgspec.DecodeError, OSError, ValueError, NoSlot) as error:
            log.warning("apple_pay.no_session", shop=shop.id, error=type(error).__name__)
            raise Unavailable from None

    def is_apples(self, address: str) -> bool:
        """Whether it may be called: Apple's; in the sandbox loopback too."""
        try:
            parts = urlsplit(address)
            named, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if self._settings.sandbox and parts.scheme in ("http", "https") and is_loopback(named):
            return parts.path in PATHS
        # Rebuilt of its parts: no user, port, query or other spelling is left.
        plain = f"https://{named}{parts.path}"
        is_host = HOST.fullmatch(named) is not None
        return is_host and address == plain and port is None and parts.path in PATHS

    async def _asked(self, merchant: ApplePay, address: str, shop: Shop) -> dict[str, Any]:
        domain = urlsplit(self._settings.origin(shop)).hostname
        async with httpx.AsyncClient(
            transport=self._connect(merchant),
            timeout=httpx.Timeout(SECONDS, connect=5),
            follow_redirects=False,
            trust_env=False,
        ) as http:
            http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            asked = {
                "merchantIdentifier": merchant.merchant_id,
                "displayName": shop.name[:LONGEST_NAME],
                "initiative": "web",
                "initiativeContext": domain,
            }
            plain = {"Accept-Encoding": "identity"}
            async with http.stream("POST", address, json=asked, headers=plain) as answer:
                if answer.status_code != 200:
                    raise ValueError("no session")
                body = await body_of(answer, LARGEST)
        return msgspec.json.decode(body, type=dict[str, Any])


def connected(merchant: ApplePay) -> httpx.AsyncBaseTransport:
    """A transport that proves who asks."""
    context = httpx.create_ssl_context(trust_env=False)
    load_certificate(context, merchant)
    return HttpTransport(context)


def load_certificate(context: ssl.SSLContext, merchant: ApplePay) -> None:
    """OpenSSL reads files alone: one that nobody else may read, for as long as that takes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "merchant.pem"
        file.touch(mode=0o600)
        file.write_text(f"{merchant.certificate}\n{merchant.private_key}\n")
        context.load_cert_chain(file)
