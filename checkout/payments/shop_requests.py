"""Requests to shops' servers, at addresses that shops name: webhooks, verifications, pictures.

Addresses are checked when connecting: no private, loopback or link-local host (loopback only in the
sandbox), no port but those of the settings. The host is resolved once, all that it resolves to is
checked, and only what was checked is connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from checkout.model.urls import is_loopback
from checkout.payments.call_failures import (
    NO_NAME,
    NO_NAME_IN_TIME,
    PORT,
    PRIVATE,
    CallFailed,
    distance,
)
from checkout.payments.dns import Resolve
from checkout.settings import Settings

FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError)
"""What `posted` raises."""

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out

CONNECT: Final = 5.0  # seconds to connect; the addresses of one host share them
SHORTEST: Final = 1.0  # seconds for one of many addresses
MOST: Final = 8  # addresses of one host that are tried

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


async def posted(
    http: httpx.AsyncClient,
    address: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    resolve: Resolve,
    settings: Settings,
) -> httpx.Response:
    """POST to a shop's address, as `_sent` does."""
    return await _sent(http, "POST", address, body, headers, resolve, settings)


async def fetched(
    http: httpx.AsyncClient,
    address: str,
    headers: Mapping[str, str],
    *,
    resolve: Resolve,
    settings: Settings,
) -> httpx.Response:
    """GET a shop's address, as `_sent` does."""
    return await _sent(http, "GET", address, b"", headers, resolve, settings)


async def _sent(
    http: httpx.AsyncClient,
    method: str,
    address: str,
    body: bytes,
    headers: Mapping[str, str],
    resolve: Resolve,
    settings: Settings,
) -> httpx.Response:
    """The answer with its body unread. Where a connection can't be made the host's next address is
    tried; once there is one, nothing is sent again. Raises CallFailed for a private address and for
    a port that is not allowed, else one of `FAILURES`."""
    url = httpx.URL(address)
    port = url.port or (443 if url.scheme == "https" else 80)
    hosts = await _resolved(resolve, url.raw_host.decode(), port)
    sandbox, networks = settings.sandbox, settings.notify_networks
    if not all(allowed(host, sandbox=sandbox, networks=networks) for host in hosts):
        raise CallFailed(PRIVATE)
    ports = settings.called_ports(address)
    if port not in ports and not (sandbox and all(map(is_loopback, hosts))):
        raise CallFailed(PORT)
    failures: list[httpx.TransportError] = []
    seconds = max(CONNECT / len(hosts), SHORTEST)
    for host in hosts[:MOST]:
        request = _request(http, method, url, host, body, headers, seconds)
        try:
            return await http.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            failures.append(error)
    raise min(failures, key=distance)


async def _resolved(resolve: Resolve, host: str, port: int) -> list[str]:
    """Its addresses, the nearest first. Raises CallFailed; NoSlot where the shop's lookups hang."""
    try:
        found = await resolve(host, port)
    except TimeoutError:  # of the lookup: the caller's own deadline is no exception here
        raise CallFailed(NO_NAME_IN_TIME) from None
    except OSError:
        raise CallFailed(NO_NAME) from None
    if not found:
        raise CallFailed(NO_NAME)
    return list(dict.fromkeys(found))


def _request(
    http: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    host: str,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> httpx.Request:
    """To one address of the host, by the host's name. `seconds` to connect."""
    target = url.copy_with(host=host, fragment=None)
    request = http.build_request(method, target, content=body or None, headers=dict(headers))
    request.headers["Host"] = url.netloc.decode()
    timeout = {**request.extensions.get("timeout", {}), "connect": seconds}
    request.extensions |= {"sni_hostname": url.raw_host.decode(), "timeout": timeout}
    return request


def allowed(host: str, *, sandbox: bool, networks: Sequence[Network] = ()) -> bool:
    """Whether a shop's webhooks may go to this address: a public one, or one of `networks`;
    loopback only in the sandbox."""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(
        host.partition("%")[0]
    )
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        strange = address not in GLOBAL_UNICAST and not address.is_loopback
        if inner is None and strange:
            return any(address in network for network in networks)
        address = inner or address
    if address.is_loopback:
        return sandbox
    if any(address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address maps to."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
