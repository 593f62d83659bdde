"""Money to a card that is known by a token: credits and payouts."""

from __future__ import annotations

from checkout.sandbox.basic import Credentials
from checkout.sandbox.card import Card
from checkout.sandbox.fields import BLANK, Fields
from checkout.sandbox.overpay.api import Json, refuse_wrong
from checkout.sandbox.overpay.card_answer import card_answer
from checkout.sandbox.overpay.card_request import refuse_duplicate
from checkout.sandbox.overpay.card_transaction import PROTOCOL, CardTransaction
from checkout.sandbox.overpay.request import common
from checkout.sandbox.world import World

CARD = {"credit": "credit_card", "payout": "recipient_credit_card"}
"""Where each has the card."""


def send(world: World, caller: Credentials, fields: Fields, *, kind: str) -> Json:
    """Decided at once, as the card's bank would decide a payment."""
    shared = common(world, caller, fields)
    section = fields.section(CARD[kind])
    token = section.text("token", longest=1000)
    saved = world.memory.get(("overpay", "token", caller.shop_id, token or ""))
    if token is None:
        section.reject("token", BLANK)
    elif not isinstance(saved, Card):
        section.reject("token")
    checked = fields.flag("duplicate_check", default=True)
    refuse_wrong(fields)
    if isinstance(saved, Card):
        refuse_duplicate(world, caller, shared["amount"], saved, checked, "to")
    transaction = CardTransaction(
        protocol=PROTOCOL,
        type=kind,
        method="credit_card",
        status="pending",
        card=saved if isinstance(saved, Card) else None,
        secure="none",
        echo={},
        contract=[],
        descriptor="test descriptor",
        expected_bank_code=None,
        iframe=world.behaviour.iframe,
        facts={"by_token": True},
        **shared,
    )
    transaction.decide(world)
    world.add(transaction)
    return {"transaction": card_answer(world, transaction)}
