"""The controls of this gateway: its settings, who may call it, and its back office."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from checkout.sandbox.control_input import InvalidInput, read_input, update_settings
from checkout.sandbox.rest.authentication import Merchant, Merchants
from checkout.sandbox.rest.notification import notification_of
from checkout.sandbox.rest.settings import RestSettings
from checkout.sandbox.rest.transaction import RestTransaction
from checkout.sandbox.state import HttpRequest, state_of


class PlatformStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A long word of the platform's; also one that no document has."""

    status: Annotated[str, msgspec.Meta(pattern="^[a-z]{1,32}$")]


@post("/sandbox/rest/behaviour", opt={"unlogged": True}, status_code=200)
async def set_settings(request: HttpRequest) -> Response[RestSettings]:
    """Change some settings; the others stay."""
    return Response(await update_settings(request, state_of(request), RestSettings))


@post("/sandbox/rest/merchants", opt={"unlogged": True}, status_code=200)
async def register(request: HttpRequest) -> Response[dict[str, object]]:
    """Register a merchant's credentials."""
    state = state_of(request)
    merchant = await read_input(request, Merchant)
    if "|" in merchant.member_id:
        raise InvalidInput(422, "member_id must not contain |")
    registered = state.settings_for(Merchants).by_member_id | {merchant.member_id: merchant}
    state.set_settings(Merchants(by_member_id=registered))
    return Response({"merchants": list(registered)})


@post("/sandbox/rest/payments/{uid:str}/state", opt={"unlogged": True}, status_code=200)
async def set_status(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Put a payment into a state of the platform's, as its back office or a bank would; notify."""
    state = state_of(request)
    wanted = (await read_input(request, PlatformStatus)).status
    payment = state.transactions.get(uid)
    if not isinstance(payment, RestTransaction) or payment.parent_uid:
        raise InvalidInput(404, "Record not found")
    payment.platform_status = wanted
    payment.updated_at = state.now()
    notification = notification_of(state, payment)
    if notification is not None:
        state.notifier.post(notification)
    return Response(payment.row() | {"words": list(payment.status_words)})


HANDLERS = (set_settings, register, set_status)
