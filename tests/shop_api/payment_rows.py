"""Payments as the ledger holds them, made by hand."""

from __future__ import annotations

from typing import Any

from checkout.ledger.rows import Payment
from checkout.model.order import Customer
from checkout.model.outcome import GatewayFacts, PaidCard
from checkout.model.status import Status
from tests.support import ledger_rows, samples
from tests.support.clock import BEGINNING

PAID_FACTS = GatewayFacts(
    card=PaidCard(brand="visa", last_4="0000", first_1="4", exp_month=12, exp_year=2040),
    auth_code="654321",
    rrn="999",
    ref_id="777",
    bank_code="05",
    avs="M",
    cvc="Y",
    descriptor="DEMO SHOP",
    code="S.0000",
    message="Payment was approved",
    friendly="Paid",
    receipt_url="https://gateway.example/receipt",
    paid_at="2027-01-15T08:00:05.000Z",
)
WHO = Customer(email="ann@example.com", first_name="Ann", country="LV", ip="192.0.2.7")


def payment(*attempts: Status | dict[str, Any], **order: Any) -> Payment:
    """A payment of 1250 EUR with these attempts, a minute each."""
    asked = samples.order(**order)
    payment = ledger_rows.payment_row(order=asked, expires_at=asked.expires_at)
    made = []
    for number, given in enumerate(attempts, 1):
        values = {"status": given} if isinstance(given, Status) else given
        at = BEGINNING + 60 * number
        known = {
            "customer": WHO,
            "created_at": at,
            "updated_at": at + 5,
            "gateway_id": f"g-{number}",
        }
        made.append(ledger_rows.attempt(payment, number, **(known | values)))
    return ledger_rows.payment_of(payment, *made)
