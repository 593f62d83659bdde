"""Transactions, for shops, in Overpay's shapes: `GET /transactions/{uid}`; after the payment `POST
/transactions/captures`, `voids`, `refunds`; by the token of a card `payments`, `authorizations`,
`credits`, `payouts`."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import Response, get, post

from checkout.errors import NotFound
from checkout.flow import record
from checkout.flow.alone import by_token
from checkout.flow.operations import operate
from checkout.ledger import operations, payments
from checkout.merchant.by_token import read_by_token
from checkout.merchant.letters import told
from checkout.merchant.shapes import made_alone
from checkout.merchant.shapes import operation as shape
from checkout.model.checks import Fields, decode, drop_nulls
from checkout.model.rules import minor_units, text
from checkout.settings import Shop
from checkout.web.callers import authenticated
from checkout.web.security import read_body
from checkout.web.visit import Web_Request, web_of

KINDS: Final = {"captures": "capture", "voids": "void", "refunds": "refund"}
BY_TOKEN: Final = {
    "payments": "payment",
    "authorizations": "authorization",
    "credits": "credit",
    "payouts": "payout",
}


@post("/transactions/{kind:str}", status_code=200, tags=["transactions"])
async def after_payment(request: Web_Request) -> Response[Any]:
    """`{"request": {"parent_uid", "amount", "reason"}}`: `parent_uid` is the payment's uid, without
    `amount` all that is left; of payments, authorizations, credits and payouts `{"request":
    {"amount", "currency", "description", "credit_card": {"token"}}}`. Answers `{"transaction":
    {...}}`, also when it was declined."""
    web = web_of(request)
    shop = authenticated(request, web.settings)
    if (kind := BY_TOKEN.get(request.path_params["kind"])) is not None:
        return await _by_token(request, shop, kind)
    kind = KINDS.get(request.path_params["kind"])
    if kind is None:
        raise NotFound
    body = Fields(drop_nulls(decode(await read_body(request))), tolerant=True)
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
    )
    return Response({"transaction": shape(done, await web.flow.ledger.read(record.read, uid))})


async def _by_token(request: Web_Request, shop: Shop, kind: str) -> Response[Any]:
    flow, settings = web_of(request).flow, web_of(request).settings
    body = await read_body(request)
    order, token, parent = read_by_token(
        decode(body), kind, sandbox=settings.sandbox, now=flow.clock()
    )
    story = await by_token(
        flow,
        order,
        shop,
        token,
        parent,
        request_id=request.headers.get("requestid", "")[:255] or None,
        digest=hashlib.sha256(kind.encode() + body).hexdigest(),
    )
    payment = story.payment
    language = story.attempts[0].language
    base = f"{settings.public_url}/{language}"
    receipt = f"{base}/order/{payment.uid}/{payment.secret}"
    page = f"{base}/payment/{payment.uid}/{payment.secret}"
    return Response({"transaction": made_alone(story, flow.status(story), shop, receipt, page)})


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
