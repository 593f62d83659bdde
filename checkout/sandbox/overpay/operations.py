"""Operations on a payment: capture, void, refund, chargeback, each a transaction of its own.

Capture and void name the authorization; refund and chargeback the payment or the capture, never
the authorization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from checkout.sandbox import codes
from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.api import Respond
from checkout.sandbox.overpay.response import Json, invalid, refuse_invalid
from checkout.sandbox.overpay.transaction import OverpayTransaction
from checkout.sandbox.state import SandboxState


class Operation(NamedTuple):
    """`remaining` says how many minor units of the parent it may still take; `book` books them, and
    books them back where they are negative."""

    parents: frozenset[str]
    remaining: Callable[[OverpayTransaction], int]
    book: Callable[[OverpayTransaction, int], None]
    needs_reason: bool = False


def _capture(parent: OverpayTransaction, amount: int) -> None:
    parent.captured += amount


def _void(parent: OverpayTransaction, amount: int) -> None:
    parent.voided = amount > 0


def _refund(parent: OverpayTransaction, amount: int) -> None:
    parent.refunded += amount
    parent.facts["refunded"] = parent.refunded


def _uncaptured(parent: OverpayTransaction) -> int:
    return 0 if parent.voided else parent.amount - parent.captured


def _untouched(parent: OverpayTransaction) -> int:
    return 0 if parent.voided or parent.captured else parent.amount


def _refundable(parent: OverpayTransaction) -> int:
    return parent.amount - parent.refunded


HELD = frozenset({"authorization"})
TAKEN = frozenset({"payment", "capture"})

OPERATIONS: dict[str, Operation] = {
    "capture": Operation(HELD, _uncaptured, _capture),
    "void": Operation(HELD, _untouched, _void),
    "refund": Operation(TAKEN, _refundable, _refund, needs_reason=True),
    "chargeback": Operation(TAKEN, _refundable, _refund),
}


def operate(
    state: SandboxState,
    caller: Credentials,
    fields: Fields,
    *,
    kind: str,
    protocol: str,
    respond: Respond,
) -> Json:
    """Capture, void or refund `parent_uid`, checked against what is left of it."""
    rule = OPERATIONS[kind]
    amount = fields.amount()
    uid = fields.text("parent_uid", required=True)
    tracking_id = fields.text("tracking_id")
    reason = fields.text("reason", required=rule.needs_reason)
    refuse_invalid(fields)
    parent = state.find(protocol, caller.shop_id, uid or "")
    if not isinstance(parent, OverpayTransaction):
        raise invalid({"parent_uid": ["Parent transaction is not found"]})
    if parent.effective_type not in rule.parents or parent.status != "successful":
        fields.reject("parent_uid", f"can't be followed by a {kind}")
    elif amount > rule.remaining(parent):
        fields.reject("amount", f"can't be greater than {rule.remaining(parent)}")
    elif kind == "void" and amount != rule.remaining(parent):
        fields.reject("amount", f"must be {rule.remaining(parent)}: a void is of the whole")
    refuse_invalid(fields)
    later = state.settings.operations == "later"
    child = _add(state, parent, kind, amount, tracking_id, reason, done=not later)
    return {"transaction": respond(state, child)}


def operate_unasked(
    state: SandboxState, parent: OverpayTransaction, kind: str, amount: int
) -> OverpayTransaction:
    """Done in the back office or by a bank: the shop did not ask and is notified."""
    return _add(state, parent, kind, amount, parent.tracking_id)


def _add(
    state: SandboxState,
    parent: OverpayTransaction,
    kind: str,
    amount: int,
    tracking_id: str | None,
    reason: str | None = None,
    *,
    done: bool = True,
) -> OverpayTransaction:
    OPERATIONS[kind].book(parent, amount)
    child = parent.operation(state.now(), kind, amount, tracking_id)
    child.echo = {"reason": reason} if reason else {}
    if done:
        child.become("successful", codes.SUCCESS, state.now())
    state.add(child)
    return child


def release_failed(state: SandboxState, child: OverpayTransaction) -> None:
    """An operation that was accepted and then failed takes nothing."""
    parent = state.transactions.get(child.parent_uid or "")
    if (
        child.type in OPERATIONS
        and child.status == "failed"
        and isinstance(parent, OverpayTransaction)
    ):
        OPERATIONS[child.type].book(parent, -child.amount)
