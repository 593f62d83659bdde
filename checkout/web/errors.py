"""Every failure as a clear answer: JSON in both of Overpay's shapes for shops, a page for people.

No body, header or local variable is logged: there may be a card in it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import structlog
from litestar import MediaType, Response
from litestar.exceptions import HTTPException

from checkout.errors import CheckoutError, Elsewhere, TooMany, Unavailable, Unprocessable
from checkout.log_lines import trace
from checkout.web.bodies import sends_json
from checkout.web.pages.error import error_page
from checkout.web.request import AppRequest, behind, header
from checkout.web.response import PLAIN, RawResponse, see_other

log = structlog.get_logger(__name__)

DEEPEST: Final = 8  # objects that errors are nested in: further dots are part of a name

# Where nobody but a program calls, whatever its head says.
MACHINES: Final = (
    "/beyag/",
    "/ctp/",
    "/products",
    "/services/",
    "/invoices",
    "/transactions",
    "/v2/transactions/",
    "/v2/credit_cards",
    "/credit_cards",
    "/webhooks",
    "/notify/",
    "/reports/",
    "/health/",
    "/metrics",
    "/schema",
)


# Customers' pages under one of them.
PAGES: Final = re.compile(r"/products/[^/]+/pay/?", re.ASCII)


def on_error(request: AppRequest, error: Exception) -> Response[Any]:
    if isinstance(error, Elsewhere):
        return _redirect(request, error.url)
    status, message, fields, headers = _read(error)
    if status >= 500 and not isinstance(error, Unavailable):
        # The place, never the values: no message, no local variable.
        log.error("web.fault", path=_place(request), **trace(error), alert=True)
    if wants_json(request):
        code = error.code if isinstance(error, Unprocessable) else None
        return _json(status, message, fields, headers, code)
    return error_page(request, error, status, headers)


def _redirect(request: AppRequest, url: str) -> Response[Any]:
    """A page's script, which may ask nobody else, is told by a header to leave with the page."""
    if behind(request) is not None or header(request, b"hx-request") is not None:
        return RawResponse(headers={"hx-redirect": url}, media_type=PLAIN)
    return see_other(url)


def _read(error: Exception) -> tuple[int, str, dict[str, list[str]], dict[str, str]]:
    headers: dict[str, str] = {}
    if isinstance(error, CheckoutError):
        if isinstance(error, TooMany | Unavailable):
            headers["retry-after"] = str(error.retry_after)
        if error.status == 401:
            headers["www-authenticate"] = 'Basic realm="checkout"'
        fields = error.fields if isinstance(error, Unprocessable) else {}
        return error.status, error.message, fields, headers
    if isinstance(error, HTTPException) and error.status_code < 500:
        headers |= {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
        return (
            error.status_code,
            _PLAIN.get(error.status_code, "The request can't be read"),
            {},
            headers,
        )
    return 500, "Internal error", {}, headers


_PLAIN: Final = {
    404: "Record not found",
    405: "Method not allowed",
    413: "The request is too large",
}


def _json(
    status: int,
    message: str,
    fields: dict[str, list[str]],
    headers: dict[str, str],
    code: str | None,
) -> Response[Any]:
    """`{"message", "errors", "response": {...}}`: one body for older and newer clients."""
    named = [f"{name} {why[0]}" for name, why in fields.items() if why[0] != message]
    if named:
        message = f"{message}: {'; '.join(named)}"[:1000]
    problem = {"message": message, "errors": _nested(fields)} | ({"code": code} if code else {})
    body = problem | {"response": {"status": "error"} | problem}
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)


def _nested(fields: dict[str, list[str]]) -> dict[str, Any]:
    """{"order.amount": [...]} as {"order": {"amount": [...]}}, as clients expect it."""
    found: dict[str, Any] = {}
    for path, reasons in fields.items():
        *parents, last = path.split(".", DEEPEST)
        place = found
        for parent in parents:
            inner = place.setdefault(parent, {})
            place = inner if isinstance(inner, dict) else place.setdefault("base", {})
        place[last] = reasons
    return found


def wants_json(request: AppRequest) -> bool:
    """At the addresses of machines always, elsewhere where the head says that a program calls: a
    plugin that calls an address we don't have must be able to read why."""
    path = _path(request)
    if path.startswith(MACHINES) and not PAGES.fullmatch(path):
        return True
    accept = (header(request, b"accept") or "").lower()
    if header(request, b"sec-fetch-mode") == "navigate" or "text/html" in accept:
        return False
    return (
        "application/json" in accept
        or sends_json(request)
        or header(request, b"authorization") is not None
    )


def _path(request: AppRequest) -> str:
    """Not by `request.url`, which keeps whole addresses with their secrets in a cache."""
    path: str = request.scope["path"]
    return path


def _place(request: AppRequest) -> str:
    """The route's pattern: the address itself is a capability."""
    return str(request.scope.get("route_handler", "-"))
