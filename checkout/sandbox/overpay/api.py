"""The calls that cards and online payment systems have in common: creating and querying.

HTTP Basic with shop id and secret key, JSON with a `request` envelope, `RequestID` for idempotency.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from checkout.sandbox import basic_auth
from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.call_log import annotate
from checkout.sandbox.fields import BLANK, Fields
from checkout.sandbox.overpay.response import (
    NOT_FOUND,
    UNAUTHORIZED,
    Json,
    Refusal,
    bytes_response,
    invalid,
    json_response,
)
from checkout.sandbox.state import HttpRequest, SandboxState, state_of
from checkout.sandbox.transaction import Transaction

SAME_ANSWER_FOR: Final = 24 * 3600.0
"""Seconds during which a repeated `RequestID` gets the answer of the first."""

LIST_LENGTH: Final = 10
"""How many transactions a lookup by tracking id gives at most."""

Create = Callable[[SandboxState, Credentials, Fields], Json]
Respond = Callable[[SandboxState, Transaction], Json]
Query = Callable[[SandboxState, str], Json]


# Creating


def creates(path: str, create: Create, *, payment: bool = False) -> HTTPRouteHandler:
    """The handler of an address that creates a transaction; `payment`: it takes faults."""

    @post(path, name=path, status_code=200, opt={"creates_payment": payment})
    async def handle(request: HttpRequest) -> Response[bytes]:
        return await create_once(request, create)

    return handle


async def create_once(request: HttpRequest, create: Create) -> Response[bytes]:
    """What `create` answers; the same `RequestID` never creates twice."""
    state = state_of(request)
    await state.simulate_latency()
    body = await request.body()
    # From here on nothing is awaited: two requests with one id cannot pass each other.
    try:
        caller = _caller(state, request)
    except Refusal as refusal:
        return refusal.response()
    identity = ("overpay", "answer", caller.shop_id, request.headers.get("RequestID", ""))
    if (repeated := _repeated(state, identity)) is not None:
        return repeated
    try:
        response = _created(state, caller, body, create, request)
    except Refusal as refusal:
        response = refusal.response()
    if identity[-1]:
        state.memory[identity] = (state.now(), response.status_code, response.content)
    return response


def _created(
    state: SandboxState, caller: Credentials, body: bytes, create: Create, request: HttpRequest
) -> Response[bytes]:
    fields = _request_fields(body)
    tracking_id = fields.raw("tracking_id") or fields.raw("order_id")
    annotate(request, tracking_id=tracking_id if isinstance(tracking_id, str) else None)
    answer = create(state, caller, fields)
    inner = answer.get("transaction", answer)
    uid = inner.get("uid") if isinstance(inner, dict) else None
    annotate(request, uid=str(uid) if uid else None)
    return json_response(answer)


def _repeated(state: SandboxState, identity: tuple[str, ...]) -> Response[bytes] | None:
    match state.memory.get(identity):
        case (float(at), int(status), bytes(body)) if state.now() - at < SAME_ANSWER_FOR:
            return bytes_response(body, status)
    return None


def _request_fields(body: bytes) -> Fields:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "The body is not valid JSON") from None
    inner = decoded.get("request") if isinstance(decoded, dict) else None
    if not isinstance(inner, dict):
        raise invalid({"request": [BLANK]})
    return Fields(inner)


def _caller(state: SandboxState, request: HttpRequest) -> Credentials:
    caller = basic_auth.parse(request.headers.get("Authorization"))
    if caller is None or not basic_auth.is_registered(caller, state.credentials):
        raise Refusal(401, UNAUTHORIZED)
    return caller


# Querying


def shows_one(path: str, protocol: str, respond: Respond) -> HTTPRouteHandler:
    """The handler of `path/{uid}`: `{"transaction": {...}}`, or 404."""

    @get(f"{path}/{{uid:str}}", name=f"{path}/uid")
    async def handle(request: HttpRequest, uid: FromPath[str]) -> Response[bytes]:
        def query(state: SandboxState, shop_id: str) -> Json:
            annotate(request, uid=uid)
            found = state.find(protocol, shop_id, uid)
            if found is not None:
                annotate(request, tracking_id=found.tracking_id)
            return _one(state, found, respond)

        return await _answer(request, query)

    return handle


def shows_tracked(path: str, protocol: str, respond: Respond) -> HTTPRouteHandler:
    """The handler of `path/{tracking_id}`: `{"transactions": [...]}`, the newest ten; an empty list
    if there are none."""

    @get(f"{path}/{{tracking_id:str}}", name=f"{path}/tracking_id")
    async def handle(request: HttpRequest, tracking_id: FromPath[str]) -> Response[bytes]:
        def query(state: SandboxState, shop_id: str) -> Json:
            annotate(request, tracking_id=tracking_id)
            found = state.tracked(protocol, shop_id, tracking_id)[:LIST_LENGTH]
            return {"transactions": [_shown(state, each, respond) for each in found]}

        return await _answer(request, query)

    return handle


async def show_newest(
    request: HttpRequest, protocol: str, tracking_id: str, respond: Respond
) -> Response[bytes]:
    """`{"transaction": {...}}`: the newest under a tracking id, or 404."""

    def query(state: SandboxState, shop_id: str) -> Json:
        annotate(request, tracking_id=tracking_id)
        found = state.tracked(protocol, shop_id, tracking_id)
        if found:
            annotate(request, uid=found[0].uid)
        return _one(state, found[0] if found else None, respond)

    return await _answer(request, query)


async def _answer(request: HttpRequest, query: Query) -> Response[bytes]:
    state = state_of(request)
    await state.simulate_latency()
    try:
        return json_response(query(state, _caller(state, request).shop_id))
    except Refusal as refusal:
        return refusal.response()


def _one(state: SandboxState, transaction: Transaction | None, respond: Respond) -> Json:
    if transaction is None:
        raise Refusal(404, NOT_FOUND)
    return {"transaction": _shown(state, transaction, respond)}


def _shown(state: SandboxState, transaction: Transaction, respond: Respond) -> Json:
    transaction.queries += 1
    return respond(state, transaction)
