"""Records what a gateway said of an attempt: its answer to the charge or to a query, a
notification."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from checkout.ledger import attempts, cards, events
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, Status, move
from checkout.payments import gateway_operations
from checkout.payments.alerts import alert
from checkout.payments.context import Context
from checkout.payments.facts import merge_facts, stated_facts
from checkout.payments.gateway_operations import AFTER, Found
from checkout.payments.mismatches import (
    differences,
    hold_back,
    raise_late_success,
    raise_mismatch,
    shortfall,
)
from checkout.payments.schedule import HOUR, next_query, next_recovery
from checkout.payments.transitions import lock, move_attempt, note_move, settle, update


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
    if stated := differences(payment, attempt, outcome):
        return hold_back(conn, context, attempt, outcome, stated, now)
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
    slow = context.query_interval(attempt.account)
    changed = _answered(payment, attempt, outcome, now, asked=asked, slow=slow)
    if asked and changed.sweep_at is None and _notified_meanwhile(conn, attempt):
        changed = msgspec.structs.replace(changed, sweep_at=attempt.sweep_at)
    attempts.save(conn, attempt, changed)
    _remember_card(conn, payment, outcome, now)
    payment, status = payment.with_attempt(changed), changed.status
    if status is attempt.status:
        return payment
    note_move(conn, attempt, status, now, outcome.reason)
    if by_operation is None:
        raise_late_success(conn, payment, attempt, status, now)
    return settle(conn, context, payment, now, by_operation=by_operation is not None)


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
    if (short := shortfall(attempt, outcome.facts)) and attempt.live and not attempt.mismatch:
        raise_mismatch(conn, attempt, outcome, short, now)
    elif short and not attempt.mismatch:  # it is over: a person has to look all the same
        alert(conn, attempt, "mismatch", now, says=outcome.status, **short)
    if outcome.notice is not None and not outcome.unsigned:
        gateway_operations.noted(conn, attempt, outcome.notice, now)
        agrees = agrees or attempt.status in AFTER
    if not agrees:
        attempts.change(conn, attempt.key, sweep_at=max(now, attempt.next_query_at))
    return attempt, agrees


def unanswered(outcome: Outcome) -> bool:
    """Whether a query went unanswered."""
    return outcome.status is Status.PENDING and not outcome.id and outcome.facts == UNKNOWN.facts


def _answered(
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
        "facts": merge_facts(attempt.facts, stated_facts(outcome)),
        "reason": outcome.reason if moves else attempt.reason,
        "next_action": outcome.next_action or attempt.next_action,
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
    move_attempt(conn, attempt, Status.NOT_SENT, now)
    return update(conn, context, attempt.payment, now)


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


def _agrees(attempt: Attempt, outcome: Outcome) -> bool:
    """Whether it is the end that we know, reached in the way that we know."""
    back = outcome.facts.taken_back
    return (
        attempt.status in FINAL
        and attempt.status is outcome.status
        and back in (None, attempt.facts.taken_back)
    )


def _remember_card(conn: Connection, payment: Payment, outcome: Outcome, now: float) -> None:
    card = outcome.facts.card
    if outcome.status in SUCCESSFUL and card is not None and card.token is not None:
        cards.remember(conn, payment.shop, card, now)
