"""The transactions of the payment: each a function over one connection, each ends in a state that
the tables of `model.status` allow, with its event and, where the shop is to know, its webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import NotFound, Unprocessable
from checkout.identifiers import new_uid
from checkout.ledger import attempts, audit, cards, events, outbox, payments
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Attempt, Payment, text
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, UNPAID_ENDS, Status, move
from checkout.payments import gateway_operations, limits, reservations
from checkout.payments.alerts import alert
from checkout.payments.gateway_operations import AFTER, Found
from checkout.payments.metrics import ATTEMPTS
from checkout.payments.schedule import HOUR, Schedule, next_query, next_recovery
from checkout.settings import Limits, Shop
from checkout.shop_api.webhooks import payment_webhook

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=Struct)


class Context(Struct, frozen=True):
    """What the transactions need beside the connection."""

    settings.shops: dict[str, Shop]
    settings.limits: Limits
    schedule: Schedule
    settings.public_url: str
    query_intervals: Mapping[str, float]  # by account: `Capabilities.query_interval`


def read(conn: Connection, uid: str) -> Payment:
    payment = payments.by_uid(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def lock(conn: Connection, uid: str) -> Payment:
    """The payment, kept from other writers until this transaction ends."""
    payment = payments.held(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def _held_attempt(conn: Connection, key: str) -> tuple[Payment, Attempt]:
    found = attempts.by_key(conn, key)
    if found is None:
        raise NotFound
    payment = lock(conn, found.payment)
    return payment, payment.attempts[found.number - 1]


def submit(
    conn: Connection, context: Context, attempt: Attempt, now: float, *, under_attack: bool = False
) -> tuple[Payment, bool]:
    """Claim the attempt before its gateway is called. False: it is not this request's to send.
    `wary`: cards are tested at the shop.

    Raises TooMany by the limits on card testing, SoldOut when the goods went to others.
    """
    payment = lock(conn, attempt.payment)
    if payment.status_at(now) is not Status.OPEN or attempt.number != payment.next_number:
        return payment, False
    limits.check(conn, context.settings.limits, payment, attempt, now, under_attack=under_attack)
    if payment.order.product is not None:
        reservations.hold(conn, attempt.payment, now)
    attempts.claim(conn, attempt)
    events.append(
        conn, attempt.payment, "claimed", now, attempt.number,
        method=attempt.method, account=attempt.account,
    )  # fmt: skip
    return _settle(conn, context, Payment(payment, (*payment.attempts, attempt)), now), True


def unanswered(outcome: Outcome) -> bool:
    """Whether a query went unanswered."""
    return outcome.status is Status.PENDING and not outcome.id and outcome.facts == UNKNOWN.facts


def record_answer(
    conn: Connection,
    context: Context,
    attempt: Attempt,
    outcome: Outcome,
    now: float,
    *,
    asked: bool,
) -> Payment:
    """Write down what the gateway said: to the charge, or (`asked`) to a status query."""
    payment = lock(conn, attempt.payment)
    attempt = payment.attempts[attempt.number - 1]  # it may have moved since
    if asked and outcome.status is Status.NOT_SENT:
        return _absent(conn, context, payment, attempt, now)
    if asked and unanswered(outcome):
        return payment
    if stated := _mismatch(payment, attempt, outcome):
        return _mismatched(conn, context, attempt, outcome, stated, now)
    if attempt.mismatch and attempt.judged is None and outcome.status in FINAL | {Status.NOT_SENT}:
        return payment  # the gateway contradicts itself: only a person ends a mismatch
    by_operation = gateway_operations.done_by(attempt, outcome)
    if by_operation is not None:
        kind, state = by_operation
        what = gateway_operations.found(
            conn, context.settings.shops, payment, attempt, kind, outcome, now
        )
        if what is Found.UNDER_WAY:
            attempts.change(conn, attempt.key, sweep_at=now + HOUR)
            return payment
        state = attempt.status if what is Found.KNOWN else state
        outcome = msgspec.structs.replace(outcome, status=state)
    slow = context.query_intervals.get(attempt.account)
    changed = _heard(payment, attempt, outcome, now, asked=asked, slow=slow)
    if asked and changed.sweep_at is None and _notified_meanwhile(conn, attempt):
        changed = msgspec.structs.replace(changed, sweep_at=attempt.sweep_at)
    attempts.save(conn, attempt, changed)
    _remember_card(conn, payment, outcome, now)
    payment, status = payment.with_attempt(changed), changed.status
    if status is attempt.status:
        return payment
    _note_move(conn, attempt, status, now, outcome.reason)
    if by_operation is None:
        _raise_late_success(conn, payment, attempt, status, now)
    return _settle(conn, context, payment, now, told=by_operation is not None)


def _notified_meanwhile(conn: Connection, attempt: Attempt) -> bool:
    """Whether something has happened since the gateway was asked: its answer may be older."""
    asked_at = attempt.asked_at
    return attempt.sweep_at is not None and any(
        each.kind == "notified"
        and each.attempt == attempt.number
        and not each.data.get("agrees")
        and asked_at is not None
        and each.at > asked_at
        for each in events.of(conn, attempt.payment)
    )


def _heard(
    payment: Payment,
    attempt: Attempt,
    outcome: Outcome,
    now: float,
    *,
    asked: bool,
    slow: float | None,
) -> Attempt:
    """The attempt after what the gateway said of it. `slow`: `Capabilities.query_interval`."""
    status = move(attempt.status, outcome.status)
    moves = status is not attempt.status
    changes: dict[str, Any] = {
        "status": status,
        "gateway_id": outcome.id or attempt.gateway_id,
        "facts": _kept(attempt.facts, _stated(outcome)),
        "reason": outcome.reason if moves else attempt.reason,
        "step": outcome.next_action or attempt.next_action,
    }
    # The gateway's last word ends the sweep, also of an attempt that the customer has left.
    if outcome.status in FINAL | {Status.NOT_SENT} and not outcome.abandoned:
        changes["sweep_at"] = None
    elif not asked or attempt.sweep_at is None:
        changes["sweep_at"] = next_recovery(
            attempt.created_at,
            now,
            payment.expires_at,
            slow=slow,
            alive=status is Status.PENDING,
        )
    if not asked:
        soon = now + next_query(0)
        changes |= {"next_query_at": soon, "queries": 0}
        if outcome.status in LIVE and changes["sweep_at"] is None:
            changes["sweep_at"] = soon  # an answer that slept past the payment's time
    if moves:
        changes["updated_at"] = now
    return msgspec.structs.replace(attempt, **changes)


def _remember_card(conn: Connection, payment: Payment, outcome: Outcome, now: float) -> None:
    card = outcome.facts.card
    if outcome.status in SUCCESSFUL and card is not None and card.token is not None:
        cards.remember(conn, payment.shop, card, now)


def _stated(outcome: Outcome) -> GatewayFacts:
    if outcome.field is None:
        return outcome.facts
    return msgspec.structs.replace(outcome.facts, refused=outcome.field)


def _kept(known: GatewayFacts, stated: GatewayFacts) -> GatewayFacts:
    """What the gateway states, beside what it stated before and leaves out now."""
    facts, card, before = _merged(known, stated), stated.card, known.card
    if card is None or before is None or card.last_4 not in (None, before.last_4):
        return facts
    return msgspec.structs.replace(facts, card=_merged(before, card))


def _merged(known: S, stated: S) -> S:
    given = {name: getattr(stated, name) for name in stated.__struct_fields__}
    changes = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(known, **changes)


def _moved(
    conn: Connection,
    attempt: Attempt,
    status: Status,
    now: float,
    reason: DeclineReason | None = None,
) -> None:
    attempts.change(conn, attempt.key, status=status, updated_at=now)
    _note_move(conn, attempt, status, now, reason)


def _note_move(
    conn: Connection, attempt: Attempt, status: Status, now: float, reason: DeclineReason | None
) -> None:
    ATTEMPTS.labels(attempt.account, status).inc()
    told = {"from": attempt.status, "to": status, "reason": reason}
    events.append(conn, attempt.payment, "moved", now, attempt.number, **told)


def moved_by_operation(
    conn: Connection, context: Context, attempt: Attempt, status: Status, now: float
) -> Payment:
    """An operation after the payment has moved it (captured, voided, refunded), and tells of that
    itself."""
    reached = move(attempt.status, status)
    if reached is not attempt.status:
        _moved(conn, attempt, reached, now)
    return _settle(conn, context, read(conn, attempt.payment), now, told=True)


def _mismatched(
    conn: Connection,
    context: Context,
    attempt: Attempt,
    outcome: Outcome,
    stated: dict[str, Any],
    now: float,
) -> Payment:
    """Other facts than ours are never success: the form stays shut and somebody has to look."""
    if not attempt.mismatch:
        _raise_mismatch(conn, attempt, outcome, stated, now)
    if attempt.status is Status.SUBMITTING:
        _moved(conn, attempt, Status.PENDING, now)
    return _update(conn, context, attempt.payment, now)


def _raise_mismatch(
    conn: Connection, attempt: Attempt, outcome: Outcome, stated: dict[str, Any], now: float
) -> None:
    soon = now + next_query(0)
    # Without it some gateways can't be asked again; beside another key it is another payment's.
    known = attempt.gateway_id or (None if "key" in stated else outcome.id)
    attempts.change(conn, attempt.key, mismatch=True, next_query_at=soon, gateway_id=known)
    alert(conn, attempt, "mismatch", now, says=outcome.status, **stated)


def _raise_late_success(
    conn: Connection, payment: Payment, attempt: Attempt, status: Status, now: float
) -> None:
    if status in SUCCESSFUL and (attempt.status in UNPAID_ENDS or _paid_before(payment, attempt)):
        alert(conn, attempt, "late_success", now)


def _paid_before(payment: Payment, attempt: Attempt) -> bool:
    return any(a.status in SUCCESSFUL for a in payment.attempts if a.number != attempt.number)


def _mismatch(payment: Payment, attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    """The stated facts that are not ours, stated beside ours; what is not stated is no mismatch."""
    if attempt.judged == "accepted":
        return {}  # a person has looked at them
    facts, ours = outcome.facts, payment.order.money
    stated = {
        "key": (facts.key, attempt.key),
        "currency": (facts.money.currency if facts.money else None, ours.currency),
        "amount": (facts.money.minor if facts.money else facts.amount, ours.minor),
        "id": (outcome.id if attempt.gateway_id else None, attempt.gateway_id),
    }
    found = {
        name: {"stated": theirs, "ours": our}
        for name, (theirs, our) in stated.items()
        if theirs is not None and theirs != our
    }
    if facts.another_type is not None:
        asked = payment.order.transaction_type
        found["type"] = {"stated": facts.another_type, "ours": asked}
    return found | _short(attempt, facts)


def _short(attempt: Attempt, facts: GatewayFacts) -> dict[str, Any]:
    """Where less was given or got than was agreed when the attempt was made; more is no mismatch.
    Money that is no currency of ours is compared by this alone."""
    agreed, came = attempt.facts.agreed or facts.agreed, facts.exchanged
    if attempt.judged == "accepted" or agreed is None or came is None or not came.short_of(agreed):
        return {}
    stated = {"stated": msgspec.to_builtins(came), "ours": msgspec.to_builtins(agreed)}
    return {"exchanged": stated}


def _absent(
    conn: Connection, context: Context, payment: Payment, attempt: Attempt, now: float
) -> Payment:
    """The gateway knows no such payment. That ends the attempt only after the settle window and
    at the second time, and never one that it had an id or other facts for."""
    known = attempt.gateway_id or attempt.mismatch
    if attempt.status not in (Status.SUBMITTING, Status.PENDING) or known:
        return payment
    settled_at = attempt.created_at + context.schedule.settle_window
    if now < settled_at:
        attempts.change(conn, attempt.key, sweep_at=settled_at)
        return payment
    if not attempt.absences:
        soon = now + next_query(0)
        attempts.change(conn, attempt.key, absences=1, next_query_at=soon, sweep_at=soon)
        return payment
    attempts.change(conn, attempt.key, absences=attempt.absences + 1, sweep_at=None)
    _moved(conn, attempt, Status.NOT_SENT, now)
    return _update(conn, context, attempt.payment, now)


def resolve_mismatch(
    conn: Connection,
    context: Context,
    key: str,
    outcome: Outcome | None,
    now: float,
    *,
    by: Actor,
    reason: str,
) -> Payment:
    """A person ends a mismatch. `outcome`: what the gateway says now, which stands whatever facts
    it states; None: the attempt ends unpaid.

    Raises Unprocessable where there is nothing to judge.
    """
    payment, attempt = _held_attempt(conn, key)
    if not attempt.mismatch or attempt.judged is not None or attempt.status not in LIVE:
        raise Unprocessable({"uid": ["has no attempt in mismatch"]})
    status = Status.CANCELLED if outcome is None else outcome.status
    if status not in FINAL:
        raise Unprocessable({"uid": [f"is {status} at the gateway: there is nothing to accept"]})
    values: dict[str, Any] = {"judged": "refused", "sweep_at": None}
    if outcome is not None:
        values |= {
            "judged": "accepted",
            "facts": text(_kept(attempt.facts, outcome.facts)),
            "gateway_id": outcome.id or attempt.gateway_id,
            "reason": outcome.reason,
        }
    attempts.change(conn, key, **values)
    word = values["judged"]
    events.append(
        conn, attempt.payment, word, now, attempt.number, by=by.who, reason=reason, says=status
    )
    audit.append(
        conn, by, "accept" if outcome else "refuse", attempt.payment, now,
        shop=payment.shop, reason=reason, attempt=attempt.number, says=status,
    )  # fmt: skip
    _moved(conn, attempt, status, now)
    _raise_late_success(conn, payment, attempt, status, now)
    return _update(conn, context, attempt.payment, now)


def customer_returned(conn: Connection, key: str, now: float) -> Attempt:
    """The customer is back from the bank: the first time starts the watched pace anew."""
    _, attempt = _held_attempt(conn, key)
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now, next_query_at=now, queries=0)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    return _held_attempt(conn, key)[1]


def customer_confirmed(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer says that it is paid: from now on we wait for the gateway."""
    payment, attempt = _held_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    attempts.change(conn, key, next_query_at=now + next_query(0), queries=0)
    events.append(conn, attempt.payment, "confirmed", now, attempt.number)
    _moved(conn, attempt, Status.PENDING, now)
    return _update(conn, context, attempt.payment, now)


def abandon(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer leaves an unpaid step for another way to pay. The gateway may still be paid:
    the attempt stays on the sweep's list. One with facts that are not ours is not left."""
    payment, attempt = _held_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION or attempt.mismatch:
        return payment
    attempts.change(conn, key, status=Status.CANCELLED, updated_at=now)
    events.append(conn, attempt.payment, "left", now, attempt.number)
    return _update(conn, context, attempt.payment, now)


def keep_waiting(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer is here and wants to leave an unpaid step, but the gateway doesn't say that it
    is unpaid: wait for its word."""
    payment, attempt = _held_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    _moved(conn, attempt, Status.PENDING, now)
    return _update(conn, context, attempt.payment, now)


def cancel(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """The customer gives the payment up; nothing happens while an attempt is live or it is over."""
    payment = lock(conn, uid)
    if payment.status_at(now) is not Status.OPEN:
        return payment
    payments.change(conn, uid, cancelled=True)
    events.append(conn, uid, "cancelled", now)
    return _update(conn, context, uid, now)


def expire(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """Write down what time alone has changed: an open form past its time."""
    lock(conn, uid)
    return _update(conn, context, uid, now)


def _update(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    return _settle(conn, context, read(conn, uid), now)


def _settle(
    conn: Connection, context: Context, payment: Payment, now: float, *, told: bool = False
) -> Payment:
    """Derive the payment's status anew, write it down, and write the shop's webhook with it. `told`:
    the webhook of the operation that has led here says it."""
    uid = payment.uid
    status, known = payment.status_at(now), payment.notified
    tell = status in FINAL and known != status
    if status is payment.status and not tell:
        return payment
    values = {"status": status, "told": status if tell else known, "updated_at": now}
    payments.change(conn, uid, **values)
    if payment.order.product is not None:
        reservations.follow(conn, uid, status, now)
    events.append(conn, uid, "payment", now, None, status=status)
    payment = Payment(msgspec.structs.replace(payment, **values), payment.attempts)
    if tell and not told:
        _write_webhook(conn, context, payment, status, now)
    return payment


def _write_webhook(
    conn: Connection, context: Context, payment: Payment, status: Status, now: float
) -> None:
    url = payment.order.page_settings.notification_url
    shop = context.settings.shops.get(payment.shop)
    # What a shop's server asked for and was held back, or refused for a field: it was answered so.
    held_back = payment.order.merchant_initiated and not payment.tried
    if url is None or shop is None or held_back:
        return
    body = payment_webhook(payment, status, shop, context.settings.public_url, now)
    outbox.add(conn, id=new_uid(), payment=payment.uid, url=url, body=body, now=now)


def record_notification(
    conn: Connection, attempt: Attempt, outcome: Outcome, now: float
) -> tuple[Attempt, bool]:
    """A notification came: a hint, which the sweep follows up where the asker dies.

    The attempt as it stands, held, so that a charge's answer is written before or after: else
    both would think that the other one asks. And whether there is nothing to ask of it: never of
    one that nobody signed."""
    attempt = lock(conn, attempt.payment).attempts[attempt.number - 1]
    agrees = not outcome.unsigned and _agrees(attempt, outcome)
    events.append(
        conn, attempt.payment, "notified", now, attempt.number, says=outcome.status, agrees=agrees
    )
    if (short := _short(attempt, outcome.facts)) and attempt.live and not attempt.mismatch:
        _raise_mismatch(conn, attempt, outcome, short, now)
    elif short and not attempt.mismatch:  # it is over: a person has to look all the same
        alert(conn, attempt, "mismatch", now, says=outcome.status, **short)
    if outcome.notice is not None and not outcome.unsigned:
        gateway_operations.noted(conn, attempt, outcome.notice, now)
        agrees = agrees or attempt.status in AFTER
    if not agrees:
        attempts.change(conn, attempt.key, sweep_at=max(now, attempt.next_query_at))
    return attempt, agrees


def _agrees(attempt: Attempt, outcome: Outcome) -> bool:
    """Whether it is the end that we know, reached in the way that we know."""
    back = outcome.facts.taken_back
    return (
        attempt.status in FINAL
        and attempt.status is outcome.status
        and back in (None, attempt.facts.taken_back)
    )
