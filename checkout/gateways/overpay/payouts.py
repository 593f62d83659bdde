"""Overpay, money to a card: credits and payouts, both by the token of a card alone.

Documents: the family's public documentation of credits, and of payouts to a card that was
tokenized before. A card's number is not sent for them, though payouts would take one: no customer
is there to type it, and a shop's server should not have it.
"""

from __future__ import annotations

from typing import Any, Final

from checkout.gateways.base import Charge
from checkout.model.card import SavedCard
from checkout.model.order import Customer, Order

CREATE: Final = {"credit": "/transactions/credits", "payout": "/transactions/payouts"}
SHARED: Final = (
    "amount", "currency", "description", "tracking_id", "language", "notification_url", "test",
)  # fmt: skip
PERSON: Final = ("ip", "email", "birth_date", "external_id")
ADDRESS: Final = ("first_name", "last_name", "country", "city", "state", "zip", "address", "phone")
DETAILS: Final = {  # transaction type -> which of the shop's parameters are sent
    "credit": frozenset({"test", "duplicate_check"}),
    "payout": frozenset({
        "test",
        "duplicate_check",
        *(f"customer.{name}" for name in PERSON),
        *(f"billing_address.{name}" for name in ADDRESS),
    }),
}  # fmt: skip


def payout_request(charge: Charge, common: dict[str, Any]) -> dict[str, Any] | None:
    """The `request` object from what every request has; None without a token."""
    if not isinstance(charge.card, SavedCard):
        return None
    request: dict[str, Any] = {name: common[name] for name in SHARED if name in common}
    request["duplicate_check"] = checks_duplicates(charge.order)
    card = {"token": charge.card.token}
    if charge.order.transaction_type == "credit":
        return request | {"credit_card": card}
    return (
        request
        | {"recipient_credit_card": card}
        | _given("recipient", charge.customer, PERSON)
        | _given("recipient_billing_address", charge.customer, ADDRESS)
    )


def checks_duplicates(order: Order) -> bool:
    """Whether the gateway refuses the same amount on the same card within 30 s: as the shop says,
    by default for merchant-initiated charges only, as documented. On the page the same again is a
    customer with two orders or a new try after a decline; one payment can't be sent twice there, as
    attempts are unique and carry a RequestID.
    """
    wanted = order.details.duplicate_check
    return order.merchant_initiated if wanted is None else wanted


def _given(section: str, customer: Customer, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: value for name in names if (value := getattr(customer, name))}
    return {section: found} if found else {}
