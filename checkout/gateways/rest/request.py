"""A charge in the REST gateway's fields: dotted names, amounts as "50.00".

Zero-decimal currencies carry ".00" too; those with more than two decimals can't be sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from checkout.gateways.base import Charge
from checkout.gateways.parsing import could_be_card_number
from checkout.gateways.rest.codes import BRANDS, CARD_MODES
from checkout.gateways.rest.unconfirmed import PAYOUT_TO
from checkout.model.browser import Browser
from checkout.model.card import AnyCard, Card, SavedCard, WalletCard
from checkout.model.card_on_file import RECURRING
from checkout.model.charge_parameters import SERIES
from checkout.model.money import Money
from checkout.model.order import Customer

EXPONENTS: Final = frozenset({0, 1, 2})
LONGEST_RETURN_URL: Final = 99
LONGEST_KEY: Final = 100
LONGEST_DESCRIPTION: Final = 255
FORCED: Final = "Only3D"
INITIAL, REPEATED = "INITIAL", "REPEATED"
CUSTOMER: Final = {
    "customer.email": "email",
    "customer.ip": "ip",
}
ADDRESS: Final = {
    "country": "country",
    "city": "city",
    "state": "state",
    "postcode": "zip",
    "street1": "address",
}
DEVICE: Final = {  # spelled so: `user_Agent`
    "deviceDetails.user_Agent": "user_agent",
    "deviceDetails.browserAcceptHeader": "accept_header",
    "deviceDetails.browserLanguage": "language",
    "deviceDetails.browserTimezoneOffset": "time_zone",
    "deviceDetails.browserColorDepth": "screen_color_depth",
    "deviceDetails.browserScreenHeight": "screen_height",
    "deviceDetails.browserScreenWidth": "screen_width",
}
DETAILS: Final = frozenset({  # which of the shop's parameters have a field here
    "additional_data.browser",
    "additional_data.contract",
    "credit_card.verification_value",
    "credit_card.force_three_d_secure_verification",
    "customer.birth_date",
    *CUSTOMER.keys(),
    *(f"billing_address.{name}" for name in ("first_name", "last_name", "phone")),
    *(f"billing_address.{name}" for name in ADDRESS.values()),
})  # fmt: skip
DETAILS_ALONE: Final = {  # the same for merchant-initiated calls
    **dict.fromkeys(("payment", "authorization", "charge"), DETAILS),
    "payout": frozenset(name for name in DETAILS if name.startswith(("customer.", "billing_"))),
    SERIES: frozenset({"additional_data.contract"}),
}
_AMOUNT: Final = re.compile(r"[0-9]{1,8}\.[0-9]{2}", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)  # never the separator of checksums
_DOTTED: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+", re.ASCII)
# Registrations go into a path and into checksums.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}", re.ASCII)
# What no parameter can set, in any letter case and with anything behind a dot: the
# account, the card, the money, where the customer and the notification go.
_OURS: Final = frozenset(
    name.lower()
    for name in (
        "authentication", "merchant", "card", "merchantTransactionId", "amount", "currency",
        "orderDescriptor", "paymentType", "paymentMode", "paymentBrand", "merchantRedirectUrl",
        "notificationUrl", "attemptThreeD", "recurringType", "createRegistration", "registrationId",
        "paymentId", "idType",
    )
)  # fmt: skip
_CUSTOMERS_OWN: Final = "customer.ip"  # the peer's address, as we saw it


@lru_cache(maxsize=4096)
def amount_of(money: Money) -> str | None:
    """Two decimals always; None where it can't be written so."""
    if money.exponent not in EXPONENTS:
        return None
    written = f"{money.major:.2f}"
    return written if _AMOUNT.fullmatch(written) else None


def takes_card(charge: Charge) -> bool:
    """Whether the method pays by card; others (NB, EW, PV, ...) send the customer elsewhere."""
    return _mode(charge) in CARD_MODES


def sendable(charge: Charge) -> bool:
    """Whether the protocol can express the charge."""
    return (
        len(charge.key) <= LONGEST_KEY
        and _KEY.fullmatch(charge.key) is not None
        and len(charge.return_url) <= LONGEST_RETURN_URL
    )


def is_token(token: str) -> bool:
    """Whether a token can be a registration of this gateway; a card number is not."""
    return _TOKEN.fullmatch(token) is not None and not could_be_card_number(token)


def fields_of(charge: Charge, payment_type: str, amount: str) -> dict[str, str]:
    """Of a payment: everything but the account's own `authentication.*`."""
    order, method = charge.order, charge.method
    card = charge.card if takes_card(charge) else None
    ours = {
        "merchantTransactionId": charge.key,
        "amount": amount,
        "currency": charge.money.currency,
        "orderDescriptor": order.description[:LONGEST_DESCRIPTION],
        "paymentType": payment_type,
        "attemptThreeD": FORCED if _is_forced(method.params) else None,
        "recurringType": _recurring(charge, card),
        **_how(charge, card),
        **_customer(charge.customer, card),
        **_card(card),
        # Every contract of Overpay's is about a card that is kept for later.
        "createRegistration": "true" if order.contract and isinstance(card, Card) else None,
        **_device(charge.browser),
    }
    return _with_params(method.params, ours)


def registration_fields(charge: Charge, card: Card) -> dict[str, str]:
    """Of a registration without a payment."""
    ours = {
        "merchantTransactionId": charge.key,
        "createRegistration": "true",
        **_how(charge, card),
        **_customer(charge.customer, card),
        **_card(card),
        **_device(charge.browser),
    }
    return _with_params(charge.method.params, ours)


def series_fields(charge: Charge, payment_type: str, amount: str) -> dict[str, str]:
    """Of the next payment of a series: the gateway has the rest from the first."""
    return {
        "merchantTransactionId": charge.key,
        "amount": amount,
        "currency": charge.money.currency,
        "paymentType": payment_type,
        "recurringType": REPEATED,
        "notificationUrl": charge.notify_url,
    }


def payout_fields(charge: Charge, token: str, amount: str) -> dict[str, str]:
    """Of money that goes to the card behind a registration."""
    return _filled(
        {
            "merchantTransactionId": charge.key,
            "amount": amount,
            "currency": charge.money.currency,
            "orderDescriptor": charge.order.description[:LONGEST_DESCRIPTION],
            "paymentType": "PO",
            PAYOUT_TO: token,
            "notificationUrl": charge.notify_url,
            **_customer(charge.customer, None),
        }
    )


def _how(charge: Charge, card: AnyCard | None) -> dict[str, Any]:
    brand = card.without_secrets().brand if card else None
    return {
        "paymentMode": _mode(charge),
        "paymentBrand": charge.method.brand or BRANDS.get(brand or ""),
        "merchantRedirectUrl": charge.return_url,
        "notificationUrl": charge.notify_url,
    }


def _recurring(charge: Charge, card: AnyCard | None) -> str | None:
    """The first payment of a series, or, merchant-initiated, a later one. A payment by a
    registration without its security code begins none."""
    if card is None or RECURRING not in charge.order.contract:
        return None
    if charge.order.merchant_initiated:
        return REPEATED
    return None if isinstance(card, SavedCard) and not card.code else INITIAL


def _mode(charge: Charge) -> str:
    return (charge.method.mode or "CC").upper()


def _is_forced(params: Mapping[str, Any]) -> bool:
    """3-D Secure is the gateway's decision, unless the shop sets it, by Overpay's parameters."""
    return params.get("force_three_d_secure_verification") is True


def _with_params(params: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, str]:
    """Our fields, and the method's own parameters that are fields of this protocol by their dotted
    names: none that is one of ours, or inside one, in any letter case."""
    filled = _filled(ours)
    taken = _OURS | {_CUSTOMERS_OWN} | {name.lower() for name in filled}
    more = {
        name: value
        for name, value in params.items()
        if _DOTTED.fullmatch(name) and taken.isdisjoint(_with_parents(name.lower()))
    }
    return _filled(more) | filled


def _with_parents(name: str) -> list[str]:
    """ "a.b.c" and what it stands in: "a.b" and "a"."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _customer(customer: Customer, card: AnyCard | None) -> dict[str, Any]:
    """The gateway has no field for the name on the card: it stands in for a missing name."""
    given, surname = customer.first_name, customer.last_name
    if not (given or surname) and isinstance(card, Card):
        given, _, surname = card.holder.rpartition(" ")
    place = {theirs: getattr(customer, ours) for theirs, ours in ADDRESS.items()}
    return {
        "customer.givenName": given,
        "customer.surname": surname,
        "customer.phone": "".join(c for c in customer.phone or "" if c in "0123456789"),
        "customer.birthDate": (customer.birth_date or "").replace("-", ""),
        **{theirs: getattr(customer, ours) for theirs, ours in CUSTOMER.items()},
        # Deployments read one of the two, and we have one address for both.
        **{f"billing.{name}": value for name, value in place.items()},
        **{f"shipping.{name}": value for name, value in place.items()},
    }


def _card(card: AnyCard | None) -> dict[str, Any]:
    """For a registration, whose token is in the path, only the security code. A wallet's token has
    no field here."""
    if card is None or isinstance(card, WalletCard):
        return {}
    if isinstance(card, SavedCard):
        return {"card.cvv": card.code}
    return {
        "card.number": card.number,
        "card.expiryMonth": f"{card.month:02d}",
        "card.expiryYear": f"{card.year:04d}",
        "card.cvv": card.code,
    }


def _device(browser: Browser | None) -> dict[str, Any]:
    """All fields, defaults too: the bank's server requires them."""
    if browser is None:
        return {}
    found = {theirs: getattr(browser, ours) for theirs, ours in DEVICE.items()}
    return found | {"deviceDetails.browserJavaEnabled": str(browser.java_enabled).lower()}


def _filled(fields: Mapping[str, Any]) -> dict[str, str]:
    """As texts, without what isn't there."""
    return {
        name: str(value)
        for name, value in fields.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
