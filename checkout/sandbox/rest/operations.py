"""What goes to one payment: capture, refund, reversal, inquiry, the next of a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from checkout.sandbox import codes
from checkout.sandbox.rest.codes import LONG_STATUS
from checkout.sandbox.rest.request import Fields, Refusal, minor_units, new_id
from checkout.sandbox.rest.response import Json, operation_response, payment_response
from checkout.sandbox.rest.settings import RestSettings, settings_of
from checkout.sandbox.rest.transaction import PROTOCOL, RestTransaction, major
from checkout.sandbox.state import SandboxState


class Operation(NamedTuple):
    """`remaining` says how many minor units it may take; `book` books them; `code` is its success.
    Then the payment is called `done`, or `accepted` where the back office has to see to it."""

    type: str
    remaining: Callable[[RestTransaction], int]
    book: Callable[[RestTransaction, int], None]
    code: str
    description: str
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


OPERATIONS: dict[str, Operation] = {
    "CP": Operation(
        "capture", _capturable, _capture, "00004", "Transaction captured",
        "capturesuccess", "capturestarted",
    ),
    "RF": Operation(
        "refund", _refundable, _refund, "00005", "Transaction refunded",
        "reversed", "markedforreversal",
    ),
    "RV": Operation(
        "void", _capturable, _void, "00006", "Transaction cancelled",
        "authcancelled", "cancelstarted", has_amount=False,
    ),
}  # fmt: skip


def operate(state: SandboxState, parent: RestTransaction, fields: Fields, kind: str) -> Json:
    """Capture, refund or reverse, checked against what is left."""
    rule = OPERATIONS[kind]
    remaining = rule.remaining(parent) if parent.status == "successful" else 0
    amount = minor_units(fields["amount"], parent.currency) if rule.has_amount else remaining
    if not remaining:
        raise Refusal(f"A {rule.type} is not possible for this transaction")
    if amount > remaining:
        raise Refusal(f"The amount is more than {major(remaining, parent.currency)}")
    rule.book(parent, amount)
    parent.platform_status = _status_after(rule, settings_of(state), part=amount < remaining)
    parent.updated_at = state.now()
    state.add(_child(state, parent, rule.type, amount))
    return operation_response(parent, amount, rule.code, rule.description)


def _status_after(rule: Operation, settings: RestSettings, *, part: bool) -> str:
    if settings.operations == "accepted":
        return rule.accepted
    return settings.part_refund if part and rule.done == LONG_STATUS["refunded"] else rule.done


def charge_again(state: SandboxState, parent: RestTransaction, fields: Fields) -> Json:
    """The next payment of a series: without the customer, so without 3-D Secure."""
    if parent.registration is None or parent.status != "successful":
        raise Refusal("This transaction does not begin a series")
    now = state.now()
    payment = replace(
        parent,
        uid=new_id(state),
        amount=minor_units(fields["amount"], parent.currency),
        tracking_id=fields.get("merchantTransactionId") or parent.tracking_id,
        type="payment",
        status="incomplete",
        three_d_secure="none",
        charged=False,
        created_at=now,
        updated_at=now,
        paid_at=None,
        captured=0,
        refunded=0,
        voided=False,
        platform_status=None,
        facts={"series": parent.uid, "recurring": "REPEATED"},
    )
    payment.decide(state.now())
    state.add(payment)
    return payment_response(state, payment)


def _child(state: SandboxState, parent: RestTransaction, kind: str, amount: int) -> RestTransaction:
    """The operation in the ledger; the protocol knows it by the payment's id alone."""
    at = state.now()
    child = replace(
        parent,
        protocol=PROTOCOL,
        uid=new_id(state),
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
