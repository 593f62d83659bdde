"""Check an operation that is requested (capture, void, refund) and submit it to the ledger, before
it is sent: which attempt or capture it is on, and how much is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import Unprocessable
from checkout.gateways.base import has_verb
from checkout.identifiers import new_attempt_key, new_uid
from checkout.ledger import audit, events, operations
from checkout.ledger.audit import Actor
from checkout.ledger.operations import FAILED, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.model.order import MONEY_OUT, TOKENIZATION
from checkout.model.status import LIVE, Status
from checkout.payments import remaining, transitions
from checkout.payments.context import Context

FROM: Final[Mapping[str, Status]] = {  # the status that the attempt must have
    "capture": Status.AUTHORIZED,
    "void": Status.AUTHORIZED,
    "refund": Status.PAID,
}
NOTHING_AFTER: Final[Mapping[str, str]] = {  # transaction type -> why no operation is possible
    TOKENIZATION: "is a tokenization: no money has moved",
    **dict.fromkeys(MONEY_OUT, "is money that was sent to the customer"),
}
OF_ZERO: Final = "is of 0: it only checked the card, no money has moved"
# What `parent_uid` may name instead of a payment -> what can be done to it.
ON: Final[Mapping[str, frozenset[str]]] = {"capture": frozenset({"refund"})}
UNDER_WAY: Final = "another operation on this payment is under way"


class OperationRequest(Struct, frozen=True, kw_only=True):
    """What is requested. `named`: the uid of a payment, or of a capture; `amount` in minor units,
    None: all that is left."""

    kind: str
    named: str
    amount: int | None
    reason: str
    request_id: str | None
    by: Actor


class Target(Struct, frozen=True):
    """The attempt that it is on, the capture that it refunds, and how much is left."""

    attempt: Attempt
    capture: Operation | None
    left: int


def submit(
    conn: Connection, context: Context, uid: str, request: OperationRequest, now: float
) -> tuple[Operation, bool]:
    """Write the operation to the ledger before it is sent; False: another request has sent it.

    Raises Unprocessable when the payment's state, the amount or the gateway forbids it.
    """
    payment = transitions.lock(conn, uid)
    before = operations.of(conn, uid)
    for each in before:
        if request.request_id is not None and each.request_id == request.request_id:
            return each, False
    capture = _capture_named(before, request)
    attempts = _attempts(context, payment, request.kind, capture)
    if any(each.status in LIVE and not each.by_gateway for each in before):
        raise Unprocessable({"base": [UNDER_WAY]})
    target = _target(payment.order.money.minor, before, attempts, capture, request)
    _check_once(context, before, target.attempt, request.kind)
    operation = _new(
        uid,
        request,
        target,
        _amount(context, target, request),
        now + context.schedule.answer_timeout,
        now,
    )
    operations.add(conn, operation)
    data = {"amount": operation.amount, "operation": operation.uid}
    events.append(conn, uid, request.kind, now, operation.attempt, **data)
    # Without the reason: it may name the customer, and the audit log is never purged.
    currency = payment.order.money.currency
    audit.append(
        conn, request.by, request.kind, uid, now, shop=payment.shop, currency=currency, **data
    )
    return operation, True


def _new(
    uid: str, request: OperationRequest, target: Target, amount: int, sweep_at: float, now: float
) -> Operation:
    return Operation(
        uid=new_uid(),
        payment=uid,
        attempt=target.attempt.number,
        kind=request.kind,
        parent=request.named,
        capture=target.capture.uid if target.capture else None,
        key=new_attempt_key(target.attempt.number),
        request_id=request.request_id,
        amount=amount,
        reason=request.reason or None,
        status=Status.SUBMITTING,
        sweep_at=sweep_at,
        created_at=now,
        updated_at=now,
    )


def _capture_named(before: Sequence[Operation], request: OperationRequest) -> Operation | None:
    """The capture that the shop names as the parent; None where it names the payment."""
    named = next((each for each in before if each.uid == request.named), None)
    if named is None:
        return None
    if request.kind not in ON.get(named.kind, frozenset()):
        raise Unprocessable({"parent_uid": [f"is a {named.kind}: can't {request.kind} it"]})
    if not named.done:
        raise Unprocessable({"parent_uid": [f"is a {named.kind} that is not done"]})
    return named


def _can(context: Context, attempt: Attempt, kind: str) -> bool:
    gateway = context.gateways.get(attempt.account)
    return gateway is not None and has_verb(gateway, kind)


def _attempts(
    context: Context, payment: Payment, kind: str, capture: Operation | None
) -> list[Attempt]:
    """The attempts that it can be done to; more than one where a payment was paid twice."""
    why = NOTHING_AFTER.get(payment.order.transaction_type)
    if why or not payment.order.moves_money:
        why = why or OF_ZERO
        raise Unprocessable({"parent_uid": [why]})
    found = [
        each
        for each in payment.attempts
        if each.status is FROM[kind] and (capture is None or each.number == capture.attempt)
    ]
    if not found:
        raise Unprocessable({"parent_uid": [f"is {payment.status}: can't {kind} it"]})
    able = [each for each in found if _can(context, each, kind)]
    if not able:
        raise Unprocessable({"parent_uid": [f"its gateway can't {kind}"]})
    return able


def _target(
    total: int,
    before: Sequence[Operation],
    attempts: Sequence[Attempt],
    capture: Operation | None,
    request: OperationRequest,
) -> Target:
    """The first with as much left as is requested, else the one with most left."""
    targets = [
        Target(attempt, taken, remaining.left(total, made, request.kind, taken))
        for attempt in attempts
        for made in ([each for each in before if each.attempt == attempt.number],)
        for taken in _sources(made, capture, request.kind)
    ]
    enough = (target for target in targets if target.left >= (request.amount or 1))
    return next(enough, None) or max(targets, key=lambda target: target.left)


def _sources(
    made: Sequence[Operation], capture: Operation | None, kind: str
) -> Sequence[Operation | None]:
    """The captures that can be refunded; `[None]` for a payment without captures."""
    if capture is not None:
        return [capture]
    return (remaining.captures(made) if kind in remaining.RETURNS else []) or [None]


def _check_once(context: Context, before: Sequence[Operation], attempt: Attempt, kind: str) -> None:
    """Raises Unprocessable for a second operation of a `once_only` kind: the gateway would refuse
    it, and a query could not tell the two apart."""
    was = [each for each in before if (each.kind, each.attempt) == (kind, attempt.number)]
    once = kind in context.gateways[attempt.account].capabilities.once_only
    if once and any(each.status not in FAILED for each in was):
        raise Unprocessable({"parent_uid": [f"its gateway can {kind} a payment once only"]})


def _amount(context: Context, target: Target, request: OperationRequest) -> int:
    amount = target.left if request.amount is None else request.amount
    if not target.left:
        raise Unprocessable({"amount": [f"nothing is left to {request.kind}"]})
    if not 0 < amount <= target.left:
        raise Unprocessable({"amount": [f"must be from 1 to {target.left}"]})
    if (
        amount < target.left
        and request.kind in context.gateways[target.attempt.account].capabilities.full_amount_only
    ):
        why = f"must be {target.left}: its gateway can't {request.kind} a part"
        raise Unprocessable({"amount": [why]})
    return amount
