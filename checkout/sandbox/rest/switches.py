"""The controls of this gateway: how it behaves, and who may call it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from checkout.sandbox.controls import BadInput
from checkout.sandbox.rest.transaction import PROTOCOL, RestTransaction
from checkout.sandbox.world import HttpRequest, World, world_of

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Switches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The switches of `POST /sandbox/rest/behaviour`; each request may set any of them.

    token_seconds    how long a token lives, also one given out before
    return_method    how the browser is sent back to the shop
    signed_status    which status word is in the way back and under its checksum, and under the
                     notification's
    checksums        wrong: no message is signed with the key
    list_name        how the list of 3-D Secure parameters is called
    pending_code     the result code of a payment that waits for 3-D Secure
    trailing_blanks  whether an inquiry's answer has keys with blanks at their ends
    not_found        what an inquiry for nothing says: a short N beside the code, or the code alone
    part_refund      what a payment is called after a part of it was refunded
    operations       at_once; accepted: capture, refund, reversal and payout are taken and wait for
                     the back office (`POST /sandbox/rest/payments/{id}/state`)
    """

    token_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0
    return_method: Literal["POST", "GET"] = "POST"
    signed_status: Literal["short", "long"] = "short"
    checksums: Literal["right", "wrong"] = "right"
    list_name: Literal["parameters", "listofParameters"] = "parameters"
    pending_code: Literal["90026", "10004"] = "90026"
    trailing_blanks: bool = False
    not_found: Literal["N", "result"] = "N"
    part_refund: Literal["reversed", "partialrefund", "capturesuccess"] = "reversed"
    operations: Literal["at_once", "accepted"] = "at_once"


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One that may call; with the first one, all others are refused."""

    member_id: Text
    secure_key: Text
    partner_id: Text
    username: Text


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A long word of the platform's; also one that no document has."""

    status: Annotated[str, msgspec.Meta(pattern="^[a-z]{1,32}$")]


_SWITCHES = ("rest", "switches")
_MERCHANTS = ("rest", "merchants")


def switches_of(world: World) -> Switches:
    found = world.memory.get(_SWITCHES)
    return found if isinstance(found, Switches) else Switches()


def merchants_of(world: World) -> dict[str, Merchant]:
    """The registered ones by their member id."""
    found = world.memory.get(_MERCHANTS)
    return found if isinstance(found, dict) else {}


def keep_young(world: World) -> None:
    """Memory is bounded: what was switched is older than any payment, and must outlive it."""
    for key in (_SWITCHES, _MERCHANTS):
        if key in world.memory:
            world.memory[key] = world.memory.pop(key)


@post("/sandbox/rest/behaviour", opt={"unlogged": True}, status_code=200)
async def behave(request: HttpRequest) -> Response[Switches]:
    """Set some switches; the others stay."""
    world = world_of(request)
    now = msgspec.structs.asdict(switches_of(world))
    switches = await _read(request, Switches, now)
    world.memory[_SWITCHES] = switches
    return Response(switches)


@post("/sandbox/rest/merchants", opt={"unlogged": True}, status_code=200)
async def register(request: HttpRequest) -> Response[dict[str, object]]:
    """Register a merchant's credentials."""
    world = world_of(request)
    merchant = await _read(request, Merchant, {})
    if "|" in merchant.member_id:
        raise BadInput(422, "member_id must not contain |")
    world.memory[_MERCHANTS] = merchants_of(world) | {merchant.member_id: merchant}
    return Response({"merchants": list(merchants_of(world))})


@post("/sandbox/rest/payments/{uid:str}/state", opt={"unlogged": True}, status_code=200)
async def put(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Put a payment into a state of the platform's, as its back office or a bank would; notify."""
    world = world_of(request)
    wanted = (await _read(request, State, {})).status
    payment = world.transactions.get(uid)
    if not isinstance(payment, RestTransaction) or payment.parent_uid:
        raise BadInput(404, "Record not found")
    payment.state = wanted
    payment.updated_at = world.now()
    letter = world.protocols[PROTOCOL].letter(world, payment)
    if letter is not None:
        world.notifier.post(letter)
    return Response(payment.row() | {"words": list(payment.words)})


HANDLERS = (behave, register, put)


async def _read(request: HttpRequest, shape: type[T], base: dict[str, object]) -> T:
    try:
        given = msgspec.json.decode(await request.body() or b"{}", type=dict[str, object])
        return msgspec.convert(base | given, shape)
    except msgspec.ValidationError as error:
        raise BadInput(422, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(400, "The body is not valid JSON") from None
