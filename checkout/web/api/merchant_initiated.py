"""Merchant-initiated transactions by a card's token, in Overpay's shapes: `POST
/services/credit_cards/charges`, `/transactions/charges`, `payments`, `authorizations`, `credits`,
`payouts`."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from checkout.model.order import CARD_METHOD
from checkout.model.validation.description import Json
from checkout.model.validation.reader import decode
from checkout.payments.merchant_initiated import start_merchant_initiated
from checkout.shop_api.answers import Transaction
from checkout.shop_api.merchant_initiated import (
    read_merchant_initiated,
    section_of,
    table_of,
    without_code,
)
from checkout.shop_api.responses import merchant_initiated, receipt_address
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.idempotency import request_id
from checkout.web.api.schema import REF, answered, described, header, sent, within
from checkout.web.bodies import read_json
from checkout.web.context import app_of
from checkout.web.request import AppRequest

CHARGE: Final = "charge"
KINDS: Final = {  # address -> the type of the transaction
    "/services/credit_cards/charges": CHARGE,
    "/transactions/charges": CHARGE,
    "/transactions/payments": "payment",
    "/transactions/authorizations": "authorization",
    "/transactions/credits": "credit",
    "/transactions/payouts": "payout",
}
NAMES: Final = {  # address -> the operation in /schema
    "/services/credit_cards/charges": "charge_card",
    "/transactions/charges": "create_charge",
    "/transactions/payments": "create_card_payment",
    "/transactions/authorizations": "create_card_authorization",
    "/transactions/credits": "create_credit",
    "/transactions/payouts": "create_payout",
}


def handler(address: str, kind: str) -> HTTPRouteHandler:
    """The handler of one address."""

    @post(
        address,
        status_code=200,
        tags=["transactions"],
        summary="By the token of a card",
        operation_id=NAMES[address],
    )
    async def charge(request: AppRequest) -> Response[Any]:
        """`{"request": {"amount", "currency", "description", "credit_card": {"token"}, ...}}`.
        Answers `{"transaction": {...}}`, also when it was declined."""
        made = await made_by(request, kind)
        return Response(_flat(made) if kind == CHARGE else {"transaction": made})

    return charge


async def made_by(request: AppRequest, kind: str) -> dict[str, Any]:
    """Makes the transaction; returns it as the shop gets it."""
    context, settings = app_of(request).context, app_of(request).settings
    shop = authenticated(request, settings)
    data = decode(await read_json(request))
    requested = read_merchant_initiated(
        data, kind, shop, sandbox=settings.sandbox, now=context.clock()
    )
    payment = await start_merchant_initiated(
        context,
        requested,
        shop,
        request_id=request_id(request),
        digest=hashlib.sha256(without_code(data, kind)).hexdigest(),
        by=actor_of(request, shop),
    )
    base, language = settings.origin(shop), payment.attempts[0].language
    receipt = receipt_address(payment, base)
    page = f"{base}/{language}/payment/{payment.uid}/{payment.secret}"
    return merchant_initiated(payment, context.status_of(payment), shop, receipt, page)


def _flat(made: dict[str, Any]) -> dict[str, Any]:
    """The document of the charge request shows the object without an envelope; the family's
    clients look for one."""
    return made | {"transaction": made}


def _described(kind: str) -> Json:
    card = section_of(CARD_METHOD, kind)
    example = {"amount": 700, "currency": "EUR", "description": "May", card: {"token": "…"}}
    schema = within("transaction", REF[Transaction])
    if kind == CHARGE:
        schema = {"allOf": [REF[Transaction], schema]}
    return described(
        "Sent once, with no customer present. `pending` is unknown and looked up; repeat a request "
        "that got no answer with the same RequestID. The same again within 30 s without one is "
        "refused.",
        parameters=[header("RequestID", "answer")],
        body=sent(table_of(kind), example, under="request"),
        answer=answered(schema, "What became of it"),
        errors=(404,),
    )


SCHEMA: Final = {(address, "post"): _described(kind) for address, kind in KINDS.items()}
HANDLERS: Final = tuple(handler(address, kind) for address, kind in KINDS.items())
