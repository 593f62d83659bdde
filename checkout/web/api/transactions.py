"""Transactions, for shops, in Overpay's shapes: `GET /transactions/{uid}`; after the payment `POST
/transactions/captures`, `voids`, `refunds`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from checkout.errors import NotFound
from checkout.ledger import operations, payments
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.validation.reader import decode
from checkout.payments import transitions
from checkout.payments.dropped_data import log_dropped
from checkout.payments.operations import start_operation
from checkout.settings import Shop
from checkout.shop_api import answers
from checkout.shop_api.operation import OPERATION, read_operation
from checkout.shop_api.webhooks import operation_notification, payment_notification
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.idempotency import request_id
from checkout.web.api.schema import REF, UID, answered, described, sent, within
from checkout.web.bodies import read_json
from checkout.web.context import AppContext, app_of
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
            request_id=request_id(request),
            by=actor_of(request, shop),
        )
        log_dropped(requested.dropped, payment=done.payment, shop=shop.id)
        payment = await app.context.ledger.read(transitions.read, done.payment)
        return Response(shown(app, shop, payment, done))

    return after_payment


def shown(
    app: AppContext, shop: Shop, payment: Payment, done: Operation | None = None
) -> dict[str, Any]:
    """`{"transaction": {...}}` of a payment, or of what was done after it, as notifications say
    it."""
    base = app.settings.origin(shop)
    if done is not None:
        return operation_notification(done, payment, base)
    return payment_notification(payment, app.context.status_of(payment), shop, base)


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
    return Response(shown(app, shop, payment, done))


SCHEMA: Final = {
    **{
        (address, "post"): described(
            "Sent once; `pending` is accepted, or unknown and looked up. It is a transaction of "
            "its own, and notified as one.",
            body=sent(OPERATION, {"parent_uid": UID, "reason": "returned"}, under="request"),
            answer=answered(within("transaction", REF[answers.Operation]), "What became of it"),
            errors=(404,),
        )
        for address in KINDS
    },
    ("/transactions/{uid}", "get"): described(
        "What a notification says, of a payment, capture, void or refund.",
        answer=answered(
            within("transaction", {"anyOf": [REF[answers.Operation], REF[answers.Transaction]]}),
            "The transaction",
        ),
        errors=(404,),
    ),
}
OPERATIONS: Final = {kind: handler(address, kind) for address, kind in KINDS.items()}
HANDLERS: Final = (
    *OPERATIONS.values(),
    unknown_operation,
    read_transaction,
)
