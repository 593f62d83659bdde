"""Rows to put into a ledger."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from checkout.identifiers import new_attempt_key, new_payment_secret, new_ticket, new_token, new_uid
from checkout.ledger.invoices import Invoice
from checkout.ledger.rows import Attempt, Payment, PaymentRow
from checkout.model.order import Customer
from checkout.model.outcome import GatewayFacts
from checkout.model.status import Status
from checkout.signing import link_digest
from tests.support.clock import BEGINNING
from tests.support.samples import SHOP_ID, order

NOW = BEGINNING


def payment_row(**changes: Any) -> PaymentRow:
    values: dict[str, Any] = {
        "uid": new_uid(),
        "token": new_token(),
        "secret": new_payment_secret(),
        "shop": SHOP_ID,
        "link": None,
        "status": Status.OPEN,
        "order": order(),
        "cancelled": False,
        "notified": None,
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": NOW + 3600,
    }
    return PaymentRow(**(values | changes))


def payment_of(row: PaymentRow, *attempts: Attempt) -> Payment:
    """The row with its attempts."""
    fields = {name: getattr(row, name) for name in PaymentRow.__struct_fields__}
    return Payment(**fields, attempts=attempts)


def attempt(of: PaymentRow, number: int = 1, **changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "payment": of.uid,
        "number": number,
        "key": new_attempt_key(number),
        "account": "cards",
        "method": "credit_card",
        "status": Status.SUBMITTING,
        "gateway_id": None,
        "next_action": None,
        "reason": None,
        "facts": GatewayFacts(),
        "customer": Customer(email="ann@example.com"),
        "contract": (),
        "language": "en",
        "return_ticket": new_ticket(),
        "notify_ticket": new_ticket(),
        "mismatch": False,
        "absences": 0,
        "queries": 0,
        "next_query_at": NOW + 30,
        "sweep_at": NOW + 30,
        "returned_at": None,
        "address_mark": None,
        "bin_mark": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Attempt(**(values | changes))


def invoice(**changes: Any) -> Invoice:
    """One that ends in an hour; its link is not really signed."""
    signed = changes.pop("signed", new_payment_secret())
    values: dict[str, Any] = {
        "id": f"inv_{token_hex(8)}",
        "shop": SHOP_ID,
        "link": link_digest(signed),
        "signed": signed,
        "order": order(expires_at=NOW + 3600),
        "given": {},
        "email": "ann@example.com",
        "remind_at": None,
        "cancelled_at": None,
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": NOW + 3600,
    }
    return Invoice(**(values | changes))
