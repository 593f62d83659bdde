"""What goes to one payment: capture, refund, reversal, inquiry, the next of a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from checkout.sandbox import codes
from checkout.sandbox.rest.answer import Json, operation_answer, payment_answer
from checkout.sandbox.rest.request import Fields, Refusal, minor_units, new_id
from checkout.sandbox.rest.switches import Switches, switches_of
from checkout.sandbox.rest.transaction import PROTOCOL, WORDS, RestTransaction, major
from checkout.sandbox.world import World


class FollowUp(NamedTuple):
    """`left` says how many minor units it may take; `take` books them; `code` is its success. Then
    the payment is called `done`, or `accepted` where the back office has to see to it."""

    type: str
    left: Callable[[RestTransaction], int]
    take: Callable[[RestTransaction, int], None]
    code: str
    says: str
    done: str
    accepted: str
    has_amount: bool = True


def _capturable(payment: RestTransaction) -> int:
    held = payment.type == "authorization" and not (payment.captured or payment.voided)
    return payment.amount if held else 0


def _refundable(payment: RestTransaction) -> int:
    """Once only, however little it was."""
    if payment.refunded or payment.voided:
        return 0
    return payment.captured if payment.type == "authorization" else payment.amount


def _capture(payment: RestTransaction, amount: int) -> None:
    payment.captured = amount


def _refund(payment: RestTransaction, amount: int) -> None:
    payment.refunded = amount
    payment.facts["refunded"] = amount


def _void(payment: RestTransaction, _: int) -> None:
    payment.voided = True


FOLLOW_UPS: dict[str, FollowUp] = {
    "CP": FollowUp(
        "capture", _capturable, _capture, "00004", "Transaction captured",
        "capturesuccess", "capturestarted",
    ),
    "RF": FollowUp(
        "refund", _refundable, _refund, "00005", "Transaction refunded",
        "reversed", "markedforreversal",
    ),
    "RV": FollowUp(
        "void", _capturable, _void, "00006", "Transaction cancelled",
        "authcancelled", "cancelstarted", has_amount=False,
    ),
}  # fmt: skip


def follow(world: World, parent: RestTransaction, fields: Fields, kind: str) -> Json:
    """Capture, refund or reverse, checked against what is left."""
    rule = FOLLOW_UPS[kind]
    left = rule.left(parent) if parent.status == "successful" else 0
    amount = minor_units(fields["amount"], parent.currency) if rule.has_amount else left
    if not left:
        raise Refusal(f"A {rule.type} is not possible for this transaction")
    if amount > left:
        raise Refusal(f"The amount is more than {major(left, parent.currency)}")
    rule.take(parent, amount)
    parent.state = _state(rule, switches_of(world), part=amount < left)
    parent.updated_at = world.now()
    world.add(_child(world, parent, rule.type, amount))
    return operation_answer(parent, amount, rule.code, rule.says)


def _state(rule: FollowUp, switches: Switches, *, part: bool) -> str:
    if switches.operations == "accepted":
        return rule.accepted
    return switches.part_refund if part and rule.done == WORDS["refunded"] else rule.done


def repeat(world: World, parent: RestTransaction, fields: Fields) -> Json:
    """The next payment of a series: without the customer, so without 3-D Secure."""
    if parent.registration is None or parent.status != "successful":
        raise Refusal("This transaction does not begin a series")
    now = world.now()
    payment = replace(
        parent,
        uid=new_id(world),
        amount=minor_units(fields["amount"], parent.currency),
        tracking_id=fields.get("merchantTransactionId") or parent.tracking_id,
        type="payment",
        status="incomplete",
        secure="none",
        charged=False,
        created_at=now,
        updated_at=now,
        paid_at=None,
        captured=0,
        refunded=0,
        voided=False,
        state=None,
        facts={"series": parent.uid, "recurring": "REPEATED"},
    )
    payment.decide(world)
    world.add(payment)
    return payment_answer(world, payment)


def _child(world: World, parent: RestTransaction, kind: str, amount: int) -> RestTransaction:
    """The operation in the ledger; the protocol knows it by the payment's id alone."""
    at = world.now()
    child = replace(
        parent,
        protocol=PROTOCOL,
        uid=new_id(world),
        type=kind,
        amount=amount,
        tracking_id=None,
        status="pending",
        charged=False,
        created_at=at,
        updated_at=at,
        paid_at=None,
        parent_uid=parent.uid,
        facts={"parent_uid": parent.uid},
    )
    child.become("successful", codes.SUCCESS, at)
    return child
