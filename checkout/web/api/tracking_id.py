"""Transactions by the shop's own name for them: `GET /v2/transactions/tracking_id/{tracking_id}`.

Source: the family's document of the status query, its PHP SDK and its Ruby clients. The address
without `/v2` is the older one, whose client reads a single `transaction`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from litestar import Response, get

from checkout.errors import NotFound
from checkout.model.validation.description import Json
from checkout.payments import find
from checkout.shop_api import answers
from checkout.web.api.authentication import authenticated
from checkout.web.api.schema import REF, answered, described, many, within
from checkout.web.api.transactions import shown
from checkout.web.context import app_of
from checkout.web.request import AppRequest

BEFORE: Final = b"/tracking_id/"
LONGEST: Final = 255  # characters of a tracking id


def tracking_id_of(raw_path: bytes) -> str:
    """The rest of the address as it was sent, decoded once: a tracking id may have slashes, blanks
    and letters of any alphabet in it. Litestar's own would lack slashes. "" for what is none."""
    _, _, rest = raw_path.partition(b"?")[0].partition(BEFORE)
    if rest.endswith(b"/"):
        rest = rest[:-1]  # of the address, as of all: in a tracking id it is sent as %2F
    found = unquote_to_bytes(rest).decode("utf-8", "replace")
    return found if len(found) <= LONGEST else ""


@get(
    "/v2/transactions/tracking_id/{tracking_id:path}",
    tags=["transactions"],
    summary="Read transactions by tracking id",
)
async def list_by_tracking_id(request: AppRequest) -> Response[Any]:
    """Answers `{"transactions": [...]}`, the newest first, 10 at most; an empty list for none."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    name = tracking_id_of(request.scope["raw_path"])
    found = await find.by_tracking_id(app.context, name, shop)
    return Response({"transactions": [shown(app, shop, *each)["transaction"] for each in found]})


@get(
    "/transactions/tracking_id/{tracking_id:path}",
    tags=["transactions"],
    summary="Read the newest payment by tracking id",
)
async def read_by_tracking_id(request: AppRequest) -> Response[Any]:
    """Answers `{"transaction": {...}}` of the newest payment; what followed it is in the list."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    name = tracking_id_of(request.scope["raw_path"])
    found = await find.by_tracking_id(app.context, name, shop)
    if not found:
        raise NotFound
    newest = max((payment for payment, _ in found), key=attrgetter("created_at"))
    return Response(shown(app, shop, newest))


# Litestar takes a parameter that may have slashes for an address.
PARAMETERS: Final[list[Json]] = [
    {
        "name": "tracking_id",
        "in": "path",
        "required": True,
        "description": "The shop's own number, with a slash in it as %2F",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }
]
ANY: Final = {"anyOf": [REF[answers.Operation], REF[answers.Transaction]]}
SCHEMA: Final = {
    ("/v2/transactions/tracking_id/{tracking_id}", "get"): described(
        "Payments that were tried, and captures, voids, refunds and chargebacks, whose tracking id "
        "is their payment's.",
        parameters=PARAMETERS,
        answer=answered(many("transactions", ANY), "The newest first, 10 at most"),
    ),
    ("/transactions/tracking_id/{tracking_id}", "get"): described(
        "The older address, which answers one payment.",
        parameters=PARAMETERS,
        answer=answered(within("transaction", REF[answers.Transaction]), "The newest payment"),
        errors=(404,),
    ),
}
HANDLERS: Final = (list_by_tracking_id, read_by_tracking_id)
