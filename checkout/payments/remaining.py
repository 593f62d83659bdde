"""How much of an attempt's money can still be captured, voided or sent back, by what was done with
it so far. All in minor units; `made` are the attempt's operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from checkout.ledger.operations import FAILED, Operation
from checkout.model.status import LIVE

COLLECTS: Final = ("capture", "void")  # what ends a hold
RETURNS: Final = ("refund", "chargeback")  # what sends paid money back


def left(total: int, made: Sequence[Operation], kind: str, capture: Operation | None = None) -> int:
    """What `kind` may still be asked for, of `capture` alone where it is given. What is under way
    counts as done: it may be."""
    counted = [each for each in made if _counts(each)]
    if kind in COLLECTS:
        return max(total - _sum(counted, COLLECTS), 0)
    most = collected(total, counted) - _sum(counted, RETURNS)
    if capture is not None:
        its_own = [each for each in counted if each.capture == capture.uid]
        most = min(most, capture.amount - _sum(its_own, RETURNS))
    return max(most, 0)


def unspent(total: int, made: Sequence[Operation], kind: str) -> int:
    """What is left to `kind` by what is done: what is under way may still fail."""
    done = [each for each in made if each.done]
    if kind in COLLECTS:
        return max(total - _sum(done, COLLECTS), 0)
    return max(collected(total, done) - _sum(done, RETURNS), 0)


def captures(made: Sequence[Operation]) -> list[Operation]:
    """Those that took money, oldest first."""
    return [each for each in made if each.kind == "capture" and each.done]


def _counts(operation: Operation) -> bool:
    unconfirmed = operation.by_gateway and operation.status in LIVE
    return operation.status not in FAILED and not unconfirmed


def collected(total: int, made: Sequence[Operation]) -> int:
    """What was taken: of an authorization what was captured."""
    return sum(each.amount for each in captures(made)) or total


def _sum(counted: Iterable[Operation], kinds: Sequence[str]) -> int:
    return sum(each.amount for each in counted if each.kind in kinds)
