"""Money to a card that is known by a token: credits and payouts."""

from __future__ import annotations

from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.card_request import refuse_duplicate
from checkout.sandbox.overpay.card_response import card_response
from checkout.sandbox.overpay.card_transaction import PROTOCOL, CardTransaction
from checkout.sandbox.overpay.request import common_fields
from checkout.sandbox.overpay.response import Json, refuse_invalid
from checkout.sandbox.overpay.saved_cards import saved_card
from checkout.sandbox.state import SandboxState

CARD = {"credit": "credit_card", "payout": "recipient_credit_card"}
"""Where each has the card."""


def send_money(state: SandboxState, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    """Decided at once, as the card's bank would decide a payment."""
    shared = common_fields(state, caller, fields)
    section = fields.section(CARD[kind])
    saved = saved_card(state, caller.shop_id, section)
    checked = fields.flag("duplicate_check", default=True)
    refuse_invalid(fields)
    if saved is not None:
        refuse_duplicate(state, caller, shared["amount"], saved, checked, "to")
    transaction = CardTransaction(
        protocol=PROTOCOL,
        type=kind,
        method="credit_card",
        status="pending",
        card=saved,
        three_d_secure="none",
        echo={},
        contract=[],
        descriptor="test descriptor",
        expected_bank_code=None,
        iframe=state.settings.iframe,
        facts={"by_token": True},
        **shared,
    )
    transaction.decide(state.now())
    state.add(transaction)
    return {"transaction": card_response(state, transaction)}
