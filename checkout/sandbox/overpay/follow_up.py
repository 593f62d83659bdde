"""What follows a payment: capture, void, refund, chargeback, each a transaction of its own.

Capture and void name the authorization; refund and chargeback the payment or the capture, never
the authorization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from checkout.sandbox import codes
from checkout.sandbox.basic import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.api import NOT_FOUND, Json, Refusal, Show, refuse_wrong
from checkout.sandbox.overpay.followed import Followed
from checkout.sandbox.world import World


class FollowUp(NamedTuple):
    """`left` says how many minor units of the parent it may still take; `take` books them, and
    books them back where they are negative."""

    parents: frozenset[str]
    left: Callable[[Followed], int]
    take: Callable[[Followed, int], None]
    needs_reason: bool = False


def _capture(parent: Followed, amount: int) -> None:
    parent.captured += amount


def _void(parent: Followed, amount: int) -> None:
    parent.voided = amount > 0


def _refund(parent: Followed, amount: int) -> None:
    parent.refunded += amount
    parent.facts["refunded"] = parent.refunded


def _uncaptured(parent: Followed) -> int:
    return 0 if parent.voided else parent.amount - parent.captured


def _untouched(parent: Followed) -> int:
    return 0 if parent.voided or parent.captured else parent.amount


def _refundable(parent: Followed) -> int:
    return parent.amount - parent.refunded


HELD = frozenset({"authorization"})
TAKEN = frozenset({"payment", "capture"})

FOLLOW_UPS: dict[str, FollowUp] = {
    "capture": FollowUp(HELD, _uncaptured, _capture),
    "void": FollowUp(HELD, _untouched, _void),
    "refund": FollowUp(TAKEN, _refundable, _refund, needs_reason=True),
    "chargeback": FollowUp(TAKEN, _refundable, _refund),
}


def follow(
    world: World, caller: Credentials, fields: Fields, *, kind: str, protocol: str, show: Show
) -> Json:
    """Capture, void or refund `parent_uid`, checked against what is left of it."""
    rule = FOLLOW_UPS[kind]
    amount = fields.amount()
    uid = fields.text("parent_uid", required=True)
    tracking_id = fields.text("tracking_id")
    fields.text("reason", required=rule.needs_reason)
    refuse_wrong(fields)
    parent = world.find(protocol, caller.shop_id, uid or "")
    if not isinstance(parent, Followed):
        raise Refusal(404, NOT_FOUND)
    if parent.stands_for not in rule.parents or parent.status != "successful":
        fields.reject("parent_uid", f"can't be followed by a {kind}")
    elif amount > rule.left(parent) or (kind == "void" and amount != rule.left(parent)):
        fields.reject("amount", f"must be at most {rule.left(parent)} for this transaction")
    refuse_wrong(fields)
    later = world.behaviour.operations == "later"
    child = _entered(world, parent, kind, amount, tracking_id, done=not later)
    return {"transaction": show(world, child)}


def follow_by_itself(world: World, parent: Followed, kind: str, amount: int) -> Followed:
    """Done in the back office or by a bank: the shop did not ask and is notified."""
    return _entered(world, parent, kind, amount, parent.tracking_id)


def _entered(
    world: World,
    parent: Followed,
    kind: str,
    amount: int,
    tracking_id: str | None,
    *,
    done: bool = True,
) -> Followed:
    FOLLOW_UPS[kind].take(parent, amount)
    child = parent.child(world.now(), kind, amount, tracking_id)
    if done:
        child.become("successful", codes.SUCCESS, world.now())
    world.add(child)
    return child


def given_up(world: World, child: Followed) -> None:
    """An operation that was accepted and then failed takes nothing."""
    parent = world.transactions.get(child.parent_uid or "")
    if child.type in FOLLOW_UPS and child.status == "failed" and isinstance(parent, Followed):
        FOLLOW_UPS[child.type].take(parent, -child.amount)
