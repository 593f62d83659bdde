"""The client's address: the peer's, or the one in a trusted proxy's header.

Proxies write addresses in several forms: `192.0.2.7`, `192.0.2.7:1234`, `[2001:db8::1]:443`, that
in quotes, with a zone, as an IPv4-mapped IPv6 address; `unknown` and `_hidden` mean that it is not
given. The header is read from the right, as each proxy appends the address that it saw: whatever is
further left may be forged.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final

LONGEST: Final = 128  # characters of an address, with its port and zone
MOST_HOPS: Final = 32  # addresses of proxies that are read
LONGEST_FORWARDED: Final = 4096  # characters, the last ones, of all `Forwarded` headers

# This machine, private networks: where proxies are, and no customer is.
NEAR: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

X_FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED: Final = b"forwarded"
# One pair of a `Forwarded` element (RFC 7239, 4), with what ends it.
_PAIR: Final = re.compile(
    r"""[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^;,"\s]*)[ \t]*(;|$)"""
)
_ESCAPED: Final = re.compile(r"\\(.)")


def address_of(scope: Any, trusted: Networks) -> str:
    """The client's address; "" where there is none. Where a trusted proxy doesn't give it, the
    proxy's own address."""
    peer = peer_of(scope)
    if not trusted or not _inside(read_address(peer), trusted):
        return peer
    for hop in _hops(scope["headers"]):
        address = read_address(hop)
        if address is None:
            return peer
        peer = _written(hop)
        if not _inside(address, trusted):
            return peer
    return peer


def peer_of(scope: Any) -> str:
    """The peer's address; "" where the server doesn't give it."""
    client = scope.get("client")
    peer: str = client[0] if client else ""
    # With a colon it may be IPv4 as well, where the server listens on both families.
    return _written(peer) if ":" in peer else peer


def unnamed_proxy(scope: Any, trusted: Networks) -> str | None:
    """The address of a peer that sends a proxy's header, isn't trusted and may be a proxy: it is in
    a private network, or no proxy is trusted ("", as it could be a customer's own address). None
    for all other peers."""
    if not any(name in (X_FORWARDED_FOR, FORWARDED) for name, _ in scope["headers"]):
        return None
    peer = peer_of(scope)
    address = read_address(peer)
    if _inside(address, trusted):
        return None
    if _inside(address, NEAR):
        return peer
    return None if trusted else ""


def read_address(text: str) -> Address | None:
    """One address as proxies write it; None where it is none."""
    text = text.strip(" \t")
    return _read(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    """Cached: a customer sends several requests, and all come by the same proxies."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if text.startswith("["):
        text, closed, port = text[1:].partition("]")
        if not closed or (port and port[0] != ":") or ":" not in text:
            return None
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        # Without its zone, which is a matter of the machine that wrote it.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _written(text: str) -> str:
    """An address in its usual form; other text unchanged."""
    text = text.strip(" \t")
    return _shown(text) if len(text) <= LONGEST else text


@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    return str(_read(text) or text)


def _inside(address: Address | None, networks: Networks) -> bool:
    return address is not None and any(address in network for network in networks)


def _hops(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[str]:
    """The addresses in the proxies' headers, the nearest first. `Forwarded` is read only without an
    `X-Forwarded-For`."""
    # Several headers are one list (RFC 9110, 5.3): a proxy may add its own line below a forged one.
    if values := [value for name, value in headers if name == X_FORWARDED_FOR]:
        hops = b",".join(values).decode("latin-1").rsplit(",", MOST_HOPS)
        yield from reversed(hops[-MOST_HOPS:])
        return
    values = [value for name, value in headers if name == FORWARDED]
    rest = b",".join(values).decode("latin-1")[-LONGEST_FORWARDED:]
    for _ in range(MOST_HOPS):
        if not rest:
            return
        element, rest = _last(rest)
        yield _for(element)


def _last(text: str) -> tuple[str, str]:
    """(the last element of a list, the others). From the right, where the trusted proxy has
    written: a quote that is opened further left must not include that."""
    quoted = False
    for place in range(len(text) - 1, -1, -1):
        if text[place] == '"':
            quoted = not quoted or _is_escaped(text, place)
        elif text[place] == "," and not quoted:
            return text[place + 1 :], text[:place]
    return text, ""


def _is_escaped(text: str, place: int) -> bool:
    slashes = 0
    while slashes < place and text[place - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _for(element: str) -> str:
    """The `for` of a `Forwarded` element; "" where it is malformed or missing."""
    found: list[str] = []
    place, end = 0, len(element)
    while place < end:
        pair = _PAIR.match(element, place)
        if pair is None:
            return ""
        if pair[1].lower() == "for":
            found.append(pair[2])
        place = pair.end()
    if len(found) != 1:
        return ""
    return _ESCAPED.sub(r"\1", found[0][1:-1]) if found[0].startswith('"') else found[0]
