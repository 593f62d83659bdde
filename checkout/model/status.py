"""The statuses of an attempt and a payment, and the transitions between them.

An attempt (one charge at a gateway) only moves forward:

    SUBMITTING ─> PENDING <─> REQUIRES_ACTION ─> PAID | AUTHORIZED | DECLINED | CANCELLED | EXPIRED
       └──────────┴─> NOT_SENT  (proved not sent, or absent at the gateway)
    every unpaid end ─> PAID | AUTHORIZED  (late success);  these two ─> REFUNDED

A payment's status is one function of its attempts: `payment_status`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    OPEN = "open"  # payments only: the form waits for the customer
    SUBMITTING = "claimed"  # attempts only: durable before the gateway is called
    PENDING = "pending"
    REQUIRES_ACTION = "action"  # the customer must act: on the bank's page, by a transfer
    PAID = "paid"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NOT_SENT = "lost"  # attempts only
    REFUNDED = "refunded"
    ACCEPTED = "accepted"  # operations only: the gateway has accepted it and will execute it


S = Status
LIVE: Final = frozenset({S.SUBMITTING, S.PENDING, S.REQUIRES_ACTION})
SUCCESSFUL: Final = frozenset({S.PAID, S.AUTHORIZED})
UNPAID_ENDS: Final = frozenset({S.DECLINED, S.CANCELLED, S.EXPIRED, S.NOT_SENT})
FINAL: Final = frozenset({S.PAID, S.AUTHORIZED, S.DECLINED, S.CANCELLED, S.EXPIRED, S.REFUNDED})

MOVES: Final[dict[Status, frozenset[Status]]] = {
    S.OPEN: frozenset(),  # no attempt is ever open
    S.ACCEPTED: frozenset(),  # nor accepted
    S.SUBMITTING: FINAL | {S.PENDING, S.REQUIRES_ACTION, S.NOT_SENT},
    S.PENDING: FINAL | {S.REQUIRES_ACTION, S.NOT_SENT},
    S.REQUIRES_ACTION: FINAL | {S.PENDING},
    S.AUTHORIZED: frozenset({S.PAID, S.REFUNDED}),  # a void releases the reserved money
    S.PAID: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset(),
    S.DECLINED: SUCCESSFUL,
    S.CANCELLED: SUCCESSFUL,
    S.EXPIRED: SUCCESSFUL,
    S.NOT_SENT: SUCCESSFUL,
}

# The outward statuses of the API, notifications and return parameters: Overpay's.
OUTWARD: Final[dict[Status, str]] = {
    S.OPEN: "incomplete",
    S.REQUIRES_ACTION: "incomplete",
    S.SUBMITTING: "pending",
    S.PENDING: "pending",
    S.PAID: "successful",
    S.AUTHORIZED: "successful",
    S.DECLINED: "failed",
    S.CANCELLED: "canceled",
    S.EXPIRED: "expired",
    S.REFUNDED: "refunded",
}


def move(current: Status, proposed: Status) -> Status:
    """The status after `proposed`; a late or repeated report changes nothing."""
    return proposed if proposed in MOVES[current] else current


def payment_status(
    attempts: Sequence[Status], *, allowed: int, expired: bool, cancelled: bool
) -> Status:
    """The payment's status from its attempts, oldest first. `allowed` counts declines."""
    for won in (S.PAID, S.AUTHORIZED, S.REFUNDED):
        if won in attempts:
            return won
    for status in reversed(attempts):
        if status in LIVE:
            return S.PENDING if status is S.SUBMITTING else status
    if cancelled:
        return S.CANCELLED
    if attempts.count(S.DECLINED) >= allowed:
        return S.DECLINED
    if not expired:
        return S.OPEN
    return S.DECLINED if attempts and attempts[-1] is S.DECLINED else S.EXPIRED
