"""What the online payment systems say of a payment."""

from __future__ import annotations

from checkout.sandbox import codes
from checkout.sandbox.overpay.apm_transaction import ApmTransaction
from checkout.sandbox.overpay.response import Json, common_response
from checkout.sandbox.state import SandboxState
from checkout.sandbox.transaction import Transaction


def apm_response(_: SandboxState, transaction: Transaction) -> Json:
    """The transaction object, without its envelope."""
    if not isinstance(transaction, ApmTransaction):
        raise TypeError("not an online payment")
    words = codes.CODES[transaction.code]
    # First, so that a method of an unlucky name can't take the place of a documented field.
    answer: Json = {transaction.method: _details(transaction)}
    answer |= common_response(transaction) | {
        "message": words.message,
        "method_type": transaction.method,
        transaction.type: {
            "status": transaction.status,
            "ref_id": transaction.ref_id,
            "message": words.message,
            "gateway_id": 2,
        },
    }
    if transaction.parent_uid is not None:
        answer["parent_uid"] = transaction.parent_uid
    if transaction.final:
        answer |= {"code": transaction.code, "friendly_message": words.friendly}
    elif transaction.type == "payment" and (form := transaction.form()) is not None:
        answer["form"] = form
    return answer


def _details(transaction: ApmTransaction) -> Json:
    if transaction.method_definition.customer_action == "app":
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
