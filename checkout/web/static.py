"""Static files from memory: hashed names, so that they may be kept for ever."""

from __future__ import annotations

from typing import Final

from litestar import route

from checkout.errors import NotFound
from checkout.web.compressed_page import takes_gzip
from checkout.web.context import app_of
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse

FOREVER: Final = "public, max-age=31536000, immutable"


@route("/static/{name:str}", http_method=READ, include_in_schema=False)
async def static_file(request: AppRequest) -> RawResponse:
    file = app_of(request).render.assets.files.get(request.path_params["name"])
    if file is None:
        raise NotFound
    zipped = takes_gzip(request.headers.get("accept-encoding", ""))
    # A sandboxed frame without allow-same-origin is no origin at all, and is to look right, too; a
    # hash is checked of what any page may read (CORS), and there is nothing of anybody's in these.
    headers = {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
    headers |= {"cache-control": FOREVER, "vary": "Accept-Encoding"}
    if zipped:
        headers["content-encoding"] = "gzip"
    return RawResponse(
        file.gzipped if zipped else file.body, media_type=file.media_type, headers=headers
    )


HANDLERS: Final = (static_file,)
