"""Mismatches: a gateway states another amount, currency, key or id than ours. That is never a
success, and the payment can't be paid again until a person has resolved it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from checkout.errors import Unprocessable
from checkout.ledger import attempts, audit, events
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Attempt, Payment, text
from checkout.model.outcome import GatewayFacts, Outcome
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, UNPAID_ENDS, Status
from checkout.payments.alerts import alert
from checkout.payments.context import Context
from checkout.payments.facts import merge_facts
from checkout.payments.schedule import next_query
from checkout.payments.transitions import lock_attempt, move_attempt, update


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
    """A person resolves a mismatch. `outcome`: the gateway's answer now, accepted whatever facts it
    states; None: the attempt ends unpaid.

    Raises Unprocessable where there is no open mismatch, or the answer is not final.
    """
    payment, attempt = lock_attempt(conn, key)
    if not attempt.mismatch or attempt.judged is not None or attempt.status not in LIVE:
        raise Unprocessable({"uid": ["has no attempt in mismatch"]})
    status = Status.CANCELLED if outcome is None else outcome.status
    if status not in FINAL:
        raise Unprocessable({"uid": [f"is {status} at the gateway: there is nothing to accept"]})
    values = _verdict(attempt, outcome)
    attempts.change(conn, key, **values)
    data = {"by": by.who, "reason": reason, "says": status}
    events.append(conn, attempt.payment, values["judged"], now, attempt.number, **data)
    audit.append(
        conn, by, "accept" if outcome else "refuse", attempt.payment, now,
        shop=payment.shop, reason=reason, attempt=attempt.number, says=status,
    )  # fmt: skip
    move_attempt(conn, attempt, status, now)
    raise_late_success(conn, payment, attempt, status, now)
    return update(conn, context, attempt.payment, now)


def _verdict(attempt: Attempt, outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"judged": "refused", "sweep_at": None}
    return {
        "judged": "accepted",
        "sweep_at": None,
        "facts": text(merge_facts(attempt.facts, outcome.facts)),
        "gateway_id": outcome.id or attempt.gateway_id,
        "reason": outcome.reason,
    }


def differences(payment: Payment, attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    """The stated facts that differ from ours, with ours; a fact that is not stated can't differ."""
    if attempt.judged == "accepted":
        return {}  # a person has accepted them
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
        found["type"] = {"stated": facts.another_type, "ours": payment.order.transaction_type}
    return found | shortfall(attempt, facts)


def shortfall(attempt: Attempt, facts: GatewayFacts) -> dict[str, Any]:
    """For exchanges: what is short of the amount agreed for the attempt; more is no mismatch."""
    agreed, came = attempt.facts.agreed or facts.agreed, facts.exchanged
    if attempt.judged == "accepted" or agreed is None or came is None or not came.short_of(agreed):
        return {}
    stated = {"stated": msgspec.to_builtins(came), "ours": msgspec.to_builtins(agreed)}
    return {"exchanged": stated}


def hold_back(
    conn: Connection,
    context: Context,
    attempt: Attempt,
    outcome: Outcome,
    stated: dict[str, Any],
    now: float,
) -> Payment:
    """Record a mismatch instead of the answer: the attempt stays live until a person decides."""
    if not attempt.mismatch:
        raise_mismatch(conn, attempt, outcome, stated, now)
    if attempt.status is Status.SUBMITTING:
        move_attempt(conn, attempt, Status.PENDING, now)
    return update(conn, context, attempt.payment, now)


def raise_mismatch(
    conn: Connection, attempt: Attempt, outcome: Outcome, stated: dict[str, Any], now: float
) -> None:
    soon = now + next_query(0)
    # Some gateways can be queried by their id only. With another key it is another payment's id.
    known = attempt.gateway_id or (None if "key" in stated else outcome.id)
    attempts.change(conn, attempt.key, mismatch=True, next_query_at=soon, gateway_id=known)
    alert(conn, attempt, "mismatch", now, says=outcome.status, **stated)


def raise_late_success(
    conn: Connection, payment: Payment, attempt: Attempt, status: Status, now: float
) -> None:
    if status in SUCCESSFUL and (attempt.status in UNPAID_ENDS or _paid_before(payment, attempt)):
        alert(conn, attempt, "late_success", now)


def _paid_before(payment: Payment, attempt: Attempt) -> bool:
    return any(a.status in SUCCESSFUL for a in payment.attempts if a.number != attempt.number)
