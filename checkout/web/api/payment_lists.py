"""The shop's lists: `GET /ctp/api/checkouts`, its payments; `GET /transactions`, these and what
followed them. By the shop's id and secret alone, never by a key of its apps."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from checkout.ledger import lists
from checkout.ledger.lists import ListFilter
from checkout.model.validation.table import FieldTable
from checkout.shop_api.answers import Checkout, Operation, Transaction
from checkout.shop_api.list_request import CHECKOUTS, TRANSACTIONS, read_wanted
from checkout.shop_api.responses import checkout
from checkout.shop_api.webhooks import operation_notification, payment_notification
from checkout.web.api.authentication import authenticated
from checkout.web.api.paging import Page, answer_of, pages, query_of
from checkout.web.api.schema import REF, answered, described, listed, query
from checkout.web.context import app_of
from checkout.web.request import AppRequest

USUAL: Final = 20
PAGES: Final = pages(USUAL)


@get("/ctp/api/checkouts", tags=["checkouts"], summary="List payments")
async def list_checkouts(request: AppRequest) -> Response[Any]:
    """The shop's payments, the newest first."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    wanted, page = _read(request, CHECKOUTS, shop.id)
    now = app.context.clock()
    found, following = await app.context.ledger.read(
        lists.checkouts, wanted, now=now, after=page.after, limit=page.limit
    )
    shown = [checkout(payment, shop, now) for payment in found]
    return Response(answer_of("checkouts", shown, following))


@get("/transactions", tags=["transactions"], summary="List transactions")
async def list_transactions(request: AppRequest) -> Response[Any]:
    """The shop's payments, captures, voids, refunds and chargebacks, the newest first."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    wanted, page = _read(request, TRANSACTIONS, shop.id)
    now, base = app.context.clock(), app.settings.origin(shop)
    found, following = await app.context.ledger.read(
        lists.transactions, wanted, now=now, after=page.after, limit=page.limit
    )
    shown = [
        operation_notification(done, payment, base)["transaction"]
        if done
        else payment_notification(payment, payment.status_at(now), shop, base)["transaction"]
        for payment, done in found
    ]
    return Response(answer_of("transactions", shown, following))


def _read(request: AppRequest, table: FieldTable, shop: str) -> tuple[ListFilter, Page]:
    """Raises Unprocessable, for a name that is unknown too: a filter that is passed over would
    list what nobody asked for."""
    fields = query_of(request)
    wanted = read_wanted(fields, table, shop)
    page = Page(fields, **PAGES.read(fields), offset=0)
    fields.no_others()
    fields.done()
    return wanted, page


SCHEMA: Final = {
    ("/ctp/api/checkouts", "get"): described(
        "How each payment stands. Where `next` is not null there are more: ask with it as `after`.",
        parameters=query(FieldTable(**CHECKOUTS, **PAGES)),
        answer=answered(listed("checkouts", REF[Checkout]), "The newest first"),
        errors=(422,),
    ),
    ("/transactions", "get"): described(
        "What notifications say. Where `next` is not null there are more: ask with it as `after`.",
        parameters=query(FieldTable(**TRANSACTIONS, **PAGES)),
        answer=answered(
            listed("transactions", {"anyOf": [REF[Operation], REF[Transaction]]}),
            "The newest first",
        ),
        errors=(422,),
    ),
}
HANDLERS: Final = (list_checkouts, list_transactions)
