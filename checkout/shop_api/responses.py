"""The objects that shops get: a "checkout" and a "transaction", in Overpay's shapes.

Source: Overpay's documents on the checkout token, its status and notifications.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from checkout.identifiers import receipt_secret
from checkout.ledger.operations import OPEN, Operation
from checkout.ledger.rows import Attempt, Payment
from checkout.model.card_on_file import RECURRING, offers_to_save
from checkout.model.order import CARD_METHOD, Customer, Order
from checkout.model.outcome import PaidCard, ThreeDSecure
from checkout.model.status import OUTWARD, SUCCESSFUL, Status
from checkout.settings import Shop
from checkout.shop_api import answers

VERSION: Final = "2.1"
VENDOR: Final = "checkout"
EXPIRED_MESSAGE: Final = "Token is expired."

MESSAGES: Final[dict[Status, str | None]] = {
    Status.OPEN: None,
    Status.REQUIRES_ACTION: None,
    Status.PENDING: "Waiting",
    Status.PAID: "Successfully processed",
    Status.AUTHORIZED: "Successfully processed",
    Status.DECLINED: "Payment was declined",
    Status.CANCELLED: "Payment was canceled",
    Status.EXPIRED: EXPIRED_MESSAGE,
    Status.REFUNDED: "Payment was refunded",
}
CHECKS: Final = "avs_cvc_verification"
ECHOED: Final = (
    "referer", "p2p", "excluded_gateways", "masterpass", "card_on_file", "avs_cvc_verification",
    "meta",
)  # fmt: skip
NOT_SAID: Final = ThreeDSecure()
NUMBER: Final = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
SETTLED: Final = frozenset(MESSAGES) - {Status.OPEN, Status.REQUIRES_ACTION, Status.PENDING}


def moment(seconds: float | None) -> str | None:
    """ISO 8601 with milliseconds in UTC, as Overpay's answers have it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def shop_number(shop: Shop) -> int | str:
    """A shop's id: a number where it is one, since typed clients read nothing else."""
    return _number(shop.id)


def _number(id: str) -> int | str:
    return int(id) if NUMBER.fullmatch(id) else id


def status_and_message(payment: Payment, now: float) -> tuple[str | None, str | None]:
    """The outward (status, message); (None, None) before the first attempt."""
    status = payment.status_at(now)
    if status is Status.EXPIRED:
        return "error", EXPIRED_MESSAGE
    if status is Status.OPEN and not payment.tried:
        return None, None
    return _status_and_message(payment, status)


def _status_and_message(payment: Payment, status: Status) -> tuple[str, str | None]:
    """The outward (status, message). A merchant-initiated transaction that never reached the
    gateway has failed: there is no customer who could try again."""
    shown = payment.shown
    if payment.order.merchant_initiated and shown is not None and shown.status is Status.NOT_SENT:
        return OPERATION[Status.NOT_SENT]
    return OUTWARD[status], message(payment, status)


def message(payment: Payment, status: Status) -> str | None:
    """The bank's message, else our own."""
    of_bank = payment.shown.facts.message if payment.shown and status in SETTLED else None
    return of_bank or MESSAGES[status]


def receipt_address(payment: Payment, public_url: str) -> str:
    """Our own receipt of the payment, in the language of its customer."""
    language = payment.shown.language if payment.shown else "en"
    return f"{public_url}/{language}/order/{payment.uid}/{receipt_secret(payment.secret)}"


def transaction(payment: Payment, status: Status, shop: Shop, receipt_url: str) -> dict[str, Any]:
    """`transaction` as notifications carry it: about the attempt that decided the payment."""
    attempt, order = payment.shown, payment.order
    facts, method = (attempt.facts, attempt.method) if attempt else (None, None)
    customer = attempt.customer if attempt else order.customer
    contract = attempt.contract if attempt else order.contract
    outward, text = _status_and_message(payment, status)
    found: answers.Transaction = {
        "uid": payment.uid,
        "id": payment.uid,
        "token": payment.token,
        "shop_id": shop_number(shop),
        "status": outward,
        "amount": order.money.minor,
        "currency": order.money.currency,
        "description": order.description,
        "type": order.transaction_type,
        "payment_method_type": method,
        "method_type": method,
        "tracking_id": order.tracking_id,
        "message": text,
        "code": facts.code if facts else None,
        "friendly_message": facts.friendly if facts else None,
        "test": order.test,
        "created_by": payment.created_by,
        "language": attempt.language if attempt else order.page_settings.language,
        "created_at": moment(payment.created_at),
        "updated_at": moment(payment.updated_at),
        "paid_at": _paid_at(attempt, status),
        "expired_at": moment(payment.expires_at),
        "receipt_url": (facts and facts.receipt_url) or receipt_url,
        "credit_card": card(order, attempt),
        "customer": _customer(customer),
        "billing_address": _billing(customer),
        "additional_data": _additional_data(payment, contract),
        "recurring_type": _recurring_type(order, contract),
        "avs_cvc_verification": _checks(attempt),
        "three_d_secure_verification": three_d_secure(attempt),
    }
    # A charge may have become two transactions at the gateway; here it is one.
    parent = {"parent_uid": payment.uid} if order.transaction_type == "charge" else {}
    return {
        **_method_section(attempt, order),
        **found,
        order.transaction_type: bank_result(payment, status),
        **parent,
        **_product(order),
    }


def _method_section(attempt: Attempt | None, order: Order) -> dict[str, Any]:
    """The shop's parameters of the method, under its name: `erip` with the account number by which
    plugins find an order that has no tracking id. A card has its own section."""
    if attempt is None or attempt.method == CARD_METHOD:
        return {}
    params = order.methods.params.get(attempt.method)
    return {attempt.method: params} if params else {}


def checkout(payment: Payment, shop: Shop, now: float) -> dict[str, Any]:
    """`checkout` as `GET /ctp/api/checkouts/{token}` answers it, and as the expiry's webhook."""
    order = payment.order
    status = payment.status_at(now)
    outward, text = status_and_message(payment, now)
    raw = {name: msgspec.json.decode(each) for name, each in order.raw.items()}
    found: answers.Checkout = {
        "token": payment.token,
        "shop_id": shop_number(shop),
        "transaction_type": order.transaction_type,
        "type": order.transaction_type,
        "created_by": payment.created_by,
        "gateway_response": {order.transaction_type: _answer(payment, status)}
        if payment.tried
        else None,
        "order": {
            **raw.get("order", {}),
            "amount": order.money.minor,
            "currency": order.money.currency,
            "description": order.description,
            "tracking_id": order.tracking_id,
            "expired_at": moment(payment.expires_at),
        },
        "settings": raw.get("settings", {}),
        "customer": _customer(payment.last.customer if payment.last else order.customer),
        "finished": status in SETTLED,
        "expired": status is Status.EXPIRED,
        "shop": {"name": shop.name, "url": shop.url, "email": shop.email},
        "company": {"name": shop.name, "site": shop.url, "small_logo_url": shop.logo},
        "test": order.test,
        "status": outward,
        "message": text,
        "version": VERSION,
        "attempts": order.attempts,
        "payment_method": raw.get("payment_method"),
        "credit_card": card(order, payment.shown),
        "travel": order.details.travel or None,
    }
    return {**found, **_product(order)}


def merchant_initiated(
    payment: Payment, status: Status, shop: Shop, receipt_url: str, page_url: str
) -> dict[str, Any]:
    """`transaction` of a merchant-initiated transaction. `redirect_url`: the page that sends the
    customer to a bank that demands it all the same, and that shows the result."""
    found = transaction(payment, status, shop, receipt_url)
    return found | {"redirect_url": page_url, "links": {"receipt_url": found["receipt_url"]}}


def _product(order: Order) -> dict[str, Any]:
    """The product, where the payment was made on a product's page."""
    if order.product is None:
        return {}
    return {"product": {"id": order.product, "quantity": order.quantity}}


# An operation's outward (status, message).
OPERATION: Final[dict[Status, tuple[str, str]]] = {
    Status.SUBMITTING: ("pending", "Waiting"),
    Status.PENDING: ("pending", "Waiting"),
    Status.ACCEPTED: ("pending", "Accepted, on its way"),
    Status.PAID: ("successful", "Successfully processed"),
    Status.REFUNDED: ("successful", "Successfully processed"),
    Status.DECLINED: ("failed", "Declined"),
    Status.NOT_SENT: ("failed", "Not sent, nothing has moved"),
}


def operation(done: Operation, payment: Payment, receipt_url: str) -> dict[str, Any]:
    """`transaction` of a capture, void, refund or chargeback: a transaction of its own, with its
    own uid, money and times; card, customer and receipt are the payment's. `parent_uid` is the one
    that the shop named, else the payment's."""
    order = payment.order
    attempt = payment.attempts[done.attempt - 1]
    outward, plain = OPERATION[done.status]
    # While the operation is open, the gateway's message is not the result's.
    text = plain if done.status in OPEN else done.message or plain
    paid_at = (done.facts.paid_at or moment(done.updated_at)) if done.done else None
    found: answers.Operation = {
        "uid": done.uid,
        "id": done.uid,
        "parent_uid": done.parent or payment.uid,
        "token": payment.token,
        "shop_id": _number(payment.shop),
        "type": done.kind,
        "status": outward,
        "message": text,
        "code": done.facts.code,
        "friendly_message": done.facts.friendly,
        "amount": done.amount,
        "currency": order.money.currency,
        "description": order.description,
        "tracking_id": order.tracking_id,
        "reason": done.reason,
        "test": order.test,
        "created_by": payment.created_by,
        "language": attempt.language,
        "payment_method_type": attempt.method,
        "method_type": attempt.method,
        "created_at": moment(done.created_at),
        "updated_at": moment(done.updated_at),
        "paid_at": paid_at,
        "receipt_url": attempt.facts.receipt_url or receipt_url,
        "redirect_url": None,  # there is nothing for a customer to do
        "credit_card": card(order, attempt),
        "customer": _customer(attempt.customer),
        "billing_address": _billing(attempt.customer),
        "avs_cvc_verification": _checks(attempt),
        "three_d_secure_verification": three_d_secure(attempt),
        "additional_data": _additional_data(payment, attempt.contract),
    }
    result: answers.OperationResult = {
        "uid": done.uid,
        "status": outward,
        "message": text,
        "auth_code": done.facts.auth_code,
        "bank_code": done.facts.bank_code,
        "rrn": done.facts.rrn,
        "ref_id": done.facts.ref_id,
        "amount": done.amount,
        "currency": order.money.currency,
        "paid_at": paid_at,
    }
    return {**found, done.kind: result}


def bank_result(payment: Payment, status: Status) -> answers.BankResult | None:
    """The section named after the transaction's type: the bank's answer."""
    attempt = payment.shown
    if attempt is None:
        return None
    facts = attempt.facts
    outward, text = _status_and_message(payment, status)
    return {
        "uid": payment.uid,
        "status": outward,
        "message": text,
        "auth_code": facts.auth_code,
        "bank_code": facts.bank_code,
        "rrn": facts.rrn,
        "ref_id": facts.ref_id,
        "amount": payment.order.money.minor,
        "currency": payment.order.money.currency,
        "billing_descriptor": facts.descriptor,
        "paid_at": _paid_at(attempt, status),
    }


def _paid_at(attempt: Attempt | None, status: Status) -> str | None:
    if attempt is None or status not in SUCCESSFUL:
        return None
    return attempt.facts.paid_at or moment(attempt.updated_at)


def _answer(payment: Payment, status: Status) -> answers.BankResponse | None:
    """The bank's answer with the results of its address and security code checks."""
    result = bank_result(payment, status)
    return None if result is None else {**result, "avs_cvc_verification": _checks(payment.shown)}


def _checks(attempt: Attempt | None) -> answers.Checks | None:
    """Result codes of the address and security code checks; None where the gateway sent none."""
    if attempt is None or (attempt.facts.avs is None and attempt.facts.cvc is None):
        return None
    return {
        "avs_verification": {"result_code": attempt.facts.avs},
        "cvc_verification": {"result_code": attempt.facts.cvc},
    }


def three_d_secure(attempt: Attempt | None) -> answers.ThreeDSecure:
    """What the gateway said of 3-D Secure. Plugins read its fields without a look whether it is
    there, and some that it has them (PHP 8 ends there): all are there, null where nothing was
    said."""
    said = (attempt.facts.three_d_secure if attempt else None) or NOT_SAID
    return {
        "status": said.status,
        "message": said.message,
        "ve_status": said.ve_status,
        "pa_status": said.pa_status,
        "eci": said.eci,
    }


def _recurring_type(order: Order, contract: tuple[str, ...]) -> answers.RecurringType | None:
    """Where a payment stands in its series: the first one, or one that the shop's server made."""
    if RECURRING not in contract:
        return None
    return "recurring" if order.merchant_initiated else "initial"


def _additional_data(payment: Payment, contract: tuple[str, ...]) -> dict[str, Any]:
    """The shop's `additional_data`, without empty fields, also what is only echoed. Always there
    are the two lists that plugins read, and `vendor`, by whose token they find their order."""
    order = payment.order
    given = order.echoed | {name: getattr(order.details, name) for name in ECHOED}
    return {
        "receipt_text": list(order.receipt_text),
        "contract": list(contract),
        "vendor": {"name": VENDOR, "token": payment.token},
    } | {name: value for name, value in given.items() if value}


def card(order: Order, attempt: Attempt | None) -> answers.Card | None:
    """The parts of the card that a shop may see; None where no card was used. Plugins open it
    wherever the method is a card: what the gateway has not said is null in it. Some gateways give
    every card a token: the shop gets none of a customer who was asked and did not agree."""
    if attempt is None or attempt.method != CARD_METHOD:
        return None
    used = attempt.facts.card or PaidCard()
    return {
        "brand": used.brand,
        "last_4": used.last_4,
        "first_1": used.first_1,
        "bin": used.bin,
        "exp_month": used.exp_month,
        "exp_year": used.exp_year,
        "holder": used.holder,
        "token": used.token if attempt.contract or not offers_to_save(order) else None,
    }


def _customer(customer: Customer) -> dict[str, Any]:
    return {field: getattr(customer, field) for field in Customer.__struct_fields__}


def _billing(customer: Customer) -> dict[str, Any]:
    named = ("first_name", "last_name", "address", "country", "city", "zip", "state", "phone")
    return {field: getattr(customer, field) for field in named}


def encoded(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
