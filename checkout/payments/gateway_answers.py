"""Record a gateway's answers about an attempt: to the charge, to a status query, and its
notifications."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from checkout.ledger import attempts, cards, events
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, Status, move
from checkout.payments import gateway_initiated
from checkout.payments.alerts import alert
from checkout.payments.context import Context
from checkout.payments.facts import merge_facts, stated_facts
from checkout.payments.gateway_initiated import AFTER, Recorded
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
    by_query: bool,
) -> Payment:
    """Record the gateway's answer: to the charge, or (`by_query`) to a status query."""
    payment = lock(conn, attempt.payment)
    attempt = payment.attempts[attempt.number - 1]  # it may have moved since
    if by_query and outcome.status is Status.NOT_SENT:
        return _absent(conn, context, payment, attempt, now)
    if by_query and unanswered(outcome):
        return payment
    if stated := differences(payment, attempt, outcome):
        return hold_back(conn, context, attempt, outcome, stated, now)
    if _is_contradiction(attempt, outcome):
        return payment
    done = gateway_initiated.done_by(attempt, outcome)
    if done is not None:
        status = _status_after_operation(conn, context, payment, attempt, outcome, done, now)
        if status is None:
            attempts.change(conn, attempt.key, sweep_at=now + HOUR)
            return payment
        outcome = msgspec.structs.replace(outcome, status=status)
    changed = _save(conn, context, payment, attempt, outcome, now, by_query=by_query)
    payment = payment.with_attempt(changed)
    if changed.status is attempt.status:
        return payment
    note_move(conn, attempt, changed.status, now, outcome.reason)
    if done is None:
        raise_late_success(conn, payment, attempt, changed.status, now)
    return settle(conn, context, payment, now, by_operation=done is not None)


def says_something_new(
    context: Context, payment: Payment, attempt: Attempt, outcome: Outcome, now: float
) -> bool:
    """Whether `record_answer` of a status query would write anything. Most queries say what is
    known, and need no transaction."""
    attempt = payment.attempts[attempt.number - 1]
    if outcome.status is Status.NOT_SENT:
        return _absence_counts(context, attempt, now)
    if unanswered(outcome):
        return False
    if differences(payment, attempt, outcome):
        return True
    if _is_contradiction(attempt, outcome):
        return False
    if gateway_initiated.done_by(attempt, outcome) is not None or outcome.status in SUCCESSFUL:
        return True
    slow = context.query_interval(attempt.account)
    return _answered(payment, attempt, outcome, now, by_query=True, slow=slow) != attempt


def _absence_counts(context: Context, attempt: Attempt, now: float) -> bool:
    if not _may_be_absent(attempt):
        return False
    settled_at = attempt.created_at + context.schedule.settle_window
    return now >= settled_at or attempt.sweep_at != settled_at


def _may_be_absent(attempt: Attempt) -> bool:
    """Never one that has a gateway id or is in mismatch: the gateway knew it."""
    known = attempt.gateway_id or attempt.mismatch
    return attempt.status in (Status.SUBMITTING, Status.PENDING) and not known


def _is_contradiction(attempt: Attempt, outcome: Outcome) -> bool:
    """Whether the gateway ends an attempt in mismatch that no person has decided on: its facts are
    right now, but were others before."""
    ends = outcome.status in FINAL | {Status.NOT_SENT}
    return ends and attempt.mismatch and attempt.judged is None


def _status_after_operation(
    conn: Connection,
    context: Context,
    payment: Payment,
    attempt: Attempt,
    outcome: Outcome,
    done: tuple[str, Status],
    now: float,
) -> Status | None:
    """The attempt's status after an operation that the gateway's answer reports (`done`); None:
    an operation that is under way may be the one, and is queried first."""
    kind, status = done
    found = gateway_initiated.record_state(
        conn, context.settings, payment, attempt, kind, outcome, now
    )
    if found is Recorded.UNDER_WAY:
        return None
    return attempt.status if found is Recorded.KNOWN else status


def _save(
    conn: Connection,
    context: Context,
    payment: Payment,
    attempt: Attempt,
    outcome: Outcome,
    now: float,
    *,
    by_query: bool,
) -> Attempt:
    """Write the answer into the attempt's row; the attempt as it is now."""
    slow = context.query_interval(attempt.account)
    changed = _answered(payment, attempt, outcome, now, by_query=by_query, slow=slow)
    if by_query and changed.sweep_at is None and _notified_meanwhile(conn, attempt):
        changed = msgspec.structs.replace(changed, sweep_at=attempt.sweep_at)
    attempts.save(conn, attempt, changed)
    _remember_card(conn, payment, outcome, now)
    return changed


def record_notification(
    conn: Connection, attempt: Attempt, outcome: Outcome, now: float
) -> tuple[Attempt, bool]:
    """Record a notification. It proves nothing, so the caller queries the gateway; recovery does
    where this worker dies before.

    Returns the attempt, and whether no query is needed: the notification is signed and says what is
    known already. The payment is locked, so that a charge's answer is recorded before or after:
    else each of the two would leave the query to the other."""
    attempt = lock(conn, attempt.payment).attempts[attempt.number - 1]
    agrees = not outcome.unsigned and _agrees(attempt, outcome)
    events.append(
        conn, attempt.payment, "notified", now, attempt.number, says=outcome.status, agrees=agrees
    )
    if (short := shortfall(attempt, outcome.facts)) and attempt.live and not attempt.mismatch:
        raise_mismatch(conn, attempt, outcome, short, now)
    elif short and not attempt.mismatch:  # a person has to look, although the attempt has ended
        alert(conn, attempt, "mismatch", now, says=outcome.status, **short)
    if outcome.notice is not None and not outcome.unsigned:
        gateway_initiated.record_notice(conn, attempt, outcome.notice, now)
        agrees = agrees or attempt.status in AFTER
    if not agrees:
        attempts.query_soon(conn, attempt.key, now=now, interval=next_query(0))
        attempt = attempts.by_key(conn, attempt.key) or attempt
    return attempt, agrees


def unanswered(outcome: Outcome) -> bool:
    """Whether a query got no answer."""
    return outcome.status is Status.PENDING and not outcome.id and outcome.facts == UNKNOWN.facts


def _answered(
    payment: Payment,
    attempt: Attempt,
    outcome: Outcome,
    now: float,
    *,
    by_query: bool,
    slow: float | None,
) -> Attempt:
    """The attempt after the gateway's answer. `slow`: `Capabilities.query_interval`."""
    status = move(attempt.status, outcome.status)
    moves = status is not attempt.status
    changes: dict[str, Any] = {
        "status": status,
        "gateway_id": outcome.id or attempt.gateway_id,
        "facts": merge_facts(attempt.facts, stated_facts(outcome)),
        "reason": outcome.reason if moves else attempt.reason,
        "next_action": outcome.next_action or attempt.next_action,
    }
    # A final answer ends recovery, also of an attempt that the customer has abandoned.
    if outcome.status in FINAL | {Status.NOT_SENT} and not outcome.abandoned:
        changes["sweep_at"] = None
    elif not by_query or attempt.sweep_at is None:
        changes["sweep_at"] = next_recovery(
            attempt.created_at,
            now,
            payment.expires_at,
            slow=slow,
            alive=status is Status.PENDING,
        )
    if not by_query:
        soon = now + next_query(0)
        changes |= {"next_query_at": soon, "queries": 0}
        if outcome.status in LIVE and changes["sweep_at"] is None:
            changes["sweep_at"] = soon  # the answer came after the payment's expiry
    if moves:
        changes["updated_at"] = now
    return msgspec.structs.replace(attempt, **changes)


def _absent(
    conn: Connection, context: Context, payment: Payment, attempt: Attempt, now: float
) -> Payment:
    """The gateway knows no such payment. That ends the attempt only the second time and after the
    settle window. Between the two lies as much time as a charge may take: where the clock was set
    forward, the window is no proof."""
    if not _may_be_absent(attempt):
        return payment
    settled_at = attempt.created_at + context.schedule.settle_window
    if now < settled_at:
        attempts.change(conn, attempt.key, sweep_at=settled_at)
        return payment
    if not attempt.absences:
        later = now + context.schedule.between_absences
        attempts.change(conn, attempt.key, absences=1, next_query_at=later, sweep_at=later)
        return payment
    attempts.change(conn, attempt.key, absences=attempt.absences + 1, sweep_at=None)
    move_attempt(conn, attempt, Status.NOT_SENT, now)
    return update(conn, context, attempt.payment, now)


def _notified_meanwhile(conn: Connection, attempt: Attempt) -> bool:
    """Whether a notification came after the query was sent: the answer may be older than it."""
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
    """Whether the outcome is the final status that is known, reached in the same way."""
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
