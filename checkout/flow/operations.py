"""After the payment: capture, void, refund. Claimed and recorded like an attempt: written down
before the gateway is called, never sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

import structlog
from sqlalchemy import Connection

from checkout.errors import NotFound, Unprocessable
from checkout.flow import record
from checkout.flow.verbs import Flow, reference
from checkout.gateways.base import BackOffice
from checkout.ledger import events, operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Attempt, Story
from checkout.links import new_key, new_uid
from checkout.model.money import Money
from checkout.model.outcome import Outcome
from checkout.model.status import LIVE, Status
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
}
FAILED: Final = frozenset({Status.DECLINED, Status.LOST})


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


async def _send(flow: Flow, story: Story, operation: Operation) -> Operation:
    attempt = story.attempts[operation.attempt - 1]
    gateway = cast(BackOffice, flow.gateways[attempt.account])
    money = Money(operation.amount, story.payment.order.money.currency)
    about = reference(story, attempt)
    match operation.kind:
        case "capture":
            said = gateway.capture(about, money, operation.key)
        case "void":
            said = gateway.void(about, money, operation.key)
        case _:
            said = gateway.refund(about, money, operation.key, operation.reason or "-")
    outcome = await flow.hear(said)
    done = await flow.write(operation.payment, _settle, flow, operation.uid, outcome, flow.clock())
    flow.letters_waiting.set()
    return done


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
    if any(each.status in LIVE for each in before):
        raise Unprocessable({"base": ["another operation on this payment is under way"]})
    left = _left(story, before, attempt.number, kind)
    asked = left if amount is None else amount
    if not 0 < asked <= left:
        raise Unprocessable({"amount": [f"must be from 1 to {left}"]})
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
        gateway_id=None,
        message=None,
        created_at=now,
        updated_at=now,
    )
    operations.claim(conn, operation)
    events.append(conn, uid, kind, now, attempt.number, amount=asked, operation=operation.uid)
    return operation, True


def _attempt(flow: Flow, story: Story, kind: str) -> Attempt:
    wanted = RULES[kind].from_
    found = next((each for each in story.attempts if each.status is wanted), None)
    if found is None:
        raise Unprocessable({"parent_uid": [f"is {story.payment.status}: can't {kind} it"]})
    if not flow.can(found, kind):
        raise Unprocessable({"parent_uid": [f"its gateway can't {kind}"]})
    return found


def _left(story: Story, before: list[Operation], number: int, kind: str) -> int:
    """Minor units of this attempt that can still be captured, voided or refunded: a payment that
    was paid twice can be refunded twice."""
    total = story.payment.order.money.minor
    done = [each for each in before if each.attempt == number and each.status not in FAILED]
    captured = sum(each.amount for each in done if each.kind == "capture")
    if kind != "refund":
        return total - captured
    return (captured or total) - sum(each.amount for each in done if each.kind == "refund")


def _settle(conn: Connection, flow: Flow, uid: str, outcome: Outcome, now: float) -> Operation:
    """Write down what the gateway said, and what that makes of the payment."""
    operation = operations.one(conn, uid)
    rule = RULES[operation.kind]
    done = outcome.status is rule.done
    status = outcome.status if done or outcome.status in FAILED else Status.PENDING
    operations.change(
        conn,
        uid,
        status=status,
        gateway_id=outcome.id,
        message=outcome.facts.friendly or outcome.facts.message,
        updated_at=now,
    )
    events.append(
        conn, operation.payment, f"{operation.kind}.{status}", now, operation.attempt, operation=uid
    )
    if status is Status.PENDING:
        log.error("operation.unknown", payment=operation.payment, kind=operation.kind, alert=True)
    story = record.hold(conn, operation.payment)
    # A refund in parts leaves the payment paid until all of it has gone back.
    made = operations.of(conn, operation.payment)
    whole = operation.kind != "refund" or not _left(story, made, operation.attempt, "refund")
    if done and whole:
        record.moved(conn, flow.book, story.attempts[operation.attempt - 1], rule.done, now)
    return operations.one(conn, uid)
