"""Transactions, for shops, in Overpay's shapes: `GET /transactions/{uid}`; after the payment `POST
/transactions/captures`, `voids`, `refunds`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from checkout.errors import NotFound
from checkout.ledger import operations, payments
from checkout.model.validation.reader import decode
from checkout.payments import transitions
from checkout.payments.operations import start_operation
from checkout.shop_api.answers import Operation, Transaction
from checkout.shop_api.operation import OPERATION, read_operation
from checkout.shop_api.responses import operation as shape
from checkout.shop_api.webhooks import payment_notification
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.schema import REF, UID, answered, described, sent, within
from checkout.web.bodies import read_json
from checkout.web.context import app_of
from checkout.web.request import AppRequest

KINDS: Final = {  # address -> the type of the transaction
    "/transactions/captures": "capture",
    "/transactions/voids": "void",
    "/transactions/refunds": "refund",
}


def handler(address: str, kind: str) -> HTTPRouteHandler:
    """The handler of one operation."""

    @post(
        address,
        status_code=200,
        tags=["transactions"],
        summary=f"{kind.title()} a payment",
        operation_id=f"{kind}_payment",
    )
    async def after_payment(request: AppRequest) -> Response[Any]:
        """`parent_uid` is the payment's uid, of refunds perhaps the capture's; without `amount` all
        that is left. Answers `{"transaction": {...}}`, also when it was declined."""
        app = app_of(request)
        shop = authenticated(request, app.settings)
        requested = read_operation(decode(await read_json(request)))
        done = await start_operation(
            app.context,
            kind,
            requested.parent_uid,
            shop=shop,
            amount=requested.amount,
            reason=requested.reason,
            request_id=request.headers.get("requestid", "")[:255] or None,
            by=actor_of(request, shop),
        )
        payment = await app.context.ledger.read(transitions.read, done.payment)
        return Response({"transaction": shape(done, payment)})

    return after_payment


@post("/transactions/{uid:str}", include_in_schema=False)
async def unknown_operation(request: AppRequest) -> None:
    """Not found, like any unknown address, once the caller has authenticated."""
    authenticated(request, app_of(request).settings)
    raise NotFound


@get("/transactions/{uid:str}", tags=["transactions"], summary="Read a transaction")
async def read_transaction(request: AppRequest) -> Response[Any]:
    """A payment, capture, void or refund by its uid, as a notification shows it."""
    app, uid = app_of(request), request.path_params["uid"]
    shop = authenticated(request, app.settings)
    done = await app.context.ledger.read(operations.find, uid)
    payment = await app.context.ledger.read(payments.by_uid, done.payment if done else uid)
    if payment is None or payment.shop != shop.id:
        raise NotFound
    if done:
        return Response({"transaction": shape(done, payment)})
    return Response(
        payment_notification(payment, app.context.status_of(payment), shop, app.settings.public_url)
    )


SCHEMA: Final = {
    **{
        (address, "post"): described(
            "Sent once; `pending` is accepted, or unknown and looked up. It is a transaction of "
            "its own, and notified as one.",
            body=sent(OPERATION, {"parent_uid": UID, "reason": "returned"}, under="request"),
            answer=answered(within("transaction", REF[Operation]), "What became of it"),
            errors=(404,),
        )
        for address in KINDS
    },
    ("/transactions/{uid}", "get"): described(
        "What a notification says, of a payment, capture, void or refund.",
        answer=answered(
            within("transaction", {"anyOf": [REF[Operation], REF[Transaction]]}), "The transaction"
        ),
        errors=(404,),
    ),
}
HANDLERS: Final = (
    *(handler(address, kind) for address, kind in KINDS.items()),
    unknown_operation,
    read_transaction,
)
