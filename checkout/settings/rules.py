"""Rules for single settings (see `model/validation/reader.py`)."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final
from urllib.parse import quote, urlsplit

from checkout.model.browser_urls import browser_url
from checkout.model.urls import is_loopback, parse, return_origin, web_origin, web_url
from checkout.model.validation.reader import Invalid, Rule
from checkout.model.validation.rules import email_address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Ends of names that no public server has (RFC 6761, 6762, 8375, 9476; ICANN on "internal").
PRIVATE_NAMES: Final = frozenset({"localhost", "local", "internal", "arpa", "alt", "lan", "home"})
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)  # of a shop or an account: in URLs
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
DAYS: Final = {"d": 1, "w": 7}
LONGEST_DURATION: Final = 3660  # days
_DURATION: Final = re.compile(r"([0-9]{1,5})([dw])", re.ASCII)


def nonempty_text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid("must be text")
    return value


def public_url(*, sandbox: bool) -> Rule[str]:
    """An address without a path; https, in the sandbox http too (phones on the same network)."""

    def rule(value: Any) -> str:
        text = browser_url(nonempty_text(value))
        if sandbox and text.startswith("http://"):
            # The characters and the shape are checked as for https.
            web_origin("https://" + text[len("http://") :])
            return parse(text).origin
        return web_origin(text)

    return rule


def gateway_url(*, sandbox: bool) -> Rule[str]:
    """Where a gateway answers, perhaps under a path. https; in the sandbox only loopback, so
    that no test reaches a real gateway."""

    def rule(value: Any) -> str:
        text = web_url(nonempty_text(value), sandbox=sandbox)
        if "?" in text or "#" in text:
            raise Invalid("must not have a query")
        host = parse(text).host
        if sandbox and not is_loopback(host):
            raise Invalid(
                "must be on loopback (localhost, 127.0.0.1 or [::1]) while sandbox = true"
            )
        if not sandbox and _is_inside(host):
            raise Invalid("must be a public host, but while sandbox = true")
        return text.rstrip("/")

    return rule


def _is_inside(host: str) -> bool:
    """Whether it is a private address, or a name that only a private network resolves."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rstrip(".").rpartition(".")[2] in PRIVATE_NAMES


def frame_origin(*, sandbox: bool) -> Rule[str]:
    return lambda value: web_origin(browser_url(nonempty_text(value)), sandbox=sandbox)


def back_origin(*, sandbox: bool) -> Rule[str]:
    """Where customers may be sent; http:// is the operator's choice, `checkout check` notes it."""
    return lambda value: return_origin(browser_url(nonempty_text(value)), sandbox=sandbox)


def network(value: Any) -> Network:
    """An address or a network (10.0.0.0/8), never the whole internet: its headers are trusted."""
    try:
        found = ipaddress.ip_network(nonempty_text(value))
    except ValueError:
        raise Invalid("must be an address or a network like 10.0.0.0/8") from None
    if found.prefixlen == 0:
        raise Invalid("must not be everybody")
    return found


def private_network(value: Any) -> Network:
    """A network that is not of the internet, where shops may live: 10.1.2.0/24."""
    found = network(value)
    if found.is_global or found.is_loopback or found.is_link_local or found.is_multicast:
        raise Invalid("must be a private network like 10.1.2.0/24, not loopback nor link-local")
    return found


def duration(value: Any) -> float:
    """Seconds, of days or weeks: "400d", "8w". A day at least, ten years at most."""
    found = _DURATION.fullmatch(nonempty_text(value))
    days = int(found[1]) * DAYS[found[2]] if found else 0
    if not 1 <= days <= LONGEST_DURATION:
        raise Invalid('must be days or weeks like "400d" or "8w", from 1 to 3660 days')
    return days * 24 * 3600.0


def smtp_url(value: Any) -> str:
    reason = "must be like smtp://user:password@host:587"
    text = nonempty_text(value)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        raise Invalid(reason) from None
    if not fits or not text.isprintable() or parts.path not in ("", "/") or parts.query:
        raise Invalid(reason)
    return text


def contact(value: Any) -> str:
    """Where weaknesses are reported: an e-mail address (as mailto:) or an https page."""
    text = nonempty_text(value)
    if text.lower().startswith("https:"):
        return web_page(text)
    try:
        address = email_address(text.removeprefix("mailto:"))
    except Invalid:
        raise Invalid("must be an e-mail address or an https address") from None
    return "mailto:" + quote(address, safe="@+")


def web_page(value: Any) -> str:
    return web_url(browser_url(nonempty_text(value)))


def language(value: Any) -> str:
    text = nonempty_text(value)
    if not _LANGUAGE.fullmatch(text):
        raise Invalid("must be a language like en or pt-BR")
    return text
