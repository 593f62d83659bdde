"""What the card gateway says of a transaction: the shape of the charge document's example."""

from __future__ import annotations

from checkout.sandbox import clock, codes
from checkout.sandbox.overpay.card_transaction import CardTransaction
from checkout.sandbox.overpay.request import ADDRESS, CUSTOMER
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import World

Json = dict[str, object]

APPROVED = {"successful": "approved", "refunded": "approved"}

NAMES = {"charge": "payment"}
"""What messages call a type, where that isn't its name."""

SECURE: dict[str, Json] = {
    "frictionless": {"status": "successful", "pa_status": "Y", "eci": "05"},
    "challenge": {"status": "successful", "pa_status": "Y", "eci": "05"},
    "failed": {"status": "failed", "pa_status": "N", "eci": "07"},
}
"""`three_d_secure_verification` by the part that 3-D Secure played."""


def card_answer(world: World, transaction: Transaction) -> Json:
    """The flat transaction object; whoever answers wraps it where an envelope is due. A charge is
    shown as what it became."""
    if not isinstance(transaction, CardTransaction):
        raise TypeError("not a card transaction")
    return answer_of(world, transaction, transaction.stands_for)


def answer_of(world: World, transaction: CardTransaction, kind: str) -> Json:
    """The same, shown as of this type."""
    uid = transaction.uid
    words = codes.CODES[transaction.code]
    page = f"{world.public_url}/process/{uid}"
    receipt = f"{world.public_url}/receipt/{uid}"
    answer: Json = {
        "uid": uid,
        "id": uid,
        "status": transaction.status,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "description": transaction.description,
        "type": kind,
        "payment_method_type": "credit_card",
        "tracking_id": transaction.tracking_id,
        "message": _message(transaction),
        "test": transaction.test,
        "created_at": clock.written(transaction.created_at),
        "updated_at": clock.written(transaction.updated_at),
        "paid_at": clock.written(transaction.paid_at),
        "expired_at": clock.written(transaction.expires_at),
        "closed_at": None,
        "settled_at": None,
        "manually_corrected_at": None,
        "language": transaction.language,
        "redirect_url": page,
        "receipt_url": receipt,
        "links": {"receipt_url": receipt},
        "credit_card": _card(transaction),
        "status_code": None,
        "gateway": {"iframe": transaction.iframe},
        "mute_notifications": None,
        "additional_data": transaction.echo.get("additional_data", {}),
        "code": transaction.code,
        "friendly_message": words.friendly,
        "smart_routing_verification": {"status": "successful"},
        "customer": _filled(transaction, "customer", (*CUSTOMER, *ADDRESS)),
        "billing_address": _filled(transaction, "billing_address", tuple(ADDRESS)),
    }
    if (parent := _parent(transaction)) is not None:
        answer["parent_uid"] = parent
    if transaction.final:
        answer[kind] = _section(transaction, kind)
        answer["avs_cvc_verification"] = {
            "avs_verification": {"result_code": transaction.avs},
            "cvc_verification": {"result_code": transaction.cvc},
        }
        if transaction.secure in SECURE:
            answer["three_d_secure_verification"] = _secure(transaction)
    return answer


def _parent(transaction: CardTransaction) -> str | None:
    """Of a charge the capture that takes its money, itself where it is a payment."""
    if transaction.type == "charge":
        return transaction.captures_as or transaction.uid
    return transaction.parent_uid


def _message(transaction: CardTransaction) -> str | None:
    return codes.CODES[transaction.code].message if transaction.final else None


def _card(transaction: CardTransaction) -> Json | None:
    card = transaction.card
    if card is None:
        return None
    return {
        "holder": card.holder,
        "stamp": card.stamp,
        "brand": card.brand,
        "last_4": card.last_4,
        "first_1": card.bin_8[:1],
        "bin": card.bin_8[:6],
        "bin_8": card.bin_8,
        "issuer_country": None,
        "issuer_name": None,
        "product": None,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "token_provider": None,
        "token": transaction.token,
    }


def _section(transaction: CardTransaction, kind: str) -> Json:
    """The bank's own answer, under the name of the transaction's type."""
    successful = transaction.status in APPROVED
    verdict = APPROVED.get(transaction.status, "declined")
    return {
        "auth_code": transaction.auth_code if successful else None,
        "bank_code": transaction.expected_bank_code or codes.CODES[transaction.code].bank,
        "rrn": transaction.rrn,
        "ref_id": transaction.ref_id,
        "message": f"{NAMES.get(kind, kind).capitalize()} was {verdict}",
        "amount": transaction.amount,
        "currency": transaction.currency,
        "billing_descriptor": transaction.descriptor,
        "gateway_id": 1,
        "status": "successful" if successful else transaction.status,
    }


def _secure(transaction: CardTransaction) -> Json:
    if transaction.code in (codes.WRONG_PASSWORD, codes.REJECTED_BY_CUSTOMER):
        return SECURE["failed"]
    return SECURE[transaction.secure]


def _filled(transaction: CardTransaction, section: str, names: tuple[str, ...]) -> Json:
    """A section of the request with null for everything that it left out."""
    given = transaction.echo.get(section)
    present = given if isinstance(given, dict) else {}
    return {name: present.get(name) for name in names}
