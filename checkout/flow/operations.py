"""After the payment: capture, void, refund. Claimed and recorded like an attempt: written down
before the gateway is called, never sent twice, looked up where the answer is unknown. What a
gateway does by itself (a chargeback, a refund of its back office) is recorded beside them, by its
own word alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import Connection

from checkout.errors import NotFound, Unprocessable
from checkout.flow import record
from checkout.flow.pace import DAY, next_query, next_sweep
from checkout.flow.verbs import Flow, reference
from checkout.gateways.base import (
    Asked,
    Captures,
    FindsOperations,
    Gateway,
    Reference,
    Refunds,
    Voids,
)
from checkout.ledger import events, operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Attempt, Story
from checkout.links import new_key, new_uid
from checkout.model.money import Money
from checkout.model.order import SENDING, TOKENIZATION
from checkout.model.outcome import Outcome
from checkout.model.status import LIVE, WON, Status
from checkout.settings import Shop

log = structlog.get_logger(__name__)


class Rule(NamedTuple):
    """`from_`: where the attempt must stand; `done`: what the gateway says when it is done."""

    from_: Status
    done: Status


RULES: Final[Mapping[str, Rule]] = {
    "capture": Rule(Status.AUTHORIZED, Status.PAID),
    "void": Rule(Status.AUTHORIZED, Status.REFUNDED),
    "refund": Rule(Status.PAID, Status.REFUNDED),
    "chargeback": Rule(Status.PAID, Status.REFUNDED),  # asked for by nobody here
}
NOTHING_AFTER: Final[Mapping[str, str]] = {  # transaction type -> why there is no operation on it
    TOKENIZATION: "is a tokenization: no money has moved",
    **dict.fromkeys(SENDING, "is money that was sent to the customer"),
}
FAILED: Final = frozenset({Status.DECLINED, Status.LOST})
RETURNS: Final = ("refund", "chargeback")  # what sends paid money back


async def operate(
    flow: Flow,
    kind: str,
    uid: str,
    *,
    shop: Shop | None = None,
    amount: int | None = None,
    reason: str = "",
    request_id: str | None = None,
) -> Operation:
    """Ask the payment's gateway for `kind` of `amount` minor units (None: all that is left).

    `shop`: only for a payment of that shop. A `request_id` used before gives that operation again.
    Raises NotFound; Unprocessable when the payment's state, the amount or the gateway forbids it.
    """
    story = await flow.ledger.read(record.read, uid)
    if shop is not None and story.payment.shop != shop.id:
        raise NotFound
    operation, ours = await flow.write(
        uid, _claim, flow, kind, uid, amount, reason, request_id, flow.clock()
    )
    if not ours:
        return operation
    return await asyncio.shield(flow.run(_send(flow, story, operation)))


async def look_up(flow: Flow, uid: str) -> Operation:
    """Ask the gateway what became of an operation, at most once a second. Raises NotFound."""
    operation, story = await flow.ledger.read(_with_story, uid)
    now = flow.clock()
    if operation.status not in LIVE:
        return operation
    until = next_sweep(operation.created_at, now, operation.created_at + DAY)
    if not await flow.write(
        operation.payment, operations.take_query, uid, now=now, until=until or now + DAY
    ):
        return operation
    attempt = story.attempts[operation.attempt - 1]
    gateway = flow.gateways.get(attempt.account)
    if not isinstance(gateway, FindsOperations):
        log.error("operation.unknown", payment=operation.payment, kind=operation.kind, alert=True)
        return await flow.write(operation.payment, _given_up, uid)
    said = gateway.operation_status(reference(story, attempt), _asked(operation, story))
    outcome = await flow.hear(said)
    done = await flow.write(
        operation.payment, _settle, flow, uid, outcome, flow.clock(), looked_up=True
    )
    if until is None and done.status in LIVE:
        log.error("operation.unsettled", payment=operation.payment, kind=done.kind, alert=True)
        done = await flow.write(operation.payment, _given_up, uid)
    flow.letters_waiting.set()
    return done


async def decide(flow: Flow, uid: str, *, accept: bool, by: str, reason: str) -> Operation:
    """A person says what became of an operation that the gateway doesn't settle."""
    operation, _ = await flow.ledger.read(_with_story, uid)
    done = await flow.write(
        operation.payment, _decided, flow, uid, accept, by, reason, flow.clock()
    )
    flow.letters_waiting.set()
    return done


async def _send(flow: Flow, story: Story, operation: Operation) -> Operation:
    attempt = story.attempts[operation.attempt - 1]
    money = story.payment.order.money.part(operation.amount)
    gateway = flow.gateways[attempt.account]
    outcome = await flow.hear(_order(gateway, operation, reference(story, attempt), money))
    done = await flow.write(operation.payment, _settle, flow, operation.uid, outcome, flow.clock())
    flow.letters_waiting.set()
    return done


def _order(
    gateway: Gateway, operation: Operation, about: Reference, money: Money
) -> Awaitable[Outcome]:
    match operation.kind, gateway:
        case "capture", Captures():
            return gateway.capture(about, money, operation.key)
        case "void", Voids():
            return gateway.void(about, money, operation.key)
        case "refund", Refunds():
            return gateway.refund(about, money, operation.key, operation.reason or "-")
        case kind, _:  # `_attempt` lets none of these through
            raise AssertionError(kind)


def _asked(operation: Operation, story: Story) -> Asked:
    whole = story.payment.order.money
    return Asked(
        kind=operation.kind,
        key=None if operation.by_gateway else operation.key,
        id=operation.gateway_id,
        money=None if operation.by_gateway else whole.part(operation.amount),
    )


def _with_story(conn: Connection, uid: str) -> tuple[Operation, Story]:
    operation = operations.find(conn, uid)
    if operation is None:
        raise NotFound
    return operation, record.read(conn, operation.payment)


def _held(conn: Connection, uid: str) -> tuple[Operation, Story]:
    """Kept from other writers until this transaction ends."""
    story = record.hold(conn, _with_story(conn, uid)[0].payment)
    return _with_story(conn, uid)[0], story


def _claim(
    conn: Connection,
    flow: Flow,
    kind: str,
    uid: str,
    amount: int | None,
    reason: str,
    request_id: str | None,
    now: float,
) -> tuple[Operation, bool]:
    story = record.hold(conn, uid)
    before = operations.of(conn, uid)
    same = [each for each in before if request_id is not None and each.request_id == request_id]
    if same:
        return same[0], False
    attempt = _attempt(flow, story, kind)
    if any(each.status in LIVE and not each.by_gateway for each in before):
        raise Unprocessable({"base": ["another operation on this payment is under way"]})
    left = _left(story, before, attempt.number, kind)
    asked = left if amount is None else amount
    if not 0 < asked <= left:
        raise Unprocessable({"amount": [f"must be from 1 to {left}"]})
    if asked < left and kind in flow.gateways[attempt.account].can.whole:
        raise Unprocessable({"amount": [f"must be {left}: its gateway can't {kind} a part"]})
    operation = Operation(
        uid=new_uid(),
        payment=uid,
        attempt=attempt.number,
        kind=kind,
        key=new_key(attempt.number),
        request_id=request_id,
        amount=asked,
        reason=reason or None,
        status=Status.CLAIMED,
        sweep_at=now + flow.pace.claim,
        created_at=now,
        updated_at=now,
    )
    operations.claim(conn, operation)
    events.append(conn, uid, kind, now, attempt.number, amount=asked, operation=operation.uid)
    return operation, True


def _attempt(flow: Flow, story: Story, kind: str) -> Attempt:
    if why := NOTHING_AFTER.get(story.payment.order.transaction_type):
        raise Unprocessable({"parent_uid": [why]})
    wanted = RULES[kind].from_
    found = next((each for each in story.attempts if each.status is wanted), None)
    if found is None:
        raise Unprocessable({"parent_uid": [f"is {story.payment.status}: can't {kind} it"]})
    if not flow.can(found, kind):
        raise Unprocessable({"parent_uid": [f"its gateway can't {kind}"]})
    return found


def _left(story: Story, before: list[Operation], number: int, kind: str) -> int:
    """Minor units of this attempt that can still be captured, voided or sent back: a payment that
    was paid twice can be refunded twice."""
    total = story.payment.order.money.minor
    counted = [
        each
        for each in before
        if each.attempt == number
        and each.status not in FAILED
        and not (each.by_gateway and each.status in LIVE)  # the gateway has yet to confirm it
    ]
    held = total - sum(each.amount for each in counted if each.kind in ("capture", "void"))
    if kind not in RETURNS:
        return held
    captured = sum(each.amount for each in counted if each.kind == "capture")
    return (captured or total) - sum(each.amount for each in counted if each.kind in RETURNS)


def _settle(
    conn: Connection,
    flow: Flow,
    uid: str,
    outcome: Outcome,
    now: float,
    *,
    looked_up: bool = False,
) -> Operation:
    """Write down what the gateway said, and what that makes of the payment. What is done stays."""
    operation, story = _held(conn, uid)
    done = outcome.status is RULES[operation.kind].done
    if looked_up and outcome.status is Status.LOST and operation.status in LIVE:
        return _absent(conn, flow, operation, story, now)
    if (looked_up and record.no_news(outcome)) or not _may_move(operation, done, looked_up):
        return operation
    if done and operation.by_gateway and _is_ours(conn, operation):
        # Our own, told before we had its answer.
        operations.change(conn, uid, status=Status.LOST, sweep_at=None, updated_at=now)
        return _with_story(conn, uid)[0]
    status = outcome.status if done or outcome.status in FAILED else Status.PENDING
    stated = outcome.facts.money.minor if outcome.facts.money else operation.amount
    values: dict[str, Any] = {
        "status": status,
        "gateway_id": outcome.id or operation.gateway_id,
        "message": outcome.facts.friendly or outcome.facts.message,
        "amount": stated if operation.by_gateway else operation.amount,
        "updated_at": now,
    }
    if status is not Status.PENDING:
        values["sweep_at"] = None
    elif operation.status is Status.CLAIMED:
        values["sweep_at"] = next_sweep(operation.created_at, now, operation.created_at + DAY)
    operations.change(conn, uid, **values)
    if status is operation.status:
        return _with_story(conn, uid)[0]
    if status is Status.PENDING:
        log.error("operation.unknown", payment=operation.payment, kind=operation.kind, alert=True)
    if done and operation.status in FAILED:
        record.alert(conn, story.attempts[operation.attempt - 1], "late_operation", now)
    return _ended(conn, flow, uid, now)


def _may_move(operation: Operation, done: bool, looked_up: bool) -> bool:
    """What failed may still turn out to be done, by the late answer to the order itself."""
    return operation.status in LIVE or (operation.status in FAILED and done and not looked_up)


def _ended(conn: Connection, flow: Flow, uid: str, now: float, **told: Any) -> Operation:
    """What an operation's new status makes of the payment; the shop is told what it didn't ask
    for."""
    operation, story = _with_story(conn, uid)
    kind, status, attempt = operation.kind, operation.status, story.attempts[operation.attempt - 1]
    event = f"{kind}.{status}"
    events.append(conn, operation.payment, event, now, operation.attempt, operation=uid, **told)
    rule = RULES[kind]
    if status is not rule.done:
        return operation
    if operation.by_gateway and attempt.status in WON:
        if kind != "capture":
            record.alert(conn, attempt, f"by_gateway.{kind}", now, amount=operation.amount)
        record.write_operation_letter(conn, flow.book, operation, story, now)
    # In parts, it leaves the payment where it is until all of it has gone.
    made = operations.of(conn, operation.payment)
    whole = kind == "capture" or _left(story, made, operation.attempt, kind) <= 0
    if whole:
        record.moved(conn, flow.book, attempt, rule.done, now)
    return operation


def _is_ours(conn: Connection, operation: Operation) -> bool:
    return any(
        each.gateway_id == operation.gateway_id and each.uid != operation.uid
        for each in operations.of(conn, operation.payment)
    )


def _absent(
    conn: Connection, flow: Flow, operation: Operation, story: Story, now: float
) -> Operation:
    """The gateway knows no such operation: as for a charge, that counts after the settle window and
    at the second time, and never where it had an id of its own for it."""
    payment_id = story.attempts[operation.attempt - 1].gateway_id
    if operation.gateway_id not in (None, payment_id) and not operation.by_gateway:
        return operation
    settled_at = operation.created_at + flow.pace.settle
    soon = max(settled_at, now + next_query(0))
    values: dict[str, Any] = {"sweep_at": soon}
    if now >= settled_at:
        values["absences"] = operation.absences + 1
        if operation.absences:
            values |= {"status": Status.LOST, "sweep_at": None, "updated_at": now}
    operations.change(conn, operation.uid, **values)
    if "status" in values:
        return _ended(conn, flow, operation.uid, now)
    return _with_story(conn, operation.uid)[0]


def _given_up(conn: Connection, uid: str) -> Operation:
    operations.change(conn, uid, sweep_at=None)
    return _with_story(conn, uid)[0]


def _decided(
    conn: Connection, flow: Flow, uid: str, accept: bool, by: str, reason: str, now: float
) -> Operation:
    operation, _ = _held(conn, uid)
    if operation.status not in LIVE:
        raise Unprocessable({"uid": [f"is {operation.status}: there is nothing to decide"]})
    if now < operation.created_at + flow.pace.settle:
        raise Unprocessable({"uid": ["is under way: give it a minute"]})
    status = RULES[operation.kind].done if accept else Status.DECLINED
    operations.change(conn, uid, status=status, sweep_at=None, updated_at=now)
    return _ended(conn, flow, uid, now, by=by, reason=reason)
