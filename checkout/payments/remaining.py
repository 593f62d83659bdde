"""Remaining amounts: how much of an attempt can still be captured, voided or refunded after its
operations so far (`made`). All in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from checkout.ledger.operations import FAILED, Operation
from checkout.model.status import LIVE

ENDS_HOLD: Final = ("capture", "void")  # of an authorized amount
RETURNS: Final = ("refund", "chargeback")  # of paid money


def left(total: int, made: Sequence[Operation], kind: str, capture: Operation | None = None) -> int:
    """The amount that `kind` may still be requested for; with `capture`, of that capture only.
    Operations under way count as done."""
    counted = [each for each in made if _counts(each)]
    if kind in ENDS_HOLD:
        return max(total - _sum(counted, ENDS_HOLD), 0)
    most = collected(total, counted) - _sum(counted, RETURNS)
    if capture is not None:
        its_own = [each for each in counted if each.capture == capture.uid]
        most = min(most, capture.amount - _sum(its_own, RETURNS))
    return max(most, 0)


def unspent(total: int, made: Sequence[Operation], kind: str) -> int:
    """The amount left for `kind` after the operations that are done; those under way may fail."""
    done = [each for each in made if each.done]
    if kind in ENDS_HOLD:
        return max(total - _sum(done, ENDS_HOLD), 0)
    return max(collected(total, done) - _sum(done, RETURNS), 0)


def captures(made: Sequence[Operation]) -> list[Operation]:
    """The captures that are done, oldest first."""
    return [each for each in made if each.kind == "capture" and each.done]


def _counts(operation: Operation) -> bool:
    unconfirmed = operation.by_gateway and operation.status in LIVE
    return operation.status not in FAILED and not unconfirmed


def collected(total: int, made: Sequence[Operation]) -> int:
    """The amount collected: the captures of an authorization, else the whole payment."""
    return sum(each.amount for each in captures(made)) or total


def _sum(counted: Iterable[Operation], kinds: Sequence[str]) -> int:
    return sum(each.amount for each in counted if each.kind in kinds)
