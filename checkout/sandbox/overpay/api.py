"""What the card gateway and the online payment systems share on the wire.

HTTP Basic with shop id and secret key, JSON with a `request` envelope, errors as
`{"message", "errors"}` and again under `response` for older clients, `RequestID` for idempotency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from litestar import Response

from checkout.sandbox import basic, codes
from checkout.sandbox.basic import Credentials
from checkout.sandbox.calls import note
from checkout.sandbox.fields import Fields
from checkout.sandbox.protocol import Letter
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import HttpRequest, World, world_of

SAME_ANSWER_FOR: Final = 24 * 3600.0
"""Seconds during which a repeated `RequestID` gets the answer of the first."""

LIST_LENGTH: Final = 10
"""How many transactions a lookup by tracking id gives at most."""

Json = dict[str, object]
Create = Callable[[World, Credentials, Fields], Json]


class Refusal(Exception):
    """A request that is not accepted: nothing was recorded."""

    def __init__(
        self, status: int, message: str, errors: Mapping[str, object] | None = None, code: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.code = code

    def body(self) -> Json:
        """The error in both shapes that clients of this family read."""
        error: Json = {"message": self.message}
        if self.errors is not None:
            error["errors"] = self.errors
        if self.code:
            error["code"] = self.code
        return error | {"response": {"status": "error"} | error}


UNAUTHORIZED = "Access denied: check the Shop ID and the Secret Key"
NOT_FOUND = "Record not found"


def refuse_wrong(fields: Fields) -> None:
    """Refuse a request with wrong fields, naming all of them."""
    if fields.errors:
        message = "; ".join(_sentences(fields.errors))
        raise Refusal(422, message, fields.errors, codes.INVALID)


def _sentences(errors: Mapping[str, object], prefix: str = "") -> list[str]:
    found: list[str] = []
    for name, reasons in errors.items():
        if isinstance(reasons, Mapping):
            found += _sentences(reasons, f"{prefix}{name}.")
        elif isinstance(reasons, list):
            found += [f"{prefix}{name} {reason}" for reason in reasons]
    return found


async def create(request: HttpRequest, make: Create) -> Response[bytes]:
    """Answer a call that creates something; the same `RequestID` never creates twice."""
    world = world_of(request)
    await world.lag()
    body = await request.body()
    # From here on nothing is awaited: two requests with one id cannot pass each other.
    try:
        caller = _caller(world, request)
        identity = ("overpay", "answer", caller.shop_id, request.headers.get("RequestID", ""))
        if (repeated := _repeated(world, identity)) is not None:
            return repeated
        response = _created(world, caller, body, make, request)
        if identity[-1]:
            world.memory[identity] = (world.now(), response.status_code, response.content)
    except Refusal as refusal:
        return answered(refusal.body(), refusal.status)
    return response


def _created(
    world: World, caller: Credentials, body: bytes, make: Create, request: HttpRequest
) -> Response[bytes]:
    try:
        fields = _request_fields(body)
        tracking_id = fields.raw("tracking_id") or fields.raw("order_id")
        note(request, tracking_id=tracking_id if isinstance(tracking_id, str) else None)
        answer = make(world, caller, fields)
    except Refusal as refusal:
        return answered(refusal.body(), refusal.status)
    inner = answer.get("transaction", answer)
    uid = inner.get("uid") if isinstance(inner, dict) else None
    note(request, uid=str(uid) if uid else None)
    return answered(answer)


def _repeated(world: World, identity: tuple[str, ...]) -> Response[bytes] | None:
    match world.memory.get(identity):
        case (float(at), int(status), bytes(body)) if world.now() - at < SAME_ANSWER_FOR:
            return _json(body, status)
    return None


def _request_fields(body: bytes) -> Fields:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "The body is not valid JSON") from None
    inner = decoded.get("request") if isinstance(decoded, dict) else None
    if not isinstance(inner, dict):
        raise Refusal(422, "request can't be blank", {"request": ["can't be blank"]}, codes.INVALID)
    return Fields(inner)


def _caller(world: World, request: HttpRequest) -> Credentials:
    caller = basic.read(request.headers.get("Authorization"))
    if caller is None or not basic.known(caller, world.credentials):
        raise Refusal(401, UNAUTHORIZED)
    return caller


Show = Callable[[World, Transaction], Json]


async def shown(request: HttpRequest, protocol: str, uid: str, show: Show) -> Response[bytes]:
    """`{"transaction": {...}}` of one transaction, or 404."""

    def find(world: World, shop_id: str) -> Json:
        note(request, uid=uid)
        transaction = world.find(protocol, shop_id, uid)
        if transaction is None:
            raise Refusal(404, NOT_FOUND)
        note(request, tracking_id=transaction.tracking_id)
        return {"transaction": _told(world, transaction, show)}

    return await _query(request, find)


async def listed(
    request: HttpRequest, protocol: str, tracking_id: str, show: Show
) -> Response[bytes]:
    """`{"transactions": [...]}`: the newest ten under a tracking id; an empty list if none."""

    def find(world: World, shop_id: str) -> Json:
        note(request, tracking_id=tracking_id)
        found = world.tracked(protocol, shop_id, tracking_id)[:LIST_LENGTH]
        return {"transactions": [_told(world, transaction, show) for transaction in found]}

    return await _query(request, find)


async def newest(
    request: HttpRequest, protocol: str, tracking_id: str, show: Show
) -> Response[bytes]:
    """`{"transaction": {...}}`: the newest under a tracking id, or 404."""

    def find(world: World, shop_id: str) -> Json:
        note(request, tracking_id=tracking_id)
        found = world.tracked(protocol, shop_id, tracking_id)
        if not found:
            raise Refusal(404, NOT_FOUND)
        note(request, uid=found[0].uid)
        return {"transaction": _told(world, found[0], show)}

    return await _query(request, find)


async def _query(request: HttpRequest, find: Callable[[World, str], Json]) -> Response[bytes]:
    world = world_of(request)
    await world.lag()
    try:
        return answered(find(world, _caller(world, request).shop_id))
    except Refusal as refusal:
        return answered(refusal.body(), refusal.status)


def _told(world: World, transaction: Transaction, show: Show) -> Json:
    transaction.queries += 1
    return show(world, transaction)


def letter(world: World, transaction: Transaction, body: Json) -> Letter | None:
    """The signed notification of a transaction; None if nobody asked for one."""
    if transaction.notification_url is None:
        return None
    raw = msgspec.json.encode(body)
    return Letter(
        uid=transaction.uid,
        url=transaction.notification_url,
        headers={
            "Content-Type": "application/json",
            "Authorization": Credentials(transaction.shop_id, transaction.secret_key).header,
            "Content-Signature": world.key.sign(raw),
        },
        body=raw,
    )


def answered(body: Json, status: int = 200) -> Response[bytes]:
    """A JSON answer; the bytes are made here so that a repeated request gets the same ones."""
    return _json(msgspec.json.encode(body), status)


def _json(body: bytes, status: int) -> Response[bytes]:
    return Response(body, status_code=status, media_type="application/json")
