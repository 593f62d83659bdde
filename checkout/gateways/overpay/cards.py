"""Overpay, cards: the gateway host.

Documents: Overpay's charge request ("Запрос на взимание платы") for every parameter, and the
family's public documentation for payments, authorizations and status queries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from checkout.gateways.base import (
    Capabilities,
    Captures,
    Charge,
    Constructor,
    PaymentReference,
    Voids,
    constructor,
    merged,
)
from checkout.gateways.overpay import payouts
from checkout.gateways.overpay.codes import CARDS, CARDS_SUCCESSFUL, OPERATION
from checkout.gateways.overpay.gateway import Overpay, Unusable
from checkout.gateways.overpay.options import Options
from checkout.gateways.overpay.payouts import checks_duplicates, payout_request
from checkout.gateways.overpay.request import common, filled
from checkout.gateways.overpay.response import Transaction
from checkout.gateways.parsing import address, meaning, section
from checkout.model.browser import Browser
from checkout.model.card import AnyCard, SavedCard, WalletCard
from checkout.model.charge_parameters import PARAMETERS
from checkout.model.cut import cut
from checkout.model.money import Money
from checkout.model.next_action import NextAction, Redirect
from checkout.model.order import SECURE, ZERO_AMOUNT, Customer, Order
from checkout.model.outcome import Outcome
from checkout.model.status import Status

CREATE: Final = {
    "payment": "/transactions/payments",
    "authorization": "/transactions/authorizations",
    "charge": "/services/credit_cards/charges",
    "tokenization": "/transactions/tokenizations",
}
# Transaction type asked for -> those that may answer. The gateway turns a charge into a payment, or
# into an authorization that it captures by itself.
KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{kind: frozenset({kind}) for kind in CARDS_SUCCESSFUL if kind is not None},
    "charge": frozenset({"charge", "payment", "authorization"}),
}

CUSTOMER: Final = ("ip", "email", "device_id", "birth_date", "taxpayer_id", "external_id")
ADDRESS: Final = {  # field -> the most characters of it
    "first_name": 30,
    "last_name": 30,
    "country": 255,
    "city": 60,
    "state": 255,
    "zip": 255,
    "address": 255,
    "phone": 100,
}
# Of `Details`: what stands in the request's `additional_data`, and what beside it.
ADDITIONAL: Final = (
    "referer", "p2p", "excluded_gateways", "masterpass", "card_on_file", "avs_cvc_verification",
    "meta",
)  # fmt: skip
BESIDE: Final = ("travel", "three_d_secure")

OPERATIONS: Final = {
    "capture": "/transactions/captures",
    "void": "/transactions/voids",
    "refund": "/transactions/refunds",
}

CAPABILITIES: Final = Capabilities(
    card=True,
    tokenizes=True,
    accepts_tokens=True,
    wallets=True,
    browser=True,
    lookup_by_key=True,
    transaction_types=frozenset(CREATE),
    zero_amount=frozenset(ZERO_AMOUNT),
    merchant_initiated=frozenset({"payment", "authorization", "charge", *payouts.CREATE}),
    full_amount_only=frozenset({"void"}),
    parameters=PARAMETERS,
    merchant_initiated_parameters=payouts.DETAILS
    | dict.fromkeys(("payment", "authorization", "charge"), PARAMETERS),
)


class OverpayCards(Overpay, Captures, Voids):
    CAPABILITIES = CAPABILITIES
    STATUS = CARDS
    CREATE = CREATE | payouts.CREATE
    OPERATIONS = OPERATIONS
    BY_UID = "/transactions/"
    BY_KEY = "/v2/transactions/tracking_id/"
    STAYS_ACTION = False

    def request(self, charge: Charge) -> dict[str, Any] | None:
        if charge.order.transaction_type in payouts.CREATE:
            return payout_request(charge, common(charge))
        if charge.card is None:
            return None
        details = charge.order.details
        return common(charge) | filled(
            {
                "duplicate_check": checks_duplicates(charge.order),
                "dynamic_billing_descriptor": charge.order.descriptor,
                "credit_card": _credit_card(charge.card) | _secure(charge.method.params),
                "additional_data": _additional_data(charge.order, charge.browser),
                "customer": _customer(charge.customer),
                "billing_address": _billing_address(charge.customer),
                **{name: getattr(details, name) for name in BESIDE},
            }
        )

    async def pay(self, charge: Charge) -> Outcome:
        outcome = await super().pay(charge)
        is_held = _is_held(outcome, charge.order.transaction_type)
        return _waiting(outcome) if is_held else outcome

    async def asked(self, reference: PaymentReference, until: float) -> Outcome:
        """Where a charge became an authorization, its capture takes the money: `parent_uid` names
        it."""
        outcome = await super().asked(reference, until)
        if not _is_held(outcome, reference.transaction_type):
            return outcome
        capture = outcome.facts.parent
        if capture or reference.id:
            found = await self.found(capture, reference.key, until)
            if not isinstance(found, Outcome):
                outcome = _collected(outcome, found)
        return outcome if outcome.status is Status.PAID else _waiting(outcome)

    def newest(self, found: list[Transaction], reference: PaymentReference) -> Outcome:
        outcome = super().newest(found, reference)
        is_held = _is_held(outcome, reference.transaction_type)
        return _collected(outcome, found) if is_held else outcome

    async def capture(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        return await self.follow("capture", reference, money, key)

    async def void(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        return await self.follow("void", reference, money, key)

    def kinds(self, asked: str | None) -> Collection[str | None]:
        return CARDS_SUCCESSFUL if asked is None else KINDS.get(asked, ())

    def step(self, transaction: Transaction, method: str) -> NextAction | None:
        stated = transaction.fields.get("redirect_url")
        url = address(transaction.fields, "redirect_url")
        if stated and url is None:
            raise Unusable("redirect_url")
        framed = section(transaction.fields, "gateway").get("iframe") is True
        return Redirect(url, framed) if url else None


gateway: Final[Constructor[Options]] = constructor(OverpayCards)


def _is_held(outcome: Outcome, asked: str) -> bool:
    """Whether this is a charge's authorization."""
    return asked == "charge" and outcome.status is Status.AUTHORIZED


def _collected(held: Outcome, found: list[Transaction]) -> Outcome:
    """A charge's authorization; PAID where its successful capture is among these."""
    for one in found:
        if one.kind != "capture" or one.uid is None or one.parent not in (None, held.id):
            continue
        if one.sound and meaning(OPERATION, one.status, one.kind) is Status.PAID:
            facts = msgspec.structs.replace(
                held.facts,
                money=one.facts.money or held.facts.money,
                parent=one.uid,
                paid_at=one.facts.paid_at or held.facts.paid_at,
            )
            return msgspec.structs.replace(held, status=Status.PAID, facts=facts)
    return held


def _waiting(held: Outcome) -> Outcome:
    """Nothing is paid before it is captured."""
    return msgspec.structs.replace(held, status=Status.PENDING)


def _credit_card(card: AnyCard) -> dict[str, Any]:
    if isinstance(card, WalletCard):
        return {"token": card.token}
    if isinstance(card, SavedCard):
        return filled({"token": card.token, "verification_value": card.code})
    return filled(
        {
            "number": card.number,
            "verification_value": card.code,  # none where the account takes cards without
            "holder": card.holder,
            "exp_month": card.month,
            "exp_year": card.year,
        }
    )


def _secure(params: Mapping[str, Any]) -> dict[str, bool]:
    """Of the method's parameters: the shop's own, else the settings'. `force` wins over `skip`."""
    return {name: params[name] for name in SECURE if isinstance(params.get(name), bool)}


def _additional_data(order: Order, browser: Browser | None) -> dict[str, Any]:
    details = order.details
    return filled(
        {name: getattr(details, name) for name in ADDITIONAL}
        | {
            "expected_bank_code": details.expected_bank_code if order.test else None,
            # All fields, defaults too: the bank's server requires them.
            "browser": merged(msgspec.structs.asdict(browser)) if browser else None,
            "receipt_text": order.receipt_text,
            "contract": order.contract,
        }
    )


def _customer(customer: Customer) -> dict[str, Any]:
    return filled({name: getattr(customer, name) for name in CUSTOMER})


def _billing_address(customer: Customer) -> dict[str, Any]:
    return filled(
        {name: cut(getattr(customer, name) or "", longest) for name, longest in ADDRESS.items()}
    )
