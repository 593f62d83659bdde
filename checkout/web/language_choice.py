"""The picker's answer: a page asked for with `?language=Deutsch` is the same page under `/de/`.

The picker is a form on a page asked for with `?languages`, to which every page has a link: it takes
0.8 kB, and few need it. It needs no address of the page, no script and no cookie, and sends the
language's own name.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote_plus

from checkout.i18n import LANGUAGES
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse, see_other

_QUERY: Final = b"language="
_CODES: Final = {name: code for code, name in LANGUAGES.items()}
LONGEST_QUERY: Final = 250
# Pages that are served without a language in their address too.
_WITHOUT: Final = ("product",)


def wished(request: AppRequest) -> str | None:
    """The language that the picker was set to."""
    query: bytes = request.scope["query_string"]
    if not query.startswith(_QUERY) or len(query) > LONGEST_QUERY:
        return None
    return _CODES.get(unquote_plus(query.removeprefix(_QUERY).decode("latin-1")))


def picks(request: AppRequest) -> bool:
    """Whether the picker is asked for."""
    return bool(request.scope["query_string"] == b"languages")


async def in_another_language(request: AppRequest) -> RawResponse | None:
    """A redirect, where a page is asked for in another language than its address says."""
    code = wished(request)
    if code is None:
        return None
    path: str = request.scope["path"]
    first, _, rest = path.removeprefix("/").partition("/")
    if first in LANGUAGES:
        return see_other(f"/{code}/{quote(rest)}")
    return see_other(f"/{code}{quote(path)}") if first in _WITHOUT else None
