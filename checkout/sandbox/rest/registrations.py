"""Cards that the gateway keeps: registrations alone, payments and payouts by them.

A registration comes with a payment (`createRegistration`) or alone. It begins a series by a payment
with `recurringType=INITIAL`, by which it goes on with `REPEATED`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from checkout.sandbox import card as cards
from checkout.sandbox.rest.request import (
    CARD_MODES,
    Fields,
    Refusal,
    card_of,
    new_transaction,
    payment_of,
    wrong_card,
    wrong_fields,
)
from checkout.sandbox.rest.response import Json, card_response, payment_response, result, timestamp
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.rest.transaction import REGISTRATION, RestTransaction
from checkout.sandbox.state import SandboxState

_ALONE = {"paymentMode": "|".join(CARD_MODES), "createRegistration": "true"}


def register(state: SandboxState, fields: Fields, secure_key: str) -> Json:
    """A card alone: no money moves, and no inquiry finds it."""
    if wrong := [*wrong_fields(fields, _ALONE), *wrong_card(fields)]:
        raise Refusal(f"Validation failed: {', '.join(wrong)}")
    card = card_of(state, fields)
    kept = new_transaction(
        state,
        fields,
        secure_key,
        type=REGISTRATION,
        method="credit_card",
        amount=0,
        currency="",
        description="",
        status="pending",
        card=card,
        registration=secrets.token_hex(16),
        facts={"last_4": card.last_4, "recurring": None},
    )
    kept.decide(state.now())
    state.add(kept)
    return _registered(kept, fields)


def _registered(kept: RestTransaction, fields: Fields) -> Json:
    if kept.status != "successful" or kept.card is None:
        short, long = kept.status_words
        words: Json = {"transactionStatus": short, "status": long, "remark": kept.remark}
        return words | result("10001", "Transaction failed")
    return {
        "id": kept.registration,
        "paymentBrand": kept.brand or cards.brand_of(fields["card.number"]).upper(),
        "card": card_response(kept.card),
        "timestamp": timestamp(kept.created_at),
        **result("00002", "Card registered successfully"),
    }


def pay_by(state: SandboxState, fields: Fields, secure_key: str, registration: str) -> Json:
    """A payment by a registration, with or without the customer."""
    known = list(_kept(state, fields["authentication.memberId"], registration))
    if not known or known[0].card is None:
        raise Refusal("Invalid registration id")
    begun = any(each.facts["recurring"] == "INITIAL" for each in known)
    if fields.get("recurringType") == "REPEATED" and not begun:
        raise Refusal("This registration has begun no series")
    payment = payment_of(state, fields, secure_key, known[0].card)
    payment.registration = registration
    if payment.three_d_secure != "challenge":
        payment.decide(state.now())
    state.add(payment)
    return payment_response(state, payment)


def pay_out(state: SandboxState, fields: Fields, secure_key: str) -> Json:
    """Money to the card behind a registration."""
    registration = fields.get("registrationId", "")
    known = next(_kept(state, fields["authentication.memberId"], registration), None)
    if known is None or known.card is None:
        raise Refusal("Invalid registration id")
    if fields.get("paymentType") != "PO":
        raise Refusal("Validation failed: paymentType")
    payment = payment_of(
        state, fields | {"paymentMode": "CC", "paymentType": "PO"}, secure_key, known.card
    )
    if settings_of(state).operations == "accepted":
        payment.platform_status = "payoutstarted"
    payment.decide(state.now())
    state.add(payment)
    return payment_response(state, payment)


def _kept(state: SandboxState, member: str, registration: str) -> Iterator[RestTransaction]:
    """What has been done with a registration, the making of it first."""
    for each in state.transactions.values():
        if not isinstance(each, RestTransaction) or each.parent_uid or each.shop_id != member:
            continue
        if each.status == "successful" and each.registration == registration:
            yield each
