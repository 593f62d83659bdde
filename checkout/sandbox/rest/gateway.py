"""The gateway's addresses: tokens, payments, inquiries, registrations, payouts."""

from __future__ import annotations

from litestar import Response, post

from checkout.sandbox.call_log import annotate
from checkout.sandbox.rest import acs, controls, provider
from checkout.sandbox.rest.api import BASE, Call, handles
from checkout.sandbox.rest.authentication import token_for
from checkout.sandbox.rest.codes import NOT_FOUND
from checkout.sandbox.rest.notification import notification_of
from checkout.sandbox.rest.operations import OPERATIONS, charge_again, operate
from checkout.sandbox.rest.registrations import pay_by, pay_out, register
from checkout.sandbox.rest.request import Fields, Refusal, fields_of, payment_of
from checkout.sandbox.rest.response import (
    Json,
    http_response,
    inquiry_response,
    not_found_response,
    payment_response,
    result,
    with_blanks,
)
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.rest.transaction import PROTOCOL, REGISTRATION, RestTransaction
from checkout.sandbox.state import Gateway, HttpRequest, SandboxState, state_of

ECHOED = {
    "partnerId": "authentication.partnerId",
    "memberId": "authentication.memberId",
    "LoginName": "merchant.username",
}
"""A key of the token's answer -> the field of the request that it repeats."""


@post(f"{BASE}/authToken", status_code=200)
async def auth_token(request: HttpRequest) -> Response[bytes]:
    """A token for partner id and user name, or for the member id; with the secure key."""
    state = state_of(request)
    await state.simulate_latency()
    fields = await fields_of(request)
    token = token_for(state, fields)
    if token is None:
        return http_response(request, result("10001", "Authentication failed"))
    echoed = {name: fields[given] for name, given in ECHOED.items() if given in fields}
    body: Json = {"AuthToken": token, **echoed}
    return http_response(request, body | result("200", "Token generated successfully"))


def pay(call: Call) -> Json:
    """A new payment: DB or PA."""
    key = call.check("merchantTransactionId", "amount")
    if call.fields.get("paymentType") == "PO":
        raise Refusal("Validation failed: paymentType")
    payment = payment_of(call.state, call.fields, key)
    if payment.card and payment.three_d_secure != "challenge":
        payment.decide(call.state.now())
    call.state.add(payment)
    annotate(call.request, uid=payment.uid)
    return payment_response(call.state, payment)


def register_card(call: Call) -> Json:
    """A card alone."""
    return register(call.state, call.fields, call.check("card.number"))


def pay_with_token(call: Call) -> Json:
    """A payment by a registration: DB or PA."""
    return pay_by(call.state, call.fields, call.check("name", "amount"), call.fields["name"])


def payout(call: Call) -> Json:
    """Money to a card."""
    key = call.check("merchantTransactionId", "amount", key_last=True)
    return pay_out(call.state, call.fields, key)


def inquire(call: Call) -> Json:
    """IN where some deployments have it: the id is in the body."""
    field = "merchantTransactionId" if call.fields.get("idType") == "MID" else "paymentId"
    call.fields["name"] = call.fields.get(field, "")
    call.check("name")
    if call.fields.get("paymentType") != "IN":
        raise Refusal("Validation failed: paymentType")
    return _inquired(call)


def one_payment(call: Call) -> Json:
    """IN, CP, RF, RV, or the next of a series; `name` is the payment's id, or the shop's own."""
    kind = call.fields.get("paymentType", "")
    with_amount = (kind in OPERATIONS and OPERATIONS[kind].has_amount) or kind == "DB"
    call.check("name", *(["amount"] if with_amount else []))
    if kind == "IN":
        return _inquired(call)
    payment = _find(call.state, call.fields)
    if payment is None:
        return result(*NOT_FOUND)
    annotate(call.request, uid=payment.uid, tracking_id=payment.tracking_id)
    if kind in OPERATIONS:
        return operate(call.state, payment, call.fields, kind)
    if kind == "DB" and call.fields.get("recurringType") == "REPEATED":
        return charge_again(call.state, payment, call.fields)
    raise Refusal("Validation failed: paymentType")


def _inquired(call: Call) -> Json:
    payment = _find(call.state, call.fields)
    if payment is None:
        return not_found_response(call.state)
    annotate(call.request, uid=payment.uid, tracking_id=payment.tracking_id)
    payment.queries += 1
    found = inquiry_response(payment)
    return with_blanks(found) if settings_of(call.state).trailing_blanks else found


def _find(state: SandboxState, fields: Fields) -> RestTransaction | None:
    member, name = fields["authentication.memberId"], fields["name"]
    if fields.get("idType") == "MID":
        tracked = state.tracked(PROTOCOL, member, name)
        found = next((each for each in tracked if each.type != REGISTRATION), None)
    else:
        found = state.find(PROTOCOL, member, name)
    if not isinstance(found, RestTransaction) or found.parent_uid or found.type == REGISTRATION:
        return None
    return found


GATEWAY = Gateway(
    name=PROTOCOL,
    handlers=(
        auth_token,
        handles("payments", pay, payment=True),
        handles("registrations", register_card, payment=True),
        handles("paywithtoken/{name:str}", pay_with_token, payment=True),
        handles("payout", payout, payment=True),
        handles("inquiry", inquire),
        handles("payments/{name:str}", one_payment),
        *acs.HANDLERS,
        *provider.HANDLERS,
        *controls.HANDLERS,
    ),
    notification=notification_of,
)
