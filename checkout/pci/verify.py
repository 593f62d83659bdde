"""Compares what a browser receives from one address with what it should: PCI DSS 11.6.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
from msgspec import Struct

from checkout.model.urls import is_loopback
from checkout.pci.browser import USER_AGENT, Browser, Unreachable, Untrusted, origin
from checkout.pci.document import Change, Document
from checkout.pci.headers import file_changes, nonce_of, page_changes
from checkout.pci.inventory import Inventory, Resource
from checkout.pci.markup import excerpt
from checkout.web.page_types import page_type
from checkout.web.render import integrity
from checkout.web.widget import BUILD_FORM_PATHS, LATEST_PATHS

ERROR: Final = "error"
MOST: Final = 100  # changes that are reported
WIDGET: Final = "widget"
TYPES: Final = {"script": "text/javascript", "style": "text/css"}


class Unusable(Exception):
    """The address can't be verified; the reason is for the operator."""


class Verdict(Struct, frozen=True):
    """`page`: which type of page came; `files`: how many scripts and styles were compared."""

    page: str
    files: int
    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        return not self.changes


def verify(
    url: str,
    inventory: Inventory,
    *,
    expected: str | None = None,
    framed: bool = False,
    user_agent: str = USER_AGENT,
    transport: httpx.BaseTransport | None = None,
) -> Verdict:
    """`expected`: the type of page that must come. Raises Unusable."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Unusable("the address must be like https://pay.example.com/...")
    try:
        browser = Browser(framed=framed, user_agent=user_agent, transport=transport)
        with closing(browser):
            return _verified(browser, url, inventory, expected)
    except Untrusted as error:
        return Verdict("none", 0, (Change("certificate", excerpt(str(error))),))
    except Unreachable as error:
        raise Unusable(excerpt(str(error))) from None


def _verified(browser: Browser, url: str, inventory: Inventory, expected: str | None) -> Verdict:
    parts = urlsplit(url)
    if script := _widget(parts.path, inventory):
        return Verdict(WIDGET, 1, tuple(_file(browser, url, script)))
    got = browser.page(url)
    for hop in got.hops:
        if origin(hop) != origin(url):
            change = Change("address", f"sends the browser to {excerpt(origin(hop))}")
            return Verdict("none", 0, (change,))
    name = page_type(urlsplit(got.url).path).name if got.status == 200 else ERROR
    if name == ERROR and expected != ERROR:
        raise Unusable(f"the address answers {got.status} and shows no page: give one that does")
    changes = []
    if expected not in (None, name):
        changes.append(Change("address", f"the address shows {name} instead of {expected}"))
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        changes.append(Change("certificate", "the page comes without TLS"))
    page, nonce = inventory.page(name), nonce_of(got.headers)
    document = Document(got.url, page, inventory, got.text, nonce)
    changes += [*page_changes(got.headers, page, inventory), *document.read()]
    changes += _asked_again(browser, document)
    return Verdict(name, len(document.files), tuple(changes[:MOST]))


def _asked_again(browser: Browser, document: Document) -> Iterator[Change]:
    """What further requests tell: whether the page's nonce stays, and its files."""
    if document.nonce and nonce_of(browser.page(document.url).headers) == document.nonce:
        yield Change("nonce", "the nonce of the policy is the same twice")
    for resource in document.files:
        yield from _file(browser, urljoin(document.url, resource.path), resource)


def _widget(path: str, inventory: Inventory) -> Resource | None:
    if path in LATEST_PATHS:
        path = LATEST_PATHS[0]
    if path in BUILD_FORM_PATHS:
        path = BUILD_FORM_PATHS[0]
    return next((each for each in inventory.widget if each.path == path), None)


def _file(browser: Browser, url: str, resource: Resource) -> Iterator[Change]:
    got = browser.file(url, resource.kind)
    if got.status != 200:
        yield Change("hash", f"{resource.path} answers {got.status}")
        return
    if (found := integrity(got.body)) != resource.integrity:
        yield Change("hash", f"{resource.path} is {found} instead of {resource.integrity}")
    yield from file_changes(got.headers, TYPES[resource.kind])
