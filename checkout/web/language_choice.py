"""The picker's answer: a page asked for with `?language=de` is the same page under `/de/`.

The picker is a form of every page, which needs no address of the page, no script and no cookie.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from checkout.i18n import LANGUAGES
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse, see_other

_QUERY: Final = b"language="
# Pages that are served without a language in their address too.
_WITHOUT: Final = ("product",)


def wished(request: AppRequest) -> str | None:
    """The language that the picker was set to."""
    query: bytes = request.scope["query_string"]
    code = query.removeprefix(_QUERY).decode("latin-1") if query.startswith(_QUERY) else ""
    return code if code in LANGUAGES else None


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
