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
    nothing_found,
    payment_answer,
    result,
    with_blanks,
)
from checkout.sandbox.rest.follow_up import FOLLOW_UPS, follow, repeat
from checkout.sandbox.rest.merchants import Caller, caller_of, is_signed, key_of, token_for
from checkout.sandbox.rest.request import Fields, Refusal, fields_of, payment_of
from checkout.sandbox.rest.switches import switches_of
from checkout.sandbox.rest.tokens import pay_by, pay_out, register
from checkout.sandbox.rest.transaction import PROTOCOL as NAME
from checkout.sandbox.rest.transaction import REGISTRATION, RestTransaction
from checkout.sandbox.world import HttpRequest, World, world_of

BASE = "/transactionServices/REST/v1"

TOLD = {
    "partnerId": "authentication.partnerId",
    "memberId": "authentication.memberId",
    "LoginName": "merchant.username",
}
"""What the token's answer says -> the field of the request that said it."""

Handle = Callable[[World, Caller, Fields], Json]


@post(f"{BASE}/authToken", status_code=200)
async def auth_token(request: HttpRequest) -> Response[bytes]:
    """A token for partner id and user name, or for the member id; with the secure key."""
    world = world_of(request)
    await world.lag()
    fields = await fields_of(request)
    token = token_for(world, fields)
    if token is None:
        return answered(request, result("10001", "Authentication failed"))
    told = {name: fields[given] for name, given in TOLD.items() if given in fields}
    body: Json = {"AuthToken": token, **told}
    return answered(request, body | result("200", "Token generated successfully"))


@post(f"{BASE}/payments", status_code=200, opt={"creates_payment": True})
async def payments(request: HttpRequest) -> Response[bytes]:
    """A new payment: DB or PA."""

    def pay(world: World, caller: Caller, fields: Fields) -> Json:
        key = _checked(world, caller, fields, "merchantTransactionId", "amount")
        if fields.get("paymentType") == "PO":
            raise Refusal("Validation failed: paymentType")
        payment = payment_of(world, fields, key)
        if payment.card and payment.secure != "challenge":
            payment.decide(world)
        world.add(payment)
        note(request, uid=payment.uid)
        return payment_answer(world, payment)

    return await _handled(request, pay)


@post(f"{BASE}/registrations", status_code=200, opt={"creates_payment": True})
async def registrations(request: HttpRequest) -> Response[bytes]:
    """A card alone."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        return register(world, fields, _checked(world, caller, fields, "card.number"))

    return await _handled(request, act)


@post(f"{BASE}/paywithtoken/{{name:str}}", status_code=200, opt={"creates_payment": True})
async def pay_with_token(request: HttpRequest, name: FromPath[str]) -> Response[bytes]:
    """A payment by a registration: DB or PA."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        key = _checked(world, caller, fields | {"name": name}, "name", "amount")
        return pay_by(world, fields, key, name)

    return await _handled(request, act)


@post(f"{BASE}/payout", status_code=200, opt={"creates_payment": True})
async def payouts(request: HttpRequest) -> Response[bytes]:
    """Money to a card."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        key = _checked(world, caller, fields, "merchantTransactionId", "amount", key_last=True)
        return pay_out(world, fields, key)

    return await _handled(request, act)


@post(f"{BASE}/inquiry", status_code=200)
async def inquiry(request: HttpRequest) -> Response[bytes]:
    """IN where some deployments have it: the id is in the body."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        field = "merchantTransactionId" if fields.get("idType") == "MID" else "paymentId"
        named = fields | {"name": fields.get(field, "")}
        _checked(world, caller, named, "name")
        if fields.get("paymentType") != "IN":
            raise Refusal("Validation failed: paymentType")
        return _inquired(request, world, named)

    return await _handled(request, act)


@post(f"{BASE}/payments/{{name:str}}", status_code=200)
async def one_payment(request: HttpRequest, name: FromPath[str]) -> Response[bytes]:
    """IN, CP, RF, RV, or the next of a series; `name` is the payment's id, or the shop's own."""

    def act(world: World, caller: Caller, fields: Fields) -> Json:
        kind = fields.get("paymentType", "")
        with_amount = (kind in FOLLOW_UPS and FOLLOW_UPS[kind].has_amount) or kind == "DB"
        named = fields | {"name": name}
        _checked(world, caller, named, "name", *(["amount"] if with_amount else []))
        if kind == "IN":
            return _inquired(request, world, named)
        payment = _find(world, named)
        if payment is None:
            return result(*NOT_FOUND)
        note(request, uid=payment.uid, tracking_id=payment.tracking_id)
        if kind in FOLLOW_UPS:
            return follow(world, payment, fields, kind)
        if kind == "DB" and fields.get("recurringType") == "REPEATED":
            return repeat(world, payment, fields)
        raise Refusal("Validation failed: paymentType")

    return await _handled(request, act)


def _inquired(request: HttpRequest, world: World, named: Fields) -> Json:
    payment = _find(world, named)
    if payment is None:
        return nothing_found(world)
    note(request, uid=payment.uid, tracking_id=payment.tracking_id)
    payment.queries += 1
    found = inquiry_answer(payment)
    return with_blanks(found) if switches_of(world).trailing_blanks else found


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


def _checked(
    world: World, caller: Caller, fields: Fields, *signed: str, key_last: bool = False
) -> str:
    """The member's secure key, once the checksum over `signed` is proved to be made with it."""
    member = fields.get("authentication.memberId", "")
    key = key_of(world, caller, member)
    missing = [name for name in signed if not fields.get(name)]
    if missing:
        raise Refusal(f"Validation failed: {', '.join(missing)}")
    values = [fields[name] for name in signed]
    stated = fields.get("authentication.checksum", "")
    if key is None:
        raise Refusal("Checksum mismatch")
    if not is_signed(stated, member, *([*values, key] if key_last else [key, *values])):
        raise Refusal("Checksum mismatch")
    return key


def _find(world: World, fields: Fields) -> RestTransaction | None:
    member, name = fields["authentication.memberId"], fields["name"]
    if fields.get("idType") == "MID":
        tracked = world.tracked(NAME, member, name)
        found = next((each for each in tracked if each.type != REGISTRATION), None)
    else:
        found = world.find(NAME, member, name)
    if not isinstance(found, RestTransaction) or found.parent_uid or found.type == REGISTRATION:
        return None
    return found


PROTOCOL = Protocol(
    name=NAME,
    handlers=(
        auth_token,
        payments,
        one_payment,
        registrations,
        pay_with_token,
        payouts,
        inquiry,
        *bank.HANDLERS,
        *provider.HANDLERS,
        *switches.HANDLERS,
    ),
    letter=letter,
)
