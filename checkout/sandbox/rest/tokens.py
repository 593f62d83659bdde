"""Cards that the gateway keeps: registrations alone, payments and payouts by them.

A registration comes with a payment (`createRegistration`) or alone. It begins a series by a payment
with `recurringType=INITIAL`, by which it goes on with `REPEATED`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from checkout.sandbox import card as cards
from checkout.sandbox.rest.answer import Json, card_answer, payment_answer, result, written
from checkout.sandbox.rest.request import (
    CARD_MODES,
    Fields,
    Refusal,
    card_of,
    new_id,
    payment_of,
    wrong_card,
    wrong_fields,
)
from checkout.sandbox.rest.switches import switches_of
from checkout.sandbox.rest.transaction import PROTOCOL, REGISTRATION, RestTransaction
from checkout.sandbox.world import World

_ALONE = {"paymentMode": "|".join(CARD_MODES), "createRegistration": "true"}


def register(world: World, fields: Fields, secure_key: str) -> Json:
    """A card alone: no money moves, and no inquiry finds it."""
    if wrong := [*wrong_fields(fields, _ALONE), *wrong_card(fields)]:
        raise Refusal(f"Validation failed: {', '.join(wrong)}")
    now, card = world.now(), card_of(world, fields)
    kept = RestTransaction(
        protocol=PROTOCOL,
        uid=new_id(world),
        shop_id=fields["authentication.memberId"],
        secret_key=secure_key,
        type=REGISTRATION,
        method="credit_card",
        amount=0,
        currency="",
        description="",
        tracking_id=fields.get("merchantTransactionId"),
        test=True,
        created_at=now,
        updated_at=now,
        status="pending",
        mode=fields["paymentMode"],
        brand=fields.get("paymentBrand"),
        card=card,
        secure="none",
        origin=world.public_url,
        registration=secrets.token_hex(16),
        facts={"last_4": card.last_4, "recurring": None},
    )
    kept.decide(world)
    world.add(kept)
    if kept.status != "successful":
        words = {"transactionStatus": kept.words.short, "status": kept.words.long}
        return words | {"remark": kept.remark} | result("10001", "Transaction failed")
    return {
        "id": kept.registration,
        "paymentBrand": kept.brand or cards.brand_of(fields["card.number"]).upper(),
        "card": card_answer(card),
        "timestamp": written(now),
        **result("00002", "Card registered successfully"),
    }


def pay_by(world: World, fields: Fields, secure_key: str, registration: str) -> Json:
    """A payment by a registration, with or without the customer."""
    known = list(_kept(world, fields["authentication.memberId"], registration))
    if not known or known[0].card is None:
        raise Refusal("Invalid registration id")
    begun = any(each.facts["recurring"] == "INITIAL" for each in known)
    if fields.get("recurringType") == "REPEATED" and not begun:
        raise Refusal("This registration has begun no series")
    payment = payment_of(world, fields, secure_key, known[0].card)
    payment.registration = registration
    if payment.secure != "challenge":
        payment.decide(world)
    world.add(payment)
    return payment_answer(world, payment)


def pay_out(world: World, fields: Fields, secure_key: str) -> Json:
    """Money to the card behind a registration."""
    registration = fields.get("registrationId", "")
    known = next(_kept(world, fields["authentication.memberId"], registration), None)
    if known is None or known.card is None:
        raise Refusal("Invalid registration id")
    if fields.get("paymentType") != "PO":
        raise Refusal("Validation failed: paymentType")
    payment = payment_of(
        world, fields | {"paymentMode": "CC", "paymentType": "PO"}, secure_key, known.card
    )
    if switches_of(world).operations == "accepted":
        payment.state = "payoutstarted"
    payment.decide(world)
    world.add(payment)
    return payment_answer(world, payment)


def _kept(world: World, member: str, registration: str) -> Iterator[RestTransaction]:
    """What has been done with a registration, the making of it first."""
    for each in world.transactions.values():
        if not isinstance(each, RestTransaction) or each.parent_uid or each.shop_id != member:
            continue
        if each.status == "successful" and each.registration == registration:
            yield each
