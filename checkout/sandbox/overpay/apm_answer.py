"""What the online payment systems say of a payment."""

from __future__ import annotations

from checkout.sandbox import clock, codes
from checkout.sandbox.overpay.apm_transaction import ApmTransaction
from checkout.sandbox.overpay.request import ADDRESS, CUSTOMER
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import World

Json = dict[str, object]


def apm_answer(_: World, transaction: Transaction) -> Json:
    """The transaction object, without its envelope."""
    if not isinstance(transaction, ApmTransaction):
        raise TypeError("not an online payment")
    words = codes.CODES[transaction.code]
    # First, so that a method of an unlucky name can't take the place of a documented field.
    answer: Json = {transaction.method: _details(transaction)}
    answer |= {
        "uid": transaction.uid,
        "type": transaction.type,
        "status": transaction.status,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "description": transaction.description,
        "tracking_id": transaction.tracking_id,
        "message": words.message,
        "test": transaction.test,
        "created_at": clock.written(transaction.created_at),
        "updated_at": clock.written(transaction.updated_at),
        "paid_at": clock.written(transaction.paid_at),
        "expired_at": clock.written(transaction.expires_at),
        "language": transaction.language,
        "method_type": transaction.method,
        "payment_method_type": transaction.method,
        transaction.type: {
            "status": transaction.status,
            "ref_id": transaction.ref_id,
            "message": words.message,
            "gateway_id": 2,
        },
        "customer": _customer(transaction),
        "additional_data": transaction.echo.get("additional_data", {}),
    }
    if transaction.parent_uid is not None:
        answer["parent_uid"] = transaction.parent_uid
    if transaction.final:
        answer |= {"code": transaction.code, "friendly_message": words.friendly}
    elif transaction.type == "payment" and (form := transaction.form()) is not None:
        answer["form"] = form
    return answer


def _details(transaction: ApmTransaction) -> Json:
    if transaction.kind.flow == "app":
        return transaction.details | {
            "deep_link": transaction.app,
            "qr_code": transaction.cash_desk,
        }
    if transaction.method != "erip" or transaction.type != "payment":
        return transaction.details
    service = transaction.details.get("service_no") or "99999999"
    account = transaction.details.get("account_number")
    return transaction.details | {
        "service_no": service,
        "account_number": account,
        "instruction": [
            "Open your bank's app or go to a cash desk that takes ERIP payments.",
            f"Choose the service with the number {service}.",
            f"Enter the account number {account} and check the amount.",
        ],
        "qr_code": transaction.cash_desk,
    }


def _customer(transaction: ApmTransaction) -> Json:
    given = transaction.echo.get("customer")
    present = given if isinstance(given, dict) else {}
    return {name: present.get(name) for name in (*CUSTOMER, *ADDRESS)}
