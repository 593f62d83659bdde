"""The route of pictures of what is bought, at addresses that we sign: only what a shop has named in
an order is fetched, and the customer's browser calls no other site."""

from __future__ import annotations

from typing import Final

from litestar import route

from checkout.errors import NotFound
from checkout.web.context import app_of
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse

PATH: Final = "/picture/"
KEPT: Final = "public, max-age=86400"


@route(f"{PATH}{{signed:str}}", http_method=READ, include_in_schema=False)
async def picture(request: AppRequest) -> RawResponse:
    app = app_of(request)
    shop, url = app.signer.read_picture(request.path_params["signed"])
    found = await app.pictures.get(shop, url) if shop in app.settings.shops else None
    if found is None:
        raise NotFound
    # Mails are read on pages of others.
    headers = {"cache-control": KEPT, "cross-origin-resource-policy": "cross-origin"}
    return RawResponse(found.body, media_type=found.media_type, headers=headers)


HANDLERS: Final = (picture,)
