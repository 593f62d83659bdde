"""The network of an address: what limits count as one customer."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Network, ip_address
from typing import Final

from checkout.identifiers import fitting

LONGEST: Final = 64  # characters of an address, with its zone
V6_PREFIX: Final = 64  # bits: the range of addresses that one household or phone gets


def network_of(address: str) -> str:
    """The network that `address` counts as: an IPv4 address itself, of IPv6 the whole /64. An
    IPv4-mapped IPv6 address is the IPv4 one; what is no address is kept, a long one's digest."""
    return _network(address) if len(address) <= LONGEST else fitting(address, LONGEST)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, V6_PREFIX), strict=False))
