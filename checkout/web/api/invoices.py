"""The shop's API of invoices: create, list, read, send again, cancel."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import Response, get, post

from checkout.errors import Unprocessable
from checkout.ledger.invoices import Standing
from checkout.model.status import OUTWARD
from checkout.model.validation.reader import decode
from checkout.model.validation.rules import choice, text
from checkout.model.validation.table import Field, FieldTable
from checkout.payments import invoices
from checkout.shop_api import answers
from checkout.shop_api.invoices import (
    AGAIN,
    INVOICE,
    NO_SMTP,
    ORDERED,
    read_address,
    read_invoice,
    shape,
)
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.idempotency import idempotency_key
from checkout.web.api.paging import PAGES, answer_of, page_of
from checkout.web.api.schema import (
    answered,
    described,
    header,
    listed,
    query,
    sent,
    with_fields,
    within,
)
from checkout.web.bodies import read_json
from checkout.web.context import AppContext, app_of
from checkout.web.request import AppRequest

LISTED: Final = FieldTable(
    **PAGES,
    status=Field(choice(sorted({*OUTWARD.values()})), "of the money"),
    tracking_id=Field(text(255), "the shop's own number for it"),
)


@post("/invoices", status_code=201, tags=["invoices"], summary="Create an invoice")
async def create_invoice(request: AppRequest) -> Response[Any]:
    """Answers `{"invoice": {...}}` with its `id` and `url`; 422 names every wrong field. It is
    mailed afterwards, in the background."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    body = await read_json(request)
    draft = read_invoice(decode(body), shop, app.settings, app.context.clock())
    made = await invoices.make(
        app.context,
        draft,
        shop,
        idempotency_key=idempotency_key(request),
        digest=hashlib.sha256(body).hexdigest(),
        by=actor_of(request, shop),
    )
    return _response(app, made, status_code=201)


@get("/invoices", tags=["invoices"], summary="List invoices")
async def list_invoices(request: AppRequest) -> Response[Any]:
    """Answers `{"invoices": [...], "next"}`, the newest first; `limit` and `after` turn the pages,
    `status` and `tracking_id` choose."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    fields, limit, after, offset = page_of(request)
    status, tracking_id = (LISTED.take(fields, name) for name in ("status", "tracking_id"))
    fields.done()
    found, following = await invoices.listed(
        app.context,
        shop=shop.id,
        status=status,
        tracking_id=tracking_id,
        limit=limit,
        offset=offset,
        after=after,
    )
    base, now = app.settings.origin(shop), app.context.clock()
    shown = [shape(each, base, now) for each in found]
    return Response(answer_of("invoices", shown, following))


@get(
    "/invoices/{invoice_id:str}",
    tags=["invoices"],
    summary="Read an invoice",
    operation_id="read_invoice",
)
async def read_one_invoice(request: AppRequest) -> Response[Any]:
    """Answers the invoice: its terms, its link, and what became of it and of its mails."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    return _response(app, await invoices.find(app.context, request.path_params["invoice_id"], shop))


@post(
    "/invoices/{invoice_id:str}/send",
    status_code=200,
    tags=["invoices"],
    summary="Send an invoice again",
)
async def send_invoice(request: AppRequest) -> Response[Any]:
    """Mails it once more, or for the first time; `email` in the body is its address from now on.
    422 when nothing is left to pay."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    body = await read_json(request)
    email = read_address(decode(body)) if body.strip() else None
    if app.settings.smtp is None:
        raise Unprocessable({"send": [NO_SMTP]})
    invoice, by = request.path_params["invoice_id"], actor_of(request, shop)
    again = await invoices.send_again(app.context, invoice, shop, email, by=by)
    return _response(app, again)


@post(
    "/invoices/{invoice_id:str}/cancel",
    status_code=200,
    tags=["invoices"],
    summary="Cancel an invoice",
)
async def cancel_invoice(request: AppRequest) -> Response[Any]:
    """Shuts its link for good; 422 when it is paid or being paid."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    invoice, by = request.path_params["invoice_id"], actor_of(request, shop)
    return _response(app, await invoices.cancel(app.context, invoice, shop, by=by))


def _response(app: AppContext, standing: Standing, status_code: int = 200) -> Response[Any]:
    invoice = shape(standing, app.settings.origin(standing.invoice.shop), app.context.clock())
    return Response({"invoice": invoice}, status_code=status_code)


SHOWN: Final = with_fields(answers.Invoice, ORDERED)
ONE: Final = within("invoice", SHOWN)
CHAIRS: Final = {
    "amount": 1250,
    "currency": "EUR",
    "description": "Two chairs",
    "tracking_id": "chair-7",
    "email": "anna@example.com",
    "language": "en",
}
SCHEMA: Final = {
    ("/invoices", "post"): described(
        parameters=[header(name, "invoice") for name in ("Idempotency-Key", "RequestID")],
        body=sent(INVOICE, CHAIRS),
        status=201,
        answer=answered(ONE, "Created; mailed afterwards"),
    ),
    ("/invoices", "get"): described(
        parameters=query(LISTED),
        answer=answered(listed("invoices", SHOWN), "The newest first"),
        errors=(422,),
    ),
    ("/invoices/{invoice_id}", "get"): described(
        answer=answered(ONE, "The invoice"), errors=(404,)
    ),
    ("/invoices/{invoice_id}/send", "post"): described(
        body=sent(AGAIN, {"email": "anna@example.org"}, required=False),
        answer=answered(ONE, "Mailed again, afterwards"),
        errors=(404,),
    ),
    ("/invoices/{invoice_id}/cancel", "post"): described(
        answer=answered(ONE, "Its link is shut"), errors=(404, 422)
    ),
}
HANDLERS: Final = (
    create_invoice,
    list_invoices,
    read_one_invoice,
    send_invoice,
    cancel_invoice,
)
