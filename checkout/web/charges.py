"""What a shop's server has done to a card by its token, in Overpay's shapes: `POST
/services/credit_cards/charges`, `/transactions/charges`, `payments`, `authorizations`, `credits`,
`payouts`."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from litestar import Response, post

from checkout.flow.alone import by_token
from checkout.identifiers import receipt_secret
from checkout.merchant.by_token import read_by_token, without_code
from checkout.merchant.shapes import made_alone
from checkout.model.checks import decode
from checkout.web.bodies import read_json
from checkout.web.callers import acting, authenticated
from checkout.web.context import web_of
from checkout.web.request import Web_Request

CHARGE: Final = "charge"
KINDS: Final = {  # address -> the type of the transaction
    "/services/credit_cards/charges": CHARGE,
    "/transactions/charges": CHARGE,
    "/transactions/payments": "payment",
    "/transactions/authorizations": "authorization",
    "/transactions/credits": "credit",
    "/transactions/payouts": "payout",
}


@post(list(KINDS), status_code=200, tags=["transactions"], summary="By the token of a card")
async def charge(request: Web_Request) -> Response[Any]:
    """`{"request": {"amount", "currency", "description", "credit_card": {"token"}, ...}}`. Answers
    `{"transaction": {...}}`, also when it was declined."""
    flow, settings = web_of(request).flow, web_of(request).settings
    shop = authenticated(request, settings)
    kind = KINDS[request.scope["path"].rstrip("/")]
    data = decode(await read_json(request))
    asked = read_by_token(data, kind, shop, sandbox=settings.sandbox, now=flow.clock())
    story = await by_token(
        flow,
        asked,
        shop,
        request_id=request.headers.get("requestid", "")[:255] or None,
        digest=hashlib.sha256(without_code(data, kind)).hexdigest(),
        by=acting(request, shop),
    )
    payment = story.payment
    language = story.attempts[0].language
    base = f"{settings.public_url}/{language}"
    receipt = f"{base}/order/{payment.uid}/{receipt_secret(payment.secret)}"
    page = f"{base}/payment/{payment.uid}/{payment.secret}"
    made = made_alone(story, flow.status(story), shop, receipt, page)
    return Response(_flat(made) if kind == CHARGE else {"transaction": made})


def _flat(made: dict[str, Any]) -> dict[str, Any]:
    """The document of the charge request shows the object without an envelope; the family's
    clients look for one."""
    return made | {"transaction": made}


HANDLERS: Final = (charge,)
