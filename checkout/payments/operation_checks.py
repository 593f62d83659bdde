"""What operation a shop may ask for, on what and of how much. Claimed before it is sent."""

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

FROM: Final[Mapping[str, Status]] = {  # where the attempt must stand
    "capture": Status.AUTHORIZED,
    "void": Status.AUTHORIZED,
    "refund": Status.PAID,
}
NOTHING_AFTER: Final[Mapping[str, str]] = {  # transaction type -> why there is no operation on it
    TOKENIZATION: "is a tokenization: no money has moved",
    **dict.fromkeys(MONEY_OUT, "is money that was sent to the customer"),
}
# What a shop may name in the payment's place -> what can be done to that.
ON: Final[Mapping[str, frozenset[str]]] = {"capture": frozenset({"refund"})}
UNDER_WAY: Final = "another operation on this payment is under way"


class Wish(Struct, frozen=True, kw_only=True):
    """What is asked for. `named`: the uid of a payment, or of a capture; `amount` in minor units,
    None: all that is left."""

    kind: str
    named: str
    amount: int | None
    reason: str
    request_id: str | None
    by: Actor


class Place(Struct, frozen=True):
    """The attempt to do it to, the capture whose money it is, and how much is left of that."""

    attempt: Attempt
    capture: Operation | None
    left: int


def claim(
    conn: Connection, context: Context, uid: str, wish: Wish, now: float
) -> tuple[Operation, bool]:
    """The operation, durable before it is asked for; False: another request asks for it.

    Raises Unprocessable when the payment's state, the amount or the gateway forbids it.
    """
    payment = transitions.lock(conn, uid)
    before = operations.of(conn, uid)
    for each in before:
        if wish.request_id is not None and each.request_id == wish.request_id:
            return each, False
    capture = _capture_named(before, wish)
    attempts = _attempts(context, payment, wish.kind, capture)
    if any(each.status in LIVE and not each.by_gateway for each in before):
        raise Unprocessable({"base": [UNDER_WAY]})
    place = _place(payment.order.money.minor, before, attempts, capture, wish)
    _check_once(context, before, place.attempt, wish.kind)
    operation = _new(
        uid, wish, place, _amount(context, place, wish), now + context.schedule.answer_timeout, now
    )
    operations.claim(conn, operation)
    data = {"amount": operation.amount, "operation": operation.uid}
    events.append(conn, uid, wish.kind, now, operation.attempt, **data)
    # Without the reason, which may name the customer: it goes with the operation, after its time.
    currency = payment.order.money.currency
    audit.append(conn, wish.by, wish.kind, uid, now, shop=payment.shop, currency=currency, **data)
    return operation, True


def _new(uid: str, wish: Wish, place: Place, amount: int, sweep_at: float, now: float) -> Operation:
    return Operation(
        uid=new_uid(),
        payment=uid,
        attempt=place.attempt.number,
        kind=wish.kind,
        parent=wish.named,
        capture=place.capture.uid if place.capture else None,
        key=new_attempt_key(place.attempt.number),
        request_id=wish.request_id,
        amount=amount,
        reason=wish.reason or None,
        status=Status.SUBMITTING,
        sweep_at=sweep_at,
        created_at=now,
        updated_at=now,
    )


def _capture_named(before: Sequence[Operation], wish: Wish) -> Operation | None:
    """The capture that the shop names as the parent; None where it names the payment."""
    named = next((each for each in before if each.uid == wish.named), None)
    if named is None:
        return None
    if wish.kind not in ON.get(named.kind, frozenset()):
        raise Unprocessable({"parent_uid": [f"is a {named.kind}: can't {wish.kind} it"]})
    if not named.done:
        raise Unprocessable({"parent_uid": [f"is a {named.kind} that is not done"]})
    return named


def _can(context: Context, attempt: Attempt, kind: str) -> bool:
    gateway = context.gateways.get(attempt.account)
    return gateway is not None and has_verb(gateway, kind)


def _attempts(
    context: Context, payment: Payment, kind: str, capture: Operation | None
) -> list[Attempt]:
    """Those that it can be done to: more than one where a payment was paid twice."""
    if why := NOTHING_AFTER.get(payment.order.transaction_type):
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


def _place(
    total: int,
    before: Sequence[Operation],
    attempts: Sequence[Attempt],
    capture: Operation | None,
    wish: Wish,
) -> Place:
    """The first that has as much left as is asked for, else the one that has most."""
    places = [
        Place(attempt, taken, remaining.left(total, made, wish.kind, taken))
        for attempt in attempts
        for made in ([each for each in before if each.attempt == attempt.number],)
        for taken in _sources(made, capture, wish.kind)
    ]
    enough = (place for place in places if place.left >= (wish.amount or 1))
    return next(enough, None) or max(places, key=lambda place: place.left)


def _sources(
    made: Sequence[Operation], capture: Operation | None, kind: str
) -> Sequence[Operation | None]:
    """The captures that money may be sent back from; None: of a payment that needed none."""
    if capture is not None:
        return [capture]
    return (remaining.captures(made) if kind in remaining.RETURNS else []) or [None]


def _check_once(context: Context, before: Sequence[Operation], attempt: Attempt, kind: str) -> None:
    """Not only would it be refused: at such gateways nothing tells the second from the first."""
    was = [each for each in before if (each.kind, each.attempt) == (kind, attempt.number)]
    once = kind in context.gateways[attempt.account].capabilities.once_only
    if once and any(each.status not in FAILED for each in was):
        raise Unprocessable({"parent_uid": [f"its gateway can {kind} a payment once only"]})


def _amount(context: Context, place: Place, wish: Wish) -> int:
    asked = place.left if wish.amount is None else wish.amount
    if not place.left:
        raise Unprocessable({"amount": [f"nothing is left to {wish.kind}"]})
    if not 0 < asked <= place.left:
        raise Unprocessable({"amount": [f"must be from 1 to {place.left}"]})
    if (
        asked < place.left
        and wish.kind in context.gateways[place.attempt.account].capabilities.full_amount_only
    ):
        why = f"must be {place.left}: its gateway can't {wish.kind} a part"
        raise Unprocessable({"amount": [why]})
    return asked
