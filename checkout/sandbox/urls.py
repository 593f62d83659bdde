"""Which addresses the sandbox takes, calls and sends browsers to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def _parts(url: str) -> SplitResult | None:
    if not all(33 <= ord(character) <= 126 for character in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port out of range
    except ValueError:
        return None
    return parts if parts.hostname and "@" not in parts.netloc else None


def on_loopback(url: str) -> bool:
    """True if the URL names this machine: `localhost`, 127.0.0.0/8 or ::1."""
    parts = _parts(url)
    if parts is None or parts.hostname is None:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def acceptable(url: str) -> bool:
    """True for https anywhere and for http on loopback."""
    parts = _parts(url)
    if parts is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and on_loopback(url))


def with_query(url: str, query: str) -> str:
    """`url` with `query` appended; its own query is kept byte for byte, its fragment stays last."""
    address, hash_sign, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{hash_sign}{fragment}"
