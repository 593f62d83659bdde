"""What follows a card payment: capture, void, refund, each a transaction of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NamedTuple

from checkout.sandbox import codes
from checkout.sandbox.basic import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.api import NOT_FOUND, Json, Refusal, refuse_wrong
from checkout.sandbox.overpay.card_answer import card_answer
from checkout.sandbox.overpay.card_transaction import PROTOCOL, CardTransaction
from checkout.sandbox.overpay.request import Common
from checkout.sandbox.world import World


class FollowUp(NamedTuple):
    """`left` says how many minor units of the parent it may still take; `take` books them."""

    parents: frozenset[str]
    left: Callable[[CardTransaction], int]
    take: Callable[[CardTransaction, int], None]
    needs_reason: bool = False


def _capture(parent: CardTransaction, amount: int) -> None:
    parent.captured += amount


def _void(parent: CardTransaction, _: int) -> None:
    parent.voided = True


def _refund(parent: CardTransaction, amount: int) -> None:
    parent.refunded += amount
    parent.facts["refunded"] = parent.refunded


def _uncaptured(parent: CardTransaction) -> int:
    return 0 if parent.voided else parent.amount - parent.captured


def _untouched(parent: CardTransaction) -> int:
    return 0 if parent.voided or parent.captured or parent.refunded else parent.amount


def _refundable(parent: CardTransaction) -> int:
    taken = parent.captured if parent.type == "authorization" else parent.amount
    return 0 if parent.voided else taken - parent.refunded


FOLLOW_UPS: dict[str, FollowUp] = {
    "capture": FollowUp(frozenset({"authorization"}), _uncaptured, _capture),
    "void": FollowUp(frozenset({"authorization", "payment", "charge"}), _untouched, _void),
    "refund": FollowUp(
        frozenset({"authorization", "payment", "charge"}), _refundable, _refund, needs_reason=True
    ),
    "chargeback": FollowUp(frozenset({"authorization", "payment", "charge"}), _refundable, _refund),
}


def follow(world: World, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    """Capture, void or refund `parent_uid`, checked against what is left of it."""
    rule = FOLLOW_UPS[kind]
    amount = fields.amount()
    uid = fields.text("parent_uid", required=True)
    tracking_id = fields.text("tracking_id")
    fields.text("reason", required=rule.needs_reason)
    refuse_wrong(fields)
    parent = _parent(world, caller, uid or "")
    if parent.type not in rule.parents or parent.status != "successful":
        fields.reject("parent_uid", f"can't be followed by a {kind}")
    elif amount > rule.left(parent) or (kind == "void" and amount != rule.left(parent)):
        fields.reject("amount", f"must be at most {rule.left(parent)} for this transaction")
    refuse_wrong(fields)
    rule.take(parent, amount)
    child = _child(world, parent, kind, amount, tracking_id)
    world.add(child)
    return {"transaction": card_answer(world, child)}


def follow_by_itself(
    world: World, parent: CardTransaction, kind: str, amount: int
) -> CardTransaction:
    """Done in the back office or by a bank: the shop did not ask and is notified."""
    FOLLOW_UPS[kind].take(parent, amount)
    child = _child(world, parent, kind, amount, parent.tracking_id)
    world.add(child)
    return child


def _parent(world: World, caller: Credentials, uid: str) -> CardTransaction:
    """The payment or authorization; a refund may name a capture and means its authorization."""
    found = world.find(PROTOCOL, caller.shop_id, uid)
    if isinstance(found, CardTransaction) and found.type == "capture":
        found = world.find(PROTOCOL, caller.shop_id, found.parent_uid or "")
    if not isinstance(found, CardTransaction):
        raise Refusal(404, NOT_FOUND)
    return found


def _child(
    world: World, parent: CardTransaction, kind: str, amount: int, tracking_id: str | None
) -> CardTransaction:
    at = world.now()
    shared = Common(
        uid=str(uuid.uuid4()),
        shop_id=parent.shop_id,
        secret_key=parent.secret_key,
        amount=amount,
        currency=parent.currency,
        description=parent.description,
        tracking_id=tracking_id,
        test=parent.test,
        language=parent.language,
        return_url=None,
        notification_url=parent.notification_url,
        created_at=at,
        updated_at=at,
        expires_at=None,
    )
    child = CardTransaction(
        protocol=PROTOCOL,
        type=kind,
        method=parent.method,
        status="pending",
        card=parent.card,
        secure="none",
        echo={},
        contract=[],
        descriptor=parent.descriptor,
        expected_bank_code=None,
        iframe=parent.iframe,
        parent_uid=parent.uid,
        facts={"parent_uid": parent.uid},
        **shared,
    )
    child.become("successful", codes.SUCCESS, at)
    return child
