"""Reading a card request: the parameters of the charge document, its nesting restored.

Every wrong field is named at once. The number lives for this call; what is kept is a `Card`.
"""

from __future__ import annotations

import uuid

from checkout.sandbox import codes
from checkout.sandbox.basic_auth import Credentials
from checkout.sandbox.card import Card
from checkout.sandbox.card_results import ThreeDSecure
from checkout.sandbox.fields import BLANK, Fields, matching
from checkout.sandbox.overpay.additional_data import (
    card_on_file,
    check_additional_data,
    without_card_secrets,
)
from checkout.sandbox.overpay.card_fields import new_card, wallet_card
from checkout.sandbox.overpay.card_transaction import PROTOCOL, SAVING_CONTRACTS, CardTransaction
from checkout.sandbox.overpay.codes import AVS, CVC, NOT_SUPPORTED
from checkout.sandbox.overpay.request import CommonFields, common_fields, customer_fields
from checkout.sandbox.overpay.response import Refusal, refuse_invalid
from checkout.sandbox.overpay.saved_cards import save_card, saved_card
from checkout.sandbox.state import SandboxState

DUPLICATE_WITHIN = 30.0
"""Seconds in which the same amount on the same card counts as a duplicate."""

WALLET = "$begateway_"
"""What the token of a wallet begins with."""

ECHOED = ("referer", "receipt_text", "contract", "card_on_file", "meta")
"""The parts of `additional_data` that an answer repeats."""

_SECURITY_CODE = matching(r"\d{3,4}")


def read(state: SandboxState, caller: Credentials, fields: Fields, kind: str) -> CardTransaction:
    """An undecided transaction of type `kind`; raises `Refusal` if anything is wrong."""
    shared = common_fields(state, caller, fields)
    extra = fields.section("additional_data")
    contract = extra.texts("contract")
    check_additional_data(fields)
    card, by_token = _card(state, caller, fields, contract)
    stored = card_on_file(extra)
    by_merchant = _is_merchant_initiated(contract, stored)
    three_d_secure = _three_d_secure(fields.section("credit_card"), card, by_token, by_merchant)
    if kind == "charge":
        _check_charge(fields, by_token and not contract, three_d_secure == "challenge")
    who = customer_fields(fields)
    expected = extra.text("expected_bank_code") if shared["test"] else None
    descriptor = fields.text("dynamic_billing_descriptor") or "test descriptor"
    checks_duplicates = fields.flag("duplicate_check", default=True)
    refuse_invalid(fields)
    if card is not None:
        refuse_duplicate(state, caller, shared["amount"], card, checks_duplicates)
    given = {name: extra.raw(name) for name in ECHOED if extra.raw(name) is not None}
    facts = {
        "by_token": by_token,
        "secure": three_d_secure,
        "card_on_file": stored if by_token else None,
        "contract": contract,
    }
    avs, cvc = _compared(fields, extra.raw("avs_cvc_verification") is not None)
    return CardTransaction(
        protocol=PROTOCOL,
        type=kind,
        method="credit_card",
        status="incomplete",
        card=card,
        three_d_secure=three_d_secure,
        echo={"additional_data": given} | who,
        contract=contract,
        descriptor=descriptor,
        expected_bank_code=expected,
        avs=avs,
        cvc=cvc,
        iframe=state.settings.iframe,
        saved_token=_save(state, caller, card, kind, contract),
        automatic_capture_uid=str(uuid.uuid4()) if _is_split(state, kind) else None,
        facts=who | _facts(shared, fields, card) | facts,
        **shared,
    )


def _check_charge(fields: Fields, without_contract: bool, challenged: bool) -> None:
    """What the document of the charge demands; payments and authorizations do without."""
    if without_contract:
        fields.section("additional_data").reject("contract", BLANK)
    if challenged and not fields.raw("return_url"):
        fields.reject("return_url", BLANK)


def _facts(shared: CommonFields, fields: Fields, card: Card | None) -> dict[str, object]:
    """For the ledger."""
    return {
        "brand": card.brand if card else None,
        "last_4": card.last_4 if card else None,
        "language": shared["language"],
        "description": shared["description"],
        "return_url": shared["return_url"],
        "notification_url": shared["notification_url"],
        "request": without_card_secrets(fields),
    }


def _is_merchant_initiated(contract: list[str], stored: dict[str, str]) -> bool:
    on_file = "card_on_file" in contract and stored["initiator"] == "merchant"
    return "recurring" in contract or on_file


def _is_split(state: SandboxState, kind: str) -> bool:
    """Whether the acquirer authorizes and captures instead of taking a payment."""
    return kind == "charge" and state.settings.charges == "authorization"


def _card(
    state: SandboxState, caller: Credentials, fields: Fields, contract: list[str]
) -> tuple[Card | None, bool]:
    """The card, and whether it came as a token; None if it is wrong."""
    section = fields.section("credit_card")
    code = section.raw("verification_value")
    if code is not None and code != "" and not _SECURITY_CODE(code):
        section.reject("verification_value")
    token = section.text("token", longest=16 * 1024)  # Apple's has certificates in it
    if token is None:
        return new_card(state, section), False
    if token.startswith(WALLET):
        return wallet_card(state, token), False
    saved = saved_card(state, caller.shop_id, section)
    if saved is not None and "oneclick" in contract and code in (None, ""):
        section.reject("verification_value", BLANK)
    return saved, True


def _compared(fields: Fields, asked: bool) -> tuple[str, str]:
    """The result codes of the checks of address and security code."""
    if not asked:
        return NOT_SUPPORTED, NOT_SUPPORTED
    address = fields.section("billing_address")
    code = fields.section("credit_card").raw("verification_value")
    return AVS[bool(address.raw("address")), bool(address.raw("zip"))], CVC[bool(code)]


def _three_d_secure(
    section: Fields, card: Card | None, by_token: bool, by_merchant: bool
) -> ThreeDSecure:
    """The part of 3-D Secure; `force` wins over `skip`, and both are for saved cards.
    `by_merchant`: the shop goes on by itself, and nothing is asked of the customer."""
    skip = section.flag("skip_three_d_secure_verification")
    force = section.flag("force_three_d_secure_verification")
    if card is None:
        return "none"
    if not by_token:
        return card.result.three_d_secure
    if force:
        return "failed" if card.result.three_d_secure == "failed" else "challenge"
    return "none" if skip or by_merchant else card.result.three_d_secure


def _save(
    state: SandboxState, caller: Credentials, card: Card | None, kind: str, contract: list[str]
) -> str | None:
    """Keep the card for later payments, where its token is asked for or always given."""
    asked = kind == "tokenization" or SAVING_CONTRACTS.intersection(contract)
    if card is None or not (asked or state.settings.tokens == "always"):
        return None
    return save_card(state, caller.shop_id, card)


def refuse_duplicate(
    state: SandboxState,
    caller: Credentials,
    amount: int,
    card: Card,
    checked: bool,
    way: str = "from",
) -> None:
    """`way`: money is taken from a card, or sent to it."""
    key = ("overpay", "recent", caller.shop_id, str(amount), f"{way} {card.stamp}")
    before = state.memory.get(key)
    if checked and isinstance(before, float) and state.now() - before < DUPLICATE_WITHIN:
        message = "Duplicate transaction"
        raise Refusal(422, message, {"base": [message]}, codes.DUPLICATE)
    state.memory.pop(key, None)  # a fresh entry goes to the young end
    state.memory[key] = state.now()
