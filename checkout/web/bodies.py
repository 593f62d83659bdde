"""Bodies by what they say that they are: JSON is read as JSON, a form as a form, in time.

Whoever reads one has looked at all else before: the route, who calls, what the address names.
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
# What HTTP clients of servers write when nobody tells them a type: nothing, or as cURL does.
UNTOLD: Final = ("", FORM)
OF_BROWSERS: Final = (b"origin", b"sec-fetch-site")


async def read_json(request: AppRequest) -> bytes:
    """The body of a request to the API, as it came. Raises WrongType for what is no JSON.

    A shop's server may leave its type untold, as cURL does. A browser may not: those types it
    sends to any site without asking (CORS), with the password that somebody once typed.
    """
    kind = _type(request)
    if not JSON.fullmatch(kind) and not (kind in UNTOLD and _is_server(request)):
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


def _is_server(request: AppRequest) -> bool:
    """Whether it came with a shop's credentials, which somebody has looked at by now, and from no
    browser."""
    said = header(request, b"authorization") or ""
    if said[:6].lower() != "basic ":
        return False
    return all(header(request, name) is None for name in OF_BROWSERS)
