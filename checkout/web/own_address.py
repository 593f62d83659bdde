"""Each shop's pages are at its own address alone: under that of another shop they would bear its
name in the browser's bar, and lend it to strangers.

The Host of a request is compared with the settings' addresses and never believed: a name that is
none of them (a balancer's, a proxy's that hands on its own) says nothing, and all is as on a server
with one address.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from checkout.errors import Elsewhere, Forbidden
from checkout.settings import Settings, Shop
from checkout.settings.values import host_of
from checkout.web.request import READ, AppRequest, behind, header


def address_here(request: AppRequest, settings: Settings) -> str:
    """The address of ours that was asked; the server's where the Host names none."""
    return settings.origin_at(header(request, b"host")) or settings.public_url


def is_elsewhere(request: AppRequest, settings: Settings, shop: Shop) -> bool:
    """Whether the request came to an address of ours that is not this shop's."""
    if not settings.shops.addresses:
        return False
    here = settings.origin_at(header(request, b"host"))
    return here is not None and host_of(here) != host_of(settings.origin(shop))


def only_at_own_address(request: AppRequest, settings: Settings, shop: Shop) -> None:
    """Raises Elsewhere, which leads who reads, and a page's own script, to the same path at the
    shop's address; Forbidden for a form: what it sends must not go on to another host, and nothing
    was done yet."""
    if not is_elsewhere(request, settings, shop):
        return
    if request.method not in READ and behind(request) is None:
        raise Forbidden
    scope: Any = request.scope
    query = scope["query_string"].decode("latin-1")
    raise Elsewhere(settings.url(quote(scope["path"]), shop) + (f"?{query}" if query else ""))


def located(request: AppRequest, settings: Settings, shop: Shop, path: str) -> str:
    """A path of the shop's pages for a redirect: whole where the request came to another
    address."""
    return settings.url(path, shop) if is_elsewhere(request, settings, shop) else path
