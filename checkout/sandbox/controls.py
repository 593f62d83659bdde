"""The controls, all under `/sandbox/`: what a test or a curious person may read and set."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox import codes
from checkout.sandbox.control_input import InvalidInput, read_input
from checkout.sandbox.faults import FAULTS
from checkout.sandbox.overpay.operations import OPERATIONS, operate_unasked
from checkout.sandbox.overpay.transaction import OverpayTransaction
from checkout.sandbox.settings import SandboxSettings
from checkout.sandbox.state import HttpRequest, state_of

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """The next faults, in the order in which payment calls will take them."""

    faults: Annotated[list[str], msgspec.Meta(max_length=1000)]


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A pair that may call; with the first one, all others are refused."""

    shop_id: Text
    secret_key: Text


class Settlement(msgspec.Struct, forbid_unknown_fields=True):
    """What the bank decides; `code` as in `codes.CODES`, by default the one of the status."""

    status: Text
    code: str | None = None


class BackOfficeOperation(msgspec.Struct, forbid_unknown_fields=True):
    """What is done to a payment without the shop's asking; without `amount`, to all of it."""

    kind: Text
    amount: int | None = None


@get("/sandbox/public_key", opt={"unlogged": True})
async def public_key(request: HttpRequest) -> Response[str]:
    """Base64 of the DER public key that verifies `Content-Signature`."""
    return Response(state_of(request).key.public, media_type="text/plain")


@get("/sandbox/ledger", opt={"unlogged": True})
async def ledger(request: HttpRequest) -> Response[dict[str, object]]:
    """The ledger: transactions, `charges` (how many took money), calls, notifications."""
    state = state_of(request)
    state.expire_overdue()
    rows = [transaction.row() for transaction in state.transactions.values()]
    return Response(
        {
            "transactions": rows,
            "charges": sum(row["charged"] is True for row in rows),
            "calls": list(state.calls),
            "notifications": list(state.notifier.attempts),
            "faults": list(state.faults),
            "behaviour": state.settings,
        }
    )


@post("/sandbox/faults", opt={"unlogged": True}, status_code=200)
async def faults(request: HttpRequest) -> Response[dict[str, object]]:
    """Replace the queue of faults."""
    state = state_of(request)
    wanted = (await read_input(request, Faults)).faults
    unknown = sorted(set(wanted) - set(FAULTS))
    if unknown:
        raise InvalidInput(422, f"Unknown faults: {', '.join(unknown)}", known=tuple(FAULTS))
    state.faults.clear()
    state.faults.extend(wanted)
    return Response({"faults": list(state.faults)})


@post("/sandbox/behaviour", opt={"unlogged": True}, status_code=200)
async def set_settings(request: HttpRequest) -> Response[SandboxSettings]:
    """Change some settings; the others stay."""
    state = state_of(request)
    state.settings = await read_input(
        request, SandboxSettings, msgspec.structs.asdict(state.settings)
    )
    return Response(state.settings)


@post("/sandbox/credentials", opt={"unlogged": True}, status_code=200)
async def register(request: HttpRequest) -> Response[dict[str, object]]:
    """Register a shop's credentials."""
    state = state_of(request)
    given = await read_input(request, Registration)
    state.credentials[given.shop_id] = given.secret_key
    return Response({"shops": list(state.credentials)})


@post("/sandbox/transactions/{uid:str}/settle", opt={"unlogged": True}, status_code=200)
async def settle(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Move a transaction as its bank would, late money and refunds included, and notify."""
    state = state_of(request)
    wanted = await read_input(request, Settlement)
    found = state.transactions.get(uid)
    if found is None:
        raise InvalidInput(404, "Record not found")
    if wanted.status not in codes.BY_STATUS:
        raise InvalidInput(422, f"Unknown status {wanted.status!r}", known=sorted(codes.BY_STATUS))
    if wanted.code is not None and wanted.code not in codes.CODES:
        raise InvalidInput(422, f"Unknown code {wanted.code!r}", known=sorted(codes.CODES))
    if not state.settle(state.expire(found), wanted.status, wanted.code):
        raise InvalidInput(409, f"A {found.status} transaction can't become {wanted.status}")
    return Response(found.row())


@post("/sandbox/transactions/{uid:str}/follow", opt={"unlogged": True}, status_code=200)
async def operate(request: HttpRequest, uid: FromPath[str]) -> Response[dict[str, object]]:
    """Refund, void, capture or charge back a payment as the back office or a bank would, and
    notify."""
    state = state_of(request)
    wanted = await read_input(request, BackOfficeOperation)
    parent = state.transactions.get(uid)
    if not isinstance(parent, OverpayTransaction):
        raise InvalidInput(404, "Record not found")
    rule = OPERATIONS.get(wanted.kind)
    if rule is None:
        raise InvalidInput(422, f"Unknown kind {wanted.kind!r}", known=sorted(OPERATIONS))
    if parent.effective_type not in rule.parents:
        raise InvalidInput(409, f"A {wanted.kind} is not of a {parent.effective_type}")
    remaining = rule.remaining(parent)
    amount = remaining if wanted.amount is None else wanted.amount
    if parent.status != "successful" or not 0 < amount <= remaining:
        raise InvalidInput(409, f"{remaining} are left to {wanted.kind}")
    child = operate_unasked(state, parent, wanted.kind, amount)
    return Response(child.row())


@post("/sandbox/reset", opt={"unlogged": True}, status_code=200)
async def reset(request: HttpRequest) -> Response[dict[str, object]]:
    """Forget everything but the signing key."""
    state_of(request).reset()
    return Response({"message": "Everything is forgotten"})


HANDLERS = (
    public_key,
    ledger,
    faults,
    set_settings,
    register,
    settle,
    operate,
    reset,
)
