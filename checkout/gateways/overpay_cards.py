"""Overpay, cards: the gateway host.

Documents: Overpay's charge request ("Запрос на взимание платы") for every parameter, and the
family's public documentation for payments, authorizations and status queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from checkout.gateways import overpay_sending as sending
from checkout.gateways.base import (
    Asked,
    Can,
    Captures,
    Charge,
    Reference,
    Refunds,
    Voids,
    merged,
)
from checkout.gateways.overpay import (
    NOT_OURS_TO_SEND,
    Options,
    Overpay,
    common,
    filled,
    followed,
    refused,
    request_id,
)
from checkout.gateways.overpay_answer import Transaction, transactions
from checkout.gateways.overpay_sending import sending_request
from checkout.gateways.reading import address, section
from checkout.model.browser import Browser
from checkout.model.card import AnyCard, SavedCard
from checkout.model.money import Money
from checkout.model.order import SECURE, Customer, Order
from checkout.model.outcome import Outcome
from checkout.model.parameters import PARAMETERS
from checkout.model.status import Status
from checkout.model.steps import Redirect, Step

__all__ = ["CAN", "Options", "OverpayCards"]

CREATE: Final = {
    "payment": "/transactions/payments",
    "authorization": "/transactions/authorizations",
    "charge": "/services/credit_cards/charges",
    "tokenization": "/transactions/tokenizations",
}
WON: Final[Mapping[str | None, Status]] = {
    "payment": Status.PAID,
    "charge": Status.PAID,
    "tokenization": Status.PAID,  # the card is kept and checked; its token is in the answer
    "authorization": Status.AUTHORIZED,
    "credit": Status.PAID,
    "payout": Status.PAID,
    None: Status.PENDING,  # successful, but as what? The status query tells
}
# The gateway turns a charge into a payment, or into an authorization that it captures by itself.
WON_BY_CHARGE: Final = {**WON, "authorization": Status.PENDING, "capture": Status.PAID}

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

CAN: Final = Can(
    card=True,
    keeps_cards=True,
    tokens=True,
    browser=True,
    lookup=True,
    transaction_types=frozenset(CREATE),
    alone=frozenset({"payment", "authorization", "charge", *sending.CREATE}),
    whole=frozenset({"void"}),
    details=PARAMETERS,
    details_alone=sending.DETAILS
    | dict.fromkeys(("payment", "authorization", "charge"), PARAMETERS),
)


class OverpayCards(Overpay, Captures, Voids, Refunds):
    CAN = CAN
    CREATE = CREATE | sending.CREATE
    BY_UID = "/transactions/"
    BY_KEY = "/v2/transactions/tracking_id/"
    UNFINISHED = "incomplete"

    def request(self, charge: Charge) -> dict[str, Any] | None:
        if charge.order.transaction_type in sending.CREATE:
            return sending_request(charge, common(charge))
        if charge.card is None:
            return None
        details = charge.order.details
        return common(charge) | filled(
            {
                "duplicate_check": sending.checks_duplicates(charge.order),
                "dynamic_billing_descriptor": charge.order.descriptor,
                "credit_card": _credit_card(charge.card) | _secure(charge.method.params),
                "additional_data": _additional_data(charge.order, charge.browser),
                "customer": _customer(charge.customer),
                "billing_address": _billing_address(charge.customer),
                **{name: getattr(details, name) for name in BESIDE},
            }
        )

    async def capture(self, reference: Reference, money: Money, key: str) -> Outcome:
        return await self._follow("capture", reference, money, key)

    async def void(self, reference: Reference, money: Money, key: str) -> Outcome:
        return await self._follow("void", reference, money, key)

    async def refund(self, reference: Reference, money: Money, key: str, reason: str) -> Outcome:
        return await self._follow("refund", reference, money, key, reason=reason)

    async def _follow(
        self, kind: str, reference: Reference, money: Money, key: str, **more: str
    ) -> Outcome:
        """A transaction of its own that names the payment as its parent."""
        path = OPERATIONS[kind]
        if reference.id is None:
            return NOT_OURS_TO_SEND
        # Money goes back from what took it: of a charge that may be its capture.
        parent = (reference.parent if kind == "refund" else None) or reference.id
        request = {"parent_uid": parent, "amount": money.minor, "tracking_id": key, **more}
        answer = await self._wire.charge(path, {"request": request}, {"RequestID": request_id(key)})
        if isinstance(answer, Outcome):
            return answer
        found = transactions(answer.data)
        if not found:
            return refused(answer)
        return followed(found[0], reference, Asked(kind=kind, key=key, id=None, money=money))

    def won(self, asked: str | None) -> Mapping[str | None, Status]:
        return WON_BY_CHARGE if asked == "charge" else WON

    def step(self, transaction: Transaction, method: str) -> Step | None:
        url = address(transaction.fields, "redirect_url")
        framed = section(transaction.fields, "gateway").get("iframe") is True
        return Redirect(url, framed) if url else None


def _credit_card(card: AnyCard) -> dict[str, Any]:
    if isinstance(card, SavedCard):
        return filled({"token": card.token, "verification_value": card.code})
    return {
        "number": card.number,
        "verification_value": card.code,
        "holder": card.holder,
        "exp_month": card.month,
        "exp_year": card.year,
    }


def _secure(params: Mapping[str, Any]) -> dict[str, bool]:
    """Of the method's parameters: the shop's own, else the settings'. `force` wins over `skip`."""
    return {name: params[name] for name in SECURE if isinstance(params.get(name), bool)}


def _additional_data(order: Order, browser: Browser | None) -> dict[str, Any]:
    details = order.details
    return filled(
        {name: getattr(details, name) for name in ADDITIONAL}
        | {
            "expected_bank_code": details.expected_bank_code if order.test else None,
            # All fields, defaults too: the bank's server wants to be told them.
            "browser": merged(msgspec.structs.asdict(browser)) if browser else None,
            "receipt_text": order.receipt_text,
            "contract": order.contract,
        }
    )


def _customer(customer: Customer) -> dict[str, Any]:
    return filled({name: getattr(customer, name) for name in CUSTOMER})


def _billing_address(customer: Customer) -> dict[str, Any]:
    return filled(
        {name: (getattr(customer, name) or "")[:longest] for name, longest in ADDRESS.items()}
    )
