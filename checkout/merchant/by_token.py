"""Reads what a shop's server sends about a card that it knows by a token: the next payment of a
series, an authorization, a credit, a payout. In the shapes of Overpay's gateway."""

from __future__ import annotations

from typing import Any, Final

from checkout.merchant.customers import CUSTOMER
from checkout.merchant.page_settings import card_token
from checkout.model.checks import Fields, drop_nulls
from checkout.model.money import EXPONENTS, Money
from checkout.model.order import SENDING, Customer, Order, Ways
from checkout.model.rules import choice, loose_flag, minor_units, text, texts, web_address

DAY: Final = 24 * 3600.0
CARD: Final = "credit_card"
RECIPIENTS_CARD: Final = "recipient_credit_card"
NO_NUMBER: Final = "is not taken here: send the card's token"
RECURRING: Final = "recurring"


def read_by_token(
    data: Any, kind: str, *, sandbox: bool, now: float
) -> tuple[Order, str, str | None]:
    """The order in `{"request": {...}}`, the card's token, and in its place the uid of the payment
    that began the series.

    Raises Unprocessable, naming every wrong field; a card's number is one.
    """
    body = Fields(drop_nulls(data), tolerant=True)
    fields = body.within("request", shown="")
    section = RECIPIENTS_CARD if kind == "payout" else CARD
    for name in ("number", "verification_value"):
        if fields.has(f"{section}.{name}"):
            fields.wrong(f"{section}.{name}", NO_NUMBER)
    if fields.has("encrypted_credit_card"):
        fields.wrong("encrypted_credit_card", NO_NUMBER)
    parent = None if kind in SENDING else fields.get("parent_uid", text(64))
    rule = fields.get if parent else fields.need
    token = rule(f"{section}.token", card_token)
    if not parent and token is None and not fields.problems:
        fields.wrong(f"{section}.token", "is required")
    extra = fields.within("additional_data")
    contract = () if kind in SENDING else extra.get("contract", texts(most=10), ()) or (RECURRING,)
    amount = fields.need("amount", minor_units())
    currency = fields.need("currency", choice(EXPONENTS))
    description = fields.need("description", text(255, numbers=True))
    told_at = fields.get("notification_url", web_address(sandbox=sandbox))
    language = fields.get("language", text(35))
    order = Order(
        money=Money(amount, currency),
        description=description,
        transaction_type=kind,
        expires_at=now + DAY,
        tracking_id=fields.get("tracking_id", text(255, numbers=True)),
        test=fields.get("test", loose_flag, False),
        descriptor=fields.get("dynamic_billing_descriptor", text(255, numbers=True)),
        receipt_text=extra.get("receipt_text", texts(most=50), ()),
        contract=contract,
        ways=Ways(notification_url=told_at, language=language),
        customer=_customer(fields, "recipient" if kind == "payout" else "customer"),
        alone=True,
    )
    fields.done()
    return order, token or "", parent


def _customer(fields: Fields, person: str) -> Customer:
    address = "recipient_billing_address" if person == "recipient" else "billing_address"
    found = {
        name: fields.get(f"{section}.{name}", rule)
        for name, rule in CUSTOMER.items()
        for section in (person, address)
        if fields.has(f"{section}.{name}")
    }
    return Customer(**found)
