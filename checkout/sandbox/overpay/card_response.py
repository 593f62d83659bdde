"""What the card gateway says of a transaction: the shape of the charge document's example."""

from __future__ import annotations

from checkout.sandbox import codes
from checkout.sandbox.overpay.card_transaction import CardTransaction
from checkout.sandbox.overpay.codes import APPROVED, CHALLENGE_FAILED, MESSAGE_TYPES, THREE_D_SECURE
from checkout.sandbox.overpay.request import ADDRESS
from checkout.sandbox.overpay.response import Json, card_object, common_response, echoed
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction

OPERATION = (
    *("uid", "type", "status", "amount", "currency", "tracking_id", "test"),
    *("created_at", "updated_at", "paid_at"),
)
"""What an operation's answer has of what all have."""


def card_response(state: SandboxState, transaction: Transaction) -> Json:
    """The flat transaction object; whoever answers wraps it where an envelope is due. A charge is
    shown as what it became."""
    if not isinstance(transaction, CardTransaction):
        raise TypeError("not a card transaction")
    return response_as(state, transaction, transaction.effective_type)


def response_as(state: SandboxState, transaction: CardTransaction, kind: str) -> Json:
    """The same, shown as of this type. A charge names the capture that takes its money, or itself
    where it is a payment."""
    if transaction.parent_uid is not None:
        return _operation(transaction, kind)
    receipt = f"{state.public_url}/receipt/{transaction.uid}"
    answer = common_response(transaction) | {
        "id": transaction.uid,
        "type": kind,
        "message": _message(transaction, kind),
        "closed_at": None,
        "settled_at": None,
        "manually_corrected_at": None,
        "redirect_url": f"{state.public_url}/process/{transaction.uid}",
        "receipt_url": receipt,
        "links": {"receipt_url": receipt},
        "credit_card": _card(transaction),
        "status_code": None,
        "gateway": {"iframe": transaction.iframe},
        "mute_notifications": None,
        "code": transaction.code,
        "friendly_message": codes.CODES[transaction.code].friendly,
        "smart_routing_verification": {"status": "successful"},
        "billing_address": echoed(transaction, "billing_address", ADDRESS),
    }
    if transaction.type == "charge":
        answer["parent_uid"] = transaction.automatic_capture_uid or transaction.uid
    if transaction.final:
        answer[kind] = _section(transaction, kind)
        answer["avs_cvc_verification"] = {
            "avs_verification": {"result_code": transaction.avs},
            "cvc_verification": {"result_code": transaction.cvc},
        }
        if transaction.three_d_secure in THREE_D_SECURE:
            answer["three_d_secure_verification"] = _three_d_secure(transaction)
    return answer


def _operation(transaction: CardTransaction, kind: str) -> Json:
    """A capture, void, refund or chargeback: it says nothing of card and customer, and has no page.

    So recorded answers of the family have it; a tracking id only where one was sent.
    """
    known = common_response(transaction)
    answer: Json = {name: known[name] for name in OPERATION if known[name] is not None}
    answer |= transaction.echo | {
        "id": transaction.uid,
        "message": _message(transaction, kind),
        "closed_at": None,
        "settled_at": None,
        "code": transaction.code,
        "friendly_message": codes.CODES[transaction.code].friendly,
        "parent_uid": transaction.parent_uid,
    }
    if transaction.final:
        answer[kind] = {
            "message": _verdict(transaction, kind),
            "ref_id": transaction.ref_id,
            "rrn": None,
            "auth_code": None,
            "gateway_id": 1,
            "status": transaction.status,
        }
    return answer


def _card(transaction: CardTransaction) -> Json | None:
    card = transaction.card
    return None if card is None else card_object(card, transaction.token)


def _message(transaction: CardTransaction, kind: str) -> str | None:
    """A decline's message names no reason: that is in the code and its friendly message."""
    if transaction.status == "failed":
        return _verdict(transaction, kind)
    return codes.CODES[transaction.code].message if transaction.final else None


def _verdict(transaction: CardTransaction, kind: str) -> str:
    """`Payment was declined`."""
    verdict = APPROVED.get(transaction.status, "declined")
    return f"{MESSAGE_TYPES.get(kind, kind).capitalize()} was {verdict}"


def _section(transaction: CardTransaction, kind: str) -> Json:
    """The bank's own answer, under the name of the transaction's type."""
    successful = transaction.status in APPROVED
    return {
        "auth_code": transaction.auth_code if successful else None,
        "bank_code": transaction.expected_bank_code or codes.CODES[transaction.code].bank,
        "rrn": transaction.rrn,
        "ref_id": transaction.ref_id,
        "message": _verdict(transaction, kind),
        "amount": transaction.amount,
        "currency": transaction.currency,
        "billing_descriptor": transaction.descriptor,
        "gateway_id": 1,
        "status": "successful" if successful else transaction.status,
    }


def _three_d_secure(transaction: CardTransaction) -> Json:
    if transaction.code in CHALLENGE_FAILED:
        return THREE_D_SECURE["failed"]
    return THREE_D_SECURE[transaction.three_d_secure]
