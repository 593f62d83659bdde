"""Browsers' reports of what a page's policy (CSP, Trusted Types) stopped.

They come by the Reporting API (`report-to`, a list) or by `report-uri` (one). Anybody may send
them, so they are hints: limited by address, counted, and logged once an hour for each kind. Only
the type of the page and the origin of what was stopped are kept: addresses of payments are secrets,
and a sample may contain what somebody typed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import structlog
from litestar import Response, post

from checkout.errors import BadRequest, TooMany
from checkout.model.client_network import network_of
from checkout.model.validation.reader import decode
from checkout.payments.metrics import VIOLATIONS
from checkout.web.context import app_of
from checkout.web.own_address import address_here
from checkout.web.page_types import page_type
from checkout.web.request import AppRequest
from checkout.web.security import REPORTS, client_address, read_body

log = structlog.get_logger(__name__)

MINUTE: Final = 60.0
PER_ADDRESS: Final = 20  # bodies in a minute; of IPv6 addresses a /64 is one
IN_ALL: Final = 600  # bodies in a minute, of everybody
MOST_IN_ONE: Final = 20  # reports of one body that are read
WINDOW: Final = 3600.0  # seconds in which a kind is logged once
MOST_KINDS: Final = 100  # that are distinguished in a window
LONGEST_URL: Final = 2048  # characters that are read
OLD_TYPE, NEW_TYPE = "application/csp-report", "application/reports+json"

DIRECTIVES: Final = frozenset(
    {
        "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src",
        "style-src-elem", "style-src-attr", "img-src", "connect-src", "font-src", "frame-src",
        "child-src", "object-src", "media-src", "worker-src", "manifest-src", "form-action",
        "base-uri", "frame-ancestors", "require-trusted-types-for", "trusted-types",
    }
)  # fmt: skip
KEYWORDS: Final = frozenset(
    {"inline", "eval", "wasm-eval", "trusted-types-sink", "trusted-types-policy", "data", "blob"}
)
SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
EXTENSION: Final = "extension"  # the customer's own browser has added something
OTHER: Final = "other"
_EXTENSIONS: Final = re.compile(r"(?:[a-z]+-)+extension(?::.*)?", re.ASCII | re.DOTALL)
_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", re.ASCII)
_DOMAIN: Final = re.compile(r"(?:.*\.)?([a-z0-9-]{1,40}\.[a-z-]{2,24})", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{5,}", re.ASCII)

# The names of the fields in each kind of report; Firefox' older ones have no "effective-directive".
OLD: Final = {
    "page": "document-uri", "directive": "effective-directive", "blocked": "blocked-uri",
    "source": "source-file",
}  # fmt: skip
NEW: Final = {
    "page": "documentURL", "directive": "effectiveDirective", "blocked": "blockedURL",
    "source": "sourceFile",
}  # fmt: skip


class Violation(NamedTuple):
    """Nothing in it is long, secret or about a person. `blocked`: a keyword or an origin."""

    page: str
    directive: str
    blocked: str


class PolicyReports:
    """The reports that this worker got; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minute = self._window = float("-inf")
        self._senders = Counter[str]()
        self._kinds = Counter[Violation]()
        self._before = Counter[Violation]()

    def enter(self, address: str) -> None:
        """One body more from there. Raises TooMany."""
        now = self._clock()
        if not 0 <= now - self._minute < MINUTE:
            self._minute = now
            self._senders.clear()
        sender = network_of(address)
        if self._senders[sender] >= PER_ADDRESS or self._senders.total() >= IN_ALL:
            raise TooMany(int(MINUTE))
        self._senders[sender] += 1

    def take(self, found: Violation) -> None:
        """Counts the violation and logs it where it is the first of its kind in this window."""
        now = self._clock()
        if not 0 <= now - self._window < WINDOW:
            self._window, self._before, self._kinds = now, self._kinds, Counter()
        VIOLATIONS.labels(found.page, found.directive).inc()
        if found not in self._kinds and len(self._kinds) >= MOST_KINDS:
            found = Violation(OTHER, OTHER, OTHER)
        self._kinds[found] += 1
        if self._kinds[found] > 1:
            return
        fields = found._asdict() | {"last_hour": self._before[found]}
        if found.blocked == EXTENSION:
            log.info("policy.extension", **fields)
            return
        log.error("policy.violation", **fields, alert=True)


def violations(content_type: str, body: bytes, public_url: str) -> Iterator[Violation]:
    """What a body reports of our own pages. Raises BadRequest."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (OLD_TYPE, NEW_TYPE):
        raise BadRequest
    data = decode(body)
    reports = _old_report(data) if kind == OLD_TYPE else _new_reports(data)
    names = OLD if kind == OLD_TYPE else NEW
    for each in reports[:MOST_IN_ONE]:
        if not isinstance(each, dict):
            continue
        report = {name: _text(each.get(there)) for name, there in names.items()}
        report["directive"] = report["directive"] or _text(each.get("violated-directive"))
        if found := _violation(report, public_url):
            yield found


def _old_report(data: Any) -> list[Any]:
    return [data.get("csp-report")] if isinstance(data, dict) else []


def _new_reports(data: Any) -> list[Any]:
    return [
        each.get("body")
        for each in (data if isinstance(data, list) else [])
        if isinstance(each, dict) and each.get("type") == "csp-violation"
    ]


def _violation(report: dict[str, str], public_url: str) -> Violation | None:
    page = report["page"]
    if not page.startswith(f"{public_url}/"):
        return None  # another site's, or nobody's
    path = page.removeprefix(public_url).partition("?")[0].partition("#")[0]
    directive = report["directive"].partition(" ")[0]
    extension = _EXTENSIONS.fullmatch(report["source"])
    return Violation(
        page_type(path).name,
        directive if directive in DIRECTIVES else OTHER,
        EXTENSION if extension else _blocked(report["blocked"], public_url),
    )


def _blocked(source: str, public_url: str) -> str:
    if source in KEYWORDS:
        return source
    if _EXTENSIONS.fullmatch(source):
        return EXTENSION
    if source == public_url or source.startswith(f"{public_url}/"):
        return "self"
    try:
        parts = urlsplit(source)
        host = parts.hostname or ""
    except ValueError:
        return OTHER
    site = host if _ADDRESS.fullmatch(host) else _domain(host)
    return f"{parts.scheme}://{site}" if site and parts.scheme in SCHEMES else OTHER


def _domain(host: str) -> str:
    """The last two names of a host: what is before them may be what a script tried to send away."""
    found = _DOMAIN.fullmatch(host)
    return _DIGITS.sub("#", found[1]) if found else ""


def _text(value: Any) -> str:
    return value[:LONGEST_URL] if isinstance(value, str) else ""


@post(REPORTS, status_code=204, include_in_schema=False)
async def collect(request: AppRequest) -> Response[None]:
    """Without a token or a cookie: browsers send it by themselves."""
    reports: PolicyReports = request.app.state.reports
    settings = app_of(request).settings
    reports.enter(client_address(request, settings.trusted_proxies))
    body = await read_body(request)
    content_type = request.headers.get("content-type", "")
    for found in violations(content_type, body, address_here(request, settings)):
        reports.take(found)
    return Response(None, status_code=204)


HANDLERS: Final = (collect,)
