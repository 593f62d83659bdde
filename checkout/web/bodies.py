"""Request bodies by their content type: JSON is read as JSON, a form as a form, within a time
limit.

A handler reads the body last, after the route, the caller and the address have been checked.
"""

from __future__ import annotations

import re
from typing import Final

from checkout.errors import BadRequest, WrongType
from checkout.model.validation.reader import form_pairs
from checkout.web.request import AppRequest, header
from checkout.web.security import read_body

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = re.compile(r"application/(?:json|[a-z0-9][a-z0-9.!#$&^_-]{0,100}\+json)", re.ASCII)
# The content types that HTTP clients send by default: none, or cURL's.
DEFAULT_TYPES: Final = ("", FORM)
OF_BROWSERS: Final = (b"origin", b"sec-fetch-site")


async def read_json(request: AppRequest) -> bytes:
    """The body of a request to the API, as it came. Raises WrongType for what is no JSON.

    A shop's server may send no type, or cURL's. A browser may not: it sends those types to any site
    without a preflight (CORS), with the password that somebody once typed.
    """
    kind = _type(request)
    if not JSON.fullmatch(kind) and not (kind in DEFAULT_TYPES and _is_server(request)):
        raise WrongType
    return await read_body(request)


async def posted_form(request: AppRequest) -> dict[str, str]:
    """The fields of a posted form, the first of each name. Raises BadRequest."""
    check_form(header(request, b"content-type") or "")
    return form_pairs(await read_body(request))


def check_form(content_type: str) -> None:
    """Raises BadRequest where a body doesn't say that it is a form."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise BadRequest("Send the form as " + FORM)


def _type(request: AppRequest) -> str:
    return (header(request, b"content-type") or "")[:200].partition(";")[0].strip().lower()


def sends_json(request: AppRequest) -> bool:
    """Whether it says that its body is JSON."""
    return JSON.fullmatch(_type(request)) is not None


def _is_server(request: AppRequest) -> bool:
    """Whether it has a shop's credentials, which have been verified by now, and no browser's
    headers."""
    authorization = header(request, b"authorization") or ""
    if authorization[:6].lower() != "basic ":
        return False
    return all(header(request, name) is None for name in OF_BROWSERS)
