"""Transactions, for shops, in Overpay's shapes: `GET /transactions/{uid}`; after the payment `POST
/transactions/captures`, `voids`, `refunds`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from checkout.errors import NotFound
from checkout.flow import record
from checkout.flow.operations import operate
from checkout.ledger import operations, payments
from checkout.merchant.card_numbers import without_card_numbers
from checkout.merchant.letters import told
from checkout.merchant.shapes import operation as shape
from checkout.model.checks import Fields, decode, drop_nulls
from checkout.model.rules import minor_units, text
from checkout.web.bodies import read_json
from checkout.web.callers import acting, authenticated
from checkout.web.context import web_of
from checkout.web.request import Web_Request

KINDS: Final = {"captures": "capture", "voids": "void", "refunds": "refund"}


@post("/transactions/{kind:str}", status_code=200, tags=["transactions"])
async def after_payment(request: Web_Request) -> Response[Any]:
    """`{"request": {"parent_uid", "amount", "reason"}}`: `parent_uid` is the payment's uid, of
    refunds perhaps the capture's; without `amount` all that is left. Answers `{"transaction":
    {...}}`, also when it was declined."""
    web = web_of(request)
    shop = authenticated(request, web.settings)
    kind = KINDS.get(request.path_params["kind"])
    if kind is None:
        raise NotFound
    body = Fields(without_card_numbers(drop_nulls(decode(await read_json(request)))), tolerant=True)
    fields = body.within("request", shown="")
    uid = fields.need("parent_uid", text(64))
    amount = fields.get("amount", minor_units())
    reason = fields.get("reason", text(255, least=0), "")
    fields.done()
    done = await operate(
        web.flow,
        kind,
        uid,
        shop=shop,
        amount=amount,
        reason=reason,
        request_id=request.headers.get("requestid", "")[:255] or None,
        by=acting(request, shop),
    )
    story = await web.flow.ledger.read(record.read, done.payment)
    return Response({"transaction": shape(done, story)})


@get("/transactions/{uid:str}", tags=["transactions"], summary="Read a transaction")
async def read_transaction(request: Web_Request) -> Response[Any]:
    """What a notification says, of a payment, capture, void or refund, by its uid."""
    web, uid = web_of(request), request.path_params["uid"]
    shop = authenticated(request, web.settings)
    done = await web.flow.ledger.read(operations.find, uid)
    story = await web.flow.ledger.read(payments.by_uid, done.payment if done else uid)
    if story is None or story.payment.shop != shop.id:
        raise NotFound
    if done:
        return Response({"transaction": shape(done, story)})
    return Response(told(story, web.flow.status(story), shop, web.settings.public_url))


HANDLERS: Final = (after_payment, read_transaction)
