"""The gateway's addresses. All is POST; success and most failures are HTTP 200."""

from __future__ import annotations

from collections.abc import Callable

from litestar import Response, post
from litestar.params import FromPath

from checkout.sandbox.calls import note
from checkout.sandbox.protocol import Protocol
from checkout.sandbox.rest import bank, provider, switches
from checkout.sandbox.rest.answer import (
    NOT_FOUND,
    Json,
    answered,
    inquiry_answer,
    letter,
    payment_answer,
    result,
    with_blanks,
)
from checkout.sandbox.rest.follow_up import FOLLOW_UPS, follow, repeat
from checkout.sandbox.rest.merchants import Caller, caller_of, is_signed, key_of, token_for
from checkout.sandbox.rest.request import Fields, Refusal, fields_of, payment_of
from checkout.sandbox.rest.switches import switches_of
from checkout.sandbox.rest.transaction import PROTOCOL as NAME
from checkout.sandbox.rest.transaction import RestTransaction
from checkout.sandbox.world import HttpRequest, World, world_of

BASE = "/transactionServices/REST/v1"

Handle = Callable[[World, Caller, Fields], Json]


@post(f"{BASE}/authToken", status_code=200)
async def auth_token(request: HttpRequest) -> Response[bytes]:
    """A token for partner id, user name and secure key."""
    world = world_of(request)
    await world.lag()
    fields = await fields_of(request)
    partner = fields.get("authentication.partnerId", "")
    username = fields.get("merchant.username", "")
    token = token_for(world, partner, username, fields.get("authentication.sKey", ""))
    if token is None:
        return answered(request, result("10001", "Authentication failed"))
    body: Json = {"AuthToken": token, "partnerId": partner, "LoginName": username}
    return answered(request, body | result("200", "Token generated successfully"))


@post(f"{BASE}/payments", status_code=200, opt={"creates_payment": True})
async def payments(request: HttpRequest) -> Response[bytes]:
    """A new payment: DB or PA."""

    def pay(world: World, caller: Caller, fields: Fields) -> Json:
        key = _checked(world, caller, fields, "merchantTransactionId", "amount")
        payment = payment_of(world, fields, key)
        if payment.card and payment.secure != "challenge":
            payment.decide(world)
        world.add(payment)
        note(request, uid=payment.uid)
        return payment_answer(world, payment)

    return await _handled(request, pay)


@post(f"{BASE}/payments/{{name:str}}", status_code=200)
async def one_payment(request: HttpRequest, name: FromPath[str]) -> Response[bytes]:
    """IN, CP, RF, RV, or the next of a series; `name` is the payment's id, or the shop's own."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        kind = fields.get("paymentType", "")
        with_amount = (kind in FOLLOW_UPS and FOLLOW_UPS[kind].has_amount) or kind == "DB"
        named = fields | {"name": name}
        _checked(world, caller, named, "name", *(["amount"] if with_amount else []))
        payment = _find(world, named)
        if payment is None:
            return result(*NOT_FOUND)
        note(request, uid=payment.uid, tracking_id=payment.tracking_id)
        if kind in FOLLOW_UPS:
            return follow(world, payment, fields, kind)
        if kind == "DB" and fields.get("recurringType") == "REPEATED":
            return repeat(world, payment, fields)
        if kind != "IN":
            raise Refusal("Validation failed: paymentType")
        payment.queries += 1
        found = inquiry_answer(payment)
        return with_blanks(found) if switches_of(world).trailing_blanks else found

    return await _handled(request, act)


async def _handled(request: HttpRequest, handle: Handle) -> Response[bytes]:
    world = world_of(request)
    await world.lag()
    fields = await fields_of(request)
    # From here on nothing is awaited: two requests cannot pass each other.
    caller = caller_of(world, request.headers.get("AuthToken", ""))
    if caller is None:
        return answered(request, result("401", "Unauthorized: AuthToken missing or expired"), 401)
    note(request, tracking_id=fields.get("merchantTransactionId"))
    try:
        return answered(request, handle(world, caller, fields))
    except Refusal as refusal:
        body: Json = {"paymentId": "-"}
        return answered(request, body | result(refusal.code, refusal.description))


def _checked(world: World, caller: Caller, fields: Fields, *signed: str) -> str:
    """The member's secure key, once the checksum over `signed` is proved to be made with it."""
    member = fields.get("authentication.memberId", "")
    key = key_of(world, caller, member)
    missing = [name for name in signed if not fields.get(name)]
    if missing:
        raise Refusal(f"Validation failed: {', '.join(missing)}")
    values = [fields[name] for name in signed]
    stated = fields.get("authentication.checksum", "")
    if key is None or not is_signed(stated, member, key, *values):
        raise Refusal("Checksum mismatch")
    return key


def _find(world: World, fields: Fields) -> RestTransaction | None:
    member, name = fields["authentication.memberId"], fields["name"]
    if fields.get("idType") == "MID":
        found = next(iter(world.tracked(NAME, member, name)), None)
    else:
        found = world.find(NAME, member, name)
    if not isinstance(found, RestTransaction) or found.parent_uid:
        return None
    return found


PROTOCOL = Protocol(
    name=NAME,
    handlers=(
        auth_token,
        payments,
        one_payment,
        *bank.HANDLERS,
        *provider.HANDLERS,
        *switches.HANDLERS,
    ),
    letter=letter,
)
