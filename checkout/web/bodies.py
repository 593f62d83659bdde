"""Request bodies by their content type: JSON is read as JSON, a form as a form, within a time
limit.

A handler reads the body last, after the route, the caller and the address have been checked.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final

from checkout.errors import BadRequest, WrongType
from checkout.model.validation.reader import form_pairs
from checkout.web.request import AppRequest, header
from checkout.web.security import read_body

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = re.compile(r"application/(?:json|[a-z0-9][a-z0-9.!#$&^_-]{0,100}\+json)", re.ASCII)
# The content types that HTTP clients send by default: none, or cURL's.
DEFAULT_TYPES: Final = ("", FORM)
CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([^\"'\s;]*)", re.ASCII)
UTF8: Final = frozenset({"", "utf-8", "utf8", "utf_8", "us-ascii", "ascii"})
NOT_UTF8: Final = "Send the body as JSON in UTF-8"
OF_BROWSERS: Final = (b"origin", b"sec-fetch-site")


async def read_json(request: AppRequest) -> bytes:
    """The body of a request to the API, without a byte order mark: with or without one it is the
    same request. Raises WrongType for what is no JSON in UTF-8.

    A shop's server may send no type, or cURL's. A browser may not: it sends those types to any site
    without a preflight (CORS), with the password that somebody once typed.
    """
    kind = _type(request)
    if not JSON.fullmatch(kind) and not (kind in DEFAULT_TYPES and _is_server(request)):
        raise WrongType
    body = (await read_body(request)).removeprefix(BOM_UTF8)
    if not _says_utf8(request) and not _is_utf8(body):
        raise WrongType(NOT_UTF8)
    return body


async def posted_form(request: AppRequest) -> dict[str, str]:
    """The fields of a posted form, the first of each name. Raises BadRequest."""
    check_form(header(request, b"content-type") or "")
    return form_pairs(await read_body(request))


def check_form(content_type: str) -> None:
    """Raises BadRequest where a body doesn't say that it is a form."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise BadRequest("Send the form as " + FORM)


def _type(request: AppRequest) -> str:
    return _content_type(request).partition(";")[0].strip()


def _content_type(request: AppRequest) -> str:
    return (header(request, b"content-type") or "")[:200].lower()


def _says_utf8(request: AppRequest) -> bool:
    """Whether its type names no other charset. Many that do send UTF-8 all the same."""
    named = CHARSET.search(_content_type(request))
    return named is None or named[1] in UTF8


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


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
