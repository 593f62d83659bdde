"""`additional_data` of a card request: contracts, a card on file, and what else the charge document
lists beside the money, the card and the customer."""

from __future__ import annotations

from checkout.sandbox.fields import INVALID, Fields, between, short
from checkout.sandbox.overpay.card_transaction import SAVING_CONTRACTS
from checkout.sandbox.overpay.travel import check_airline

INITIATORS = ("merchant", "customer")
CHARGES = ("delayed_charge", "increment", "resubmission", "reauthorization", "no_show")
CARD_SECRETS = frozenset({"number", "verification_value", "token"})
"""What no ledger shows of a card."""

_SHORT = short(255)


def check_additional_data(fields: Fields) -> None:
    """Note everything that is wrong in them."""
    fields.section("three_d_secure").flag("advanced")
    extra = fields.section("additional_data")
    if not SAVING_CONTRACTS.issuperset(extra.texts("contract")):
        extra.reject("contract")
    stored = extra.section("card_on_file")
    _among(stored, "initiator", INITIATORS)
    _among(stored, "type", CHARGES)
    extra.section("p2p").check({"service_id": _SHORT, "service_extension": _SHORT})
    extra.section("masterpass").section("params").check({"session": _SHORT})
    verification = extra.section("avs_cvc_verification")
    for name in ("avs_verification", "cvc_verification"):
        verification.section(name)
    excluded = extra.raw("excluded_gateways")
    identifier = between(1, 2**53 - 1)
    if excluded is not None and not (isinstance(excluded, list) and all(map(identifier, excluded))):
        extra.reject("excluded_gateways", "must be an array of integers")
    check_airline(fields.section("travel").section("airline"))


def card_on_file(extra: Fields) -> dict[str, str]:
    """What the payment system is told, with the document's defaults; `type` says nothing of what
    the customer initiates."""
    stored = extra.section("card_on_file")
    initiator = stored.text("initiator") or INITIATORS[0]
    if initiator != INITIATORS[0]:
        return {"initiator": initiator}
    return {"initiator": initiator, "type": stored.text("type") or CHARGES[0]}


def _among(section: Fields, name: str, words: tuple[str, ...]) -> None:
    if section.raw(name) is not None and section.raw(name) not in words:
        section.reject(name, INVALID)


def without_card_secrets(fields: Fields) -> dict[str, object]:
    """The request as it came, for the ledger: all of it but the card's secrets."""
    whole = dict(fields.items())
    card = fields.section("credit_card").items()
    kept = {name: value for name, value in card if name not in CARD_SECRETS}
    hidden = {"credit_card", "encrypted_credit_card"}
    return {name: value for name, value in whole.items() if name not in hidden} | {
        "credit_card": kept
    }
