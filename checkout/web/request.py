"""Reads single parts of a request, without Litestar's caches and without parsing all headers."""

from __future__ import annotations

from typing import Any, Final

from litestar import HttpMethod, Request

from checkout.signing import COOKIE, LARGEST_COOKIE

AppRequest = Request[Any, Any, Any]
READ: Final = (HttpMethod.GET, HttpMethod.HEAD)  # HEAD answers like GET
OUR_COOKIE: Final = COOKIE.encode()


def header(request: AppRequest, name: bytes) -> str | None:
    """One header, without reading them all as `request.headers` does."""
    return next(
        (value.decode("latin-1") for key, value in request.scope["headers"] if key == name), None
    )


def behind(request: AppRequest) -> str | None:
    """Where the page in sight is, whose script fetches another behind it (static/js/ask.js): "page"
    or "framed"; None for every other request."""
    return header(request, b"x-behind")


def our_cookie(request: AppRequest) -> str | None:
    """The value of the one cookie that is ours, as it was sent. Not by `request.cookies`: that
    keeps the last thousand headers, and reads them in quadratic time."""
    for name, value in request.scope["headers"]:
        if name != b"cookie":
            continue
        for pair in value.split(b";"):
            key, _, found = pair.strip().partition(b"=")
            if key == OUR_COOKIE and len(found) <= LARGEST_COOKIE:
                return found.decode("latin-1")
    return None
