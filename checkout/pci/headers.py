"""What in an answer's headers and policy differs from what it should be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import httpx

from checkout.pci.document import Change
from checkout.pci.inventory import NONCE, Inventory, Page
from checkout.pci.markup import excerpt
from checkout.signing import COOKIE, COOKIE_ATTRIBUTES
from checkout.web.security import OPENER_POLICY, SHARED_WINDOW

POLICY: Final = "content-security-policy"
ANCESTORS: Final = "frame-ancestors"
NOBODY: Final = "'none'"
# Headers that change what a browser does with the page, and that we never send.
UNWANTED: Final = (
    "content-security-policy-report-only", "link", "refresh", "report-to", "nel", "sourcemap",
    "x-sourcemap", "speculation-rules", "service-worker-allowed", "access-control-allow-origin",
    "access-control-allow-credentials", "content-disposition", "document-policy", "feature-policy",
    "cross-origin-embedder-policy", "x-frame-options", "clear-site-data", "origin-trial",
)  # fmt: skip
OF_FILES: Final = {"x-content-type-options": "nosniff"}
UNWANTED_OF_FILES: Final = ("link", "sourcemap", "x-sourcemap", "service-worker-allowed")
_NONCE: Final = re.compile(r"'nonce-([A-Za-z0-9_-]{22,})'", re.ASCII)
_SITE: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+", re.ASCII)


def nonce_of(headers: httpx.Headers) -> str:
    """The nonce that the policy lets scripts run by; "" without one."""
    found = _NONCE.fullmatch(_directives(headers.get(POLICY, "")).get("script-src", ""))
    return found[1] if found else ""


def page_changes(headers: httpx.Headers, page: Page, inventory: Inventory) -> Iterator[Change]:
    expected = _expected(headers, page)
    framed_by = _directives(headers.get(POLICY, "")).get(ANCESTORS, NOBODY)
    if framed_by != NOBODY and headers.get(OPENER_POLICY) == SHARED_WINDOW:
        expected = {**expected, OPENER_POLICY: SHARED_WINDOW}
    for name, value in expected.items():
        if name != POLICY:
            yield from _header(headers, name, value)
    yield from _unwanted(headers, UNWANTED)
    yield from _cookie(headers)
    yield from _policy(headers, expected[POLICY], inventory)


def _expected(headers: httpx.Headers, page: Page) -> dict[str, str]:
    """The headers of the page, or those with wallets that it says."""

    def meant(found: Mapping[str, str]) -> tuple[str | None, str | None]:
        policy = _directives(found.get(POLICY, ""))
        return found.get("permissions-policy"), policy.get("connect-src")

    return next((each for each in page.with_wallets if meant(each) == meant(headers)), page.headers)


def file_changes(headers: httpx.Headers, media_type: str) -> Iterator[Change]:
    for name, wanted in OF_FILES.items():
        yield from _header(headers, name, wanted)
    if headers.get("content-type", "").partition(";")[0] != media_type:
        yield from _header(headers, "content-type", media_type)
    yield from _unwanted(headers, UNWANTED_OF_FILES)


def _unwanted(headers: httpx.Headers, names: tuple[str, ...]) -> Iterator[Change]:
    for name in names:
        if name in headers:
            yield Change("header", f"{name} is not ours: {excerpt(headers[name])}")


def _header(headers: httpx.Headers, name: str, wanted: str) -> Iterator[Change]:
    values = headers.get_list(name)
    if not values:
        yield Change("header", f"{name} is missing")
    elif values != [wanted]:
        yield Change("header", f"{name} is {excerpt(', '.join(values))} instead of {wanted}")


def _cookie(headers: httpx.Headers) -> Iterator[Change]:
    for cookie in headers.get_list("set-cookie"):
        pair, _, attributes = cookie.partition(";")
        if pair.partition("=")[0].strip() != COOKIE:
            continue
        missing = {each.strip().lower() for each in COOKIE_ATTRIBUTES.split(";")} - {
            each.strip().lower() for each in attributes.split(";")
        }
        for each in sorted(missing):
            yield Change("header", f"the cookie is not {each}")


def _directives(policy: str) -> dict[str, str]:
    """The first of each name counts, as in browsers."""
    found: dict[str, str] = {}
    for part in policy.split(";"):
        name, _, value = part.strip().partition(" ")
        if name:
            found.setdefault(name.lower(), value.strip())
    return found


def _policy(headers: httpx.Headers, expected: str, inventory: Inventory) -> Iterator[Change]:
    values = headers.get_list(POLICY)
    if not values:
        yield Change("policy", "the Content-Security-Policy is missing")
        return
    if len(values) > 1 or "," in values[0]:
        yield Change("policy", "another Content-Security-Policy beside ours")
    wanted, found = _directives(expected), _directives(values[0])
    nonce = nonce_of(headers)
    for name, sources in wanted.items():
        if name not in found:
            yield Change("policy", f"{name} is missing")
        elif name == ANCESTORS:
            yield from _ancestors(found[name], inventory)
        else:
            ours = sources.replace(f"'nonce-{NONCE}'", f"'nonce-{nonce}'")
            yield from _sources(name, ours.split(), found[name].split())
    for name in found.keys() - wanted.keys():
        yield Change("policy", f"{excerpt(name)} is not in our policy")


def _sources(name: str, wanted: list[str], found: list[str]) -> Iterator[Change]:
    for source in found:
        if source not in wanted:
            yield Change("policy", f"{name} also allows {excerpt(source)}")
    for source in wanted:
        if source not in found:
            yield Change("policy", f"{name} no longer says {source}")


def _ancestors(found: str, inventory: Inventory) -> Iterator[Change]:
    """Nobody, or the sites of one of the shops, where these are known."""
    if found == NOBODY:
        return
    sites = found.split()
    for site in sites:
        if not _SITE.fullmatch(site):
            yield Change("policy", f"{ANCESTORS} also allows {excerpt(site)}")
    known = [set(shop.frame_origins) for shop in inventory.shops]
    if known and set(sites) not in known:
        strange = sorted(set(sites) - set().union(*known))
        who = ", ".join(strange) or "the sites of several shops"
        yield Change("policy", f"{ANCESTORS} also allows {excerpt(who)}")
