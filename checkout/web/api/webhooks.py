"""A shop's webhooks by its API: list, read, send again; listen, for `checkout listen`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from checkout.ledger import outbox
from checkout.model.cursor import Cursor
from checkout.model.order import BY_APP
from checkout.model.validation.rules import loose_flag, text
from checkout.model.validation.table import Field, FieldTable
from checkout.payments import webhooks
from checkout.shop_api.answers import SignedWebhook, Webhook
from checkout.shop_api.list_request import zoned_moment
from checkout.shop_api.webhooks import shape, signed_shape
from checkout.web.api.authentication import actor_of, authenticated
from checkout.web.api.paging import answer_of, pages, query_of
from checkout.web.api.schema import REF, answered, described, listed, query, within
from checkout.web.context import app_of
from checkout.web.request import AppRequest

SHOWN: Final = 50
LISTED: Final = FieldTable(
    **pages(SHOWN),
    payment=Field(text(36), "those of this payment, or of the payment of this capture or refund"),
    listen=Field(
        loose_flag,
        "the oldest first, from now on or from `after`; `next` is always there, and some come "
        "twice. For a minute payments without a `notification_url` have webhooks too",
    ),
    since=Field(zoned_moment, "listen from this time on, where there is no `after`"),
)


@get("/webhooks", tags=["webhooks"], summary="List webhooks")
async def list_webhooks(request: AppRequest) -> Response[Any]:
    """Answers `{"webhooks": [...], "next"}`, the newest first; `listen` the other way round."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    fields = query_of(request)
    chosen = LISTED.read(fields)
    fields.done()
    limit, after = chosen["limit"], chosen["after"]
    if not chosen["listen"]:
        named = chosen["payment"]
        page = await webhooks.listed(app.context, shop, named=named, limit=limit, after=after)
        return _page(*page)
    if after is None and chosen["since"] is not None:
        after = Cursor(chosen["since"], webhooks.FIRST_ID)
    return _page(*await webhooks.listen(app.context, shop, after, limit))


def _page(found: list[outbox.Webhook], following: Cursor | None) -> Response[Any]:
    return Response(answer_of("webhooks", [shape(each) for each in found], following))


@get("/webhooks/{webhook_id:str}", tags=["webhooks"], summary="Read a webhook")
async def read_webhook(request: AppRequest) -> Response[Any]:
    """Answers the webhook with its body and the headers that a try now would have."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    webhook, payment = await webhooks.find(app.context, request.path_params["webhook_id"], shop)
    public, now = payment.created_by == BY_APP, app.context.clock()
    return Response({"webhook": signed_shape(webhook, shop, now, public=public)})


@post(
    "/webhooks/{webhook_id:str}/resend",
    status_code=202,
    tags=["webhooks"],
    summary="Send a webhook again",
)
async def resend_webhook(request: AppRequest) -> Response[Any]:
    """Sends it at once, under the same id, also when it was delivered; its tries start anew."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    webhook, by = request.path_params["webhook_id"], actor_of(request, shop)
    again = await webhooks.resend(app.context, webhook, shop, by=by)
    return Response({"webhook": shape(again)}, status_code=202)


RESENT: Final = FieldTable(all=Field(loose_flag, "every one; otherwise the last"))


@post(
    "/ctp/api/payments/{uid:str}/resend",
    status_code=202,
    tags=["webhooks"],
    summary="Send a payment's webhooks again",
)
async def resend_payment(request: AppRequest) -> Response[Any]:
    """Also those that were given up, or never written as there was no address then."""
    app = app_of(request)
    shop = authenticated(request, app.settings)
    fields = query_of(request)
    every = bool(RESENT.read(fields)["all"])
    fields.no_others()
    fields.done()
    uid, by = request.path_params["uid"], actor_of(request, shop)
    found = await webhooks.resend_of_shop(app.context, uid, shop, every=every, by=by)
    return Response({"webhooks": [shape(each) for each in found]}, status_code=202)


SCHEMA: Final = {
    ("/webhooks", "get"): described(
        "What your server was told, whether it got it, and if not, why.",
        parameters=query(LISTED),
        answer=answered(listed("webhooks", REF[Webhook]), "The newest first"),
        errors=(404, 422),
    ),
    ("/webhooks/{webhook_id}", "get"): described(
        answer=answered(within("webhook", REF[SignedWebhook]), "The webhook"), errors=(404,)
    ),
    ("/webhooks/{webhook_id}/resend", "post"): described(
        "The same `webhook-id`, as it tells of the same event.",
        status=202,
        answer=answered(within("webhook", REF[Webhook]), "It is sent again"),
        errors=(404, 422),
    ),
    ("/ctp/api/payments/{uid}/resend", "post"): described(
        "Each under its own `webhook-id`: to ask twice is as good as once.",
        parameters=query(RESENT),
        status=202,
        answer=answered(
            within("webhooks", {"type": "array", "items": REF[Webhook]}), "They are sent again"
        ),
        errors=(404, 422),
    ),
}
HANDLERS: Final = (list_webhooks, read_webhook, resend_webhook, resend_payment)
