"""Which call of the REST gateway a charge becomes: a payment by card, by redirect or by a
registration, the next one of a series, a registration without a payment, a payout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from checkout.gateways.base import Capabilities, Charge, capabilities_of
from checkout.gateways.rest.codes import CARD_MODES
from checkout.gateways.rest.options import Options
from checkout.gateways.rest.request import (
    DETAILS,
    DETAILS_ALONE,
    EXPONENTS,
    amount_of,
    fields_of,
    is_token,
    payout_fields,
    registration_fields,
    sendable,
    series_fields,
    takes_card,
)
from checkout.gateways.rest.signature import Proof
from checkout.gateways.rest.unconfirmed import (
    proof_of_payout,
    proof_of_registration,
    proof_of_token_payment,
)
from checkout.model.card import Card, SavedCard, WalletCard
from checkout.model.order import TOKENIZATION
from checkout.model.outcome import DeclineReason

PAYMENT_TYPE: Final = {"payment": "DB", "charge": "DB", "authorization": "PA"}
PAYOUT: Final = "payout"

CAPABILITIES: Final = Capabilities(
    card=True,
    card_modes=CARD_MODES,
    tokenizes=True,
    browser=True,
    lookup_by_key=True,
    transaction_types=frozenset(PAYMENT_TYPE),
    zero_amount=frozenset({TOKENIZATION}),  # a registration states no amount
    recurring=frozenset({"payment"}),
    exponents=EXPONENTS,
    full_amount_only=frozenset({"void"}),
    # The payment's state tells that one was done, but not which one.
    once_only=frozenset({"capture", "void", "refund"}),
    parameters=DETAILS,
    merchant_initiated_parameters=DETAILS_ALONE,
)


class Call(NamedTuple):
    """`name`: what the log calls it, where its path has a card's token in it."""

    path: str
    fields: Mapping[str, str]
    proof: Proof
    name: str | None = None


class Cannot(NamedTuple):
    """Why a charge is not sent: for the log, and for the payment."""

    why: str
    reason: DeclineReason = DeclineReason.INVALID


UNSAYABLE: Final = Cannot("its key, amount or return address can't be said in this protocol")
UNKNOWN_TYPE: Final = Cannot("no such transaction type")
NO_CARD: Final = Cannot("the card is missing")
NO_TOKEN: Final = Cannot("no such token is this gateway's", DeclineReason.SAVED_CARD)


def switched_off(setting: str) -> Cannot:
    return Cannot(f"switched off in the account's settings: {setting}")


def abilities(options: Options) -> Capabilities:
    """What the account may be asked for, by its settings."""
    types, alone = CAPABILITIES.transaction_types, frozenset[str]()
    if options.registrations:
        types |= {TOKENIZATION}
    if options.pay_with_token:
        alone |= frozenset(PAYMENT_TYPE)
    if options.payouts:
        alone |= {PAYOUT}
    by_settings = {
        "transaction_types": types,
        "merchant_initiated": alone,
        "accepts_tokens": options.pay_with_token,
    }
    return capabilities_of(msgspec.structs.replace(CAPABILITIES, **by_settings), options)


def call_of(charge: Charge, options: Options) -> Call | Cannot:
    """The call for a charge, or why there is none."""
    kind, amount = charge.order.transaction_type, amount_of(charge.money)
    if not sendable(charge):
        return UNSAYABLE
    if kind == TOKENIZATION:
        return _registration(charge, options)
    if amount is None:
        return UNSAYABLE
    if kind == PAYOUT:
        return _payout(charge, options, amount)
    if kind not in PAYMENT_TYPE:
        return UNKNOWN_TYPE
    if charge.after is not None:
        return _next_of_series(charge, charge.after, options, amount)
    if isinstance(charge.card, SavedCard) and takes_card(charge):
        return _by_token(charge, charge.card.token, options, amount)
    if (charge.card is None or isinstance(charge.card, WalletCard)) and takes_card(charge):
        return NO_CARD
    fields = fields_of(charge, PAYMENT_TYPE[kind], amount)
    return Call(options.payments_path, fields, Proof((charge.key, amount)))


def _next_of_series(charge: Charge, first: str, options: Options, amount: str) -> Call | Cannot:
    """By the id of the payment that began it."""
    kind = charge.order.transaction_type
    if kind not in CAPABILITIES.recurring:
        return UNKNOWN_TYPE
    path = f"{options.payments_path}/{quote(first, safe='')}"
    fields = series_fields(charge, PAYMENT_TYPE[kind], amount)
    return Call(path, fields, Proof((first, amount)))


def _by_token(charge: Charge, token: str, options: Options, amount: str) -> Call | Cannot:
    if not options.pay_with_token:
        return switched_off("pay_with_token")
    if not is_token(token):
        return NO_TOKEN
    path = options.pay_with_token_path
    fields = fields_of(charge, PAYMENT_TYPE[charge.order.transaction_type], amount)
    proof = proof_of_token_payment(token, amount)
    return Call(f"{path}/{quote(token, safe='')}", fields, proof, name=path)


def _registration(charge: Charge, options: Options) -> Call | Cannot:
    if not options.registrations:
        return switched_off("registrations")
    if not isinstance(charge.card, Card):
        return NO_CARD
    fields = registration_fields(charge, charge.card)
    return Call(options.registrations_path, fields, proof_of_registration(charge.card.number))


def _payout(charge: Charge, options: Options, amount: str) -> Call | Cannot:
    if not options.payouts:
        return switched_off("payouts")
    if not isinstance(charge.card, SavedCard):
        return NO_CARD
    if not is_token(charge.card.token):
        return NO_TOKEN
    fields = payout_fields(charge, charge.card.token, amount)
    return Call(options.payout_path, fields, proof_of_payout(charge.key, amount))
